//! One effect per event: is a record new, a redelivery, or another event under a known key? Answers for one batch, against
//! the lake's live files and the batch itself. The rule: same key and fingerprint is a duplicate; same key, other
//! fingerprint is a conflict, and both stay, or a forged record could mask a true one.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use cloudtrail::fingerprint;
use cloudtrail::record::Record;
use foldhash::fast::RandomState;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::catalog::DataFile;
use crate::timestamp;

/// What a record is to the events already known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    New,
    Duplicate,
    /// New, but its key belongs to another event as well.
    Conflict,
}

/// What records must be asked about before they are judged: their keys, and the times they speak of. The lake may hold
/// any number of other events of the same days; they cost no memory.
#[derive(Debug, Default)]
pub struct Probe {
    keys: HashSet<u128, RandomState>,
    /// First and last time of each day, µs UTC.
    spans: BTreeMap<i32, (i64, i64)>,
}

impl Probe {
    /// Takes in a record.
    pub fn note(&mut self, record: &Record<'_>) {
        let at = record.event_timestamp_us;
        let span = self.spans.entry(timestamp::day_of(at)).or_insert((at, at));
        *span = (span.0.min(at), span.1.max(at));
        self.keys.insert(key_of(record));
    }

    /// Whether a file may hold a redelivered record: one has the same eventTime.
    pub fn touches(&self, file: &DataFile) -> bool {
        file.time_bounds
            .is_none_or(|(low, high)| self.spans.values().any(|(first, last)| *first <= high && low <= *last))
    }
}

/// The events known so far: of the lake those that the probe asks about, and of the batch.
#[derive(Debug, Default)]
pub struct KnownEvents {
    probe: Probe,
    /// The fingerprint of the first event of each key.
    first: HashMap<u128, u64, RandomState>,
    /// Those of further events of the same key, which are rare.
    further: HashMap<u128, Vec<u64>>,
}

impl KnownEvents {
    /// Nothing is known yet of what `probe` asks about.
    pub fn new(probe: Probe) -> Self {
        Self { probe, ..Self::default() }
    }

    /// Learns the events of a live file, if the probe touches it.
    ///
    /// # Errors
    /// The file cannot be read; nothing may be said then, so the batch must fail.
    pub fn learn_file(&mut self, file: &DataFile) -> Result<(), ProbeError> {
        if !self.probe.touches(file) {
            return Ok(());
        }
        let failed = |detail: String| ProbeError { path: file.path.display().to_string(), detail };
        let mut found = Vec::new();
        each_key(&file.path, &mut |key, fingerprint| {
            if self.probe.keys.contains(&key) {
                found.push((key, fingerprint));
            }
        })
        .map_err(failed)?;
        for (key, fingerprint) in found {
            self.add(key, fingerprint);
        }
        Ok(())
    }

    /// Judges a record and remembers it.
    pub fn judge(&mut self, record: &Record<'_>) -> Verdict {
        self.add(key_of(record), record.fingerprint)
    }

    fn add(&mut self, key: u128, fingerprint: u64) -> Verdict {
        match self.first.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(fingerprint);
                Verdict::New
            }
            Entry::Occupied(entry) if *entry.get() == fingerprint => Verdict::Duplicate,
            Entry::Occupied(_) => {
                let further = self.further.entry(key).or_default();
                if further.contains(&fingerprint) {
                    return Verdict::Duplicate;
                }
                further.push(fingerprint);
                Verdict::Conflict
            }
        }
    }
}

fn key_of(record: &Record<'_>) -> u128 {
    let has_id = record.event_id.as_deref().is_some_and(|id| !id.is_empty());
    if has_id { record.identity } else { u128::from(record.fingerprint) }
}

fn value(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

/// A record without an eventID is known by its bytes alone, which its fingerprint is made of.
fn key(event_id: Option<&str>, account: Option<&str>, category: Option<&str>, fingerprint: u64) -> u128 {
    match event_id.filter(|id| !id.is_empty()) {
        Some(id) => fingerprint::identity(id, account, category),
        None => u128::from(fingerprint),
    }
}

/// A live file could not be probed for duplicates.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path} of the lake: {detail}")]
pub struct ProbeError {
    pub path: String,
    pub detail: String,
}

/// Hands key and fingerprint of each event of a file to `each`.
pub(crate) fn each_key(path: &Path, each: &mut dyn FnMut(u128, u64)) -> Result<(), String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| e.to_string())?;
    let columns = ["eventid", "recipientaccountid", "eventcategory", "fingerprint"];
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    let reader = builder.with_projection(mask).with_batch_size(8_192).build().map_err(|e| e.to_string())?;
    for batch in reader {
        keys_of_batch(&batch.map_err(|e| e.to_string())?, each);
    }
    Ok(())
}

fn keys_of_batch(batch: &RecordBatch, each: &mut dyn FnMut(u128, u64)) {
    let text = |name: &str| batch.column_by_name(name).expect("projected").as_string::<i32>();
    let (ids, accounts, categories) = (text("eventid"), text("recipientaccountid"), text("eventcategory"));
    let fingerprints = batch.column_by_name("fingerprint").expect("projected").as_primitive::<Int64Type>();
    for row in 0..batch.num_rows() {
        let fingerprint = fingerprints.value(row).cast_unsigned();
        let key = key(value(ids, row), value(accounts, row), value(categories, row), fingerprint);
        each(key, fingerprint);
    }
}
