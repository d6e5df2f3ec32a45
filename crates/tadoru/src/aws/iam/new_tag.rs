//! Tags that clients send with what they create. Lengths and number are the model's.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::invalid_input;
use crate::aws::{OperationError, Request};

/// The tags of the input as an entity has them.
///
/// # Errors
/// Keys that differ in their case alone, that are AWS's own, or signs that no tag has.
pub fn read(request: &Request<'_>) -> Result<Vec<Value>, OperationError> {
    let mut keys = BTreeSet::new();
    let mut tags = Vec::new();
    for tag in request.input.get("Tags").and_then(Value::as_array).into_iter().flatten() {
        let text = |member: &str| tag[member].as_str().unwrap_or_default();
        let (key, value) = (text("Key"), text("Value"));
        if let Some(wrong) = [key, value].iter().find(|text| !text.chars().all(is_sign_of_tag)) {
            return Err(invalid_input(format!("The tag text {wrong:?} has a sign that tags have not.")));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(invalid_input(format!("The tag key {key} is AWS's own: it begins with aws:.")));
        }
        if !keys.insert(key.to_lowercase()) {
            return Err(invalid_input(format!("The tag key {key} is there twice; case makes no difference.")));
        }
        tags.push(json!({"Key": key, "Value": value}));
    }
    Ok(tags)
}

/// Letters, digits, spaces and a few more, as the model has them.
fn is_sign_of_tag(sign: char) -> bool {
    sign.is_alphanumeric() || (sign.is_whitespace() && !sign.is_control()) || "_.:/=+-@".contains(sign)
}
