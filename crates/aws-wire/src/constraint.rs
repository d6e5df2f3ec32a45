//! What the model asks of an input: members that must be there, lengths, sizes, ranges, enumerations. AWS gathers all violations
//! into one `ValidationError`; its sentences are kept. Patterns of the model are not checked.

use serde_json::{Map, Value};

use crate::error::AwsError;
use crate::model::{Kind, Operation, Protocol, Service, Shape};

/// Something in an input that the model does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The member, as `maxItems` or `tags.1.member.key`.
    pub member: String,
    /// The sentence of AWS's answer.
    pub sentence: String,
}

/// All violations of an input, in the order of the model's members.
pub fn violations(service: &Service, operation: &Operation, input: &Map<String, Value>) -> Vec<Violation> {
    let mut found = Vec::new();
    if let Some(shape) = &operation.input {
        check_members(service, service.shape(shape), input, "", &mut found);
    }
    found
}

/// The error that AWS answers to violations.
pub fn refusal(violations: &[Violation], protocol: Protocol) -> AwsError {
    let code = if protocol == Protocol::Query { "ValidationError" } else { "ValidationException" };
    let noun = if violations.len() == 1 { "error" } else { "errors" };
    let sentences: Vec<&str> = violations.iter().map(|violation| violation.sentence.as_str()).collect();
    let text = format!("{} validation {noun} detected: {}", violations.len(), sentences.join("; "));
    AwsError::new(code, text).because("fieldValidationFailed")
}

fn check_members(
    service: &Service,
    shape: &Shape,
    members: &Map<String, Value>,
    path: &str,
    found: &mut Vec<Violation>,
) {
    for (name, reference) in &shape.members {
        let path = format!("{path}{}", lower_first(name));
        match members.get(name) {
            Some(value) => check(service, &reference.shape, value, &path, found),
            None if shape.required.contains(name) => found.push(Violation {
                sentence: format!("Value at '{path}' failed to satisfy constraint: Member must not be null"),
                member: path,
            }),
            None => {}
        }
    }
}

fn check(service: &Service, shape: &str, value: &Value, path: &str, found: &mut Vec<Violation>) {
    let shape = service.shape(shape);
    match value {
        Value::Object(members) if shape.kind == Kind::Structure => {
            check_members(service, shape, members, &format!("{path}."), found);
        }
        Value::Array(items) => {
            check_range(shape, items.len() as f64, "length", value, path, found);
            let reference = shape.member.as_ref().expect("a list has members");
            for (index, item) in items.iter().enumerate() {
                check(service, &reference.shape, item, &format!("{path}.{}.member", index + 1), found);
            }
        }
        Value::String(text) => {
            check_range(shape, text.chars().count() as f64, "length", value, path, found);
            if !shape.values.is_empty() && !shape.values.contains(text) {
                let allowed = shape.values.join(", ");
                refuse(value, path, &format!("Member must satisfy enum value set: [{allowed}]"), found);
            }
        }
        Value::Number(number) if shape.kind != Kind::Timestamp => {
            let number = number.as_f64().unwrap_or_default();
            check_range(shape, number, "value", value, path, found);
        }
        _ => {}
    }
}

fn check_range(shape: &Shape, size: f64, measure: &str, value: &Value, path: &str, found: &mut Vec<Violation>) {
    if let Some(min) = shape.min.filter(|min| size < *min) {
        refuse(value, path, &format!("Member must have {measure} greater than or equal to {min}"), found);
    }
    if let Some(max) = shape.max.filter(|max| size > *max) {
        refuse(value, path, &format!("Member must have {measure} less than or equal to {max}"), found);
    }
}

fn refuse(value: &Value, path: &str, constraint: &str, found: &mut Vec<Violation>) {
    let shown = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    };
    let sentence = format!("Value '{shown}' at '{path}' failed to satisfy constraint: {constraint}");
    found.push(Violation { member: path.to_owned(), sentence });
}

/// AWS names members as its Java code does.
fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Model;

    #[test]
    fn violations_are_told_in_the_words_of_aws() {
        let model = Model::embedded();
        let iam = model.service("iam").unwrap();
        let check = |operation: &str, input: Value, expected: &str| {
            let Value::Object(input) = input else { panic!("an input is an object") };
            let found = violations(iam, &iam.operations[operation], &input);
            let text = if found.is_empty() { String::new() } else { refusal(&found, Protocol::Query).message };
            assert_eq!(text, expected, "{operation}");
        };
        check("ListUsers", json!({}), "");
        check("ListUsers", json!({"MaxItems": 1000}), "");
        check(
            "ListUsers",
            json!({"MaxItems": 0}),
            "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: \
             Member must have value greater than or equal to 1",
        );
        check(
            "GenerateServiceLastAccessedDetails",
            json!({"Granularity": "ALL"}),
            "2 validation errors detected: Value at 'arn' failed to satisfy constraint: Member must not be null; \
             Value 'ALL' at 'granularity' failed to satisfy constraint: \
             Member must satisfy enum value set: [SERVICE_LEVEL, ACTION_LEVEL]",
        );
        check(
            "ListPoliciesGrantingServiceAccess",
            json!({"Arn": "arn:aws:iam::111111111111:user/Alice", "ServiceNamespaces": []}),
            "1 validation error detected: Value '[]' at 'serviceNamespaces' failed to satisfy constraint: \
             Member must have length greater than or equal to 1",
        );
    }
}
