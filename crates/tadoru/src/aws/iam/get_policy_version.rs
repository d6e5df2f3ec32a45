//! `iam:GetPolicyVersion`: one version of a managed policy with its document.

use serde_json::{Map, Value};

use super::{no_such_entity, policy};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let (arn, id) = (request.required("PolicyArn"), request.required("VersionId"));
    let policy = policy(request, &inventory, arn)?;
    let versions = policy.document.get("PolicyVersionList").and_then(Value::as_array);
    let version = versions.into_iter().flatten().find(|version| version["VersionId"] == id);
    let version = version
        .ok_or_else(|| no_such_entity(format!("Policy {arn} version {id} does not exist or is not attachable.")))?;
    Ok(Map::from_iter([("PolicyVersion".to_owned(), version.clone())]))
}
