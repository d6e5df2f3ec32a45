//! Undoes the compression of one object: none, one or two layers of gzip, any number of members, checked to the last
//! byte (header, checksum, length, nothing behind). An honest single member goes through libdeflate in one go;
//! everything else goes piece by piece, so that memory follows what really comes out and not what a trailer claims.
//! The bytes go to `document`.

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::{Decompressor, crc32};

use crate::log_file::Limits;
use crate::reject::{Reason, Reject, Warning};

/// What was noticed while inflating.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inflated {
    /// DOUBLE_GZIP; NOT_COMPRESSED where the name ends in `.gz` and the bytes are plain.
    pub warnings: Vec<Warning>,
}

/// Inflates one object after another; owns what can be used again.
pub struct Inflater {
    limits: Limits,
    decompressor: Decompressor,
    outer_layer: Vec<u8>,
}

const HEADER: usize = 10;
const TRAILER: usize = 8;

type Layer<T> = Result<T, (Reason, String)>;

impl Inflater {
    pub fn new(limits: Limits) -> Self {
        Inflater { limits, decompressor: Decompressor::new(), outer_layer: Vec::new() }
    }

    /// Writes the plain bytes of an object into `out`, whose old content is lost and whose memory is used again.
    /// After an error `out` is empty.
    pub fn inflate(&mut self, bytes: &[u8], name: &str, out: &mut Vec<u8>) -> Result<Inflated, Reject> {
        self.layers(bytes, name, out).map_err(|(reason, detail)| {
            out.clear();
            Reject::of_file(reason, bytes.len(), detail)
        })
    }

    fn layers(&mut self, bytes: &[u8], name: &str, out: &mut Vec<u8>) -> Layer<Inflated> {
        let mut inflated = Inflated::default();
        if bytes.is_empty() {
            return Err((Reason::EmptyObject, "zero bytes".to_owned()));
        }
        if !is_gzip(bytes) {
            if bytes.len() > self.limits.inflated_bytes {
                return Err((Reason::DecompressedLimit, format!("{} plain bytes", bytes.len())));
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
                return Err((Reason::NestedCompression, "more than two layers, or two around nothing".to_owned()));
            }
            inflated.warnings.push(Warning::DoubleGzip);
        }
        Ok(inflated)
    }

    fn layer(&mut self, bytes: &[u8], object_len: usize, out: &mut Vec<u8>) -> Layer<()> {
        let header = header_len(bytes)?;
        if self.single_member(bytes, header, out) {
            return Ok(());
        }
        out.clear();
        let mut at = 0;
        while at < bytes.len() {
            if at > 0 && !is_gzip(&bytes[at..]) {
                let behind = bytes.len() - at;
                return Err((Reason::GzipTrailingData, format!("{behind} bytes after the last member")));
            }
            at += self.member(&bytes[at..], object_len, out)?;
        }
        Ok(())
    }

