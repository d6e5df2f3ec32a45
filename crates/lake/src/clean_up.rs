//! Takes away what no snapshot needs: files that were replaced or retired some time ago, with the old snapshots that named them,
//! and what dead writers left behind. Each step may be cut off: the catalog stops naming a file before it is unlinked, and the
//! list of those to unlink is worked off again by the next clean-up.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::catalog::Catalog;
use crate::parquet_file::sync_folder;
use crate::stop_point;
use crate::upkeep::UpkeepError;
use crate::writer_presence;

/// What a clean-up did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CleanUpSummary {
    pub snapshots_expired: u64,
    /// Replaced or retired files.
    pub files_removed: u64,
    /// Files that dead writers had not committed.
    pub orphans_removed: u64,
    pub bytes_removed: u64,
}

/// Files below `data/` that the catalog does not name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnnamedFiles {
    /// A killed writer's: nothing will ever name them.
    pub orphans: Vec<PathBuf>,
    /// A living writer's, not yet committed.
    pub in_work: Vec<PathBuf>,
    /// Nobody knows whose: not made by Tadoru, copied, or of a lake whose catalog is another. They are left alone.
    pub foreign: Vec<PathBuf>,
}

/// Cleans up the lake in `folder`. Files are unlinked `grace` after the snapshot that ended them.
pub fn clean_up(folder: &Path, now_us: i64, grace: Duration) -> Result<CleanUpSummary, UpkeepError> {
    let mut catalog = Catalog::open_to_write(folder)?;
    let until_us = now_us.saturating_sub(i64::try_from(grace.as_micros()).unwrap_or(i64::MAX));
    let mut summary = CleanUpSummary { snapshots_expired: catalog.expire(until_us)?, ..CleanUpSummary::default() };
    let scheduled = catalog.scheduled_files(until_us)?;
    let mut folders = BTreeSet::new();
    for file in &scheduled {
        stop_point::reach("before_unlink");
        if let Some(bytes) = remove(&file.path)? {
            summary.files_removed += 1;
            summary.bytes_removed += bytes;
            folders.extend(file.path.parent().map(Path::to_owned));
        }
    }
    for folder in folders {
        sync_folder(&folder).map_err(|source| UpkeepError::Io { path: folder, source })?;
    }
    stop_point::reach("after_unlink");
    if !scheduled.is_empty() {
        catalog.forget_scheduled(&scheduled.iter().map(|file| file.id).collect::<Vec<_>>())?;
    }
    for path in unnamed_files(&catalog)?.orphans {
        stop_point::reach("before_orphan_unlink");
        if let Some(bytes) = remove(&path)? {
            summary.orphans_removed += 1;
            summary.bytes_removed += bytes;
        }
    }
    let writers = catalog.folder().join("writers");
    writer_presence::remove_dead(catalog.folder()).map_err(|source| UpkeepError::Io { path: writers, source })?;
    Ok(summary)
}

/// Looks through `data/` for files that the catalog does not name.
pub fn unnamed_files(catalog: &Catalog) -> Result<UnnamedFiles, UpkeepError> {
    let data = catalog.folder().join("data");
    let io_failed = |path: &Path, source| UpkeepError::Io { path: path.to_owned(), source };
    // In this order: a writer that is dead now commits nothing after the catalog is read.
    let mut found = Vec::new();
    list(&data, &mut found).map_err(|source| io_failed(&data, source))?;
    let writers = catalog.folder().join("writers");
    let writers = writer_presence::writers(catalog.folder()).map_err(|source| io_failed(&writers, source))?;
    let named = catalog.named_files()?;
    let mut unnamed = UnnamedFiles::default();
    for path in found.into_iter().filter(|path| !named.contains(path)) {
        let writer = path.file_name().and_then(|name| name.to_str()).and_then(writer_presence::writer_of);
        match writer {
            Some(id) if writers.living.contains(id) => unnamed.in_work.push(path),
            Some(id) if writers.dead.contains(id) => unnamed.orphans.push(path),
            _ => unnamed.foreign.push(path),
        }
    }
    Ok(unnamed)
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            list(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// Unlinks a file; its size, or `None` where it is gone already.
fn remove(path: &Path) -> Result<Option<u64>, UpkeepError> {
    let removed = fs::metadata(path).and_then(|file| fs::remove_file(path).map(|()| file.len()));
    match removed {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(UpkeepError::Io { path: path.to_owned(), source }),
    }
}
