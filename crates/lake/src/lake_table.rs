//! One table of the lake as one snapshot sees it: the live Parquet files with what the catalog knows about them.
//! It drops the files that a statement's filters rule out by day and by time, and hands the rest to DataFusion's plain
//! Parquet scan, so that a plan stays something any DataFusion can run. Which files are live is `catalog`'s matter;
//! row groups and pages are pruned by the scan, helped by `implied_filter`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{Column as ColumnName, ColumnStatistics, DFSchema, Result, ScalarValue, Statistics};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use object_store::path::Path;

use crate::catalog::LedgerTable;
use crate::event_schema::{Column, arrow_schema};
use crate::footer_cache::FooterReaderFactory;
use crate::implied_filter::implied_filter;

/// The store of the lake's own files: the only one a statement can reach.
pub(crate) const LAKE_STORE: &str = "lake://files";

/// A live Parquet file and what the catalog knows about it.
#[derive(Debug, Clone, PartialEq)]
pub struct LakeFile {
    /// Absolute.
    pub path: PathBuf,
    pub size_bytes: u64,
    pub record_count: u64,
    /// Smallest and largest `eventtimestamp`, µs. None where unknown.
    pub event_timestamp_bounds: Option<(i64, i64)>,
    /// The partition's value in days since 1970: `eventdate` of `events`, `eventmonth` (its first day) of `access_daily`.
    pub event_date: Option<i32>,
}

/// One snapshot's files of one table.
#[derive(Debug, Clone)]
pub struct LakeTable {
    schema: SchemaRef,
    files: Vec<LakeFile>,
    /// Of a table whose rows are the catalog's; it has no files.
    ledger: Option<LedgerTable>,
    adds_implied_filter: bool,
}

impl LakeTable {
    /// A table with the given columns over the given files; no files is an empty table.
    pub fn new(columns: &'static [Column], files: Vec<LakeFile>) -> Self {
        Self { schema: arrow_schema(columns), files, ledger: None, adds_implied_filter: true }
    }

    /// A table whose rows stand in the catalog and are read when a statement names it.
    pub fn of_ledger(ledger: LedgerTable) -> Self {
        Self { schema: ledger.schema(), files: Vec::new(), ledger: Some(ledger), adds_implied_filter: false }
    }

    /// The same table read without the help of `implied_filter`, to compare with.
    #[cfg(test)]
    pub(crate) fn without_implied_filter(self) -> Self {
        Self { adds_implied_filter: false, ..self }
    }

    /// The files, in the order given.
    pub fn files(&self) -> &[LakeFile] {
        &self.files
    }

    pub(crate) fn arrow_schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// What follows from the filters about the columns that prune best, if this table has them.
    fn implied_filter(&self, filters: &[Expr]) -> Option<Expr> {
        let has_copies = self.schema.index_of("eventtime").is_ok() && self.schema.index_of("useridentityarn").is_ok();
        let filter = conjunction(filters.iter().cloned()).filter(|_| has_copies && self.adds_implied_filter)?;
        implied_filter(&filter)
    }

    /// The files that may hold a row for which the filter is true.
    fn matching_files(&self, filter: Option<Arc<dyn PhysicalExpr>>) -> Result<Vec<&LakeFile>> {
        let all = || self.files.iter().collect();
        let Some(filter) = filter else { return Ok(all()) };
        let predicate = PruningPredicateBuilder::new().with_file_schema(self.schema.clone()).try_build(filter);
        let Ok(predicate) = predicate else { return Ok(all()) };
        let bounds = FileBounds { files: &self.files, by_month: self.is_by_month() };
        let keep = predicate.prune(&bounds)?;
        Ok(self.files.iter().zip(keep).filter_map(|(file, keep)| keep.then_some(file)).collect())
    }

    fn is_by_month(&self) -> bool {
        self.schema.index_of("eventmonth").is_ok()
    }

