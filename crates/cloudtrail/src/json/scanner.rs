//! The strict pass: RFC 8259 syntax, nesting depth, lone surrogates and duplicate top-level keys, over bytes that may
//! be anything. It is iterative, never looks at a byte twice, and notes where the known fields of an object stand.
//! UTF-8 is not checked here (`log_file` does that over the whole document).

use crate::json::seen_keys::{SeenKey, SeenKeys};
use crate::log_file::{DocumentBytes, Limits};
use crate::record::field::Field;
use crate::reject::Reason;

/// Why a scan stopped, and at which byte.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fault {
    pub reason: Reason,
    pub at: usize,
}

/// Where one known field of an object has its value; relative to the object's first byte.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Member {
    pub field: Field,
    pub start: u32,
    pub end: u32,
}

/// An object that passed the scan.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object {
    /// One past the closing brace.
    pub end: usize,
    pub members: Vec<Member>,
    /// White space stands between tokens.
    pub spaced: bool,
    /// A string holds a backslash.
    pub escaped: bool,
    /// Members at any depth.
    pub keys: usize,
    /// A top-level key that stands there twice.
    pub duplicate: Option<usize>,
}

impl Object {
    pub fn has(&self, field: Field) -> bool {
        self.members.iter().any(|member| member.field == field)
    }

    /// Value range of a field, relative to the object's first byte.
    pub fn value(&self, field: Field) -> Option<(usize, usize)> {
        self.members
            .iter()
            .find(|member| member.field == field)
            .map(|member| (member.start as usize, member.end as usize))
    }
}

/// Containers are kept in the bits of a `u128`, so this is the deepest any limit can allow.
pub(crate) const DEPTH_CEILING: usize = 128;

pub(crate) struct Scanner<B> {
    bytes: B,
    depth_limit: usize,
    record_bytes: usize,
    spaced: bool,
    escaped: bool,
    keys: usize,
}

type Scan<T> = Result<T, Fault>;

/// Known fields of a record are seldom more.
const USUAL_MEMBERS: usize = 32;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The first byte at or after `at` that ends a plain stretch of a string: quote, backslash or a control byte.
#[inline(always)]
pub(crate) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..at + 8) {
        let word = u64::from_le_bytes(chunk.try_into().expect("the slice has eight bytes"));
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let stops = ((quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word))
            & HIGHS;
        if stops != 0 {
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        at += 1;
    }
    at
}

impl<'a, B: DocumentBytes<'a>> Scanner<B> {
    pub fn new(bytes: B, limits: &Limits) -> Self {
        let depth_limit = limits.depth.min(DEPTH_CEILING);
        Scanner { bytes, depth_limit, record_bytes: limits.record_bytes, spaced: false, escaped: false, keys: 0 }
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> Scan<u8> {
        match self.bytes.get(at) {
            Some(byte) => Ok(byte),
            None => Err(Fault { reason: Reason::JsonTruncated, at: self.bytes.len() }),
        }
    }

    /// Skips white space and returns where the next token begins.
    #[inline(always)]
    pub fn space(&mut self, mut at: usize) -> usize {
        while let Some(byte) = self.bytes.get(at) {
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                break;
            }
            self.spaced = true;
            at += 1;
        }
        at
    }

    /// Scans the value at `at`, of any kind, and returns its end.
    #[inline]
    pub fn value(&mut self, at: usize, depth: usize) -> Scan<usize> {
        match self.byte(at)? {
            b'"' => self.string(at),
            b'{' | b'[' => self.container(at, depth),
            _ => self.scalar(at),
        }
    }

