//! Objects of a source become events of the lake. Objects are taken in batches: inflated and read in parallel
//! (`ingest::file`), judged one after the other by `dedup`, written and committed (`ingest::batch`). What is committed is
//! acknowledged: a later run does not read it again, whatever ends this one.

mod batch;
mod digest_file;
mod file;
mod large_file;
pub(crate) mod parallel;
pub mod plan;
mod queue;
mod reject_keeper;
mod spool;
mod table_file;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use cloudtrail::log_file::{Inflater, Limits};
use serde::Serialize;

use crate::catalog::{Catalog, CatalogError, NewObject};
use crate::dedup::ProbeError;
use crate::parquet_file::WriteError;
use crate::source::{Listing, SourceFault, SourceObject};
use crate::writer_lock::LockError;

use batch::BatchWriter;
use file::{FILE_BYTES, InflatedFile, inflate};
use queue::Queue;

/// Bytes after which a batch closes, unless told otherwise: what was inflated, and some for each file.
pub const BATCH_BYTES: usize = 32 << 20;

/// The ledger is tidied each time so many files were acknowledged, so that it stays small during a long run.
const TIDY_AFTER_FILES: u64 = 20_000;

/// How to ingest.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    pub workers: usize,
    /// How long to wait for another writer.
    pub wait: Duration,
    /// The time of ingest, µs UTC.
    pub now_us: i64,
    pub limits: Limits,
    /// Bytes after which a batch closes; [`BATCH_BYTES`] but in tests.
    pub batch_bytes: usize,
}

/// What one run did. Conservation: records = new_events + duplicates + rejected + expired.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Objects read and acknowledged in this run.
    pub files: u64,
    /// Objects known already, or not to be opened.
    pub files_skipped: u64,
    /// Objects rejected as a whole; their bytes are no records.
    pub files_rejected: u64,
    pub records: u64,
    pub new_events: u64,
    pub duplicates: u64,
    pub conflicts: u64,
    pub rejected: u64,
    pub expired: u64,
    /// Bytes of the objects as they are stored.
    pub bytes_in: u64,
    /// Bytes of JSON after inflating.
    pub bytes_inflated: u64,
}

impl Summary {
    /// Adds another run's sums.
    pub fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.files_skipped += other.files_skipped;
        self.files_rejected += other.files_rejected;
        self.records += other.records;
        self.new_events += other.new_events;
        self.duplicates += other.duplicates;
        self.conflicts += other.conflicts;
        self.rejected += other.rejected;
        self.expired += other.expired;
        self.bytes_in += other.bytes_in;
        self.bytes_inflated += other.bytes_inflated;
    }
}

