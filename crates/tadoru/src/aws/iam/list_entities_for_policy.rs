//! `iam:ListEntitiesForPolicy`: the users, groups and roles that have a managed policy, as permissions or as their boundary.

use iam::inventory::{Entity, EntityKind};
use serde_json::{Map, Value, json};

use super::{USUAL_PAGE, below, entities, policy};
use crate::aws::{OperationError, Request};

/// Filter, kind, member of the answer, and the members of its items.
const LISTS: [(&str, EntityKind, &str, [&str; 2]); 3] = [
    ("Group", EntityKind::Group, "PolicyGroups", ["GroupName", "GroupId"]),
    ("User", EntityKind::User, "PolicyUsers", ["UserName", "UserId"]),
    ("Role", EntityKind::Role, "PolicyRoles", ["RoleName", "RoleId"]),
];

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let policy = policy(request, &inventory, request.required("PolicyArn"))?;
    let (filter, usage) = (request.text("EntityFilter"), request.text("PolicyUsageFilter"));
    let has = |holder: &Entity| {
        let attached = holder.attached_policies().any(|found| found.arn == policy.key);
        let bounded = holder.permissions_boundary() == Some(&policy.key);
        match usage {
            Some("PermissionsPolicy") => attached,
            Some("PermissionsBoundary") => bounded,
            _ => attached || bounded,
        }
    };
    let mut all = Vec::new();
    for (name, kind, member, members) in LISTS {
        if filter.is_none_or(|filter| filter == name) {
            let holders = below(entities(request, &inventory, kind)?, request.text("PathPrefix"));
            all.extend(holders.into_iter().filter(has).map(|holder| {
                let item: Map<String, Value> =
                    members.map(|name| (name.to_owned(), json!(holder.text(name)))).into_iter().collect();
                json!([member, item])
            }));
        }
    }
    let bound_to = [
        &policy.key,
        filter.unwrap_or_default(),
        usage.unwrap_or_default(),
        request.text("PathPrefix").unwrap_or_default(),
    ];
    let page = request.page(all, USUAL_PAGE, &bound_to)?;
    Ok(page.answer_of_lists(&LISTS.map(|(_, _, member, _)| member)))
}
