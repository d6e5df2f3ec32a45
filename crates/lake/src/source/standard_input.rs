//! Standard input as one object. Its name is made of its bytes, so that the same input twice is known.

use sha2::{Digest, Sha256};

use super::{Place, SourceObject};

/// The object with these bytes.
pub fn object(bytes: Vec<u8>) -> SourceObject {
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    SourceObject {
        name: format!("stdin:{hash}"),
        size_bytes: bytes.len() as u64,
        stamp: hash,
        place: Place::Memory(bytes.into()),
    }
}