/// What a watcher of a run hears.
#[derive(Debug)]
pub enum Progress<'a> {
    /// So many objects and bytes are to be read, as far as the source is listed.
    Listed { files: u64, bytes: u64 },
    /// A batch was acknowledged; the sums so far.
    Committed(&'a Summary),
    /// Another process has the turn.
    Waiting(&'a str),
}

/// The end of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    pub summary: Summary,
    /// Objects that could not be read; the rest is done.
    pub faults: Vec<SourceFault>,
    /// Objects not opened, with the reason.
    pub skipped: Vec<(String, &'static str)>,
    /// How many objects were rejected as a whole, by reason.
    pub file_rejects: Vec<(&'static str, u64)>,
    /// How many records were rejected, by reason.
    pub record_rejects: Vec<(&'static str, u64)>,
    /// The run was stopped before its end.
    pub interrupted: bool,
}

impl Outcome {
    /// Adds what another run over the same lake did.
    pub fn absorb(&mut self, other: Self) {
        self.summary.add(&other.summary);
        self.faults.extend(other.faults);
        self.skipped.extend(other.skipped);
        for (counts, more) in
            [(&mut self.file_rejects, other.file_rejects), (&mut self.record_rejects, other.record_rejects)]
        {
            more.into_iter().for_each(|(reason, added)| count(counts, reason, added));
        }
        self.interrupted |= other.interrupted;
    }

    fn add(&mut self, object: &NewObject) {
        let sum = &mut self.summary;
        let add = |to: &mut u64, value: i64| *to += value.unsigned_abs();
        sum.files += 1;
        add(&mut sum.records, object.records);
        add(&mut sum.new_events, object.new_events);
        add(&mut sum.duplicates, object.duplicates);
        add(&mut sum.conflicts, object.conflicts);
        add(&mut sum.rejected, object.rejected);
        add(&mut sum.expired, object.expired);
        add(&mut sum.bytes_in, object.bytes_in);
        add(&mut sum.bytes_inflated, object.inflated_bytes);
        match object.reject_reason {
            Some(reason) => {
                sum.files_rejected += 1;
                count(&mut self.file_rejects, reason, 1);
            }
            None => object.rejects.iter().for_each(|reject| count(&mut self.record_rejects, reject.reason, 1)),
        }
    }
}

fn count(counts: &mut Vec<(&'static str, u64)>, reason: &'static str, added: u64) {
    match counts.iter_mut().find(|(known, _)| *known == reason) {
        Some((_, count)) => *count += added,
        None => counts.push((reason, added)),
    }
}

/// Why a run could not go on; batches before it are acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Probe(#[from] ProbeError),
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// Ingests what the portions of a source hold and the lake in `folder` does not know. A portion is listed while those before
/// it are ingested, if the source can do that; batches do not end where portions do. `stop` ends the run between batches;
/// an unfinished batch is dropped, and read again next time.
pub fn ingest(
    folder: &Path,
    portions: impl IntoIterator<Item = Listing>,
    options: &IngestOptions,
    stop: &AtomicBool,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Outcome, IngestError> {
    let catalog = Catalog::open_or_create(folder)?;
    let mut outcome = Outcome::default();
    let mut writer = BatchWriter::new(catalog, options.clone())?;
    let mut tidied_at = 0;
    let mut queue = Queue::new(portions.into_iter());
    let mut carried: Vec<InflatedFile> = Vec::new();
    loop {
        let batch = next_batch(&mut carried, &mut queue, writer.catalog(), options, stop, &mut outcome, on_progress)?;
        if stop.load(Ordering::Relaxed) {
            outcome.interrupted = true;
            break;
        }
        if batch.is_empty() {
            break;
        }
        writer.write(batch, &mut outcome, on_progress)?;
        on_progress(Progress::Committed(&outcome.summary));
        if outcome.summary.files - tidied_at >= TIDY_AFTER_FILES {
            writer.tidy_ledger()?;
            tidied_at = outcome.summary.files;
        }
    }
    if !outcome.interrupted {
        writer.tidy_ledger()?;
    }
    Ok(outcome)
}

/// The next objects in order until the batch is full, inflated; what was inflated beyond that is carried over, so that
/// where a batch ends depends on the objects alone.
fn next_batch(
    carried: &mut Vec<InflatedFile>,
    queue: &mut Queue<impl Iterator<Item = Listing>>,
    catalog: &Catalog,
    options: &IngestOptions,
    stop: &AtomicBool,
    outcome: &mut Outcome,
    on_progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<InflatedFile>, IngestError> {
    let mut batch = std::mem::take(carried);
    let mut bytes: usize = batch.iter().map(InflatedFile::held_bytes).sum();
    while bytes < options.batch_bytes && !stop.load(Ordering::Relaxed) {
        let rest = queue.rest(catalog, outcome, on_progress)?;
        if rest.is_empty() {
            break;
        }
        let window = window_length(rest, options.batch_bytes - bytes, options.workers);
        let inflated = inflate_window(&rest[..window], options.batch_bytes - bytes, options);
        queue.advance(inflated.len());
        bytes += inflated.iter().map(InflatedFile::held_bytes).sum::<usize>();
        batch.extend(inflated);
    }
    let mut sum = 0;
    let full = batch.iter().position(|file| {
        sum += file.held_bytes();
        sum >= options.batch_bytes
    });
    *carried = full.map_or_else(Vec::new, |last| batch.split_off(last + 1));
    Ok(batch)
}

/// Inflates the first of `objects` and those after it until they hold `bytes`: a window is as long as honest files allow,
/// and bombs are not.
fn inflate_window(objects: &[SourceObject], bytes: usize, options: &IngestOptions) -> Vec<InflatedFile> {
    let held_bytes = AtomicUsize::new(0);
    let mut inflated = parallel::map(
        options.workers,
        objects,
        || Inflater::new(options.limits),
        |inflater, object| {
            let is_first = std::ptr::eq(object, &objects[0]);
            (is_first || held_bytes.load(Ordering::Relaxed) < bytes).then(|| {
                let file = inflate(object, inflater);
                held_bytes.fetch_add(file.held_bytes(), Ordering::Relaxed);
                file
            })
        },
    );
    // A thread may have begun a later object before another one found that there is enough; an object of a bucket can be
    // taken only once, so what is inflated is kept and the gap before it is filled.
    inflated.truncate(inflated.iter().rposition(Option::is_some).map_or(0, |last| last + 1));
    let mut inflater = Inflater::new(options.limits);
    let filled = inflated.into_iter().zip(objects);
    filled.map(|(file, object)| file.unwrap_or_else(|| inflate(object, &mut inflater))).collect()
}

/// How many objects are likely to inflate to `bytes`; gzip makes CloudTrail's JSON some 10 times smaller.
fn window_length(objects: &[SourceObject], bytes: usize, workers: usize) -> usize {
    let mut estimate = 0;
    let fitting = objects.iter().take_while(|object| {
        let ratio = if object.name.ends_with(".gz") { 10 } else { 1 };
        estimate += object.size_bytes as usize * ratio + FILE_BYTES;
        estimate < bytes
    });
    fitting.count().max(workers).min(objects.len())
}
