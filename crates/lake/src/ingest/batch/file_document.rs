//! The text of a batch's files cut into records and rejects: only as many files at once as there is room for what is in them.
//! `batch` judges and writes the records.

use std::sync::atomic::{AtomicUsize, Ordering};

use cloudtrail::log_file::{self, Document, Limits};
use cloudtrail::record::{self, Record, RecordContext};
use cloudtrail::reject::{Reason, Reject};

use crate::ingest::file::{Content, InflatedFile};
use crate::ingest::{IngestOptions, parallel};

/// Records and rejects held at once: a record takes some 2 KB beside its bytes, so that a few megabytes of stubs would fill the memory.
pub(in crate::ingest) const RECORDS_AT_ONCE: usize = 65_536;

/// The records of one file.
pub(in crate::ingest) struct FileRecords<'a> {
    pub(in crate::ingest) records: Vec<Record<'a>>,
    pub(in crate::ingest) rejects: Vec<Reject>,
}

/// What was found in a file's text.
pub(super) enum FileDocument<'a> {
    /// There is no text.
    None,
    Cut(Document<'a>),
    Rejected(Reject),
    /// Too large to be taken at once.
    Large,
}

impl FileDocument<'_> {
    /// Records and rejects in memory; a large file is enough for a batch.
    pub(super) fn pieces(&self) -> usize {
        match self {
            Self::None | Self::Rejected(_) => 0,
            Self::Cut(document) => document.slices.len() + document.rejects.len(),
            Self::Large => RECORDS_AT_ONCE + 1,
        }
    }
}

/// Reads the first of `files` and those after it until there is enough for a batch: small files may hold many records.
pub(super) fn read_documents<'f>(files: &'f [InflatedFile], options: &IngestOptions) -> Vec<FileDocument<'f>> {
    let limits = options.limits;
    let (mut documents, mut pieces) = (Vec::new(), 0);
    while documents.len() < files.len() && pieces <= RECORDS_AT_ONCE {
        let rest = &files[documents.len()..];
        let found = AtomicUsize::new(pieces);
        let read = parallel::map(
            options.workers,
            rest,
            || (),
            |(), file| {
                let is_wanted = std::ptr::eq(file, &rest[0]) || found.load(Ordering::Relaxed) <= RECORDS_AT_ONCE;
                is_wanted.then(|| {
                    let document = read_document(file, &limits);
                    found.fetch_add(document.pieces(), Ordering::Relaxed);
                    document
                })
            },
        );
        // What a thread read behind one that was left out is read again.
        documents.extend(read.into_iter().map_while(|document| document));
        pieces = documents.iter().map(FileDocument::pieces).sum();
    }
    documents
}

fn read_document<'a>(file: &'a InflatedFile, limits: &Limits) -> FileDocument<'a> {
    let bytes = match &file.content {
        Content::Json { bytes, .. } => bytes,
        Content::Large => return FileDocument::Large,
        _ => return FileDocument::None,
    };
    let at_once = Limits { records: limits.records.min(RECORDS_AT_ONCE), ..*limits };
    match log_file::read(bytes, &at_once) {
        Ok(document) => FileDocument::Cut(document),
        Err(reject) if reject.reason == Reason::RecordCountLimit && at_once != *limits => FileDocument::Large,
        Err(reject) => FileDocument::Rejected(reject),
    }
}

pub(super) fn read_records<'a>(file: &'a InflatedFile, document: &'a FileDocument<'a>, now_us: i64) -> FileRecords<'a> {
    let mut out = FileRecords { records: Vec::new(), rejects: Vec::new() };
    let FileDocument::Cut(document) = document else { return out };
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
