//! The text of an object that is too large for memory: inflated into a temporary file in the lake's folder, which has no
//! name and goes with the process, and read from there a page at a time. `large_file` cuts it into records.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use cloudtrail::log_file::{DocumentBytes, Inflated, Limits, ObjectStream};
use cloudtrail::reject::Reject;
use sha2::{Digest, Sha256};

use super::file::{KEPT_REJECT_BYTES, stored_bytes};
use crate::parquet_file::WriteError;
use crate::source::{SourceFault, SourceObject};

/// Read at once, of the object and of the spool.
const PAGE_BYTES: usize = 256 << 10;

/// An inflated object on disk.
pub struct Spool {
    pub inflated: Inflated,
    /// Hash of the stored bytes.
    pub sha256: [u8; 32],
    /// Hash of what came out of them.
    pub inflated_sha256: [u8; 32],
    file: File,
    folder: PathBuf,
    length: usize,
    page: RefCell<Page>,
    failure: Cell<Option<io::Error>>,
}

#[derive(Default)]
struct Page {
    start: usize,
    bytes: Vec<u8>,
}

/// Why there is no spool.
pub enum NotSpooled {
    /// The object's container is broken, or there is too much of it.
    Rejected(Reject, StoredTrace),
    /// The object cannot be read.
    Fault(SourceFault),
    /// The lake's folder takes no file.
    Failed(WriteError),
}

/// What is kept of the stored bytes of a rejected object.
pub struct StoredTrace {
    pub sha256: [u8; 32],
    /// All of them, where they are few.
    pub bytes: Option<Vec<u8>>,
}

impl Spool {
    /// Inflates `object` into a file in `folder`.
    pub fn inflate(object: &SourceObject, limits: Limits, folder: &Path) -> Result<Self, NotSpooled> {
        let mut stored = stored_bytes(object).map_err(NotSpooled::Fault)?;
        let failed = |source| NotSpooled::Failed(unusable(folder, source));
        let mut file = tempfile::tempfile_in(folder).map_err(failed)?;
        let mut stream = ObjectStream::new(stored.length, &object.name, limits);
        let (mut hash, mut inflated_hash) = (Sha256::new(), Sha256::new());
        let (mut length, mut written) = (0, Ok(()));
        let mut keep = |piece: &[u8]| {
            length += piece.len();
            inflated_hash.update(piece);
            if written.is_ok() {
                written = file.write_all(piece);
            }
        };
        let mut buffer = vec![0; PAGE_BYTES];
        let (mut verdict, mut few) = (Ok(()), Vec::new());
        loop {
            let read = stored.read(&mut buffer).map_err(|error| NotSpooled::Fault(stored.fault(&error)))?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            few.extend(buffer[..read].iter().take(KEPT_REJECT_BYTES + 1 - few.len()));
            // The hash is that of the whole object, also where its content is refused.
            if verdict.is_ok() {
                verdict = stream.push(&buffer[..read], &mut keep);
            }
        }
        let inflated = verdict.and_then(|()| stream.finish(&mut keep));
        written.map_err(failed)?;
        let sha256 = hash.finalize().into();
        let bytes = Some(few).filter(|few| few.len() <= KEPT_REJECT_BYTES);
        Ok(Self {
            inflated: inflated.map_err(|reject| NotSpooled::Rejected(reject, StoredTrace { sha256, bytes }))?,
            sha256,
            inflated_sha256: inflated_hash.finalize().into(),
            file,
            folder: folder.to_owned(),
            length,
            page: RefCell::default(),
            failure: Cell::default(),
        })
    }

    /// Whether all that was read of it could be read; what was not looked like the end of the text.
    pub fn check(&self) -> Result<(), WriteError> {
        self.failure.take().map_or(Ok(()), |source| Err(unusable(&self.folder, source)))
    }

    /// Makes `at` part of the page; leaves the page empty behind the end.
    #[cold]
    fn turn_to(&self, at: usize) {
        let mut page = self.page.borrow_mut();
        page.start = at;
        page.bytes.resize(PAGE_BYTES.min(self.length.saturating_sub(at)), 0);
        if let Err(error) = self.file.read_exact_at(&mut page.bytes, at as u64) {
            page.bytes.clear();
            self.failure.set(Some(error));
        }
    }
}

fn unusable(folder: &Path, source: io::Error) -> WriteError {
    WriteError::Io { path: folder.join("(temporary file)"), source }
}

impl<'a> DocumentBytes<'a> for &Spool {
    fn len(self) -> usize {
        self.length
    }

    #[inline]
    fn get(self, at: usize) -> Option<u8> {
        self.with_run(at, |run| run.first().copied())
    }

    fn slice(self, start: usize, end: usize) -> Cow<'a, [u8]> {
        let mut bytes = Vec::with_capacity(end - start);
        while start + bytes.len() < end {
            let missing = end - start - bytes.len();
            let before = bytes.len();
            self.with_run(start + before, |run| bytes.extend_from_slice(&run[..run.len().min(missing)]));
            if bytes.len() == before {
                // The failed read is noticed by who asks `check`.
                bytes.resize(end - start, 0);
            }
        }
        Cow::Owned(bytes)
    }

    #[inline]
    fn with_run<R>(self, at: usize, look: impl FnOnce(&[u8]) -> R) -> R {
        let is_at_hand = |page: &Page| at >= page.start && at - page.start < page.bytes.len();
        if at < self.length && !is_at_hand(&self.page.borrow()) {
            self.turn_to(at);
        }
        let page = self.page.borrow();
        let from = if is_at_hand(&page) { at - page.start } else { page.bytes.len() };
        look(&page.bytes[from..])
    }
}