    /// Tries the whole layer as one member whose trailer tells the truth; false says nothing about the bytes yet.
    fn single_member(&mut self, bytes: &[u8], header: usize, out: &mut Vec<u8>) -> bool {
        let Some(trailer) = bytes.len().checked_sub(TRAILER).filter(|at| *at >= header).map(|at| &bytes[at..]) else {
            return false;
        };
        let claimed = u32::from_le_bytes(trailer[4..].try_into().expect("a trailer has eight bytes")) as usize;
        // Logs compress 8 to 30 times. Whoever claims more gets memory only as bytes come out.
        let believable = (bytes.len() * 64).max(64 * 1024);
        if claimed > believable.min(self.limits.member_bytes).min(self.limits.inflated_bytes) {
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
        !self.beyond_ratio(claimed, bytes.len())
    }

    fn beyond_ratio(&self, inflated: usize, object_len: usize) -> bool {
        inflated > self.limits.ratio_after_bytes && inflated / object_len.max(1) > self.limits.ratio
    }

    /// Appends one member piece by piece; returns how many bytes of `bytes` it took.
    fn member(&self, bytes: &[u8], object_len: usize, out: &mut Vec<u8>) -> Layer<usize> {
        let header = header_len(bytes)?;
        let start = out.len();
        let mut stream = Decompress::new(false);
        loop {
            let consumed = usize::try_from(stream.total_in()).expect("the input is in memory");
            let before = out.len();
            out.reserve((out.len() / 2).clamp(32 * 1024, 8 * 1024 * 1024));
            let status = stream
                .decompress_vec(&bytes[header + consumed..], out, FlushDecompress::None)
                .map_err(|error| (Reason::GzipData, error.to_string()))?;
            if out.len() > self.limits.inflated_bytes || self.beyond_ratio(out.len(), object_len) {
                // Rubbish is called rubbish, however much of it there is.
                let reason = if is_text(out) { Reason::DecompressedLimit } else { Reason::UnknownMagic };
                return Err((reason, format!("more than {} bytes out of {object_len}", out.len())));
            }
            match status {
                Status::StreamEnd => break,
                _ if out.len() == before && stream.total_in() as usize == consumed => {
                    return Err((Reason::GzipTruncated, "the compressed data has no end".to_owned()));
                }
                _ => {}
            }
        }
        let end = header + usize::try_from(stream.total_in()).expect("the input is in memory");
        let Some(trailer) = bytes.get(end..end + TRAILER) else {
            return Err((Reason::GzipTruncated, "the trailer is missing".to_owned()));
        };
        let word = |at: usize| u32::from_le_bytes(trailer[at..at + 4].try_into().expect("four bytes"));
        if word(0) != crc32(&out[start..]) {
            return Err((Reason::GzipCrc, "the checksum differs".to_owned()));
        }
        // The format keeps the length modulo 2^32.
        if word(4) != ((out.len() - start) & 0xFFFF_FFFF) as u32 {
            return Err((
                Reason::GzipIsize,
                format!("{} bytes came out, the trailer says {}", out.len() - start, word(4)),
            ));
        }
        Ok(end + TRAILER)
    }
}

fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Whether bytes could be one of the documents that `document` reads, by their first character.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(byte) => matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'),
        None => true,
    }
}

/// Length of the gzip header (RFC 1952).
fn header_len(bytes: &[u8]) -> Layer<usize> {
    const CRC16: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const RESERVED: u8 = 0xE0;
    let cut = || (Reason::GzipTruncated, "the header has no end".to_owned());
    let fixed = bytes.get(..HEADER).ok_or_else(cut)?;
    let flags = fixed[3];
    if fixed[2] != 8 || flags & RESERVED != 0 {
        return Err((Reason::GzipHeader, format!("method {}, flags {flags:#04x}", fixed[2])));
    }
    let mut at = HEADER;
    if flags & EXTRA != 0 {
        let length = bytes.get(at..at + 2).ok_or_else(cut)?;
        at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let rest = bytes.get(at..).ok_or_else(cut)?;
            at += memchr::memchr(0, rest).ok_or_else(cut)? + 1;
        }
    }
    if flags & CRC16 != 0 {
        let stated = bytes.get(at..at + 2).ok_or_else(cut)?;
        if u32::from(u16::from_le_bytes([stated[0], stated[1]])) != crc32(&bytes[..at]) & 0xFFFF {
            return Err((Reason::GzipHeader, "the header's checksum differs".to_owned()));
        }
        at += 2;
    }
    if at > bytes.len() {
        return Err(cut());
    }
    Ok(at)
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
        Inflater::new(Limits::default()).inflate(bytes, "x.json.gz", out).map_err(|reject| reject.reason)
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
    fn a_member_too_large_for_one_go_is_inflated_piece_by_piece() {
        let limits = Limits { member_bytes: 1000, ..Limits::default() };
        let content: Vec<u8> =
            (0..200_000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 8).to_le_bytes()).collect();
        let mut out = Vec::new();
        Inflater::new(limits).inflate(&gzip(&content), "x.gz", &mut out).unwrap();
        assert_eq!(out, content);
    }
}
