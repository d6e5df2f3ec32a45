//! `iam:ListRolePolicies`: the names of the policies inside of a role.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::holder;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    holder::inline_policies(request, EntityKind::Role, "RoleName")
}
