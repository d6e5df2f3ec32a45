//! The identity store of Identity Center: its users, groups and memberships, as the inventory has them. A store is the owner
//! account's of its instance.

mod describe_user;
mod get_user_id;
mod list_group_memberships;
mod list_group_memberships_for_member;
mod list_groups;
mod list_users;

use aws_wire::error::AwsError;
use iam::inventory::{Entity, EntityKind};
use serde_json::{Map, Value};

use super::{OperationError, Request, Run, sso_admin};

pub const OPERATIONS: &[(&str, Run)] = &[
    ("DescribeUser", describe_user::run),
    ("GetUserId", get_user_id::run),
    ("ListGroupMemberships", list_group_memberships::run),
    ("ListGroupMembershipsForMember", list_group_memberships_for_member::run),
    ("ListGroups", list_groups::run),
    ("ListUsers", list_users::run),
];

/// The page where nobody says.
const USUAL_PAGE: usize = 100;

fn not_found(what: &str) -> OperationError {
    AwsError::new("ResourceNotFoundException", format!("{what} not found.")).into()
}

/// The entities of a kind in the store that the request names.
fn entities(request: &Request<'_>, kind: EntityKind) -> Result<Vec<Entity>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let store = request.required("IdentityStoreId");
    let instances = sso_admin::instances(request, &inventory)?;
    if !instances.iter().any(|instance| instance.text("IdentityStoreId") == Some(store)) {
        return Err(not_found("IDENTITYSTORE"));
    }
    let mut entities = inventory.entities_in(kind, store)?;
    entities.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entities)
}

/// The page of entities that fulfil the request's filters.
fn listed(request: &Request<'_>, kind: EntityKind, member: &str) -> Result<Map<String, Value>, OperationError> {
    let filters = request.input.get("Filters").cloned().unwrap_or_default();
    let fits = |entity: &Entity| {
        filters.as_array().into_iter().flatten().all(|filter| {
            let path = filter["AttributePath"].as_str().unwrap_or_default();
            entity.text(path).is_some_and(|text| filter["AttributeValue"] == text)
        })
    };
    let entities = entities(request, kind)?.into_iter().filter(fits).map(|entity| Value::Object(entity.document));
    let bound_to = [request.required("IdentityStoreId"), &filters.to_string()];
    Ok(request.page(entities.collect(), USUAL_PAGE, &bound_to)?.answer_with_token(member))
}

/// The page of memberships of a group, or of a member.
fn memberships(
    request: &Request<'_>,
    of: &str,
    fits: impl Fn(&Entity) -> bool,
) -> Result<Map<String, Value>, OperationError> {
    let memberships = entities(request, EntityKind::GroupMembership)?.into_iter().filter(fits);
    let items = memberships.map(|membership| Value::Object(membership.document)).collect();
    let bound_to = [request.required("IdentityStoreId"), of];
    Ok(request.page(items, USUAL_PAGE, &bound_to)?.answer_with_token("GroupMemberships"))
}
