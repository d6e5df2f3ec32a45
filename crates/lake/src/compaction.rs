//! Small files of one partition become one: readers open fewer files, and the rollup's partial sums become sums. The rows stay
//! the same. Files never change, so merging holds no lock; the commit takes the writer's lock and drops the work where an input
//! is no longer live. What was replaced is unlinked later, by `clean_up`.

mod merge;
mod partial_sum;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use serde::Serialize;

use crate::catalog::{Catalog, DataFile, Replacement, Table};
use crate::ingest::parallel;
use crate::parquet_file::{Density, ParquetLayout, ReadError, WrittenFile, checksum_of_file};
use crate::upkeep::UpkeepError;
use crate::writer_lock::WriterLock;
use crate::writer_presence::WriterPresence;
use crate::{stop_point, timestamp};
use merge::SortedMerge;
use partial_sum::PartialSums;

/// Files below this size are worth merging.
pub const SMALL_FILE_BYTES: u64 = 16 << 20;
/// What a merge makes is at most as large as this.
const MERGED_FILE_BYTES: u64 = 256 << 20;
/// Files merged at once: bounds the batches that a merge holds in memory.
const FILES_AT_ONCE: usize = 16;
/// A partition with more small files than this is merged at the end of an ingest.
pub const MOST_SMALL_FILES: usize = 16;

/// What to merge, and how.
#[derive(Debug, Clone)]
pub struct CompactionOptions {
    /// Merges at once.
    pub workers: usize,
    /// How long to wait for another writer.
    pub wait: Duration,
    /// How many small files a partition must have; 2 at least.
    pub least_files: usize,
    /// Not only files below [`SMALL_FILE_BYTES`], but all that fit into one with others.
    pub every_size: bool,
}

/// What a compaction did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CompactionSummary {
    pub merges: u64,
    pub files_in: u64,
    pub rows_in: u64,
    pub rows_out: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Merges dropped because another process had replaced an input.
    pub dropped: u64,
    /// Ended before everything was merged.
    pub interrupted: bool,
}

/// Files of one partition to be merged into one.
struct Merge {
    table: Table,
    day: i32,
    inputs: Vec<DataFile>,
    /// Of the inputs' bytes, as they were written; none of files from before checksums were kept.
    checksums: Vec<Option<String>>,
}

impl Merge {
    /// What a merge reads must be what was written: its output gets a checksum of its own, and would hide the damage.
    fn verify_inputs(&self) -> Result<(), UpkeepError> {
        for (file, written) in self.inputs.iter().zip(&self.checksums) {
            let found = checksum_of_file(&file.path).map_err(|source| ReadError::new(&file.path, source))?;
            if written.as_ref().is_some_and(|written| *written != found) {
                return Err(UpkeepError::Damaged(file.path.clone()));
            }
        }
        Ok(())
    }
}

/// Merges what `options` asks for until nothing is left to merge. `stop` ends it between merges; `on_progress` hears the sums
/// after each, `on_wait` who holds the lock.
pub fn compact(
    folder: &Path,
    options: &CompactionOptions,
    stop: &AtomicBool,
    on_progress: &mut dyn FnMut(&CompactionSummary),
    on_wait: &mut dyn FnMut(&str),
) -> Result<CompactionSummary, UpkeepError> {
    let mut catalog = Catalog::open_to_write(folder)?;
    let mut summary = CompactionSummary::default();
    let mut begun = HashSet::new();
    let mut writer = None;
    loop {
        let merges = plan(&catalog, options, &mut begun)?;
        if merges.is_empty() {
            return Ok(summary);
        }
        let writer = match &writer {
            Some(writer) => writer,
            None => writer.insert(MergeWriter::new(&catalog)?),
        };
        for some in merges.chunks(options.workers.max(1)) {
            if stop.load(Ordering::Relaxed) {
                summary.interrupted = true;
                return Ok(summary);
            }
            let results = parallel::map(options.workers, some, || (), |(), merge| writer.write(merge));
            let mut failure = None;
            for (merge, result) in some.iter().zip(results) {
                let committed = result.and_then(|file| commit(&mut catalog, options, merge, file, on_wait));
                match committed {
                    Ok(file) => add(&mut summary, merge, file.as_ref()),
                    Err(error) => failure = Some(error),
                }
            }
            if let Some(error) = failure {
                return Err(error);
            }
            on_progress(&summary);
        }
    }
}

