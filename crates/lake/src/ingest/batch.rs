//! One batch: its files are read into records, judged by `dedup`, written as Parquet and committed with the ledger's rows in
//! one transaction. The writer's lock is held from the probe to the commit.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use cloudtrail::log_file::{self, Document};
use cloudtrail::record::{self, Record, RecordContext};
use cloudtrail::reject::Reject;
use iam::event_action;

use super::file::{Content, InflatedFile, KEPT_REJECT_BYTES};
use super::{IngestError, IngestOptions, Outcome, Progress, digest_file, parallel};
use crate::catalog::{Append, Catalog, CatalogError, ListedObject, NewObject, NewReject, ObjectVerdict, Table};
use crate::dedup::{KnownEvents, Verdict};
use crate::event_batch::{EventBatch, Row};
use crate::parquet_file::{Density, ParquetLayout, WriteError, WrittenFile};
use crate::writer_lock::WriterLock;
use crate::{rollup, stop_point, timestamp};

/// Fewer objects than these are not worth a fold.
const LEAST_FOLDED: u64 = 2_000;

/// Rows turned into columns at once: bounds what a file being written holds in memory.
const ROWS_AT_ONCE: usize = 2_048;

/// Writes batches into one lake.
pub struct BatchWriter {
    catalog: Catalog,
    options: IngestOptions,
    tables: TableWriters,
    /// Begins the names of all files this writer makes.
    writer_id: String,
    next_file: u64,
}

/// How and where the files of the two tables are written.
struct TableWriters {
    events: (ParquetLayout, PathBuf),
    access_daily: (ParquetLayout, PathBuf),
}

/// The records of one file.
struct FileRecords<'a> {
    records: Vec<Record<'a>>,
    rejects: Vec<Reject>,
}

type FileDocument<'a> = Option<Result<Document<'a>, Reject>>;

impl BatchWriter {
    /// A writer of the lake that `catalog` describes.
    pub fn new(catalog: Catalog, options: IngestOptions) -> Self {
        let writer = |table: Table| (ParquetLayout::new(table.columns(), Density::Fresh), catalog.table_folder(table));
        let tables = TableWriters { events: writer(Table::Events), access_daily: writer(Table::AccessDaily) };
        Self { catalog, options, tables, writer_id: uuid::Uuid::now_v7().simple().to_string(), next_file: 0 }
    }

    /// The lake's catalog.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Writes `files` as one batch and adds what became of them to `outcome`.
    pub fn write(
        &mut self,
        files: Vec<InflatedFile>,
        outcome: &mut Outcome,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), IngestError> {
        let workers = self.options.workers;
        let limits = self.options.limits;
        let documents: Vec<FileDocument<'_>> = parallel::map(
            workers,
            &files,
            || (),
            |(), file| match &file.content {
                Content::Json { bytes, .. } => Some(log_file::read(bytes, &limits)),
                _ => None,
            },
        );
        let read: Vec<(&InflatedFile, &FileDocument<'_>)> = files.iter().zip(&documents).collect();
        let now_us = self.options.now_us;
        let records = parallel::map(workers, &read, || (), |(), (file, document)| read_records(file, document, now_us));
        stop_point::reach("batch_read");

        let _lock = WriterLock::acquire(self.catalog.folder(), self.options.wait, &mut |who| {
            on_progress(Progress::Waiting(who))
        })?;
        let mut objects = Vec::with_capacity(files.len());
        let mut rows = Vec::new();
        let mut known = self.probe(&records)?;
        // Another process may have ingested some of them while this batch was read.
        let listed: Vec<ListedObject<'_>> = files.iter().map(|file| file.object.as_listed()).collect();
        let verdicts = self.catalog.object_verdicts(&listed)?;
        for (index, file) in files.iter().enumerate() {
            if let Content::Fault(fault) = &file.content {
                outcome.faults.push(fault.clone());
                continue;
            }
            if verdicts[index] == ObjectVerdict::Known {
                outcome.summary.files_skipped += 1;
                continue;
            }
            let mut object = self.new_object(file, verdicts[index]);
            settle_document(&mut object, file, &documents[index]);
            judge(&mut object, file, &records[index], &mut known, &mut rows);
            objects.push(object);
        }
        let mut written = Vec::new();
        let result = self.write_files(&rows, &mut written).and_then(|()| {
            stop_point::reach("files_written");
            let append = Append { files: std::mem::take(&mut written), objects };
            self.catalog.append(&append).map(|_| append.objects).map_err(|error| {
                written = append.files;
                error.into()
            })
        });
        match result {
            Ok(objects) => {
                objects.iter().for_each(|object| outcome.add(object));
                Ok(())
            }
            Err(error) => {
                self.discard(&written);
                Err(error)
            }
        }
    }

