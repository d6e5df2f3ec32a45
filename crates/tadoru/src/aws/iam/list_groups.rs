//! `iam:ListGroups`: the groups of the account below a path.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{USUAL_PAGE, below, entities, without};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let prefix = request.text("PathPrefix");
    let groups = below(entities(request, &inventory, EntityKind::Group)?, prefix);
    let groups = groups.into_iter().map(|group| without(group, &[])).collect();
    Ok(request.page(groups, USUAL_PAGE, &[prefix.unwrap_or_default()])?.answer("Groups"))
}
