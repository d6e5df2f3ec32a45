//! One log file: bytes as they lie in the bucket to record slices and rejects. `inflater` undoes the compression,
//! `document` recognises the shape and cuts, `record_slice` is what comes out; limits hold for all of them.
//! A file is all or nothing where its gzip or its JSON structure is broken; a bad record in a sound file goes alone.

mod document;
mod document_bytes;
mod gzip_stream;
mod inflater;
mod object_stream;
mod record_slice;

pub use document::{Document, Outline, Piece, Shape, cut, read};
pub use document_bytes::DocumentBytes;
pub use inflater::{Inflated, Inflater, NotInflated};
pub use object_stream::ObjectStream;
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
    /// Objects up to this size after inflating are held in memory; a larger one must be streamed.
    pub in_memory_bytes: usize,
}

impl Limits {
    /// Whether so much out of an object of that length is no log any more.
    fn beyond_ratio(&self, inflated: usize, object_len: usize) -> bool {
        inflated > self.ratio_after_bytes && inflated / object_len.max(1) > self.ratio
    }
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
            in_memory_bytes: 64 * MIB,
        }
    }
}
