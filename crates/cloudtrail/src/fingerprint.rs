//! What two copies of one event have in common: 64 bits over what happened, not over how it was written. The same
//! event from S3, LookupEvents and EventBridge differs in key order, white space and escapes, and has one fingerprint.
//! It is stored in the lake, so this file must give the same value for ever; the tests hold the constants.
//! `record` computes it, the lake's dedup compares it.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

use crate::json::text::{has_escape, string_end, unescape};
use crate::json::walk::value_end;

/// "Tadoru" and a version in ASCII. Changing it makes every stored fingerprint worthless.
const SEED: u64 = 0x5461_646f_7275_0001;
const TEXT: u64 = SEED ^ 0x10;
const LITERAL: u64 = SEED ^ 0x20;
const OBJECT: u64 = SEED ^ 0x30;
const ARRAY: u64 = SEED ^ 0x40;
const PAIR: u64 = SEED ^ 0x50;
/// What is missing, null, or an object that holds nothing.
const NOTHING: u64 = 0;

/// What an event's fingerprint is made of.
pub(crate) struct Parts<'p> {
    pub event_timestamp_us: i64,
    pub event_source: Option<&'p str>,
    pub event_name: Option<&'p str>,
    pub aws_region: Option<&'p str>,
    pub source_ip_address: Option<&'p str>,
    pub error_code: Option<&'p str>,
    /// JSON text that has passed the scan.
    pub user_identity: Option<&'p str>,
    pub request_parameters: Option<&'p str>,
}

/// Fingerprint of an event that has an eventID.
pub(crate) fn of_event(parts: &Parts<'_>) -> u64 {
    let text = |text: Option<&str>| text.map_or(NOTHING, |text| xxh3_64_with_seed(text.as_bytes(), TEXT));
    let json = |json: Option<&str>| json.map_or(NOTHING, canonical);
    let mut words = [0u8; 64];
    let values = [
        parts.event_timestamp_us as u64,
        text(parts.event_source),
        text(parts.event_name),
        text(parts.aws_region),
        text(parts.source_ip_address),
        json(parts.user_identity),
        text(parts.error_code),
        json(parts.request_parameters),
    ];
    for (word, value) in words.chunks_exact_mut(8).zip(values) {
        word.copy_from_slice(&value.to_le_bytes());
    }
    xxh3_64_with_seed(&words, SEED)
}

/// Fingerprint and identity of a record without eventID: nothing but its bytes tells it from others.
pub(crate) fn of_bytes(raw: &[u8]) -> (u64, u128) {
    let hash = Sha256::digest(raw);
    let fingerprint = u64::from_be_bytes(hash[..8].try_into().expect("SHA-256 has 32 bytes"));
    let identity = u128::from_be_bytes(hash[..16].try_into().expect("SHA-256 has 32 bytes"));
    (fingerprint, identity)
}

/// Identity of an event: xxh3-128 over the three parts of its key, each with its length before it.
pub fn identity(event_id: &str, recipient_account_id: Option<&str>, event_category: Option<&str>) -> u128 {
    let parts = [event_id, recipient_account_id.unwrap_or(""), event_category.unwrap_or("")];
    let mut key = [0u8; 128];
    let mut at = 0;
    for part in parts {
        let Some(place) = key.get_mut(at..at + 4 + part.len()) else {
            return xxh3_128(&long_key(parts));
        };
        place[..4].copy_from_slice(&(part.len() as u32).to_le_bytes());
        place[4..].copy_from_slice(part.as_bytes());
        at += place.len();
    }
    xxh3_128(&key[..at])
}

fn long_key(parts: [&str; 3]) -> Vec<u8> {
    let mut key = Vec::new();
    for part in parts {
        key.extend_from_slice(&(part.len() as u32).to_le_bytes());
        key.extend_from_slice(part.as_bytes());
    }
    key
}

struct Container {
    is_object: bool,
    /// Hash of the key that waits for its value.
    key: u64,
    /// Objects: the sum of their members, so that order does not matter. Arrays: a chain, so that it does.
    sum: u64,
}

/// Hash of a JSON value that does not depend on key order, white space or escapes. Numbers count as written.
fn canonical(value: &str) -> u64 {
    let bytes = value.as_bytes();
    let escaped = has_escape(value);
    let mut open: Vec<Container> = Vec::with_capacity(8);
    let mut at = 0;
    let mut hash;
    loop {
        at = space(bytes, at);
        match bytes.get(at) {
            Some(opening @ (b'{' | b'[')) => {
                let mut container = Container { is_object: *opening == b'{', key: 0, sum: NOTHING };
                at += 1;
                let is_empty = enter_member(value, &mut at, &mut container, escaped);
                open.push(container);
                if !is_empty {
                    continue;
                }
                // Empty: falls through to the closing below.
                hash = None;
            }
            Some(b'"') => {
                let end = string_end(bytes, at);
                hash = Some(text_hash(value.get(at + 1..end - 1).unwrap_or(""), escaped));
                at = end;
            }
            Some(_) => {
                let end = value_end(bytes, at).max(at + 1);
                let literal = value.get(at..end).unwrap_or("");
                hash = Some(if literal == "null" { NOTHING } else { xxh3_64_with_seed(literal.as_bytes(), LITERAL) });
                at = end;
            }
            None => return NOTHING,
        }
        loop {
            let Some(container) = open.last_mut() else {
                return hash.unwrap_or(NOTHING);
            };
            if let Some(hash) = hash {
                container.add(hash);
            }
            at = space(bytes, at);
            if bytes.get(at) == Some(&b',') {
                at += 1;
                enter_member(value, &mut at, container, escaped);
                break;
            }
            hash = Some(container.close());
            open.pop();
            at += 1;
        }
    }
}

