//! A generated policy as Terraform's HCL: a managed policy for each document, attached to its holder.

use serde_json::Value;

use super::holder::Holder;
use crate::output::indented;

/// The configuration.
pub fn text(holder: &Holder, documents: &[Value]) -> String {
    let (kind, own) = (holder.kind, expression(&Value::from(holder.name.clone())));
    let mut blocks = Vec::new();
    for (at, document) in documents.iter().enumerate() {
        let name = holder.policy_name(at);
        let label = label(&name);
        let (name, policy) = (expression(&Value::from(name)), expression(document).replace('\n', "\n  "));
        blocks.push(format!(
            "resource \"aws_iam_policy\" \"{label}\" {{\n  name   = {name}\n  policy = jsonencode({policy})\n}}\n"
        ));
        let attachment = format!("resource \"aws_iam_{kind}_policy_attachment\" \"{label}\"");
        blocks.push(format!("{attachment} {{\n  {kind:<10} = {own}\n  policy_arn = aws_iam_policy.{label}.arn\n}}\n"));
    }
    blocks.join("\n")
}

/// A JSON value as an expression of HCL, which reads `${` and `%{` in strings as templates and knows fewer escapes.
fn expression(value: &Value) -> String {
    let text = indented(value).replace("${", "$${").replace("%{", "%%{");
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('b') => out.push_str("\\u0008"),
                Some('f') => out.push_str("\\u000c"),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            (character, false) => out.push(character),
        }
    }
    out
}

/// A name as a label of HCL.
fn label(name: &str) -> String {
    let label: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    if label.starts_with(|c: char| c.is_ascii_alphabetic()) { label } else { format!("p_{label}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn templates_in_strings_are_escaped() {
        let check = |value: Value, expected: &str| assert_eq!(expression(&value), expected);
        check(json!("arn:aws:s3:::${BucketName}"), r#""arn:aws:s3:::$${BucketName}""#);
        check(json!("%{if}"), r#""%%{if}""#);
        check(json!("a\"b\u{8}\\b"), r#""a\"b\u0008\\b""#);
    }

    #[test]
    fn labels_are_identifiers() {
        let check = |name: &str, expected: &str| assert_eq!(label(name), expected);
        check("Tadoru-Deploy", "Tadoru-Deploy");
        check("9a.b@c", "p_9a_b_c");
    }
}
