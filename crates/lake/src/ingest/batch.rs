//! One batch: its files are read into records, judged by `dedup`, written as Parquet and committed with the ledger's rows in
//! one transaction. The writer's lock is held from the probe to the commit.

mod file_document;

use std::collections::BTreeMap;
use std::path::PathBuf;

use iam::event_action;

use super::file::{Content, InflatedFile};
use super::reject_keeper::RejectKeeper;
use super::table_file::{TableWriters, Task, sort_key};
use super::{IngestError, IngestOptions, Outcome, Progress, digest_file, parallel};
use crate::catalog::{
    Append, Catalog, CatalogError, ListedObject, NewObject, NewReject, ObjectVerdict, Retired, Table,
};
use crate::dedup::{KnownEvents, Probe, Verdict};
use crate::event_batch::Row;
use crate::parquet_file::WrittenFile;
use crate::writer_lock::WriterLock;
use crate::writer_presence::WriterPresence;
use crate::{rollup, stop_point, timestamp};
use file_document::{FileDocument, read_documents, read_records};

pub(super) use file_document::{FileRecords, RECORDS_AT_ONCE};

/// Fewer objects than these are not worth a fold.
const LEAST_FOLDED: u64 = 2_000;

/// Writes batches into one lake.
pub struct BatchWriter {
    pub(super) catalog: Catalog,
    pub(super) options: IngestOptions,
    tables: TableWriters,
    /// Whose id begins the names of all files this writer makes.
    presence: WriterPresence,
    next_file: u64,
}

impl BatchWriter {
    /// A writer of the lake that `catalog` describes.
    pub fn new(catalog: Catalog, options: IngestOptions) -> Result<Self, CatalogError> {
        let tables = TableWriters::new(&catalog);
        let presence = WriterPresence::register(catalog.folder())
            .map_err(|source| CatalogError::Io { path: catalog.folder().to_owned(), source })?;
        Ok(Self { catalog, options, tables, presence, next_file: 0 })
    }

