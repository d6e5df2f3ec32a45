//! `iam:ListAttachedUserPolicies`: the managed policies attached to a user.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::holder;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    holder::attached_policies(request, EntityKind::User, "UserName")
}
