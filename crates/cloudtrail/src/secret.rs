//! Hides secrets in a record's JSON before it is shown, exported or sent: session tokens, secret keys, passwords.
//! Access key ids and ARNs are not secrets. The lake keeps the bytes; each face asks here unless told `--reveal`.

use std::borrow::Cow;

use crate::json::scanner::Scanner;
use crate::json::text::{push_quoted, string_end, unescape};
use crate::log_file::Limits;

const MASK: &str = "***";

/// Keys whose values are secrets, in lower case without `-` and `_`.
const SECRET_KEYS: &[&str] = &[
    "sessiontoken",
    "secretaccesskey",
    "secretkey",
    "secretstring",
    "secretbinary",
    "securitytoken",
    "xamzsecuritytoken",
    "clientsecret",
    "privatekey",
    "authtoken",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "webidentitytoken",
    "samlassertion",
    "keymaterial",
    "apikey",
];

/// Endings of keys that make a secret of whatever stands before them (`masterUserPassword`).
const SECRET_ENDINGS: &[&str] = &["password", "passphrase", "secretaccesskey", "sessiontoken"];

/// What ends in `token` lets its bearer do something, but for these: they page, make a request idempotent, or guard
/// against lost updates (the parameters of that name in AWS's API references).
const HARMLESS_TOKENS: &[&str] = &[
    "nexttoken",
    "pagetoken",
    "startingtoken",
    "paginationtoken",
    "continuationtoken",
    "forwardtoken",
    "backwardtoken",
    "sequencetoken",
    "clienttoken",
    "requesttoken",
    "idempotencytoken",
    "creationtoken",
    "changetoken",
    "locktoken",
    "updatetoken",
    "revisiontoken",
    "versiontoken",
];

/// JSON inside a JSON string is looked into, and JSON inside that; no deeper.
const EMBEDDED_LEVELS: usize = 3;

/// Masks the values of secret keys with `"***"`. Text that is not JSON comes back as it is, or as `***` altogether
/// where it mentions such a key.
pub fn mask(json_text: &str) -> Cow<'_, str> {
    mask_level(json_text, EMBEDDED_LEVELS)
}

fn mask_level(text: &str, levels: usize) -> Cow<'_, str> {
    if !is_json(text) {
        return if mentions_secret(text) { Cow::Borrowed(MASK) } else { Cow::Borrowed(text) };
    }
    let bytes = text.as_bytes();
    let mut masked = String::new();
    let mut kept = 0;
    let mut at = 0;
    let mut key_is_secret = false;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'"' {
            // A number behind a secret key is as secret as a string; true, false and null tell nothing.
            if key_is_secret && (byte == b'-' || byte.is_ascii_digit()) {
                let digits = bytes[at..].iter().take_while(|byte| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\n'));
                let end = at + digits.count();
                masked.push_str(&text[kept..at]);
                push_quoted(&mut masked, MASK);
                (kept, at) = (end, end);
                continue;
            }
            // A list of secrets stays secret; an object has keys of its own.
            key_is_secret &= !matches!(byte, b'{' | b'}' | b']');
            at += 1;
            continue;
        }
        let end = string_end(bytes, at);
        let inside = &text[at + 1..end - 1];
        if is_key(bytes, end) {
            key_is_secret = is_secret_key(&unescape(inside));
        } else {
            let shown = if key_is_secret { Some(Cow::Borrowed(MASK)) } else { mask_embedded(inside, levels) };
            if let Some(shown) = shown {
                masked.push_str(&text[kept..at]);
                push_quoted(&mut masked, &shown);
                kept = end;
            }
        }
        at = end;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(&text[kept..]);
    Cow::Owned(masked)
}

/// The masked form of a string that holds JSON with secrets; `None` if there is nothing to hide.
fn mask_embedded(inside: &str, levels: usize) -> Option<Cow<'static, str>> {
    if levels == 0 || !inside.contains('{') {
        return None;
    }
    let plain = unescape(inside);
    if !plain.trim_start().starts_with(['{', '[']) || !is_json(&plain) {
        return None;
    }
    match mask_level(&plain, levels - 1) {
        Cow::Borrowed(_) => None,
        Cow::Owned(masked) => Some(Cow::Owned(masked)),
    }
}

