//! One log file: bytes as they lie in the bucket to record slices and rejects. `inflater` undoes the compression,
//! `document` recognises the shape and cuts, `record_slice` is what comes out; limits hold for all of them.
//! A file is all or nothing where its gzip or its JSON structure is broken; a bad record in a sound file goes alone.

mod document;
mod inflater;
mod record_slice;

pub use document::{Document, Shape, read};
pub use inflater::{Inflated, Inflater};
pub use record_slice::RecordSlice;

/// How much one file may be, so that no file can exhaust the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes after inflating, summed over all members (DECOMPRESSED_LIMIT).
    pub inflated_bytes: usize,
    /// Inflated bytes per byte of the object (DECOMPRESSED_LIMIT), once more than `ratio_after_bytes` came out.
    pub ratio: usize,
    pub ratio_after_bytes: usize,
    /// Records in one file (RECORD_COUNT_LIMIT).
    pub records: usize,
    /// Bytes of one record (RECORD_SIZE_LIMIT).
    pub record_bytes: usize,
    /// Nested containers within a record (JSON_DEPTH); at most 128.
    pub depth: usize,
    /// Gzip members up to this size are inflated in one go, larger ones piece by piece.
    pub member_bytes: usize,
}

const MIB: usize = 1024 * 1024;

impl Default for Limits {
    fn default() -> Self {
        Limits {
            inflated_bytes: 512 * MIB,
            ratio: 200,
            ratio_after_bytes: 32 * MIB,
            records: 1_000_000,
            record_bytes: 4 * MIB,
            depth: 128,
            member_bytes: 64 * MIB,
        }
    }
}