    /// Settles what digests list and folds what is finished; what is left undone the next run does.
    pub fn tidy_ledger(&mut self) -> Result<(), CatalogError> {
        self.catalog.settle_listed_files()?;
        self.catalog.fold_ledger(LEAST_FOLDED)?;
        Ok(())
    }

    /// The events of the lake that this batch's records may be redeliveries of.
    fn probe(&self, files: &[FileRecords<'_>]) -> Result<KnownEvents, IngestError> {
        let mut spans: BTreeMap<i32, (i64, i64)> = BTreeMap::new();
        for record in files.iter().flat_map(|f| &f.records) {
            let at = record.event_timestamp_us;
            let span = spans.entry(timestamp::day_of(at)).or_insert((at, at));
            *span = (span.0.min(at), span.1.max(at));
        }
        let mut known = KnownEvents::default();
        let snapshot = self.catalog.newest_snapshot()?;
        for file in self.catalog.data_files(Table::Events, snapshot)? {
            let touches = |(low, high): (i64, i64)| spans.values().any(|(first, last)| *first <= high && low <= *last);
            if file.time_bounds.is_none_or(touches) {
                known.learn_file(&file)?;
            }
        }
        Ok(known)
    }

    fn new_object(&self, file: &InflatedFile, verdict: ObjectVerdict) -> NewObject {
        let object = &file.object;
        let key = object.key();
        let changed = (verdict == ObjectVerdict::Changed).then_some("OBJECT_CHANGED");
        let warnings = file.warnings.iter().chain(key.as_ref().and_then(|k| k.warning.as_ref()));
        let mut new = NewObject {
            name: object.name.clone(),
            size_bytes: object.size_bytes as i64,
            stamp: object.stamp.clone(),
            sha256: Some(file.sha256),
            kind: object.kind().to_owned(),
            account: key.and_then(|k| k.account).map(str::to_owned),
            region: key.and_then(|k| k.region).map(str::to_owned),
            delivered_at: key.and_then(|k| k.delivered_at_us),
            bytes_in: object.size_bytes as i64,
            ingested_at: self.options.now_us,
            ..NewObject::default()
        };
        for code in warnings.map(|w| w.code()).chain(changed) {
            add_warning(&mut new, code);
        }
        new
    }

    fn write_files(
        &mut self,
        rows: &[Row<'_, '_>],
        written: &mut Vec<(Table, WrittenFile)>,
    ) -> Result<(), IngestError> {
        let mut days: BTreeMap<i32, Vec<&Row<'_, '_>>> = BTreeMap::new();
        for row in rows {
            days.entry(row.record.event_date_days).or_default().push(row);
        }
        let mut tasks = Vec::new();
        for (day, mut rows) in days {
            rows.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
            tasks.push(Task::Day { day, rows, path: self.file_path("eventdate", day) });
        }
        for (month, batch) in rollup::monthly(rows.iter(), self.tables.access_daily.0.schema()) {
            tasks.push(Task::Month { month, batch, path: self.file_path("eventmonth", month) });
        }
        let writers = &self.tables;
        let results = parallel::map(self.options.workers, &tasks, || (), |(), task| writers.write(task));
        let mut failure = None;
        for result in results {
            match result {
                Ok(file) => written.push(file),
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    fn file_path(&mut self, partition: &str, day: i32) -> String {
        self.next_file += 1;
        format!("{partition}={}/{}-{:06}.parquet", timestamp::date_text(day), self.writer_id, self.next_file)
    }

    /// Removes files that no snapshot names; what cannot be removed is an orphan that the next clean-up finds.
    fn discard(&self, written: &[(Table, WrittenFile)]) {
        for (table, file) in written {
            let path: PathBuf = self.catalog.table_folder(*table).join(&file.relative_path);
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::warn!(path = %path.display(), %error, "an uncommitted file stays behind");
            }
        }
    }
}

impl TableWriters {
    fn write(&self, task: &Task<'_>) -> Result<(Table, WrittenFile), WriteError> {
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

enum Task<'r> {
    Day { day: i32, rows: Vec<&'r Row<'r, 'r>>, path: String },
    Month { month: i32, batch: RecordBatch, path: String },
}

fn sort_key<'r>(row: &'r Row<'_, '_>) -> (&'r str, i64, Option<&'r str>, u64) {
    let record = row.record;
    (&record.account, record.event_timestamp_us, record.event_id.as_deref(), record.fingerprint)
}

fn read_records<'a>(file: &'a InflatedFile, document: &'a FileDocument<'a>, now_us: i64) -> FileRecords<'a> {
    let mut out = FileRecords { records: Vec::new(), rejects: Vec::new() };
    let Some(Ok(document)) = document else { return out };
    let key = file.object.key();
    let context = RecordContext { key: key.as_ref(), ingested_at_us: now_us };
    out.records.reserve_exact(document.slices.len());
    for slice in &document.slices {
        match record::read(slice, &context) {
            Ok(record) => out.records.push(record),
            Err(reject) => out.rejects.push(reject),
        }
    }
    out
}

/// What the container and the document say of the object, before its records.
fn settle_document(object: &mut NewObject, file: &InflatedFile, document: &FileDocument<'_>) {
    match (&file.content, document) {
        (Content::Json { bytes, sha256 }, Some(Ok(document))) => {
            object.inflated_sha256 = Some(*sha256);
            object.inflated_bytes = bytes.len() as i64;
            object.rejected = document.rejects.len() as i64;
            object.records = (document.rejects.len() + document.slices.len()) as i64;
            document.warnings.iter().for_each(|w| add_warning(object, w.code()));
            object.rejects.extend(document.rejects.iter().map(|reject| new_reject(reject, Some(bytes))));
        }
        (Content::Json { bytes, sha256 }, Some(Err(reject))) => {
            object.inflated_sha256 = Some(*sha256);
            object.inflated_bytes = bytes.len() as i64;
            object.reject_reason = Some(reject.reason.code());
            object.rejects.push(NewReject { record_index: None, ..new_reject(reject, Some(bytes)) });
        }
        (Content::Digest { bytes, sha256 }, _) => {
            object.inflated_sha256 = Some(*sha256);
            object.inflated_bytes = bytes.len() as i64;
            match digest_file::read(&file.object, bytes) {
                Ok(digest) => object.digest = Some(digest),
                Err(reject) => {
                    object.reject_reason = Some(reject.reason.code());
                    object.rejects.push(NewReject { record_index: None, ..new_reject(&reject, Some(bytes)) });
                }
            }
        }
        (Content::Rejected(reject, bytes), _) => {
            object.reject_reason = Some(reject.reason.code());
            let new = NewReject { record_index: None, bytes: bytes.clone(), ..new_reject(reject, None) };
            object.rejects.push(new);
        }
        _ => {}
    }
}

fn judge<'r>(
    object: &mut NewObject,
    source: &'r InflatedFile,
    file: &'r FileRecords<'r>,
    known: &mut KnownEvents,
    rows: &mut Vec<Row<'r, 'r>>,
) {
    for record in &file.records {
        let at = record.event_timestamp_us;
        object.first_event_at = Some(object.first_event_at.map_or(at, |first| first.min(at)));
        object.last_event_at = Some(object.last_event_at.map_or(at, |last| last.max(at)));
        let verdict = known.judge(record);
        if verdict == Verdict::Duplicate {
            object.duplicates += 1;
            continue;
        }
        object.new_events += 1;
        object.conflicts += i64::from(verdict == Verdict::Conflict);
        let variant = event_action::variant(
            record.event_source.as_deref().unwrap_or_default(),
            record.event_name.as_deref().unwrap_or_default(),
            record.request_parameters.as_deref(),
        );
        rows.push(Row { record, object_key: &source.object.name, variant, is_conflict: verdict == Verdict::Conflict });
    }
    object.rejected += file.rejects.len() as i64;
    let inflated = match &source.content {
        Content::Json { bytes, .. } => Some(bytes.as_slice()),
        _ => None,
    };
    object.rejects.extend(file.rejects.iter().map(|reject| new_reject(reject, inflated)));
}

fn add_warning(object: &mut NewObject, code: &str) {
    match &mut object.warnings {
        Some(warnings) => {
            warnings.push(',');
            warnings.push_str(code);
        }
        none => *none = Some(code.to_owned()),
    }
}

fn new_reject(reject: &Reject, inflated: Option<&[u8]>) -> NewReject {
    let bytes = inflated.and_then(|all| all.get(reject.offset..reject.offset + reject.len));
    NewReject {
        reason: reject.reason.code(),
        detail: reject.detail.clone(),
        record_index: reject.index.map(|index| index as i64),
        byte_offset: reject.offset as i64,
        byte_length: reject.len as i64,
        bytes: bytes.filter(|b| b.len() <= KEPT_REJECT_BYTES).map(<[u8]>::to_vec),
    }
}
