//! `iam:DeleteRole`: deletes a role that has no policies and is in no instance profile; kept in the overlay of the inventory, not
//! sent to AWS.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::inventory_change::{Change, make, refuse_service_role};
use super::{delete_conflict, named};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    make(request, |inventory| {
        let role = named(request, inventory, EntityKind::Role, request.required("RoleName"))?;
        refuse_service_role(&role)?;
        let profiles = role.document.get("InstanceProfileList").and_then(Value::as_array);
        let left = if role.attached_policies().next().is_some() {
            Some("detach all policies")
        } else if role.inline_policies().next().is_some() {
            Some("delete policies")
        } else if profiles.is_some_and(|profiles| !profiles.is_empty()) {
            Some("remove roles from instance profile")
        } else {
            None
        };
        match left {
            Some(left) => Err(delete_conflict(format!("Cannot delete entity, must {left} first."))),
            None => Ok((Map::new(), Change::Delete(role))),
        }
    })
}
