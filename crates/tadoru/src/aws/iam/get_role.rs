//! `iam:GetRole`: one role whole.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{named, one};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let role = named(request, &inventory, EntityKind::Role, request.required("RoleName"))?;
    Ok(one("Role", role))
}