    /// Scans the object at `at` as a record: its known fields are noted, a duplicate key is reported, not judged.
    pub fn object(&mut self, start: usize) -> Scan<Object> {
        (self.spaced, self.escaped, self.keys) = (false, false, 0);
        let mut object = Object::default();
        let mut seen = SeenKeys::of_record(self.record_bytes);
        let mut at = self.space(start + 1);
        if self.byte(at)? == b'}' {
            at += 1;
        } else {
            loop {
                if self.byte(at)? != b'"' {
                    return Err(Fault { reason: Reason::JsonSyntax, at });
                }
                let key_end = self.string(at)?;
                let key = match key_end - at <= self.record_bytes {
                    true => seen.note(&self.bytes.slice(at + 1, key_end - 1)),
                    // No field is called so, and the record is too long whatever its keys are.
                    false => SeenKey::default(),
                };
                if key.repeated {
                    object.duplicate = object.duplicate.or(Some(at));
                }
                self.keys += 1;
                let value = self.colon(key_end)?;
                let end = self.value(value, 1)?;
                if let Some(field) = key.field.filter(|_| !key.repeated) {
                    let relative = |at: usize| {
                        u32::try_from(at - start).map_err(|_| Fault { reason: Reason::RecordSizeLimit, at })
                    };
                    if object.members.is_empty() {
                        object.members.reserve(USUAL_MEMBERS);
                    }
                    object.members.push(Member { field, start: relative(value)?, end: relative(end)? });
                }
                at = self.space(end);
                match self.byte(at)? {
                    b',' => at = self.space(at + 1),
                    b'}' => {
                        at += 1;
                        break;
                    }
                    _ => return Err(Fault { reason: Reason::JsonSyntax, at }),
                }
            }
        }
        if object.members.len() < USUAL_MEMBERS / 2 {
            // A million stubs must not hold the memory of a million records.
            object.members.shrink_to_fit();
        }
        if seen.unknown_repeats() {
            object.duplicate = object.duplicate.or(Some(start));
        }
        (object.end, object.spaced, object.escaped, object.keys) = (at, self.spaced, self.escaped, self.keys);
        Ok(object)
    }

    /// Scans the key at `at` and its colon; returns where the key (quotes included) ends and where the value begins.
    #[inline(always)]
    pub fn key(&mut self, at: usize) -> Scan<(usize, usize)> {
        if self.byte(at)? != b'"' {
            return Err(Fault { reason: Reason::JsonSyntax, at });
        }
        let end = self.string(at)?;
        Ok((end, self.colon(end)?))
    }

    #[inline(always)]
    fn colon(&mut self, at: usize) -> Scan<usize> {
        let at = self.space(at);
        if self.byte(at)? != b':' {
            return Err(Fault { reason: Reason::JsonSyntax, at });
        }
        Ok(self.space(at + 1))
    }

    fn container(&mut self, mut at: usize, base: usize) -> Scan<usize> {
        // One bit a level, the lowest for the innermost: 1 is an object.
        let mut kinds: u128 = 0;
        let mut depth = 0;
        loop {
            let opening = self.byte(at)?;
            let opened = match opening {
                b'{' | b'[' => {
                    depth += 1;
                    if base + depth > self.depth_limit {
                        return Err(Fault { reason: Reason::JsonDepth, at });
                    }
                    kinds = kinds << 1 | u128::from(opening == b'{');
                    at = self.space(at + 1);
                    true
                }
                b'"' => {
                    at = self.string(at)?;
                    false
                }
                _ => {
                    at = self.scalar(at)?;
                    false
                }
            };
            let mut first = opened;
            loop {
                if depth == 0 {
                    return Ok(at);
                }
                if !first {
                    at = self.space(at);
                }
                let in_object = kinds & 1 == 1;
                match self.byte(at)? {
                    b'}' if in_object => {}
                    b']' if !in_object => {}
                    b',' if !first => {
                        at = self.space(at + 1);
                        if in_object {
                            at = self.member(at)?;
                        }
                        break;
                    }
                    _ if first => {
                        if in_object {
                            at = self.member(at)?;
                        }
                        break;
                    }
                    _ => return Err(Fault { reason: Reason::JsonSyntax, at }),
                }
                kinds >>= 1;
                depth -= 1;
                at += 1;
                first = false;
            }
        }
    }