/// The next merges. A partition that was begun goes on until one small file is left.
fn plan(
    catalog: &Catalog,
    options: &CompactionOptions,
    begun: &mut HashSet<(Table, i32)>,
) -> Result<Vec<Merge>, UpkeepError> {
    let snapshot = catalog.newest_snapshot()?;
    let limit = if options.every_size { MERGED_FILE_BYTES } else { SMALL_FILE_BYTES };
    let mut merges = Vec::new();
    for table in Table::ALL {
        let mut partitions: BTreeMap<i32, Vec<DataFile>> = BTreeMap::new();
        for file in catalog.data_files(table, snapshot)? {
            if let (true, Some(day)) = (file.size_bytes < limit, file.partition_day) {
                partitions.entry(day).or_default().push(file);
            }
        }
        for (day, mut files) in partitions {
            let enough = files.len() >= options.least_files.max(2);
            if files.len() < 2 || !enough && !begun.contains(&(table, day)) {
                continue;
            }
            begun.insert((table, day));
            files.sort_by_key(|file| (file.size_bytes, file.id));
            for inputs in groups(files) {
                let checksums = inputs.iter().map(|file| catalog.checksum(file.id)).collect::<Result<_, _>>()?;
                merges.push(Merge { table, day, inputs, checksums });
            }
        }
    }
    Ok(merges)
}