impl Container {
    fn add(&mut self, hash: u64) {
        if !self.is_object {
            self.sum = pair(self.sum, hash, ARRAY);
        } else if hash != NOTHING {
            self.sum = self.sum.wrapping_add(pair(self.key, hash, PAIR));
        }
    }

    fn close(&self) -> u64 {
        match (self.is_object, self.sum) {
            (true, NOTHING) => NOTHING,
            (true, sum) => pair(sum, 0, OBJECT),
            (false, sum) => pair(sum, 1, ARRAY),
        }
    }
}

/// Reads a member's key, or nothing in an array; true if the container closes at once.
fn enter_member(value: &str, at: &mut usize, container: &mut Container, escaped: bool) -> bool {
    let bytes = value.as_bytes();
    *at = space(bytes, *at);
    if matches!(bytes.get(*at), None | Some(b'}' | b']')) {
        return true;
    }
    if container.is_object {
        let end = string_end(bytes, *at);
        container.key = text_hash(value.get(*at + 1..end - 1).unwrap_or(""), escaped);
        *at = space(bytes, end) + 1;
    }
    false
}

#[inline]
fn text_hash(inside: &str, escaped: bool) -> u64 {
    if !escaped {
        return xxh3_64_with_seed(inside.as_bytes(), TEXT);
    }
    match unescape(inside) {
        Cow::Borrowed(text) => xxh3_64_with_seed(text.as_bytes(), TEXT),
        Cow::Owned(text) => xxh3_64_with_seed(text.as_bytes(), TEXT),
    }
}

#[inline]
fn pair(left: u64, right: u64, seed: u64) -> u64 {
    let mut bytes = [0u8; 16];
    bytes[..8].copy_from_slice(&left.to_le_bytes());
    bytes[8..].copy_from_slice(&right.to_le_bytes());
    xxh3_64_with_seed(&bytes, seed)
}

#[inline]
fn space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_is_written_does_not_matter() {
        fn same(left: &str, right: &str) {
            assert_eq!(canonical(left), canonical(right), "{left} {right}");
        }
        same(r#"{"a":1,"b":[1,2]}"#, "{ \"b\" : [ 1,\n2 ] , \"a\" : 1 }");
        same(r#"{"a":"é"}"#, r#"{"\u0061":"\u00e9"}"#);
        same(r#"{"a":null,"b":{},"c":1}"#, r#"{"c":1}"#);
        same("{}", "null");
        same(r#"{"a":{"b":{"c":"/"}}}"#, r#"{"a":{"b":{"c":"\/"}}}"#);
    }

    #[test]
    fn what_it_says_does() {
        let values = [
            "null",
            "1",
            "\"1\"",
            "true",
            "[]",
            "[1]",
            "[1,2]",
            "[2,1]",
            "[[1],2]",
            "[null]",
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"b":1}"#,
            r#"{"a":1,"b":2}"#,
            r#"{"a":2,"b":1}"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":[],"b":1}"#,
            r#"[{"a":1}]"#,
        ];
        let distinct: std::collections::HashSet<u64> = values.iter().map(|value| canonical(value)).collect();
        assert_eq!(distinct.len(), values.len());
    }

    #[test]
    fn values_in_the_lake_stay_valid() {
        let parts = Parts {
            event_timestamp_us: 1_767_312_062_000_000,
            event_source: Some("iam.amazonaws.com"),
            event_name: Some("CreateUser"),
            aws_region: Some("us-east-1"),
            source_ip_address: Some("192.0.2.1"),
            error_code: None,
            user_identity: Some(r#"{"type":"IAMUser","accountId":"111122223333"}"#),
            request_parameters: Some(r#"{"userName":"Bob","tags":[{"key":"a","value":1}]}"#),
        };
        assert_eq!(of_event(&parts), 17_850_329_433_053_979_710);
        assert_eq!(
            identity("e", Some("111122223333"), Some("Management")),
            300_528_302_784_970_507_425_331_098_404_340_999_136
        );
        assert_eq!(of_bytes(b"{}"), (4_905_387_166_444_775_306, 90_488_421_641_866_048_750_073_685_292_303_803_550));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]{}\",:0-9a-z\\\\ ]{0,60}") {
            let _ = canonical(&text);
        }
    }
}