    #[inline(always)]
    fn member(&mut self, at: usize) -> Scan<usize> {
        self.keys += 1;
        Ok(self.key(at)?.1)
    }

    #[inline(always)]
    fn string(&mut self, at: usize) -> Scan<usize> {
        let stop = self.bytes.plain_end(at + 1);
        match self.bytes.get(stop) {
            Some(b'"') => Ok(stop + 1),
            _ => self.odd_string(stop),
        }
    }

    /// The rest of a string that holds an escape, a control byte or no end.
    #[cold]
    fn odd_string(&mut self, mut at: usize) -> Scan<usize> {
        loop {
            match self.byte(at)? {
                b'"' => return Ok(at + 1),
                b'\\' => {
                    self.escaped = true;
                    at = self.escape(at)?;
                }
                _ => return Err(Fault { reason: Reason::JsonSyntax, at }),
            }
            at = self.bytes.plain_end(at);
        }
    }

    fn escape(&self, at: usize) -> Scan<usize> {
        match self.byte(at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
            b'u' => match self.code_unit(at)? {
                0xD800..=0xDBFF => {
                    let low = at + 6;
                    if self.byte(low)? != b'\\' || self.byte(low + 1)? != b'u' {
                        return Err(Fault { reason: Reason::LoneSurrogate, at });
                    }
                    match self.code_unit(low)? {
                        0xDC00..=0xDFFF => Ok(low + 6),
                        _ => Err(Fault { reason: Reason::LoneSurrogate, at }),
                    }
                }
                0xDC00..=0xDFFF => Err(Fault { reason: Reason::LoneSurrogate, at }),
                _ => Ok(at + 6),
            },
            _ => Err(Fault { reason: Reason::JsonSyntax, at }),
        }
    }

    /// The code unit of the `\uXXXX` at `at`.
    fn code_unit(&self, at: usize) -> Scan<u32> {
        let mut unit = 0;
        for place in at + 2..at + 6 {
            let digit =
                char::from(self.byte(place)?).to_digit(16).ok_or(Fault { reason: Reason::JsonSyntax, at: place })?;
            unit = unit << 4 | digit;
        }
        Ok(unit)
    }

    fn scalar(&self, at: usize) -> Scan<usize> {
        let literal: &[u8] = match self.byte(at)? {
            b't' => b"true",
            b'f' => b"false",
            b'n' => b"null",
            b'-' | b'0'..=b'9' => return self.number(at),
            _ => return Err(Fault { reason: Reason::JsonSyntax, at }),
        };
        let rest = self.bytes.slice(at, self.bytes.len().min(at + literal.len()));
        if *rest == *literal {
            Ok(at + literal.len())
        } else if literal.starts_with(&rest) {
            Err(Fault { reason: Reason::JsonTruncated, at: self.bytes.len() })
        } else {
            Err(Fault { reason: Reason::JsonSyntax, at })
        }
    }

    fn number(&self, start: usize) -> Scan<usize> {
        let mut at = start + usize::from(self.byte(start)? == b'-');
        at = match self.byte(at)? {
            b'0' => at + 1,
            _ => self.digits(at)?,
        };
        if self.bytes.get(at) == Some(b'.') {
            at = self.digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(at) {
            at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(at) {
                at += 1;
            }
            at = self.digits(at)?;
        }
        Ok(at)
    }

    /// At least one digit.
    fn digits(&self, start: usize) -> Scan<usize> {
        if !self.byte(start)?.is_ascii_digit() {
            return Err(Fault { reason: Reason::JsonSyntax, at: start });
        }
        let mut end = start + 1;
        while self.bytes.get(end).is_some_and(|byte| byte.is_ascii_digit()) {
            end += 1;
        }
        Ok(end)
    }
}
