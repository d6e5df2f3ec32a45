//! Undoes the compression of one object in memory: none, one or two layers of gzip. An honest single member goes through
//! libdeflate in one go; everything else goes through `gzip_stream`, so that memory follows what really comes out and not
//! what a trailer claims. What grows beyond `Limits::in_memory_bytes` is left to `object_stream`, which decides alike.
//! The bytes go to `document`.

use libdeflater::{Decompressor, crc32};

use crate::log_file::Limits;
use crate::log_file::gzip_stream::{GzipStream, TRAILER, header_len, is_gzip};
use crate::reject::{Reason, Reject, Warning};

/// What was noticed while inflating.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inflated {
    /// DOUBLE_GZIP; NOT_COMPRESSED where the name ends in `.gz` and the bytes are plain.
    pub warnings: Vec<Warning>,
}

/// Why there are no inflated bytes in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotInflated {
    /// The object is rejected as a whole.
    Rejected(Reject),
    /// More comes out than memory is given for: `ObjectStream` must say what it is.
    Large,
}

/// Inflates one object after another; owns what can be used again.
pub struct Inflater {
    limits: Limits,
    decompressor: Decompressor,
    outer_layer: Vec<u8>,
}

/// So little is inflated before the memory is looked at: it becomes 4 MiB at most.
const STEP_BYTES: usize = 4 * 1024;

/// Why a layer did not come out in memory.
enum Stop {
    Rejected(Reason, String),
    Large,
}

impl From<(Reason, String)> for Stop {
    fn from((reason, detail): (Reason, String)) -> Self {
        Stop::Rejected(reason, detail)
    }
}

impl Inflater {
    pub fn new(limits: Limits) -> Self {
        Inflater { limits, decompressor: Decompressor::new(), outer_layer: Vec::new() }
    }

    /// Writes the plain bytes of an object into `out`, whose old content is lost and whose memory is used again.
    /// After an error `out` is empty.
    pub fn inflate(&mut self, bytes: &[u8], name: &str, out: &mut Vec<u8>) -> Result<Inflated, NotInflated> {
        self.layers(bytes, name, out).map_err(|stop| {
            out.clear();
            match stop {
                Stop::Rejected(reason, detail) => NotInflated::Rejected(Reject::of_file(reason, bytes.len(), detail)),
                Stop::Large => NotInflated::Large,
            }
        })
    }

    fn layers(&mut self, bytes: &[u8], name: &str, out: &mut Vec<u8>) -> Result<Inflated, Stop> {
        let mut inflated = Inflated::default();
        if bytes.is_empty() {
            return Err(Stop::Rejected(Reason::EmptyObject, "zero bytes".to_owned()));
        }
        if !is_gzip(bytes) {
            if bytes.len() > self.limits.in_memory_bytes.min(self.limits.inflated_bytes) {
                return Err(Stop::Large);
            }
            if name.ends_with(".gz") {
                inflated.warnings.push(Warning::NotCompressed);
            }
            out.clear();
            out.extend_from_slice(bytes);
            return Ok(inflated);
        }
        self.layer(bytes, bytes.len(), out)?;
        if is_gzip(out) {
            let outer = std::mem::replace(out, std::mem::take(&mut self.outer_layer));
            let inner = self.layer(&outer, bytes.len(), out);
            self.outer_layer = outer;
            inner?;
            if out.is_empty() || is_gzip(out) {
                return Err(nested().into());
            }
            inflated.warnings.push(Warning::DoubleGzip);
        }
        Ok(inflated)
    }

    fn layer(&mut self, bytes: &[u8], object_len: usize, out: &mut Vec<u8>) -> Result<(), Stop> {
        let header = header_len(bytes)?;
        if self.single_member(bytes, header, out) {
            return Ok(());
        }
        out.clear();
        let mut stream = GzipStream::new(object_len, self.limits);
        for step in bytes.chunks(STEP_BYTES) {
            stream.push(step, &mut |piece| out.extend_from_slice(piece))?;
            if out.len() > self.limits.in_memory_bytes {
                return Err(Stop::Large);
            }
        }
        Ok(stream.finish()?)
    }

