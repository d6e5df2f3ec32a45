//! Calls whose resources the formats and parameters do not tell by themselves: a copy reads from another object than it writes, a
//! deletion of many names its bucket alone, and an instance comes with volumes that no parameter names.

use serde_json::Value;

use super::{EventResource, RecordedCall};
use crate::percent_encoding::percent_decoded;

/// The resources of the action that such a call named instead of what else would be found; None for every other call.
pub(super) fn instead(namespace: &str, name: &str, call: &RecordedCall<'_>) -> Option<Vec<EventResource>> {
    if namespace != "s3" || !matches!(name, "GetObject" | "GetObjectVersion" | "GetObjectTagging") {
        return None;
    }
    let source = call.parameters.get("x-amz-copy-source").or_else(|| call.parameters.get("copySource"))?;
    let source = source.as_array().and_then(|values| values.first()).unwrap_or(source).as_str()?;
    let source = percent_decoded(source.split('?').next()?.trim_start_matches('/'));
    if source.starts_with("arn:") {
        // An access point, whose ARN stands for itself.
        return Some(vec![object(source)]);
    }
    source.contains('/').then(|| vec![object(format!("arn:{}:s3:::{source}", call.place().partition))])
}

/// Further resources of the action, beside those that the record tells.
pub(super) fn besides(namespace: &str, name: &str, call: &RecordedCall<'_>, is_told: bool) -> Vec<EventResource> {
    let place = call.place();
    match (namespace, name) {
        ("s3", "DeleteObject" | "DeleteObjectVersion") if !is_told => {
            let bucket = call.parameters.get("bucketName").and_then(Value::as_str);
            let every = |bucket: &str| object(format!("arn:{}:s3:::{bucket}/*", place.partition));
            bucket.map(every).into_iter().collect()
        }
        ("ec2", "RunInstances") => {
            let arn = format!("arn:{}:ec2:{}:{}:volume/*", place.partition, place.region, place.account);
            vec![EventResource { resource_type: "volume", arn, is_pattern: true }]
        }
        _ => Vec::new(),
    }
}

fn object(arn: String) -> EventResource {
    EventResource { resource_type: "object", is_pattern: arn.contains(['*', '?']), arn }
}
