//! One object on its way into a batch: its bytes read, hashed and inflated, or the reason why not.

use std::borrow::Cow;
use std::io::Read;

use cloudtrail::log_file::{Inflater, NotInflated};
use cloudtrail::object_key::ObjectKind;
use cloudtrail::reject::{Reject, Warning};
use sha2::{Digest, Sha256};

use crate::source::{Place, SourceFault, SourceObject, local_folder};

/// Rejected bytes up to this size are kept in the catalog; larger ones stay where they are.
pub const KEPT_REJECT_BYTES: usize = 64 << 10;
/// More stored bytes than this are not held in memory beside what comes out of them.
const IN_MEMORY_BYTES: usize = 32 << 20;

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
    /// Not to be read for records: a digest.
    NoRecords,
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
        match &self.content {
            Content::Json { bytes, .. } => bytes.len(),
            Content::Large => IN_MEMORY_BYTES,
            _ => 0,
        }
    }
}

/// Reads and inflates one object, unless it is too large for memory.
pub fn inflate(object: &SourceObject, inflater: &mut Inflater) -> InflatedFile {
    let mut file =
        InflatedFile { object: object.clone(), sha256: [0; 32], content: Content::NoRecords, warnings: Vec::new() };
    let is_digest = object.key().is_some_and(|key| key.kind == ObjectKind::Digest);
    let bytes = match read(object) {
        Ok(Some(bytes)) => bytes,
        Ok(None) if is_digest => return hashed(file),
        Ok(None) => {
            file.content = Content::Large;
            return file;
        }
        Err(fault) => {
            file.content = Content::Fault(fault);
            return file;
        }
    };
    file.sha256 = Sha256::digest(&bytes).into();
    if is_digest {
        return file;
    }
    let mut inflated = Vec::new();
    match inflater.inflate(&bytes, &object.name, &mut inflated) {
        Ok(done) => {
            file.warnings = done.warnings;
            let sha256 = Sha256::digest(&inflated).into();
            file.content = Content::Json { bytes: inflated, sha256 };
        }
        Err(NotInflated::Rejected(reject)) => {
            let kept = (bytes.len() <= KEPT_REJECT_BYTES).then(|| bytes.into_owned());
            file.content = Content::Rejected(reject, kept);
        }
        Err(NotInflated::Large) => file.content = Content::Large,
    }
    file
}

/// The stored bytes, `None` where there are too many of them.
fn read(object: &SourceObject) -> Result<Option<Cow<'_, [u8]>>, SourceFault> {
    if let Place::Memory(bytes) = &object.place {
        return Ok((bytes.len() <= IN_MEMORY_BYTES).then_some(Cow::Borrowed(bytes)));
    }
    let mut stored = stored_bytes(object)?;
    if stored.length > IN_MEMORY_BYTES {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(stored.length + 1);
    let read = stored.by_ref().take(IN_MEMORY_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| stored.fault(&error))?;
    Ok((bytes.len() <= IN_MEMORY_BYTES).then_some(Cow::Owned(bytes)))
}

/// A file of which nothing is kept but the hash.
fn hashed(mut file: InflatedFile) -> InflatedFile {
    let hash = || {
        let mut stored = stored_bytes(&file.object)?;
        let mut hash = Sha256::new();
        std::io::copy(&mut stored, &mut hash).map_err(|error| stored.fault(&error))?;
        Ok(hash.finalize().into())
    };
    match hash() {
        Ok(sha256) => file.sha256 = sha256,
        Err(fault) => file.content = Content::Fault(fault),
    }
    file
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
        Place::File(path) => {
            let (file, length) = local_folder::open(path)?;
            (length as usize, Box::new(file))
        }
    };
    Ok(StoredBytes { length, object, reader })
}

impl StoredBytes<'_> {
    /// An error of reading them, as the outcome tells it.
    pub fn fault(&self, error: &std::io::Error) -> SourceFault {
        match &self.object.place {
            Place::File(path) => local_folder::fault(path, error),
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
