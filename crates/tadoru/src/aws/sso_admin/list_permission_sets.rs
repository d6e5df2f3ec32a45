//! `sso-admin:ListPermissionSets`: the ARNs of an instance's permission sets.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{USUAL_PAGE, entities};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let sets = entities(request, EntityKind::PermissionSet)?.into_iter().map(|set| Value::from(set.key)).collect();
    Ok(request.page(sets, USUAL_PAGE, &[request.required("InstanceArn")])?.answer_with_token("PermissionSets"))
}
