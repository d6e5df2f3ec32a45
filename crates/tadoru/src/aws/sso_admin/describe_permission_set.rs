//! `sso-admin:DescribePermissionSet`: one permission set, without its policies.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{entities, not_found};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let arn = request.required("PermissionSetArn");
    let set = entities(request, EntityKind::PermissionSet)?.into_iter().find(|set| set.key == arn);
    let set = set.ok_or_else(|| not_found("PermissionSet"))?;
    Ok(Map::from_iter([("PermissionSet".to_owned(), Value::Object(set.document))]))
}