    fn file_statistics(&self, file: &LakeFile) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Exact(file.record_count as usize);
        let mut set = |name: &str, min: ScalarValue, max: ScalarValue| {
            if let Ok(index) = self.schema.index_of(name) {
                let column: &mut ColumnStatistics = &mut statistics.column_statistics[index];
                column.min_value = Precision::Exact(min);
                column.max_value = Precision::Exact(max);
            }
        };
        if let Some((first, last)) = file.event_timestamp_bounds {
            let at = |us| ScalarValue::TimestampMicrosecond(Some(us), None);
            set("eventtimestamp", at(first), at(last));
        }
        if let Some(day) = file.event_date {
            let column = if self.is_by_month() { "eventmonth" } else { "eventdate" };
            set(column, ScalarValue::Date32(Some(day)), ScalarValue::Date32(Some(day)));
        }
        statistics
    }

    /// Files in order of time, cut into at most `count` groups of about equal bytes.
    fn file_groups(&self, mut files: Vec<&LakeFile>, count: usize) -> Result<Vec<FileGroup>> {
        files.sort_by_key(|f| (f.event_timestamp_bounds, f.event_date));
        let total: u64 = files.iter().map(|f| f.size_bytes).sum();
        let share = total.div_ceil(count.max(1) as u64).max(1);
        let mut groups: Vec<Vec<PartitionedFile>> = vec![Vec::new()];
        let mut bytes = 0;
        for file in files {
            if bytes >= share && groups.len() < count {
                groups.push(Vec::new());
                bytes = 0;
            }
            bytes += file.size_bytes;
            let path = Path::from_absolute_path(&file.path).map_err(|e| DataFusionError::External(Box::new(e)))?;
            let partitioned = PartitionedFile::new(path.to_string(), file.size_bytes)
                .with_statistics(Arc::new(self.file_statistics(file)));
            groups.last_mut().expect("never empty").push(partitioned);
        }
        Ok(groups.into_iter().filter(|g| !g.is_empty()).map(FileGroup::new).collect())
    }

    fn statistics(&self, files: &[&LakeFile]) -> Result<Statistics> {
        let each: Vec<_> = files.iter().map(|f| self.file_statistics(f)).collect();
        Statistics::try_merge_iter(&each, &self.schema)
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Inexact: files are dropped here, rows by the scan, into which the planner pushes the filter afterwards.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if let Some(ledger) = &self.ledger {
            let (schema, batches) = ledger
                .batches(projection.map(Vec::as_slice), limit)
                .map_err(|error| DataFusionError::External(Box::new(error)))?;
            let source: Arc<dyn ExecutionPlan> = MemorySourceConfig::try_new_exec(&[batches], schema, None)?;
            return Ok(source);
        }
        let df_schema = DFSchema::try_from(self.schema.as_ref().clone())?;
        let physical = |filter: Option<Expr>| filter.map(|f| state.create_physical_expr(f, &df_schema)).transpose();
        let implied = self.implied_filter(filters);
        let files = self.matching_files(physical(conjunction(filters.iter().cloned().chain(implied.clone())))?)?;
        if files.is_empty() {
            let schema =
                projection.map_or_else(|| Ok(self.schema.clone()), |p| self.schema.project(p).map(Arc::new))?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let statistics = self.statistics(&files)?;
        let groups = self.file_groups(files, state.config().target_partitions())?;
        let mut options = TableParquetOptions::default();
        options.global.enable_page_index = true;
        options.global.bloom_filter_on_read = true;
        options.global.pushdown_filters = true;
        options.global.reorder_filters = true;
        let store_url = ObjectStoreUrl::parse(LAKE_STORE)?;
        let footers = state.runtime_env().cache_manager.get_file_metadata_cache();
        let reader = FooterReaderFactory::new(state.runtime_env().object_store(&store_url)?, footers);
        let mut source = ParquetSource::new(self.schema.clone())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(reader));
        if let Some(implied) = physical(implied)? {
            source = source.with_predicate(implied);
        }
        let config = FileScanConfigBuilder::new(store_url, Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_limit(limit)
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// What the catalog knows, in the form the pruning predicate asks for.
struct FileBounds<'a> {
    files: &'a [LakeFile],
    by_month: bool,
}

impl FileBounds<'_> {
    /// `last` picks the upper bound.
    fn bound(&self, column: &ColumnName, last: bool) -> Option<ArrayRef> {
        let dates = |f: &dyn Fn(i32) -> i32| -> ArrayRef {
            Arc::new(Date32Array::from_iter(self.files.iter().map(|file| file.event_date.map(f))))
        };
        match (column.name(), self.by_month) {
            ("eventtimestamp", _) => Some(Arc::new(TimestampMicrosecondArray::from_iter(
                self.files.iter().map(|f| f.event_timestamp_bounds.map(|(a, b)| if last { b } else { a })),
            ))),
            ("eventdate", false) | ("eventmonth", true) => Some(dates(&|day| day)),
            ("eventdate", true) => Some(dates(&|day| if last { day + 30 } else { day })),
            _ => None,
        }
    }
}

impl PruningStatistics for FileBounds<'_> {
    fn min_values(&self, column: &ColumnName) -> Option<ArrayRef> {
        self.bound(column, false)
    }

    fn max_values(&self, column: &ColumnName) -> Option<ArrayRef> {
        self.bound(column, true)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, _column: &ColumnName) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from_iter_values(self.files.iter().map(|f| f.record_count))))
    }

    fn contained(&self, _column: &ColumnName, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
