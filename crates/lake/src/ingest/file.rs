//! One object on its way into a batch: its bytes read, hashed and inflated, or the reason why not.

use std::borrow::Cow;
use std::io::Read;

use cloudtrail::log_file::{Inflater, NotInflated};
use cloudtrail::object_key::ObjectKind;
use cloudtrail::reject::{Reason, Reject, Warning};
use sha2::{Digest, Sha256};

use crate::source::s3_bucket::body;
use crate::source::{OBJECT_BYTES, Place, SourceFault, SourceObject, local_folder};

/// Rejected bytes up to this size are kept in the catalog; larger ones stay where they are.
pub const KEPT_REJECT_BYTES: usize = 64 << 10;
/// More stored bytes than this are not held in memory beside what comes out of them.
const IN_MEMORY_BYTES: usize = 32 << 20;
/// What any file takes beside its content: names, hashes, its row of the ledger.
pub const FILE_BYTES: usize = 1 << 10;

/// An object with its JSON text, or without one.
#[derive(Debug)]
pub struct InflatedFile {
    pub object: SourceObject,
    pub sha256: [u8; 32],
    pub content: Content,
    pub warnings: Vec<Warning>,
}

/// What an object turned out to hold.
#[derive(Debug)]
pub enum Content {
    /// JSON text and its hash.
    Json { bytes: Vec<u8>, sha256: [u8; 32] },
    /// JSON text that holds no records but a list of log files, and its hash.
    Digest { bytes: Vec<u8>, sha256: [u8; 32] },
    /// The container is broken; the object's own bytes where they are few.
    Rejected(Reject, Option<Vec<u8>>),
    /// Too large for memory: `large_file` reads it again, piece by piece.
    Large,
    /// Not readable now; a later run tries again.
    Fault(SourceFault),
}

impl InflatedFile {
    /// Bytes it keeps in memory; a large file closes its batch.
    pub fn held_bytes(&self) -> usize {
        FILE_BYTES
            + match &self.content {
                Content::Json { bytes, .. } | Content::Digest { bytes, .. } => bytes.len(),
                Content::Rejected(_, kept) => kept.as_ref().map_or(0, Vec::len),
                Content::Large => IN_MEMORY_BYTES,
                Content::Fault(_) => 0,
            }
    }
}

/// Reads and inflates one object, unless it is too large for memory.
pub fn inflate(object: &SourceObject, inflater: &mut Inflater) -> InflatedFile {
    let file = |sha256, content, warnings| InflatedFile { object: object.clone(), sha256, content, warnings };
    let is_digest = object.key().is_some_and(|key| key.kind == ObjectKind::Digest);
    let stored = match read(object) {
        Ok(Some(stored)) => stored,
        Ok(None) if is_digest => return file([0; 32], large_digest(object), Vec::new()),
        Ok(None) => return file([0; 32], Content::Large, Vec::new()),
        Err(content) => return file([0; 32], content, Vec::new()),
    };
    let stored_sha256 = Sha256::digest(&stored).into();
    let mut bytes = Vec::new();
    match inflater.inflate(&stored, &object.name, &mut bytes) {
        Ok(done) => {
            let sha256 = Sha256::digest(&bytes).into();
            let content = if is_digest { Content::Digest { bytes, sha256 } } else { Content::Json { bytes, sha256 } };
            file(stored_sha256, content, done.warnings)
        }
        Err(NotInflated::Rejected(reject)) => {
            let kept = (stored.len() <= KEPT_REJECT_BYTES).then(|| stored.into_owned());
            file(stored_sha256, Content::Rejected(reject, kept), Vec::new())
        }
        Err(NotInflated::Large) if is_digest => file(stored_sha256, large_digest(object), Vec::new()),
        Err(NotInflated::Large) => {
            let mut large = file(stored_sha256, Content::Large, Vec::new());
            if let Place::Bucket(_) = object.place {
                // Fetched once is enough.
                large.object.place = Place::Memory(stored.into_owned().into());
            }
            large
        }
    }
}

/// No digest lists so many files: CloudTrail writes one an hour.
fn large_digest(object: &SourceObject) -> Content {
    let detail = "a digest that is too large for memory";
    Content::Rejected(Reject::of_file(Reason::DecompressedLimit, object.size_bytes as usize, detail), None)
}

/// The stored bytes; `None` where there are too many of them and they can be read again.
fn read(object: &SourceObject) -> Result<Option<Cow<'_, [u8]>>, Content> {
    if object.size_bytes > OBJECT_BYTES {
        let detail = format!("the file has {} bytes, the limit is {OBJECT_BYTES}", object.size_bytes);
        return Err(Content::Rejected(Reject::of_file(Reason::DecompressedLimit, 0, detail), None));
    }
    match &object.place {
        Place::Memory(bytes) => return Ok((bytes.len() <= IN_MEMORY_BYTES).then_some(Cow::Borrowed(bytes))),
        Place::Bucket(fetcher) => return Ok(fetcher.take(object).map_err(Content::Fault)?.map(Cow::Owned)),
        Place::File(_) => {}
    }
    let mut stored = stored_bytes(object).map_err(Content::Fault)?;
    if stored.length > IN_MEMORY_BYTES {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(stored.length + 1);
    let read = stored.by_ref().take(IN_MEMORY_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Content::Fault(stored.fault(&error)))?;
    Ok((bytes.len() <= IN_MEMORY_BYTES).then_some(Cow::Owned(bytes)))
}

/// The bytes of an object as they are stored, to be read once.
pub struct StoredBytes<'o> {
    /// How many there are, as far as the place knows.
    pub length: usize,
    object: &'o SourceObject,
    reader: Box<dyn Read + 'o>,
}

/// Opens an object for reading.
pub fn stored_bytes(object: &SourceObject) -> Result<StoredBytes<'_>, SourceFault> {
    let (length, reader): (usize, Box<dyn Read + '_>) = match &object.place {
        Place::Memory(bytes) => (bytes.len(), Box::new(&bytes[..])),
        Place::Bucket(fetcher) => (object.size_bytes as usize, Box::new(fetcher.open(object))),
        Place::File(_) => {
            let (file, length) = local_folder::open(object.path())?;
            (length as usize, Box::new(file))
        }
    };
    Ok(StoredBytes { length, object, reader })
}

impl StoredBytes<'_> {
    /// An error of reading them, as the outcome tells it.
    pub fn fault(&self, error: &std::io::Error) -> SourceFault {
        match &self.object.place {
            Place::File(_) => local_folder::fault(self.object.path(), error),
            Place::Bucket(_) => body::fault_of(&self.object.name, error),
            Place::Memory(_) => {
                SourceFault { name: self.object.name.clone(), reason: "IO_ERROR", detail: error.to_string() }
            }
        }
    }
}

impl Read for StoredBytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.reader.read(buffer)
    }
}
