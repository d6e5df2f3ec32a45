//! `iam:ListAttachedGroupPolicies`: the managed policies attached to a group.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::holder;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    holder::attached_policies(request, EntityKind::Group, "GroupName")
}
