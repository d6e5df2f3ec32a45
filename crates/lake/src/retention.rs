//! Days that are older than they are to be kept leave the lake: whole days of events, whole months of the rollup. What they held
//! is counted in `retired_day` and `retired_month`, and what arrives for them later counts as expired, so the sums still add up.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::compute;
use arrow::datatypes::Int64Type;

use crate::catalog::{Catalog, DataFile, RetiredPart, Table};
use crate::event_schema::arrow_schema;
use crate::parquet_file::{LakeFileReader, ReadError};
use crate::timestamp;
use crate::upkeep::UpkeepError;
use crate::writer_lock::WriterLock;

/// How many days are kept before the one that `as_of_us` lies in; `None`: all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    pub event_days: Option<u32>,
    pub rollup_days: Option<u32>,
    /// The one *now*, µs UTC.
    pub as_of_us: i64,
}

/// What went, or would go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionSummary {
    /// In order of table and day.
    pub parts: Vec<RetiredPart>,
    /// Months of the rollup that are old enough, but of which the lake still holds events.
    pub kept_months: Vec<i32>,
}

/// Retires what is older than `retention` says; with `dry_run` only tells what would go. `now_us` is the clock's time, which is
/// written down.
pub fn retain(
    folder: &Path,
    retention: &Retention,
    now_us: i64,
    wait: Duration,
    dry_run: bool,
    on_wait: &mut dyn FnMut(&str),
) -> Result<RetentionSummary, UpkeepError> {
    if retention.event_days.is_none() && retention.rollup_days.is_none() {
        return Ok(RetentionSummary::default());
    }
    let mut catalog = Catalog::open_to_write(folder)?;
    // The lock is taken only where something is to go; what goes is then read again, under it.
    let summary = old_parts(&catalog, retention)?;
    if dry_run || summary.parts.is_empty() {
        return Ok(summary);
    }
    let _lock = WriterLock::acquire(folder, wait, on_wait)?;
    let summary = old_parts(&catalog, retention)?;
    if !summary.parts.is_empty() {
        catalog.retire(&summary.parts, now_us)?;
    }
    Ok(summary)
}

fn old_parts(catalog: &Catalog, retention: &Retention) -> Result<RetentionSummary, UpkeepError> {
    let today = timestamp::day_of(retention.as_of_us);
    let first_kept = |days: Option<u32>| days.map(|days| today.saturating_sub_unsigned(days));
    let snapshot = catalog.newest_snapshot()?;
    let mut summary = RetentionSummary::default();
    let mut kept_days = Vec::new();
    for (day, files) in partitions(catalog.data_files(Table::Events, snapshot)?) {
        if first_kept(retention.event_days).is_some_and(|first| day < first) {
            let events = files.iter().map(|file| file.record_count).sum();
            summary.parts.push(part(Table::Events, day, &files, events));
        } else {
            kept_days.push(day);
        }
    }
    let Some(first) = first_kept(retention.rollup_days) else { return Ok(summary) };
    for (month, files) in partitions(catalog.data_files(Table::AccessDaily, snapshot)?) {
        if timestamp::month_of(month + 31) > first {
            continue;
        }
        if kept_days.iter().any(|day| timestamp::month_of(*day) == month) {
            summary.kept_months.push(month);
            continue;
        }
        let events = files.iter().map(summed_events).sum::<Result<u64, _>>()?;
        summary.parts.push(part(Table::AccessDaily, month, &files, events));
    }
    Ok(summary)
}

fn partitions(files: Vec<DataFile>) -> BTreeMap<i32, Vec<DataFile>> {
    let mut partitions: BTreeMap<i32, Vec<DataFile>> = BTreeMap::new();
    for file in files {
        // A file of a foreign client without a partition has no day to be older than.
        if let Some(day) = file.partition_day {
            partitions.entry(day).or_default().push(file);
        }
    }
    partitions
}

fn part(table: Table, day: i32, files: &[DataFile], events: u64) -> RetiredPart {
    let size_bytes = files.iter().map(|file| file.size_bytes).sum();
    RetiredPart { table, day, files: files.iter().map(|file| file.id).collect(), events, size_bytes }
}

/// How many events a file of the rollup sums up.
fn summed_events(file: &DataFile) -> Result<u64, ReadError> {
    let schema = arrow_schema(Table::AccessDaily.columns());
    let mut sum = 0;
    for batch in LakeFileReader::open(&file.path, &schema)?.batches(Some(&["eventcount"]))? {
        let batch = batch.map_err(|error| ReadError::new(&file.path, error))?;
        sum += compute::sum(batch.column(0).as_primitive::<Int64Type>()).unwrap_or_default().unsigned_abs();
    }
    Ok(sum)
}
