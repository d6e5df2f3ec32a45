//! JSON as it is printed: valid for every reader, and harmless on a terminal, because characters that a terminal would
//! act on are written as `\u` escapes, which JSON readers turn back.

use serde_json::Value;

use super::cell::is_unsafe;

/// On one line, without spaces.
pub fn compact(value: &Value) -> String {
    escape(&value.to_string())
}

/// Indented by two spaces.
pub fn indented(value: &Value) -> String {
    escape(&serde_json::to_string_pretty(value).expect("a Value has only string keys"))
}

/// The only unsafe characters of serialised JSON outside of strings are its own line breaks.
fn escape(json: &str) -> String {
    if !json.chars().any(|character| is_unsafe(character) && character != '\n') {
        return json.to_owned();
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if is_unsafe(character) && character != '\n' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}
