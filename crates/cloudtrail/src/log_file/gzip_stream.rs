//! One layer of gzip, pushed in piece by piece: any number of members, each checked to its last byte (header, checksum,
//! length), nothing behind the last one. It holds no more than a header and what one push makes.
//! `inflater` and `object_stream` build layers from it.

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::Crc;

use crate::log_file::Limits;
use crate::reject::Reason;

pub(super) type Layer<T> = Result<T, (Reason, String)>;

pub(super) const TRAILER: usize = 8;
const HEADER: usize = 10;
/// A header longer than this is refused: its name and comment may be of any length.
const HEADER_BYTES: usize = 1024 * 1024;
/// Handed on at once.
const PIECE_BYTES: usize = 64 * 1024;

/// The state of one layer.
pub(super) struct GzipStream {
    object_len: usize,
    limits: Limits,
    place: Place,
    /// Bytes of the last member, its header or what follows it, kept until they say what they are.
    kept: Vec<u8>,
    members: usize,
    inflated_bytes: usize,
    beginning: Beginning,
    piece: Vec<u8>,
}

enum Place {
    Header,
    Body(Box<Member>),
    Trailer {
        crc: u32,
        length: usize,
    },
    /// Something that is no member follows the last one.
    Behind(usize),
}

struct Member {
    stream: Decompress,
    crc: Crc,
    length: usize,
}

impl GzipStream {
    /// A layer of an object of `object_len` stored bytes.
    pub fn new(object_len: usize, limits: Limits) -> Self {
        Self {
            object_len,
            limits,
            place: Place::Header,
            kept: Vec::new(),
            members: 0,
            inflated_bytes: 0,
            beginning: Beginning::default(),
            piece: Vec::with_capacity(PIECE_BYTES),
        }
    }

    /// What came out so far.
    pub fn inflated_bytes(&self) -> usize {
        self.inflated_bytes
    }

