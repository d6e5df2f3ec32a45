//! What keeps a lake fit for years, at the end of each ingest: partitions of many small files are merged, days older than
//! configured are retired, and files that nothing needs any more are unlinked. None of it changes an answer about what is kept.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::catalog::CatalogError;
use crate::clean_up::{CleanUpSummary, clean_up};
use crate::compaction::{CompactionOptions, CompactionSummary, MOST_SMALL_FILES, compact};
use crate::parquet_file::{ReadError, WriteError};
use crate::retention::{Retention, RetentionSummary, retain};
use crate::writer_lock::LockError;

/// Files that were replaced or retired are unlinked so long after, and the snapshots that need them end with them: whoever
/// began to read before is done by then.
pub const GRACE: Duration = Duration::from_secs(600);

/// How to keep a lake.
#[derive(Debug, Clone)]
pub struct UpkeepOptions {
    pub workers: usize,
    /// How long to wait for another writer.
    pub wait: Duration,
    /// The clock's time, µs UTC.
    pub now_us: i64,
    /// [`GRACE`] but in tests.
    pub grace: Duration,
    pub retention: Retention,
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UpkeepSummary {
    pub compaction: CompactionSummary,
    pub retention: RetentionSummary,
    pub clean_up: CleanUpSummary,
}

/// Why the upkeep of a lake could not go on. What it did before stands; the lake's events are untouched.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error("{} is not what was written", .0.display())]
    Damaged(PathBuf),
    #[error("cannot clean up {}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
}

/// Retention as configured, compaction where it is due, clean-up, in this order.
pub fn keep(
    folder: &Path,
    options: &UpkeepOptions,
    stop: &AtomicBool,
    on_wait: &mut dyn FnMut(&str),
) -> Result<UpkeepSummary, UpkeepError> {
    let retention = retain(folder, &options.retention, options.now_us, options.wait, false, on_wait)?;
    let compaction = CompactionOptions {
        workers: options.workers,
        wait: options.wait,
        least_files: MOST_SMALL_FILES + 1,
        every_size: false,
    };
    let compaction = compact(folder, &compaction, stop, &mut |_| {}, on_wait)?;
    let clean_up = clean_up(folder, options.now_us, options.grace)?;
    Ok(UpkeepSummary { compaction, retention, clean_up })
}