fn is_json(text: &str) -> bool {
    let mut scanner = Scanner::new(text.as_bytes(), &Limits::default());
    let start = scanner.space(0);
    scanner.value(start, 0).is_ok_and(|end| scanner.space(end) == text.len())
}

fn is_key(bytes: &[u8], string_end: usize) -> bool {
    bytes[string_end..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

fn is_secret_key(key: &str) -> bool {
    let key: String = key.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
    let ends_in = |endings: &[&str]| endings.iter().any(|ending| key.ends_with(ending));
    let is_bearer_token = key.ends_with("token") && !ends_in(HARMLESS_TOKENS);
    SECRET_KEYS.contains(&key.as_str()) || ends_in(SECRET_ENDINGS) || is_bearer_token
}

fn mentions_secret(text: &str) -> bool {
    let text: String = text.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_KEYS.iter().chain(SECRET_ENDINGS).any(|key| text.contains(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_keys_are_hidden() {
        fn check(text: &str, expected: &str) {
            assert_eq!(mask(text), expected, "{text}");
        }
        check(r#"{"userName":"Bob"}"#, r#"{"userName":"Bob"}"#);
        check(
            r#"{"credentials":{"accessKeyId":"ASIA1","sessionToken":"FwoG","expiration":"later"}}"#,
            r#"{"credentials":{"accessKeyId":"ASIA1","sessionToken":"***","expiration":"later"}}"#,
        );
        check(r#"{ "Secret_Access_Key" : "x" , "a" : 1 }"#, r#"{ "Secret_Access_Key" : "***" , "a" : 1 }"#);
        check(r#"{"masterUserPassword":"p\"q","n":"x"}"#, r#"{"masterUserPassword":"***","n":"x"}"#);
        check(r#"{"p\u0061ssword":"x"}"#, r#"{"p\u0061ssword":"***"}"#);
        check(r#"{"password":1234,"passwordReset":true}"#, r#"{"password":"***","passwordReset":true}"#);
        check(r#"{"password":null}"#, r#"{"password":null}"#);
        check(r#"{"password":["a","b"],"c":"d"}"#, r#"{"password":["***","***"],"c":"d"}"#);
        check(r#"{"body":"{\"clientSecret\":\"s\",\"a\":1}"}"#, r#"{"body":"{\"clientSecret\":\"***\",\"a\":1}"}"#);
        check("plain text", "plain text");
        check("user-data: PASSWORD=hunter2", "***");
        check(r#"{"cut":"sessionToken"#, "***");
        check(r#"{"nextToken":"t"}"#, r#"{"nextToken":"t"}"#);
    }

    #[test]
    fn tokens_that_let_their_bearer_in_are_hidden_and_those_of_paging_are_not() {
        let check = |key: &str, hidden: bool| {
            let shown = if hidden { MASK } else { "t" };
            assert_eq!(mask(&format!(r#"{{"{key}":"t"}}"#)), format!(r#"{{"{key}":"{shown}"}}"#));
        };
        for key in ["token", "SigninToken", "authorizationToken", "gitHubToken", "x-api-token", "api_key"] {
            check(key, true);
        }
        for key in ["nextToken", "clientRequestToken", "uploadSequenceToken", "NextPageToken", "x-idempotency-token"] {
            check(key, false);
        }
        for key in ["tokenId", "tokenType", "maxTokens", "isTokenised", "apiKeyId"] {
            check(key, false);
        }
        let details = r#"{"serviceEventDetails":"{\"a\":[{\"token\":\"t\"}]}"}"#;
        assert_eq!(mask(details), r#"{"serviceEventDetails":"{\"a\":[{\"token\":\"***\"}]}"}"#);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "[\\[\\]{}\",:0-9a-z\\\\ ]{0,60}") {
            let _ = mask(&text);
        }
    }
}
