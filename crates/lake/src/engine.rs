//! Answers one SQL statement over one snapshot's tables: guard, plan, check the plan, run, hand back rows.
//! A statement runs on threads of its own, with a deadline, a memory pool and a big stack, because a planner's overflow
//! or a function's panic must never touch what serves other people. It knows no clock: *now* comes with the question.
//! Which files the tables have is `catalog`'s matter; the faces print the rows.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

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
use tokio::sync::watch;

use crate::lake_table::{LAKE_STORE, LakeTable};
use crate::sql_error::{SqlError, panicked};
use crate::value::Value;
use crate::{athena_query, sql_function, sql_guard, value};

/// What one statement may cost.
#[derive(Debug, Clone, PartialEq)]
pub struct EngineLimits {
    /// Memory of operators, over all partitions of one statement; sorts and groupings spill to the temporary directory.
    pub memory_bytes: usize,
    pub deadline: Duration,
    /// Athena's own limit by default.
    pub sql_bytes: usize,
    /// Parentheses, brackets and CASEs in each other.
    pub nesting_depth: usize,
    /// AND, OR, comparisons, arithmetic: what makes an expression deep.
    pub operator_count: usize,
    /// Commas, so the longest IN list.
    pub list_items: usize,
    /// Partitions a statement is cut into; None is one a core.
    pub partitions: Option<usize>,
}

impl Default for EngineLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 1 << 30,
            deadline: Duration::from_secs(300),
            sql_bytes: 262_144,
            nesting_depth: 40,
            operator_count: 1_000,
            list_items: 20_000,
            partitions: None,
        }
    }
}

/// Who wrote the statement. Neither may write; a guarded one is also limited in size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Tadoru itself.
    Trusted,
    /// A person or a program outside.
    Guarded,
}

/// An answer: labels as written in the statement, Athena's names of the types, rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub columns: Vec<String>,
    pub column_types: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

/// The head of a streamed answer.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerColumns {
    pub columns: Vec<String>,
    pub column_types: Vec<String>,
}

/// Some rows of a streamed answer.
pub type Rows = Vec<Vec<Value>>;

/// Stops a running statement from another thread.
#[derive(Debug, Clone)]
pub struct Cancellation(Arc<watch::Sender<bool>>);

impl Default for Cancellation {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Cancellation {
    /// Stops the statement; one that has not begun will not.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}

/// Runs statements. One engine serves any number of threads at once.
pub struct Engine {
    limits: EngineLimits,
    /// None only while dropping.
    runtime: Option<tokio::runtime::Runtime>,
}

/// Debug builds of the planner take some 50 KB of stack for each level of an expression; only touched pages cost.
const PLANNER_STACK_BYTES: usize = 256 << 20;
const WORKER_STACK_BYTES: usize = 64 << 20;

impl Engine {
    /// An engine with threads of its own.
    ///
    /// # Errors
    /// The system gives no threads.
    pub fn new(limits: EngineLimits) -> Result<Self, std::io::Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("lake-query")
            .thread_stack_size(WORKER_STACK_BYTES)
            .build()?;
        Ok(Self { limits, runtime: Some(runtime) })
    }

    /// What a statement may cost here.
    pub fn limits(&self) -> &EngineLimits {
        &self.limits
    }

    /// Answers `sql` over `tables`, each under its name; `now_us` is what `now()` says. Blocks.
    pub fn query(
        &self,
        tables: Vec<(String, LakeTable)>,
        sql: &str,
        now_us: i64,
        mode: Mode,
    ) -> Result<Answer, SqlError> {
        let mut all = Rows::new();
        let head = self.query_stream(tables, sql, now_us, mode, &Cancellation::default(), &mut |_, rows| {
            all.extend(rows);
            ControlFlow::Continue(())
        })?;
        Ok(Answer { columns: head.columns, column_types: head.column_types, rows: all })
    }

    /// As `query`, handing rows over as they come; `Break` ends the statement without an error. Blocks.
    pub fn query_stream(
        &self,
        tables: Vec<(String, LakeTable)>,
        sql: &str,
        now_us: i64,
        mode: Mode,
        cancellation: &Cancellation,
        on_rows: &mut dyn FnMut(&AnswerColumns, Rows) -> ControlFlow<()>,
    ) -> Result<AnswerColumns, SqlError> {
        let deadline = Instant::now() + self.limits.deadline;
        let (sender, receiver) = mpsc::sync_channel(4);
        let question = Question { limits: self.limits.clone(), tables, sql: sql.to_owned(), now_us, mode };
        let handle = self.runtime.as_ref().expect("present until dropped").handle().clone();
        let mut cancelled = cancellation.0.subscribe();
        let stop = Cancellation::default();
        let mut stopped = stop.0.subscribe();
        std::thread::Builder::new()
            .name("lake-planner".into())
            .stack_size(PLANNER_STACK_BYTES)
            .spawn(move || {
                let work = async {
                    tokio::select! {
                        result = question.run(&sender) => result,
                        _ = cancelled.wait_for(|c| *c) => Err(SqlError::Cancelled),
                        _ = stopped.wait_for(|c| *c) => Err(SqlError::Cancelled),
                    }
                };
                let result =
                    catch_unwind(AssertUnwindSafe(|| handle.block_on(work))).unwrap_or_else(|_| Err(panicked()));
                // A caller that has gone needs no end.
                let _ = sender.send(Message::End(result));
            })
            .map_err(|e| SqlError::Execution(format!("no thread for the statement: {e}")))?;
        let mut head = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match receiver.recv_timeout(left) {
                Ok(Message::Head(columns)) => head = Some(columns),
                Ok(Message::Rows(rows)) => {
                    let head = head.as_ref().expect("the head comes first");
                    if on_rows(head, rows).is_break() {
                        stop.cancel();
                        return Ok(head.clone());
                    }
                }
                Ok(Message::End(result)) => return result.map(|()| head.expect("the head comes first")),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    stop.cancel();
                    return Err(SqlError::QueryTimeout(self.limits.deadline));
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(panicked()),
            }
        }
    }
}

impl Drop for Engine {
    /// A statement that does not yield must not hold up the end of the process.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

enum Message {
    Head(AnswerColumns),
    Rows(Rows),
    End(Result<(), SqlError>),
}

/// One statement with all it needs, on its own thread.
struct Question {
    limits: EngineLimits,
    tables: Vec<(String, LakeTable)>,
    sql: String,
    now_us: i64,
    mode: Mode,
}

/// Rows handed over at once: a wide row with `raw` is some kilobytes.
const ROWS_AT_ONCE: usize = 1_024;

impl Question {
    async fn run(&self, sender: &mpsc::SyncSender<Message>) -> Result<(), SqlError> {
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
        }
        let plan = state.statement_to_plan(statement).await?;
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

#[cfg(test)]
pub(crate) mod sample_files;
#[cfg(test)]
mod tests;
