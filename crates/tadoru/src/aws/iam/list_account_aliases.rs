//! `iam:ListAccountAliases`: the account's alias, if the inventory has one.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{USUAL_PAGE, entities};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let aliases = entities(request, &inventory, EntityKind::AccountAlias)?;
    let aliases = aliases.into_iter().map(|alias| Value::from(alias.name)).collect();
    Ok(request.page(aliases, USUAL_PAGE, &[])?.answer("AccountAliases"))
}
