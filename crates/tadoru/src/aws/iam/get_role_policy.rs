//! `iam:GetRolePolicy`: one policy inside of a role, with its document.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::holder;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    holder::inline_policy(request, EntityKind::Role, "RoleName")
}
