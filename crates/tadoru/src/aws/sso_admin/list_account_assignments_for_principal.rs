//! `sso-admin:ListAccountAssignmentsForPrincipal`: the permission sets that a user or group has, and where; of a user also those of
//! its groups.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{USUAL_PAGE, entities, instances};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let (principal, kind) = (request.required("PrincipalId"), request.required("PrincipalType"));
    let filter = request.input.get("Filter").cloned().unwrap_or_default();
    let account = filter["AccountId"].as_str();
    let mut assignments = entities(request, EntityKind::AccountAssignment)?;
    let groups = if kind == "USER" { groups_of(request, principal)? } else { Vec::new() };
    assignments.retain(|assignment| {
        let id = assignment.text("PrincipalId").unwrap_or_default();
        let is_own = id == principal && assignment.text("PrincipalType") == Some(kind);
        let is_groups = assignment.text("PrincipalType") == Some("GROUP") && groups.iter().any(|group| group == id);
        (is_own || is_groups) && account.is_none_or(|account| assignment.text("AccountId") == Some(account))
    });
    let items = assignments.into_iter().map(|assignment| Value::Object(assignment.document)).collect();
    let bound_to = [request.required("InstanceArn"), principal, kind, account.unwrap_or_default()];
    Ok(request.page(items, USUAL_PAGE, &bound_to)?.answer_with_token("AccountAssignments"))
}

/// The ids of the groups that a user of the instance's identity store is in.
fn groups_of(request: &Request<'_>, user: &str) -> Result<Vec<String>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let instance = request.required("InstanceArn");
    let instance = instances(request, &inventory)?.into_iter().find(|known| known.key == instance);
    let store = instance.and_then(|instance| instance.text("IdentityStoreId").map(str::to_owned)).unwrap_or_default();
    let memberships = inventory.entities_in(EntityKind::GroupMembership, &store)?;
    let of_user = memberships
        .iter()
        .filter(|membership| membership.document.get("MemberId").is_some_and(|member| member["UserId"] == user));
    Ok(of_user.filter_map(|membership| membership.text("GroupId").map(str::to_owned)).collect())
}