/// Cuts files, smallest first, into groups that become one file each.
fn groups(files: Vec<DataFile>) -> Vec<Vec<DataFile>> {
    let mut groups: Vec<Vec<DataFile>> = Vec::new();
    let mut bytes = u64::MAX;
    for file in files {
        match groups.last_mut() {
            Some(group) if group.len() < FILES_AT_ONCE && bytes + file.size_bytes <= MERGED_FILE_BYTES => {
                bytes += file.size_bytes;
                group.push(file);
            }
            _ => {
                bytes = file.size_bytes;
                groups.push(vec![file]);
            }
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// Commits a merged file; `None`, and the file is removed, where an input was replaced or retired meanwhile.
fn commit(
    catalog: &mut Catalog,
    options: &CompactionOptions,
    merge: &Merge,
    output: WrittenFile,
    on_wait: &mut dyn FnMut(&str),
) -> Result<Option<WrittenFile>, UpkeepError> {
    let path = catalog.table_folder(merge.table).join(&output.relative_path);
    let inputs = merge.inputs.iter().map(|file| file.id).collect();
    let replacement = Replacement { table: merge.table, inputs, output };
    let committed = WriterLock::acquire(catalog.folder(), options.wait, on_wait)
        .map_err(UpkeepError::from)
        .and_then(|_lock| Ok(catalog.replace(&replacement)?));
    if let Ok(Some(_)) = committed {
        return Ok(Some(replacement.output));
    }
    if let Err(error) = std::fs::remove_file(&path) {
        tracing::warn!(path = %path.display(), %error, "an uncommitted file stays behind");
    }
    committed.map(|_| None)
}

fn add(summary: &mut CompactionSummary, merge: &Merge, output: Option<&WrittenFile>) {
    let Some(output) = output else {
        summary.dropped += 1;
        return;
    };
    summary.merges += 1;
    summary.files_in += merge.inputs.len() as u64;
    summary.rows_in += merge.inputs.iter().map(|file| file.record_count).sum::<u64>();
    summary.bytes_in += merge.inputs.iter().map(|file| file.size_bytes).sum::<u64>();
    summary.rows_out += output.record_count.unsigned_abs();
    summary.bytes_out += output.size_bytes.unsigned_abs();
}

/// Writes merged files.
struct MergeWriter {
    events: (ParquetLayout, PathBuf),
    access_daily: (ParquetLayout, PathBuf),
    presence: WriterPresence,
    next_file: AtomicU64,
}

impl MergeWriter {
    fn new(catalog: &Catalog) -> Result<Self, UpkeepError> {
        let of = |table: Table| (ParquetLayout::new(table.columns(), Density::Compacted), catalog.table_folder(table));
        let (events, access_daily) = (of(Table::Events), of(Table::AccessDaily));
        let presence = WriterPresence::register(catalog.folder())
            .map_err(|source| UpkeepError::Io { path: catalog.folder().join("writers"), source })?;
        Ok(Self { events, access_daily, presence, next_file: AtomicU64::new(1) })
    }

    fn write(&self, merge: &Merge) -> Result<WrittenFile, UpkeepError> {
        let (layout, folder) = match merge.table {
            Table::Events => &self.events,
            Table::AccessDaily => &self.access_daily,
        };
        let day = timestamp::date_text(merge.day);
        let number = self.next_file.fetch_add(1, Ordering::Relaxed);
        let path = format!("{}={day}/{}-{number:06}.parquet", merge.table.partition_column(), self.presence.id());
        merge.verify_inputs()?;
        let sorted = SortedMerge::open(merge.table, layout.schema(), &merge.inputs)?;
        let mut batches: Box<dyn Iterator<Item = Result<RecordBatch, MergeError>>> = match merge.table {
            Table::Events => Box::new(sorted.map(|batch| batch.map_err(MergeError::Read))),
            Table::AccessDaily => Box::new(PartialSums::new(sorted.map(|batch| batch.map_err(MergeError::Read)))),
        };
        let rows: u64 = merge.inputs.iter().map(|file| file.record_count).sum();
        let mut failure = None;
        let readable = std::iter::from_fn(|| match batches.next()? {
            Ok(batch) => Some(batch),
            Err(error) => {
                failure = Some(error);
                None
            }
        });
        let written = layout.write(folder, &path, day, rows as usize, readable);
        match failure {
            None => {
                stop_point::reach("merged_file_written");
                Ok(written?)
            }
            Some(error) => {
                // Half of the rows would be a lake without the others.
                let _ = std::fs::remove_file(folder.join(&path));
                Err(match error {
                    MergeError::Read(error) => error.into(),
                    MergeError::Sum(error) => ReadError::new(&merge.inputs[0].path, error).into(),
                })
            }
        }
    }
}

/// Why a merge ends early.
enum MergeError {
    Read(ReadError),
    Sum(ArrowError),
}

impl From<ArrowError> for MergeError {
    fn from(error: ArrowError) -> Self {
        Self::Sum(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_grouped_by_number_and_size_and_none_is_merged_alone() {
        let check = |sizes: &[u64], expected: &[usize]| {
            let file = |(id, size_bytes): (usize, &u64)| DataFile {
                id: id as i64,
                path: PathBuf::new(),
                record_count: 1,
                size_bytes: *size_bytes,
                time_bounds: None,
                partition_day: Some(1),
            };
            let found: Vec<usize> = groups(sizes.iter().enumerate().map(file).collect()).iter().map(Vec::len).collect();
            assert_eq!(found, expected, "{sizes:?}");
        };
        check(&[], &[]);
        check(&[1], &[]);
        check(&[1; 2], &[2]);
        check(&[1; 17], &[16]);
        check(&[1; 18], &[16, 2]);
        check(&[100 << 20, 120 << 20, 150 << 20], &[2]);
        check(&[130 << 20, 130 << 20], &[]);
    }
}
