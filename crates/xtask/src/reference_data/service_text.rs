//! The text of `service_reference.txt`: one section for each service, in the order of its namespace. What each line holds
//! is said in the file's first lines, which `iam::service_reference` reads past. The namespace before a condition key of
//! the service's own and the placeholder behind AWS's tag keys are left out, since they say nothing new.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::api_operation::Operations;
use super::{field, object};

/// The whole file; `title` begins its first line.
pub fn write(title: &str, data: &Path, operations: &Operations) -> Result<String> {
    let names = object(&data.join("serviceNames.json"))?;
    let names: BTreeMap<&String, &Value> = names.iter().collect();
    let mut text = format!(
        "{title}MIT). Written by `cargo xtask reference-data`; do not edit.\n\
         # @namespace name | Action level types keys | %type ARN-format keys | ?key type-of-value, fields between tabs\n\
         # level: L list, R read, W write, P permissions management, T tagging; - no API operation of that name (botocore)\n\
         # *: the action requires that resource type; :key is a condition key of the service's own namespace\n"
    );
    for (namespace, name) in names {
        writeln!(text, "@{namespace}\t{}", name.as_str().context("a service name is not text")?)?;
        let section = format!("{namespace}.json");
        write_actions(&mut text, namespace, &data.join("actions").join(&section), operations)
            .with_context(|| format!("actions of {namespace}"))?;
        for resource_type in sorted(&data.join("resourceTypes").join(&section), "key")?.values() {
            let keys = keys(namespace, resource_type)?;
            let mut line = format!("%{}\t{}\t{keys}", field(resource_type, "key")?, field(resource_type, "arn")?);
            line.truncate(line.trim_end_matches('\t').len());
            writeln!(text, "{line}")?;
        }
        for key in sorted(&data.join("conditionKeys").join(&section), "key")?.values() {
            writeln!(text, "?{}\t{}", short_key(namespace, field(key, "key")?), field(key, "type")?)?;
        }
    }
    Ok(text)
}

fn write_actions(text: &mut String, namespace: &str, path: &Path, operations: &Operations) -> Result<()> {
    for action in sorted(path, "name")?.values() {
        let name = field(action, "name")?;
        let level = match field(action, "accessLevel")? {
            "List" => 'L',
            "Read" => 'R',
            "Write" => 'W',
            "Permissions management" | "Permissions management, Write" => 'P',
            "Tagging" | "Tagging, Write" => 'T',
            other => bail!("unknown access level {other} of {name}"),
        };
        let mark = if operations.has(namespace, name) { "" } else { "-" };
        let mut types = Vec::new();
        for resource_type in action.get("resourceTypes").and_then(Value::as_array).into_iter().flatten() {
            let required = resource_type.get("required") == Some(&Value::Bool(true));
            types.push(format!("{}{}", field(resource_type, "name")?, if required { "*" } else { "" }));
        }
        let line = format!("{name}\t{level}{mark}\t{}\t{}", types.join(","), keys(namespace, action)?);
        writeln!(text, "{}", line.trim_end_matches('\t'))?;
    }
    Ok(())
}

/// The objects of a file, by the lower-cased value of `by`.
fn sorted(path: &Path, by: &str) -> Result<BTreeMap<String, Value>> {
    let mut sorted = BTreeMap::new();
    for (_, value) in object(path)? {
        sorted.insert(field(&value, by)?.to_ascii_lowercase(), value);
    }
    Ok(sorted)
}

fn keys(namespace: &str, of: &Value) -> Result<String> {
    let mut keys = Vec::new();
    for key in of.get("conditionKeys").and_then(Value::as_array).into_iter().flatten() {
        let key = key.as_str().context("a condition key is not text")?;
        if key.contains(['\t', '\n', ',']) {
            bail!("a condition key holds a separator: {key:?}");
        }
        keys.push(short_key(namespace, key));
    }
    Ok(keys.join(","))
}

fn short_key<'k>(namespace: &str, key: &'k str) -> &'k str {
    if let Some(own) = key.strip_prefix(namespace).filter(|rest| rest.starts_with(':')) {
        return own;
    }
    match key {
        "aws:RequestTag/${TagKey}" => "aws:RequestTag",
        "aws:ResourceTag/${TagKey}" => "aws:ResourceTag",
        _ => key,
    }
}