    /// Tries the whole layer as one member whose trailer tells the truth; false says nothing about the bytes yet.
    fn single_member(&mut self, bytes: &[u8], header: usize, out: &mut Vec<u8>) -> bool {
        let Some(trailer) = bytes.len().checked_sub(TRAILER).filter(|at| *at >= header).map(|at| &bytes[at..]) else {
            return false;
        };
        let claimed = u32::from_le_bytes(trailer[4..].try_into().expect("a trailer has eight bytes")) as usize;
        // Logs compress 8 to 30 times. Whoever claims more gets memory only as bytes come out.
        let believable = (bytes.len() * 64).max(64 * 1024);
        if claimed > believable.min(self.limits.in_memory_bytes).min(self.limits.inflated_bytes) {
            return false;
        }
        if out.len() < claimed {
            out.resize(claimed, 0);
        }
        match self.decompressor.gzip_decompress(bytes, &mut out[..claimed]) {
            Ok(written) if written == claimed => {}
            _ => return false,
        }
        // libdeflate has found checksum and length of the content right behind the compressed data, but does not say
        // where that was. If those eight bytes stand in the object only once, at its end, then nothing follows.
        let body = &bytes[header..];
        let is_only_trailer = trailer[..4] == crc32(&out[..claimed]).to_le_bytes()
            && memchr::memmem::find(body, trailer) == Some(body.len() - TRAILER);
        if !is_only_trailer {
            return false;
        }
        out.truncate(claimed);
        !self.limits.beyond_ratio(claimed, bytes.len())
    }
}

/// The reject of what is compressed too often.
pub(super) fn nested() -> (Reason, String) {
    (Reason::NestedCompression, "more than two layers, or two around nothing".to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn inflate(bytes: &[u8], out: &mut Vec<u8>) -> Result<Inflated, Reason> {
        Inflater::new(Limits::default()).inflate(bytes, "x.json.gz", out).map_err(|not| match not {
            NotInflated::Rejected(reject) => reject.reason,
            NotInflated::Large => panic!("nothing here is large"),
        })
    }

    #[test]
    fn what_stands_between_content_and_trailer_is_found() {
        let content = br#"{"Records":[]}"#;
        let whole = gzip(content);
        let (body, trailer) = whole.split_at(whole.len() - TRAILER);
        for (bytes, expected) in [
            ([body, b"hidden", trailer].concat(), Reason::GzipCrc),
            ([&whole[..], b"hidden", trailer].concat(), Reason::GzipTrailingData),
            ([&whole[..], &[0]].concat(), Reason::GzipTrailingData),
            ([&whole[..], &[0x1f, 0x8b]].concat(), Reason::GzipTruncated),
        ] {
            assert_eq!(inflate(&bytes, &mut Vec::new()), Err(expected), "{bytes:?}");
        }
        let mut out = Vec::new();
        inflate(&[&whole[..], &whole].concat(), &mut out).unwrap();
        assert_eq!(out, content.repeat(2), "members follow one another");
    }

    #[test]
    fn memory_follows_the_content_and_not_the_trailer() {
        let mut bytes = gzip(b"[]");
        let at = bytes.len() - 4;
        bytes[at..].copy_from_slice(&(60u32 * 1024 * 1024).to_le_bytes());
        let mut out = Vec::new();
        assert_eq!(inflate(&bytes, &mut out), Err(Reason::GzipIsize));
        assert!(out.capacity() < 128 * 1024, "{}", out.capacity());
    }

    #[test]
    fn the_buffer_is_used_again() {
        let mut out = b"something longer that was there before".to_vec();
        for content in [&b"[1]"[..], b"{\"Records\":[]}", b"", b"[]"] {
            inflate(&gzip(content), &mut out).unwrap();
            assert_eq!(out, content);
        }
        inflate(b"[2]", &mut out).unwrap();
        assert_eq!(out, b"[2]");
    }

    #[test]
    fn what_memory_is_too_small_for_is_left_to_the_stream() {
        let limits = Limits { in_memory_bytes: 1000, ..Limits::default() };
        let content: Vec<u8> =
            (0..200_000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 8).to_le_bytes()).collect();
        let mut out = Vec::new();
        for bytes in [gzip(&content), content] {
            assert_eq!(Inflater::new(limits).inflate(&bytes, "x.gz", &mut out), Err(NotInflated::Large));
            assert!(out.capacity() < 64 * 1024, "{}", out.capacity());
        }
    }
}
