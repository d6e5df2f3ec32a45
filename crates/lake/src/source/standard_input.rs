//! Standard input as one object. Its name is made of its bytes, so that the same input twice is known.

use sha2::{Digest, Sha256};

use super::{Listing, Place, SourceObject};

/// One object with these bytes.
pub fn list(bytes: Vec<u8>) -> Listing {
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let object = SourceObject {
        name: format!("stdin:{hash}"),
        size_bytes: bytes.len() as u64,
        stamp: hash,
        place: Place::Memory(bytes.into()),
    };
    Listing { objects: vec![object], ..Listing::default() }
}