    /// The lake's catalog.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Writes `files` as one batch, or as several where they hold too much for one, and adds what became of them to
    /// `outcome`.
    pub fn write(
        &mut self,
        files: Vec<InflatedFile>,
        outcome: &mut Outcome,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), IngestError> {
        let mut first = 0;
        while first < files.len() {
            let documents = read_documents(&files[first..], &self.options);
            let mut pieces = 0;
            let fits = |document: &&FileDocument<'_>| {
                let is_first = pieces == 0;
                pieces += document.pieces();
                !matches!(document, FileDocument::Large) && (is_first || pieces <= RECORDS_AT_ONCE)
            };
            let count = documents.iter().take_while(fits).count();
            self.write_batch(&files[first..first + count], &documents[..count], outcome, on_progress)?;
            first += count;
            if let Some(FileDocument::Large) = documents.get(count) {
                self.write_large(&files[first], outcome, on_progress)?;
                first += 1;
            }
        }
        Ok(())
    }

    fn write_batch(
        &mut self,
        files: &[InflatedFile],
        documents: &[FileDocument<'_>],
        outcome: &mut Outcome,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), IngestError> {
        if files.is_empty() {
            return Ok(());
        }
        let read: Vec<(&InflatedFile, &FileDocument<'_>)> = files.iter().zip(documents).collect();
        let (workers, now_us) = (self.options.workers, self.options.now_us);
        let records = parallel::map(workers, &read, || (), |(), (file, document)| read_records(file, document, now_us));
        stop_point::reach("batch_read");

        let _lock = self.lock(on_progress)?;
        let mut objects = Vec::with_capacity(files.len());
        let mut rows = Vec::new();
        let mut probe = Probe::default();
        records.iter().flat_map(|file| &file.records).for_each(|record| probe.note(record));
        let mut known = self.known_events(probe)?;
        let retired = self.catalog.retired()?;
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
            judge(&mut object, file, &records[index], &mut known, &retired, &mut rows);
            objects.push(object);
        }
        let mut written = Vec::new();
        let result = self.write_files(&rows, &mut written);
        self.commit(result, written, objects, outcome)
    }

    /// The writer's turn.
    pub(super) fn lock(&self, on_progress: &mut dyn FnMut(Progress<'_>)) -> Result<WriterLock, IngestError> {
        let mut on_wait = |who: &str| on_progress(Progress::Waiting(who));
        Ok(WriterLock::acquire(self.catalog.folder(), self.options.wait, &mut on_wait)?)
    }

    /// Acknowledges what was written if `result` says that all of it was; else removes it.
    pub(super) fn commit(
        &mut self,
        result: Result<(), IngestError>,
        written: Vec<(Table, WrittenFile)>,
        objects: Vec<NewObject>,
        outcome: &mut Outcome,
    ) -> Result<(), IngestError> {
        let append = Append { files: written, objects };
        let result = result.and_then(|()| {
            stop_point::reach("files_written");
            Ok(self.catalog.append(&append)?)
        });
        match result {
            Ok(_) => {
                append.objects.iter().for_each(|object| outcome.add(object));
                Ok(())
            }
            Err(error) => {
                self.discard(&append.files);
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

    /// What the lake holds of the events that `probe` asks about.
    pub(super) fn known_events(&self, probe: Probe) -> Result<KnownEvents, IngestError> {
        let mut known = KnownEvents::new(probe);
        let snapshot = self.catalog.newest_snapshot()?;
        for file in self.catalog.data_files(Table::Events, snapshot)? {
            known.learn_file(&file)?;
        }
        Ok(known)
    }

    pub(super) fn new_object(&self, file: &InflatedFile, verdict: ObjectVerdict) -> NewObject {
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

    pub(super) fn write_files(
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
        format!("{partition}={}/{}-{:06}.parquet", timestamp::date_text(day), self.presence.id(), self.next_file)
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

/// What the container and the document say of the object, before its records.
fn settle_document(object: &mut NewObject, file: &InflatedFile, document: &FileDocument<'_>) {
    if let Content::Json { bytes, sha256 } = &file.content {
        object.inflated_sha256 = Some(*sha256);
        object.inflated_bytes = bytes.len() as i64;
    }
    let text = text_of(file);
    let mut kept = RejectKeeper::default();
    match (&file.content, document) {
        (_, FileDocument::Cut(document)) => {
            object.rejected = document.rejects.len() as i64;
            object.records = (document.rejects.len() + document.slices.len()) as i64;
            document.warnings.iter().for_each(|w| add_warning(object, w.code()));
            object.rejects.extend(document.rejects.iter().map(|reject| kept.keep(reject, text)));
        }
        (_, FileDocument::Rejected(reject)) => {
            object.reject_reason = Some(reject.reason.code());
            object.rejects.push(kept.keep(reject, text));
        }
        (Content::Digest { bytes, sha256 }, _) => {
            object.inflated_sha256 = Some(*sha256);
            object.inflated_bytes = bytes.len() as i64;
            match digest_file::read(&file.object, bytes) {
                Ok(digest) => object.digest = Some(digest),
                Err(reject) => {
                    object.reject_reason = Some(reject.reason.code());
                    object.rejects.push(kept.keep(&reject, Some(bytes.as_slice())));
                }
            }
        }
        (Content::Rejected(reject, bytes), _) => {
            object.reject_reason = Some(reject.reason.code());
            object.rejects.push(NewReject { bytes: bytes.clone(), ..kept.keep(reject, None::<&[u8]>) });
        }
        _ => {}
    }
}

fn text_of(file: &InflatedFile) -> Option<&[u8]> {
    match &file.content {
        Content::Json { bytes, .. } => Some(bytes),
        _ => None,
    }
}

pub(super) fn judge<'r>(
    object: &mut NewObject,
    source: &'r InflatedFile,
    file: &'r FileRecords<'r>,
    known: &mut KnownEvents,
    retired: &Retired,
    rows: &mut Vec<Row<'r, 'r>>,
) {
    for record in &file.records {
        let at = record.event_timestamp_us;
        object.first_event_at = Some(object.first_event_at.map_or(at, |first| first.min(at)));
        object.last_event_at = Some(object.last_event_at.map_or(at, |last| last.max(at)));
        if retired.holds(record.event_date_days) {
            object.expired += 1;
            continue;
        }
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
    let mut kept = RejectKeeper::default();
    object.rejects.extend(file.rejects.iter().map(|reject| kept.keep(reject, text_of(source))));
}

pub(super) fn add_warning(object: &mut NewObject, code: &str) {
    match &mut object.warnings {
        Some(warnings) => {
            warnings.push(',');
            warnings.push_str(code);
        }
        none => *none = Some(code.to_owned()),
    }
}
