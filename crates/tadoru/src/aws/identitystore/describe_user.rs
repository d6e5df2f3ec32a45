//! `identitystore:DescribeUser`: one user whole.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{entities, not_found};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let id = request.required("UserId");
    let user = entities(request, EntityKind::IdentityUser)?.into_iter().find(|user| user.key == id);
    Ok(user.ok_or_else(|| not_found("USER"))?.document)
}
