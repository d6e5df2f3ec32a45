//! One object that is not taken at once, because its text or the number of its records is too large: it is cut twice. The
//! first time shows whether it is sound and which events it names; the second time its records are written window by
//! window, and all of them are committed in one transaction with the object's ledger row. Verdicts are those of
//! `batch`, whose parts are used.

use cloudtrail::log_file::{self, DocumentBytes, Outline, Piece, RecordSlice};
use cloudtrail::record::{self, RecordContext};
use cloudtrail::reject::Reject;

use super::batch::{BatchWriter, FileRecords, RECORDS_AT_ONCE, add_warning, judge};
use super::file::{Content, InflatedFile};
use super::reject_keeper::RejectKeeper;
use super::spool::{NotSpooled, Spool};
use super::{IngestError, Outcome, Progress, parallel};
use crate::catalog::{NewObject, ObjectVerdict, Retired, Table};
use crate::dedup::{KnownEvents, Probe};
use crate::parquet_file::{WriteError, WrittenFile};
use crate::stop_point;

/// Records of a window that one thread reads.
const RECORDS_OF_PART: usize = 1_024;

/// The text of a large object and how to learn whether it could be read.
struct Text<B, C> {
    bytes: B,
    sha256: [u8; 32],
    check: C,
}

/// What the second cut gathers.
struct Windows<'f> {
    file: &'f InflatedFile,
    known: KnownEvents,
    retired: Retired,
    written: Vec<(Table, WrittenFile)>,
    /// Of `record::read`, which are stored behind those of the document.
    late_rejects: Vec<Reject>,
}

impl BatchWriter {
    /// Writes one large object as a batch of its own.
    pub fn write_large(
        &mut self,
        file: &InflatedFile,
        outcome: &mut Outcome,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), IngestError> {
        if let Content::Json { bytes, sha256 } = &file.content {
            let text = Text { bytes: bytes.as_slice(), sha256: *sha256, check: || Ok(()) };
            return self.write_text(file, &text, outcome, on_progress);
        }
        let spooled = Spool::inflate(&file.object, self.options.limits, self.catalog.folder());
        let known = |content, sha256, warnings| InflatedFile { object: file.object.clone(), sha256, content, warnings };
        match spooled {
            Ok(spool) => {
                let file = known(Content::Large, spool.sha256, spool.inflated.warnings.clone());
                let text = Text { bytes: &spool, sha256: spool.inflated_sha256, check: || spool.check() };
                self.write_text(&file, &text, outcome, on_progress)
            }
            Err(NotSpooled::Rejected(reject, stored)) => {
                let rejected = known(Content::Rejected(reject, stored.bytes), stored.sha256, Vec::new());
                self.write(vec![rejected], outcome, on_progress)
            }
            Err(NotSpooled::Fault(fault)) => {
                outcome.faults.push(fault);
                Ok(())
            }
            Err(NotSpooled::Failed(error)) => Err(error.into()),
        }
    }

    fn write_text<'a, B: DocumentBytes<'a>>(
        &mut self,
        file: &InflatedFile,
        text: &Text<B, impl Fn() -> Result<(), WriteError>>,
        outcome: &mut Outcome,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), IngestError> {
        let (outline, probe) = self.survey(file, text.bytes);
        (text.check)()?;
        stop_point::reach("batch_read");
        let _lock = self.lock(on_progress)?;
        let verdict = self.catalog.object_verdicts(&[file.object.as_listed()])?[0];
        if verdict == ObjectVerdict::Known {
            outcome.summary.files_skipped += 1;
            return Ok(());
        }
        let mut object = self.new_object(file, verdict);
        object.inflated_sha256 = Some(text.sha256);
        object.inflated_bytes = text.bytes.len() as i64;
        let mut written = Vec::new();
        let windows = match outline {
            Err(reject) => {
                object.reject_reason = Some(reject.reason.code());
                object.rejects.push(RejectKeeper::default().keep(&reject, Some(text.bytes)));
                Ok(())
            }
            Ok(outline) => {
                object.records = (outline.slices + outline.rejects) as i64;
                outline.warnings.iter().for_each(|w| add_warning(&mut object, w.code()));
                let known = self.known_events(probe)?;
                let retired = self.catalog.retired()?;
                let mut windows = Windows { file, known, retired, written: Vec::new(), late_rejects: Vec::new() };
                let result = self.write_windows(text.bytes, &mut windows, &mut object);
                written = windows.written;
                result.and_then(|()| Ok((text.check)()?))
            }
        };
        self.commit(windows, written, vec![object], outcome)
    }

