//! What texts of an input may look like, by their shapes in IAM's model: names, paths and their prefixes, documents, descriptions.
//! Lengths are compared with the model before.

use aws_wire::error::AwsError;
use aws_wire::model::{Operation, Service};
use serde_json::{Map, Value};

/// Shapes of names.
const NAMES: [&str; 5] = ["existingUserNameType", "groupNameType", "policyNameType", "roleNameType", "userNameType"];

/// Refuses the first text that its shape does not allow.
pub fn check(service: &Service, operation: &Operation, input: &Map<String, Value>) -> Result<(), AwsError> {
    let Some(shape) = &operation.input else { return Ok(()) };
    for (member, reference) in &service.shape(shape).members {
        let Some(text) = input.get(member).and_then(Value::as_str) else { continue };
        if let Some(wanted) = refusal(&reference.shape, text) {
            let mut letters = member.chars();
            let first = letters.next().map(|letter| letter.to_ascii_lowercase());
            let member: String = first.into_iter().chain(letters).collect();
            let text = format!("The specified value for {member} is invalid. {wanted}");
            return Err(AwsError::new("ValidationError", text));
        }
    }
    Ok(())
}

/// What the shape wants, if the text is not so.
fn refusal(shape: &str, text: &str) -> Option<&'static str> {
    let (is_sound, wanted) = match shape {
        name if NAMES.contains(&name) => (
            text.chars().all(|sign| is_name_sign(sign) || sign == '_'),
            "It must contain only alphanumeric characters and/or the following: +=,.@_-",
        ),
        "pathPrefixType" => {
            (text.starts_with('/') && text.chars().all(is_visible), "It must begin with / and have no spaces.")
        }
        "pathType" => (
            text.starts_with('/') && text.ends_with('/') && text.chars().all(is_visible),
            "It must begin and end with / and have no spaces.",
        ),
        "policyPathType" => (
            text == "/" || inner_path(text).is_some_and(|inner| inner.split('/').all(is_path_part)),
            "It must begin and end with / and contain only alphanumeric characters and/or the following: /+=,.@_-",
        ),
        "policyVersionIdType" => (is_version_id(text), "It must be v and a number, as v1."),
        "policyDocumentType" => (
            text.chars().all(|sign| matches!(sign, '\t' | '\n' | '\r' | ' '..='\u{ff}')),
            "It must contain only characters up to U+00FF.",
        ),
        "roleDescriptionType" => (
            text.chars().all(|sign| matches!(sign, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}')),
            "It must contain only characters up to U+00FF.",
        ),
        _ => return None,
    };
    (!is_sound).then_some(wanted)
}

fn is_name_sign(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || "+=,.@-".contains(sign)
}

fn is_visible(sign: char) -> bool {
    matches!(sign, '!'..='\u{7f}')
}

/// What stands between the first and the last slash.
fn inner_path(text: &str) -> Option<&str> {
    text.strip_prefix('/')?.strip_suffix('/')
}

fn is_path_part(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|sign| is_name_sign(sign) || sign == '_')
}

fn is_version_id(text: &str) -> bool {
    let number = text.strip_prefix('v').map(|rest| rest.split_once('.').map_or(rest, |(number, _)| number));
    number.is_some_and(|number| {
        !number.is_empty() && !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_as_their_shapes_want_them() {
        let check = |shape: &str, good: &[&str], bad: &[&str]| {
            for (text, expected) in good.iter().map(|text| (text, true)).chain(bad.iter().map(|text| (text, false))) {
                assert_eq!(refusal(shape, text).is_none(), expected, "{shape} {text}");
            }
        };
        check("roleNameType", &["a", "A_1+=,.@-"], &["a b", "a/b", "日本", "a*"]);
        check("pathPrefixType", &["/", "/a", "/a/b/"], &["", "a", "a/", "/a b", "/日"]);
        check("pathType", &["/", "/a/", "/a*b/"], &["", "/a", "a/", "/a b/"]);
        check("policyPathType", &["/", "/a/", "/a/b_1/"], &["", "/a", "a/", "//", "/a//b/", "/a*/"]);
        check("policyVersionIdType", &["v1", "v12", "v1.a-b"], &["", "1", "v", "v0", "va", "v01"]);
        check("policyDocumentType", &["{}\r\n\t", "é"], &["日", "\u{0}"]);
        check("arnType", &["anything"], &[]);
    }
}
