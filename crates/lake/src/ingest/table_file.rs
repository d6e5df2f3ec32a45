//! The Parquet files that a batch becomes: one for each day of its events, one for each month of its rollup. `batch` says which
//! rows they hold and commits them.

use std::path::PathBuf;

use arrow::array::RecordBatch;

use crate::catalog::{Catalog, Table};
use crate::event_batch::{EventBatch, Row};
use crate::parquet_file::{Density, ParquetLayout, WriteError, WrittenFile};
use crate::{stop_point, timestamp};

/// Rows turned into columns at once: bounds what a file being written holds in memory.
const ROWS_AT_ONCE: usize = 2_048;

/// How and where the files of the two tables are written.
pub(super) struct TableWriters {
    events: (ParquetLayout, PathBuf),
    pub(super) access_daily: (ParquetLayout, PathBuf),
}

impl TableWriters {
    /// The writers of the lake that `catalog` describes.
    pub(super) fn new(catalog: &Catalog) -> Self {
        let writer = |table: Table| (ParquetLayout::new(table.columns(), Density::Fresh), catalog.table_folder(table));
        Self { events: writer(Table::Events), access_daily: writer(Table::AccessDaily) }
    }

    /// Writes one file, which no snapshot names yet.
    pub(super) fn write(&self, task: &Task<'_>) -> Result<(Table, WrittenFile), WriteError> {
        let file = match task {
            Task::Day { day, rows, path } => {
                let (layout, folder) = &self.events;
                let mut batch = EventBatch::new(layout.schema().clone());
                let batches = rows.chunks(ROWS_AT_ONCE).map(|chunk| {
                    chunk.iter().for_each(|row| batch.push(row));
                    batch.finish()
                });
                (Table::Events, layout.write(folder, path, timestamp::date_text(*day), rows.len(), batches)?)
            }
            Task::Month { month, batch, path } => {
                let (layout, folder) = &self.access_daily;
                let (rows, batches) = (batch.num_rows(), std::iter::once(batch.clone()));
                (Table::AccessDaily, layout.write(folder, path, timestamp::date_text(*month), rows, batches)?)
            }
        };
        stop_point::reach("file_written");
        Ok(file)
    }
}

/// One file to be written.
pub(super) enum Task<'r> {
    Day { day: i32, rows: Vec<&'r Row<'r, 'r>>, path: String },
    Month { month: i32, batch: RecordBatch, path: String },
}

/// The order of the rows of a day.
pub(super) fn sort_key<'r>(row: &'r Row<'_, '_>) -> (&'r str, i64, Option<&'r str>, u64) {
    let record = row.record;
    (&record.account, record.event_timestamp_us, record.event_id.as_deref(), record.fingerprint)
}
