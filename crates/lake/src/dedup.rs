//! One effect per event: is a record new, a redelivery, or another event under a known key? Answers for one batch, against
//! the lake's live files and the batch itself. The rule: same key and fingerprint is a duplicate; same key, other
//! fingerprint is a conflict, and both stay, or a forged record could mask a true one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
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

/// What a record is to the events already known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    New,
    Duplicate,
    /// New, but its key belongs to another event as well.
    Conflict,
}

/// The events known so far: of the lake where the batch may meet them, and of the batch.
#[derive(Debug, Default)]
pub struct KnownEvents {
    /// The fingerprint of the first event of each key.
    first: HashMap<u128, u64, RandomState>,
    /// Those of further events of the same key, which are rare.
    further: HashMap<u128, Vec<u64>>,
}

impl KnownEvents {
    /// Learns the events of a live file. Only files whose time bounds touch the batch's need be read: a redelivered
    /// record has the same eventTime.
    ///
    /// # Errors
    /// The file cannot be read; nothing may be said then, so the batch must fail.
    pub fn learn_file(&mut self, file: &DataFile) -> Result<(), ProbeError> {
        let failed = |detail: String| ProbeError { path: file.path.display().to_string(), detail };
        read_keys(&file.path, |batch| self.learn_batch(batch)).map_err(failed)
    }

    fn learn_batch(&mut self, batch: &RecordBatch) {
        let text = |name: &str| batch.column_by_name(name).expect("projected").as_string::<i32>();
        let (ids, accounts, categories) = (text("eventid"), text("recipientaccountid"), text("eventcategory"));
        let fingerprints = batch.column_by_name("fingerprint").expect("projected").as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let fingerprint = fingerprints.value(row).cast_unsigned();
            let key = key(value(ids, row), value(accounts, row), value(categories, row), fingerprint);
            self.add(key, fingerprint);
        }
    }

    /// Judges a record and remembers it.
    pub fn judge(&mut self, record: &Record<'_>) -> Verdict {
        let has_id = record.event_id.as_deref().is_some_and(|id| !id.is_empty());
        self.add(if has_id { record.identity } else { u128::from(record.fingerprint) }, record.fingerprint)
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

fn read_keys(path: &Path, mut each: impl FnMut(&RecordBatch)) -> Result<(), String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| e.to_string())?;
    let columns = ["eventid", "recipientaccountid", "eventcategory", "fingerprint"];
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    let reader = builder.with_projection(mask).with_batch_size(8_192).build().map_err(|e| e.to_string())?;
    for batch in reader {
        each(&batch.map_err(|e| e.to_string())?);
    }
    Ok(())
}
