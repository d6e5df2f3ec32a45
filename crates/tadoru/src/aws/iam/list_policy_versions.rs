//! `iam:ListPolicyVersions`: the versions of a managed policy, without their documents, as AWS lists them.

use serde_json::{Map, Value};

use super::{USUAL_PAGE, policy};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let arn = request.required("PolicyArn");
    let policy = policy(request, &inventory, arn)?;
    let versions = policy.document.get("PolicyVersionList").and_then(Value::as_array);
    let without_document = |version: &Value| {
        let mut members = version.as_object().cloned().unwrap_or_default();
        members.remove("Document");
        Value::Object(members)
    };
    let versions = versions.into_iter().flatten().map(without_document).collect();
    Ok(request.page(versions, USUAL_PAGE, &[arn])?.answer("Versions"))
}
