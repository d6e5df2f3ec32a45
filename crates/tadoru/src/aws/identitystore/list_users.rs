//! `identitystore:ListUsers`: the users of a store, by name.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::listed;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    listed(request, EntityKind::IdentityUser, "Users")
}
