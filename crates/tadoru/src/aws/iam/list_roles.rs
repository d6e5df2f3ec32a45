//! `iam:ListRoles`: the roles of the account below a path, without tags, boundary and last use, as AWS lists them.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{USUAL_PAGE, below, entities, without};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let prefix = request.text("PathPrefix");
    let roles = below(entities(request, &inventory, EntityKind::Role)?, prefix).into_iter();
    let roles = roles.map(|role| without(role, &["Tags", "PermissionsBoundary", "RoleLastUsed"])).collect();
    Ok(request.page(roles, USUAL_PAGE, &[prefix.unwrap_or_default()])?.answer("Roles"))
}
