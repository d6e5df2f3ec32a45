//! `sso-admin:DescribeInstance`: one instance.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{entities, not_found};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let instance = entities(request, EntityKind::Instance)?.into_iter().next();
    Ok(instance.ok_or_else(|| not_found("Instance"))?.document)
}
