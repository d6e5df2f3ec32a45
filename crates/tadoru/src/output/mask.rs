//! Secrets in values that are about to be printed: session tokens, secret keys and passwords inside of JSON text. What is
//! secret is known by `cloudtrail::secret`; this finds the texts worth looking into, and costs one byte's look at the rest.

use std::borrow::Cow;

use serde_json::Value;

/// The value with the secrets in its JSON texts hidden.
pub fn masked(value: Value) -> Value {
    match value {
        Value::String(text) if is_json_like(&text) => match cloudtrail::secret::mask(&text) {
            Cow::Owned(masked) => Value::String(masked),
            Cow::Borrowed(_) => Value::String(text),
        },
        Value::Array(values) => values.into_iter().map(masked).collect(),
        Value::Object(entries) => entries.into_iter().map(|(key, value)| (key, masked(value))).collect(),
        plain => plain,
    }
}

fn is_json_like(text: &str) -> bool {
    text.bytes().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|first| matches!(first, b'{' | b'['))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_in_json_text_are_hidden() {
        let check = |value: Value, expected: Value| assert_eq!(masked(value), expected);
        check(json!("password"), json!("password"));
        check(json!(r#"{"password":"x","a":1}"#), json!(r#"{"password":"***","a":1}"#));
        check(json!([[r#" ["{\"secretKey\":\"x\"}"]"#]]), json!([[r#" ["{\"secretKey\":\"***\"}"]"#]]));
        check(json!({"raw": r#"{"sessionToken":"x"}"#}), json!({"raw": r#"{"sessionToken":"***"}"#}));
        check(json!(7), json!(7));
    }
}
