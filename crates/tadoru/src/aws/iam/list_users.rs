//! `iam:ListUsers`: the users of the account below a path, without tags and boundary, as AWS lists them.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{USUAL_PAGE, add_password_use, below, entities, without};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let prefix = request.text("PathPrefix");
    let mut users = below(entities(request, &inventory, EntityKind::User)?, prefix);
    add_password_use(request, &inventory, &mut users)?;
    let users = users.into_iter().map(|user| without(user, &["Tags", "PermissionsBoundary"])).collect();
    Ok(request.page(users, USUAL_PAGE, &[prefix.unwrap_or_default()])?.answer("Users"))
}
