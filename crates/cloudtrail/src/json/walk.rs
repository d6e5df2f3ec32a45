//! Walks over text that has passed the scan: the members of an object, the elements of an array, one after the other.
//! They trust the syntax; on text that never passed the scan they end early, they do not panic.

use std::borrow::Cow;

use crate::json::text::{has_escape, string_end, unescape};

/// The members of an object: key (escapes resolved) and the value's text.
pub(crate) struct Members<'a> {
    text: &'a str,
    at: usize,
    /// Hardly any object holds an escape: one look at the whole spares a look at each key.
    escaped: bool,
}

/// The elements of an array, as text.
pub(crate) struct Elements<'a> {
    text: &'a str,
    at: usize,
}

/// Members of `value`; none if it is not an object.
pub(crate) fn members(value: &str) -> Members<'_> {
    let at = if value.starts_with('{') { 1 } else { value.len() };
    Members { text: value, at, escaped: has_escape(value) }
}

/// Elements of `value`; none if it is not an array.
pub(crate) fn elements(value: &str) -> Elements<'_> {
    let at = if value.starts_with('[') { 1 } else { value.len() };
    Elements { text: value, at }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, &'a str);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let key_start = between(bytes, self.at);
        if bytes.get(key_start) != Some(&b'"') {
            return None;
        }
        let key_end = string_end(bytes, key_start);
        let start = between(bytes, key_end);
        let end = value_end(bytes, start);
        self.at = end;
        let key = self.text.get(key_start + 1..key_end - 1)?;
        let key = if self.escaped { unescape(key) } else { Cow::Borrowed(key) };
        Some((key, self.text.get(start..end)?))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        let start = between(bytes, self.at);
        if matches!(bytes.get(start), None | Some(b']')) {
            return None;
        }
        let end = value_end(bytes, start);
        self.at = end;
        self.text.get(start..end).filter(|element| !element.is_empty())
    }
}

/// Skips what stands between two tokens.
#[inline(always)]
fn between(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | b':') = bytes.get(at) {
        at += 1;
    }
    at
}

/// One past the value that begins at `at`.
#[inline]
pub(crate) fn value_end(bytes: &[u8], mut at: usize) -> usize {
    match bytes.get(at) {
        Some(b'"') => string_end(bytes, at),
        Some(b'{' | b'[') => {
            let mut depth = 0usize;
            while let Some(&byte) = bytes.get(at) {
                match byte {
                    b'"' => {
                        at = string_end(bytes, at);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return at + 1;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            at
        }
        _ => {
            while let Some(&byte) = bytes.get(at) {
                if matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') {
                    break;
                }
                at += 1;
            }
            at
        }
    }
}
