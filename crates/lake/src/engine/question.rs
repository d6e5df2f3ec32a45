//! One statement on its thread: guarded, rewritten, planned, checked, run, its rows handed over batch by batch.
//! The session is made for the statement alone, so that nothing it could set outlives it; deadline and cancellation are
//! the engine's.

use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use arrow::array::RecordBatch;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider};
use datafusion::catalog::{MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::SessionState;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement as PlannerStatement;
use datafusion::sql::sqlparser::ast::Statement;
use futures::StreamExt;
use object_store::local::LocalFileSystem;

use super::{AnswerColumns, EngineLimits, Message, Mode};
use crate::footer_cache::FooterCache;
use crate::lake_table::{LAKE_STORE, LakeTable};
use crate::sql_error::SqlError;
use crate::value::Value;
use crate::{athena_query, sql_function, sql_guard, value};

/// One statement with all it needs, on its own thread.
pub(super) struct Question {
    pub(super) limits: EngineLimits,
    pub(super) footers: FooterCache,
    pub(super) tables: Vec<(String, LakeTable)>,
    pub(super) sql: String,
    pub(super) now_us: i64,
    pub(super) mode: Mode,
}

/// The names of the functions of a session: scalar, aggregate and window functions, and their aliases.
pub(super) fn function_names(limits: &EngineLimits) -> Result<Vec<String>, SqlError> {
    let (tables, sql) = (Vec::new(), String::new());
    let (limits, footers) = (limits.clone(), FooterCache::default());
    let nothing = Question { limits, footers, tables, sql, now_us: 0, mode: Mode::Trusted };
    let state = nothing.state()?;
    let names = state.scalar_functions().keys().chain(state.aggregate_functions().keys());
    let mut names: Vec<String> = names.chain(state.window_functions().keys()).cloned().collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Rows handed over at once: a wide row with `raw` is some kilobytes.
const ROWS_AT_ONCE: usize = 1_024;

impl Question {
    pub(super) async fn run(&self, sender: &mpsc::SyncSender<Message>) -> Result<(), SqlError> {
        let limits = (self.mode == Mode::Guarded).then_some(&self.limits);
        let mut statement = sql_guard::parse(&self.sql, limits)?;
        if let Some(answer) = athena_query::about_tables(&statement, &self.tables)? {
            self.send(
                sender,
                Message::Head(AnswerColumns { columns: answer.columns, column_types: answer.column_types }),
            )?;
            return self.send(sender, Message::Rows(answer.rows));
        }
        let as_written = statement.clone();
        athena_query::rewrite(&mut statement, &self.tables)?;
        let state = self.state()?;
        let plan = self.plan(&state, statement).await?;
        let plan = state.optimize(&plan)?;
        if self.mode == Mode::Guarded {
            refuse_products(&plan)?;
        }
        let physical = state.create_physical_plan(&plan).await?;
        let schema = physical.schema();
        let names = schema.fields().iter().map(|f| f.name().clone()).collect();
        let columns = athena_query::labels(&as_written, names);
        let column_types = schema.fields().iter().map(|f| value::type_name(f.data_type())).collect();
        self.send(sender, Message::Head(AnswerColumns { columns, column_types }))?;
        let mut stream = execute_stream(physical, state.task_ctx())?;
        let is_explain = matches!(as_written, Statement::Explain { .. });
        while let Some(batch) = stream.next().await {
            self.send_batch(sender, &batch?, is_explain)?;
        }
        Ok(())
    }

    fn send(&self, sender: &mpsc::SyncSender<Message>, message: Message) -> Result<(), SqlError> {
        sender.send(message).map_err(|_| SqlError::Cancelled)
    }

    fn send_batch(
        &self,
        sender: &mpsc::SyncSender<Message>,
        batch: &RecordBatch,
        is_explain: bool,
    ) -> Result<(), SqlError> {
        for start in (0..batch.num_rows()).step_by(ROWS_AT_ONCE) {
            let part = batch.slice(start, ROWS_AT_ONCE.min(batch.num_rows() - start));
            let mut rows = value::rows(&part).map_err(SqlError::NotSupported)?;
            if is_explain {
                rows.iter_mut().flatten().for_each(|value| self.hide_folders(value));
            }
            self.send(sender, Message::Rows(rows))?;
        }
        Ok(())
    }

    /// A plan names files; where the lake lies on disk is nobody's business.
    fn hide_folders(&self, value: &mut Value) {
        let Value::Text(text) = value else { return };
        let mut folders: Vec<PathBuf> = self
            .tables
            .iter()
            .flat_map(|(_, t)| t.files())
            .filter_map(|f| f.path.parent().map(PathBuf::from))
            .collect();
        folders.sort();
        folders.dedup();
        for folder in folders.iter().rev() {
            let folder = folder.to_string_lossy();
            *text = text.replace(&format!("{}/", folder.trim_start_matches('/')), "");
        }
    }

    async fn plan(&self, state: &SessionState, statement: Statement) -> Result<LogicalPlan, SqlError> {
        let statement = PlannerStatement::Statement(Box::new(statement));
        let known: Vec<String> = self.tables.iter().map(|(name, _)| name.clone()).collect();
        let mut named = Vec::new();
        for reference in state.resolve_table_references(&statement)? {
            let name = reference.table().to_owned();
            let is_ours =
                reference.schema().is_none_or(|s| s == SCHEMA) && reference.catalog().is_none_or(|c| c == CATALOG);
            let is_function = reference.schema().is_none() && state.table_functions().contains_key(&name);
            let is_known = is_ours && known.contains(&name);
            if !is_known && !is_function {
                let name = if is_ours { name } else { reference.to_string() };
                return Err(SqlError::UnknownTable { name: file_less(&name), known });
            }
            if is_known {
                named.push(name);
            }
        }
        let planned = state.statement_to_plan(statement).await;
        let plan = planned.map_err(|error| SqlError::from(error).in_tables(&named))?;
        check_plan(&plan)?;
        Ok(plan)
    }

    fn state(&self) -> Result<SessionState, SqlError> {
        let mut config = SessionConfig::new()
            .with_default_catalog_and_schema(CATALOG, SCHEMA)
            .with_create_default_catalog_and_schema(false)
            .with_information_schema(false);
        if let Some(partitions) = self.limits.partitions {
            config = config.with_target_partitions(partitions);
        }
        let options = config.options_mut();
        options.execution.enable_recursive_ctes = false;
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.sql_parser.collect_spans = false;
        // Athena sorts NULL last in both directions.
        options.sql_parser.default_null_ordering = "nulls_last".into();
        let mut props = ExecutionProps::new();
        let now = arrow::temporal_conversions::timestamp_us_to_datetime(self.now_us)
            .ok_or_else(|| SqlError::Plan("now is out of range".into()))?;
        props.query_execution_start_time = Some(now.and_utc());
        let builder = SessionStateBuilder::new()
            .with_config(config)
            .with_default_features()
            .with_runtime_env(self.runtime_env()?)
            .with_execution_props(props)
            .with_catalog_list(self.catalog()?);
        let mut state = builder.build();
        sql_function::register(&mut state)?;
        Ok(state)
    }

    fn catalog(&self) -> Result<Arc<dyn CatalogProviderList>, SqlError> {
        let schema = Arc::new(MemorySchemaProvider::new());
        for (name, table) in &self.tables {
            schema.register_table(name.clone(), Arc::new(table.clone()))?;
        }
        let catalog = Arc::new(MemoryCatalogProvider::new());
        catalog.register_schema(SCHEMA, schema)?;
        let catalogs = Arc::new(MemoryCatalogProviderList::new());
        catalogs.register_catalog(CATALOG.into(), catalog);
        Ok(catalogs)
    }

    /// The lake's files are the only store; `file:`, `s3:` and the like lead nowhere.
    fn runtime_env(&self) -> Result<Arc<RuntimeEnv>, SqlError> {
        let stores = Arc::new(DefaultObjectStoreRegistry::new());
        stores.deregister_store(ObjectStoreUrl::local_filesystem().as_ref())?;
        stores.register_store(ObjectStoreUrl::parse(LAKE_STORE)?.as_ref(), Arc::new(LocalFileSystem::new()));
        Ok(RuntimeEnvBuilder::new()
            .with_cache_manager(self.footers.config())
            .with_object_store_registry(stores)
            .with_memory_pool(Arc::new(FairSpillPool::new(self.limits.memory_bytes)))
            .build_arc()?)
    }
}

/// Athena's names: `events`, `default.events` and `awsdatacatalog.default.events` are one table.
const CATALOG: &str = "awsdatacatalog";
const SCHEMA: &str = "default";

/// A name fit for a message: a path is not repeated.
fn file_less(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(80).collect()
}

/// Lets through only what reads: a list of what is allowed, so that a new kind of plan is refused until somebody looks.
/// A product of tables without a condition costs memory that no pool accounts for (an empty batch is not free) as soon
/// as a product is the side of another that is kept. Products of groupings and of single rows stay.
fn refuse_products(plan: &LogicalPlan) -> Result<(), SqlError> {
    fn is_product(node: &LogicalPlan) -> bool {
        matches!(node, LogicalPlan::Join(join) if join.on.is_empty() && join.filter.is_none())
    }
    fn tables(node: &LogicalPlan) -> usize {
        match node {
            LogicalPlan::TableScan(_) => 1,
            LogicalPlan::Aggregate(_) | LogicalPlan::Limit(_) | LogicalPlan::Distinct(_) => 0,
            _ => node.inputs().into_iter().map(tables).sum(),
        }
    }
    let mut refused = false;
    plan.apply_with_subqueries(|node| {
        refused = refused || is_product(node) && tables(node) > 2;
        Ok::<_, DataFusionError>(TreeNodeRecursion::Continue)
    })?;
    match refused {
        true => Err(SqlError::SqlComplexity("a cross join of more than two tables; say what joins them".to_owned())),
        false => Ok(()),
    }
}

fn check_plan(plan: &LogicalPlan) -> Result<(), SqlError> {
    let mut refused = None;
    plan.apply_with_subqueries(|node| {
        use LogicalPlan as P;
        let allowed = matches!(
            node,
            P::Projection(_)
                | P::Filter(_)
                | P::Window(_)
                | P::Aggregate(_)
                | P::Sort(_)
                | P::Join(_)
                | P::Repartition(_)
                | P::Union(_)
                | P::TableScan(_)
                | P::EmptyRelation(_)
                | P::Subquery(_)
                | P::SubqueryAlias(_)
                | P::Limit(_)
                | P::Values(_)
                | P::Explain(_)
                | P::Analyze(_)
                | P::Distinct(_)
                | P::Unnest(_)
        );
        if allowed {
            return Ok(TreeNodeRecursion::Continue);
        }
        refused = Some(node.display().to_string());
        Ok::<_, DataFusionError>(TreeNodeRecursion::Stop)
    })?;
    match refused {
        Some(node) => {
            Err(SqlError::StatementNotAllowed(node.split([':', ' ']).next().unwrap_or_default().to_uppercase()))
        }
        None => Ok(()),
    }
}
