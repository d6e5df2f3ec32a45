//! One object on its way into a batch: its bytes read, hashed and inflated, or the reason why not.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;

use cloudtrail::log_file::Inflater;
use cloudtrail::object_key::ObjectKind;
use cloudtrail::reject::{Reason, Reject, Warning};
use sha2::{Digest, Sha256};

use crate::source::{OBJECT_BYTES, Place, SourceFault, SourceObject, local_folder};

/// Rejected bytes up to this size are kept in the catalog; larger ones stay where they are.
pub const KEPT_REJECT_BYTES: usize = 64 << 10;

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
    /// Not readable now; a later run tries again.
    Fault(SourceFault),
}

impl InflatedFile {
    /// Bytes it keeps in memory.
    pub fn held_bytes(&self) -> usize {
        match &self.content {
            Content::Json { bytes, .. } | Content::Digest { bytes, .. } => bytes.len(),
            _ => 0,
        }
    }
}

/// Reads and inflates one object.
pub fn inflate(object: &SourceObject, inflater: &mut Inflater) -> InflatedFile {
    let file = |sha256, content, warnings| InflatedFile { object: object.clone(), sha256, content, warnings };
    let stored = match read(object) {
        Ok(stored) => stored,
        Err(content) => return file([0; 32], content, Vec::new()),
    };
    let stored_sha256 = Sha256::digest(&stored).into();
    let mut bytes = Vec::new();
    match inflater.inflate(&stored, &object.name, &mut bytes) {
        Ok(done) => {
            let sha256 = Sha256::digest(&bytes).into();
            let is_digest = object.key().is_some_and(|key| key.kind == ObjectKind::Digest);
            let content = if is_digest { Content::Digest { bytes, sha256 } } else { Content::Json { bytes, sha256 } };
            file(stored_sha256, content, done.warnings)
        }
        Err(reject) => {
            let kept = (stored.len() <= KEPT_REJECT_BYTES).then(|| stored.into_owned());
            file(stored_sha256, Content::Rejected(reject, kept), Vec::new())
        }
    }
}

fn read(object: &SourceObject) -> Result<Cow<'_, [u8]>, Content> {
    if object.size_bytes > OBJECT_BYTES {
        let detail = format!("the file has {} bytes, the limit is {OBJECT_BYTES}", object.size_bytes);
        return Err(Content::Rejected(Reject::of_file(Reason::DecompressedLimit, 0, detail), None));
    }
    let path = match &object.place {
        Place::Memory(bytes) => return Ok(Cow::Borrowed(bytes)),
        Place::Bucket(fetcher) => return fetcher.take(object).map(Cow::Owned).map_err(Content::Fault),
        Place::File(path) => path,
    };
    let fault = |error| Content::Fault(local_folder::fault(path, &error));
    let mut bytes = Vec::with_capacity(object.size_bytes as usize + 1);
    let file = File::open(path).map_err(fault)?;
    file.take(OBJECT_BYTES + 1).read_to_end(&mut bytes).map_err(fault)?;
    Ok(Cow::Owned(bytes))
}