    /// The first cut: what the file is, and which events it names.
    fn survey<'a, B: DocumentBytes<'a>>(&self, file: &InflatedFile, text: B) -> (Result<Outline, Reject>, Probe) {
        let key = file.object.key();
        let context = RecordContext { key: key.as_ref(), ingested_at_us: self.options.now_us };
        let mut probe = Probe::default();
        let outline = log_file::cut(text, &self.options.limits, &mut |piece| {
            if let Piece::Slice(slice) = piece
                && let Ok(record) = record::read(&slice, &context)
            {
                probe.note(&record);
            }
        });
        (outline, probe)
    }

    /// The second cut, of a file that is sound.
    fn write_windows<'a, B: DocumentBytes<'a>>(
        &mut self,
        text: B,
        windows: &mut Windows<'_>,
        object: &mut NewObject,
    ) -> Result<(), IngestError> {
        let limits = self.options.limits;
        let window_bytes = self.options.batch_bytes;
        let (mut window, mut held_bytes) = (Vec::new(), 0);
        let mut kept = RejectKeeper::default();
        let mut result = Ok(());
        let cut = log_file::cut(text, &limits, &mut |piece| match piece {
            _ if result.is_err() => {}
            Piece::Reject(reject) => {
                object.rejected += 1;
                object.rejects.push(kept.keep(&reject, Some(text)));
            }
            Piece::Slice(slice) => {
                held_bytes += slice.bytes.len();
                window.push(slice);
                if held_bytes >= window_bytes || window.len() >= RECORDS_AT_ONCE {
                    result = self.write_window(&window, windows, object);
                    window.clear();
                    held_bytes = 0;
                }
            }
        });
        result?;
        // Only a read that failed can make the second cut another one; who owns the text asks for that.
        if cut.is_err() {
            return Ok(());
        }
        self.write_window(&window, windows, object)?;
        let mut kept = RejectKeeper::default();
        let late = std::mem::take(&mut windows.late_rejects);
        object.rejected += late.len() as i64;
        object.rejects.extend(late.into_iter().map(|reject| kept.keep(&reject, Some(text))));
        Ok(())
    }

    fn write_window(
        &mut self,
        window: &[RecordSlice<'_>],
        windows: &mut Windows<'_>,
        object: &mut NewObject,
    ) -> Result<(), IngestError> {
        let key = windows.file.object.key();
        let context = RecordContext { key: key.as_ref(), ingested_at_us: self.options.now_us };
        let parts: Vec<&[RecordSlice<'_>]> = window.chunks(RECORDS_OF_PART).collect();
        let mut records = parallel::map(self.options.workers, &parts, || (), |(), part| read_part(part, &context));
        let mut rows = Vec::new();
        for part in &mut records {
            windows.late_rejects.append(&mut part.rejects);
        }
        for part in &records {
            judge(object, windows.file, part, &mut windows.known, &windows.retired, &mut rows);
        }
        self.write_files(&rows, &mut windows.written)
    }
}

fn read_part<'a>(part: &'a [RecordSlice<'a>], context: &RecordContext<'_>) -> FileRecords<'a> {
    let mut out = FileRecords { records: Vec::new(), rejects: Vec::new() };
    for slice in part {
        match record::read(slice, context) {
            Ok(record) => out.records.push(record),
            Err(reject) => out.rejects.push(reject),
        }
    }
    out
}
