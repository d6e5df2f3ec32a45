//! `iam:GetGroup`: one group and, in pages, the users in it.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{USUAL_PAGE, add_password_use, entities, named, one, without};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let name = request.required("GroupName");
    let group = named(request, &inventory, EntityKind::Group, name)?;
    let mut users = entities(request, &inventory, EntityKind::User)?;
    users.retain(|user| user.groups().any(|group| group == name));
    add_password_use(request, &inventory, &mut users)?;
    let users = users.into_iter().map(|user| without(user, &["Tags", "PermissionsBoundary"])).collect();
    let mut answer = request.page(users, USUAL_PAGE, &[name])?.answer("Users");
    answer.extend(one("Group", group));
    Ok(answer)
}
