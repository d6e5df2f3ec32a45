//! `sts:GetCallerIdentity`: the principal that the key was issued for, or that `--as` names, with the id that the inventory has.

use iam::arn::Arn;
use iam::inventory::EntityKind;
use serde_json::{Map, Value, json};

use crate::aws::{OperationError, Request, answer};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let caller = request.caller;
    Ok(answer(json!({"UserId": user_id(request)?, "Account": caller.account, "Arn": caller.arn})))
}

/// The id of a user; of a session the role's id and the session's name; of the root user the account.
fn user_id(request: &Request<'_>) -> Result<String, OperationError> {
    let caller = request.caller;
    let Some(arn) = Arn::parse(&caller.arn).filter(|arn| !arn.is_root()) else { return Ok(caller.account.clone()) };
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let id = match (arn.user_name(), arn.role_name()) {
        (Some(_), _) => {
            let user = inventory.find(EntityKind::User, &caller.account, &caller.arn)?;
            user.and_then(|user| user.text("UserId").map(str::to_owned))
        }
        (None, Some(name)) => {
            let roles = inventory.named(EntityKind::Role, name)?;
            let role = roles.into_iter().find(|role| role.extent.scope == caller.account);
            role.and_then(|role| role.text("RoleId").map(str::to_owned))
        }
        _ => None,
    };
    // Where there is no inventory the account's id stands for an id that nobody knows.
    let id = id.unwrap_or_else(|| caller.account.clone());
    Ok(match arn.session_name() {
        Some(session) => format!("{id}:{session}"),
        None => id,
    })
}
