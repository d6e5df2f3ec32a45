//! `iam:ListGroupsForUser`: the groups that a user is in.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{USUAL_PAGE, entities, named, without};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let name = request.required("UserName");
    let user = named(request, &inventory, EntityKind::User, name)?;
    let mut groups = entities(request, &inventory, EntityKind::Group)?;
    groups.retain(|group| user.groups().any(|name| name == group.name));
    let groups = groups.into_iter().map(|group| without(group, &[])).collect();
    Ok(request.page(groups, USUAL_PAGE, &[name])?.answer("Groups"))
}