    /// Takes the next bytes of the layer and hands on what comes out of them.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut dyn FnMut(&[u8])) -> Layer<()> {
        while !bytes.is_empty() {
            bytes = match &mut self.place {
                Place::Header => self.header(bytes)?,
                Place::Body(_) => self.body(bytes, out)?,
                Place::Trailer { crc, length } => {
                    let (crc, length) = (*crc, *length);
                    self.trailer(bytes, crc, length)?
                }
                Place::Behind(count) => {
                    *count += bytes.len();
                    return Ok(());
                }
            };
        }
        Ok(())
    }

    /// Ends the layer: nothing may be missing, nothing may follow.
    pub fn finish(mut self) -> Layer<()> {
        let cut = |what: &str| Err((Reason::GzipTruncated, what.to_owned()));
        match self.place {
            Place::Header if self.members > 0 && self.kept.is_empty() => Ok(()),
            Place::Header if self.members > 0 && !is_gzip(&self.kept) => Err(behind(self.kept.len())),
            Place::Header => {
                header_len(&self.kept)?;
                cut("the compressed data has no end")
            }
            Place::Body(_) => cut("the compressed data has no end"),
            Place::Trailer { .. } => {
                self.kept.clear();
                cut("the trailer is missing")
            }
            Place::Behind(count) => Err(behind(count)),
        }
    }

    fn header<'b>(&mut self, bytes: &'b [u8]) -> Layer<&'b [u8]> {
        let before = self.kept.len();
        // A usual header is ten bytes; only an odd one makes a second round.
        let room = if before < HEADER { HEADER - before } else { before.max(4 * 1024) };
        let taken = bytes.len().min(room);
        self.kept.extend_from_slice(&bytes[..taken]);
        if self.members > 0 && self.kept.len() >= 2 && !is_gzip(&self.kept) {
            self.place = Place::Behind(self.kept.len() + bytes.len() - taken);
            return Ok(&[]);
        }
        match header_len(&self.kept) {
            Ok(length) => {
                // What was taken too much goes back: it came with this push.
                let rest = &bytes[length - before..];
                self.kept.clear();
                let member = Member { stream: Decompress::new(false), crc: Crc::new(), length: 0 };
                self.place = Place::Body(Box::new(member));
                Ok(rest)
            }
            Err((Reason::GzipTruncated, _)) if self.kept.len() <= HEADER_BYTES => Ok(&bytes[taken..]),
            Err((Reason::GzipTruncated, _)) => Err((Reason::GzipHeader, format!("more than {HEADER_BYTES} bytes"))),
            Err(fault) => Err(fault),
        }
    }

    fn body<'b>(&mut self, mut bytes: &'b [u8], out: &mut dyn FnMut(&[u8])) -> Layer<&'b [u8]> {
        let Place::Body(member) = &mut self.place else { return Ok(bytes) };
        loop {
            let consumed = member.stream.total_in();
            self.piece.clear();
            let status = member
                .stream
                .decompress_vec(bytes, &mut self.piece, FlushDecompress::None)
                .map_err(|error| (Reason::GzipData, error.to_string()))?;
            bytes = &bytes[usize::try_from(member.stream.total_in() - consumed).expect("no more than was given")..];
            member.crc.update(&self.piece);
            member.length += self.piece.len();
            self.inflated_bytes += self.piece.len();
            self.beginning.note(&self.piece);
            if self.inflated_bytes > self.limits.inflated_bytes
                || self.limits.beyond_ratio(self.inflated_bytes, self.object_len)
            {
                // Rubbish is called rubbish, however much of it there is.
                let reason = if self.beginning.is_text() { Reason::DecompressedLimit } else { Reason::UnknownMagic };
                return Err((reason, format!("more than {} bytes out of {}", self.inflated_bytes, self.object_len)));
            }
            out(&self.piece);
            match status {
                Status::StreamEnd => {
                    self.place = Place::Trailer { crc: member.crc.sum(), length: member.length };
                    return Ok(bytes);
                }
                _ if bytes.is_empty() && self.piece.len() < self.piece.capacity() => return Ok(bytes),
                _ => {}
            }
        }
    }

    fn trailer<'b>(&mut self, bytes: &'b [u8], crc: u32, length: usize) -> Layer<&'b [u8]> {
        let (taken, rest) = bytes.split_at(bytes.len().min(TRAILER - self.kept.len()));
        self.kept.extend_from_slice(taken);
        if self.kept.len() < TRAILER {
            return Ok(rest);
        }
        let word = |at: usize| u32::from_le_bytes(self.kept[at..at + 4].try_into().expect("four bytes"));
        if word(0) != crc {
            return Err((Reason::GzipCrc, "the checksum differs".to_owned()));
        }
        // The format keeps the length modulo 2^32.
        if word(4) != (length & 0xFFFF_FFFF) as u32 {
            return Err((Reason::GzipIsize, format!("{length} bytes came out, the trailer says {}", word(4))));
        }
        self.kept.clear();
        self.members += 1;
        self.place = Place::Header;
        Ok(rest)
    }
}

fn behind(count: usize) -> (Reason, String) {
    (Reason::GzipTrailingData, format!("{count} bytes after the last member"))
}

pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// How a layer's content begins, as far as it tells text from rubbish.
#[derive(Default)]
struct Beginning {
    /// The first bytes, which may be a byte order mark.
    head: Vec<u8>,
    /// The first byte behind them that is no white space.
    mark: Option<u8>,
}

impl Beginning {
    fn note(&mut self, piece: &[u8]) {
        let missing = 3 - self.head.len();
        let (head, rest) = piece.split_at(piece.len().min(missing));
        self.head.extend_from_slice(head);
        if self.mark.is_none() {
            self.mark = rest.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        }
    }

    /// Whether it could be one of the documents that `document` reads.
    fn is_text(&self) -> bool {
        let head = self.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.head);
        match head.iter().copied().find(|byte| !byte.is_ascii_whitespace()).or(self.mark) {
            Some(byte) => matches!(byte, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'),
            None => true,
        }
    }
}

/// Length of the gzip header (RFC 1952).
pub(super) fn header_len(bytes: &[u8]) -> Layer<usize> {
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
        if u32::from(u16::from_le_bytes([stated[0], stated[1]])) != libdeflater::crc32(&bytes[..at]) & 0xFFFF {
            return Err((Reason::GzipHeader, "the header's checksum differs".to_owned()));
        }
        at += 2;
    }
    if at > bytes.len() {
        return Err(cut());
    }
    Ok(at)
}
