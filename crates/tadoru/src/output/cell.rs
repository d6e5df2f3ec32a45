//! One value as text: NULL, numbers, JSON; and the characters that must not reach a terminal, made visible.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// `text` with control characters (C0, C1, DEL), line separators and the marks that reorder text written as escapes:
/// `\n`, `\x1b`, `\u{202e}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\t' => shown.push_str("\\t"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            _ if !is_unsafe(character) => shown.push(character),
            _ if u32::from(character) < 0x100 => shown.push_str(&format!("\\x{:02x}", u32::from(character))),
            _ => shown.push_str(&format!("\\u{{{:x}}}", u32::from(character))),
        }
    }
    Cow::Owned(shown)
}

/// Would a terminal act on it, or show other text than there is?
pub(super) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The value as text without quotes; None for NULL. Structs and lists are compact JSON.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        other => Some(Cow::Owned(super::json::compact(other))),
    }
}

/// A time of the lake's form (`2024-06-01T00:00:00Z`, fractions allowed) in that zone; None for any other text.
pub(super) fn local_time(text: &str, zone: &TimeZone) -> Option<String> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() >= 20 && bytes[4] == b'-' && bytes[10] == b'T' && text.ends_with('Z');
    if !shaped {
        return None;
    }
    let time: Timestamp = text.parse().ok()?;
    let format = if bytes[19] == b'.' { "%Y-%m-%dT%H:%M:%S%.f%:z" } else { "%Y-%m-%dT%H:%M:%S%:z" };
    Some(time.to_zoned(zone.clone()).strftime(format).to_string())
}
