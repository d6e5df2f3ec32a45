//! Text out of JSON that has passed the scan: strings without their escapes, values without their white space.
//! Borrowed wherever the file already holds the answer.

use std::borrow::Cow;

use crate::json::scanner::plain_end;

/// Whether any string of `json` holds an escape.
#[inline]
pub(crate) fn has_escape(json: &str) -> bool {
    memchr::memchr(b'\\', json.as_bytes()).is_some()
}

/// Resolves the escapes of a string's inside (without its quotes).
pub(crate) fn unescape(inside: &str) -> Cow<'_, str> {
    // Nothing but a backslash can end the plain stretch of a string's inside.
    let first = plain_end(inside.as_bytes(), 0);
    if first == inside.len() {
        return Cow::Borrowed(inside);
    }
    let mut plain = String::with_capacity(inside.len());
    plain.push_str(&inside[..first]);
    let mut rest = &inside[first..];
    while let Some(escape) = rest.strip_prefix('\\') {
        let (character, length) = escaped_character(escape);
        plain.push(character);
        rest = &escape[length..];
        let stop = memchr::memchr(b'\\', rest.as_bytes()).unwrap_or(rest.len());
        plain.push_str(&rest[..stop]);
        rest = &rest[stop..];
    }
    Cow::Owned(plain)
}

/// The character an escape stands for and how many bytes follow the backslash.
fn escaped_character(escape: &str) -> (char, usize) {
    let simple = match escape.as_bytes().first() {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return escaped_code_point(escape),
        Some(byte) if byte.is_ascii() => char::from(*byte),
        // The scan lets none of these through.
        _ => return (char::REPLACEMENT_CHARACTER, 0),
    };
    (simple, 1)
}

fn escaped_code_point(escape: &str) -> (char, usize) {
    let unit = |at: usize| escape.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match unit(1) {
        Some(high @ 0xD800..=0xDBFF) => {
            let low = unit(7).filter(|low| (0xDC00..=0xDFFF).contains(low)).unwrap_or(0xDC00);
            let point = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            (char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), escape.len().min(11))
        }
        Some(point) => (char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), 5),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// The value without white space between its tokens; borrowed when it has none.
pub(crate) fn compact(value: &str) -> Cow<'_, str> {
    let bytes = value.as_bytes();
    let mut text = String::new();
    // Start of the stretch that is not copied yet.
    let mut kept = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at),
            b' ' | b'\n' | b'\r' | b'\t' => {
                text.push_str(&value[kept..at]);
                at += 1;
                kept = at;
            }
            _ => at += 1,
        }
    }
    if kept == 0 && text.is_empty() {
        return Cow::Borrowed(value);
    }
    text.push_str(&value[kept..]);
    Cow::Owned(text)
}

/// One past the closing quote of the string at `at`, in text that has passed the scan.
#[inline(always)]
pub(crate) fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = plain_end(bytes, at + 1);
    while bytes.get(at) == Some(&b'\\') {
        at = plain_end(bytes, at + 2);
    }
    (at + 1).min(bytes.len())
}

/// Writes `text` as a JSON string, quotes included.
pub(crate) fn push_quoted(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            control if u32::from(control) < 0x20 => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_become_characters() {
        fn check(inside: &str, expected: &str) {
            assert_eq!(unescape(inside), expected, "{inside}");
        }
        check("plain", "plain");
        check(r#"a\"b\\c\/d"#, "a\"b\\c/d");
        check(r"\b\f\n\r\t", "\u{8}\u{c}\n\r\t");
        check(r"\u8fbf\u308B", "辿る");
        check(r"\ud83d\ude00!", "😀!");
        check(r"a\u0000b", "a\0b");
        check(r"\\u0041", "\\u0041");
    }

    #[test]
    fn white_space_goes_only_between_tokens() {
        fn check(value: &str, expected: &str) {
            assert_eq!(compact(value), expected, "{value}");
        }
        check(r#"{"a b":1}"#, r#"{"a b":1}"#);
        check("{ \"a b\" : [ 1 ,\n\t2 ] }", r#"{"a b":[1,2]}"#);
        check(r#"{"a":"\" , "} "#, r#"{"a":"\" , "}"#);
        assert!(matches!(compact(r#"{"a":" "}"#), Cow::Borrowed(_)));
    }
}
