//! `iam:GetUser`: one user whole; without a name the user who asks, who may be the root user.

use iam::arn::Arn;
use iam::inventory::{EntityKind, credential_report};
use questions::inventory::Inventory;
use serde_json::{Map, Value, json};

use super::{add_password_use, named, one};
use crate::aws::caller::Caller;
use crate::aws::{OperationError, Request, answer};
use aws_wire::error::AwsError;

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let arn = &request.caller.arn;
    if request.text("UserName").is_none() && arn.ends_with(":root") {
        return root(request, &inventory);
    }
    let caller = Arn::parse(arn).and_then(|arn| arn.user_name());
    let name = request.text("UserName").or(caller).ok_or_else(|| {
        AwsError::new("ValidationError", "Must specify userName when calling with non-User credentials")
    })?;
    let mut users = [named(request, &inventory, EntityKind::User, name)?];
    add_password_use(request, &inventory, &mut users)?;
    let [user] = users;
    Ok(one("User", user))
}

/// The root user: no path and no name, its account's number for an id. When it was made is said by the credential report.
fn root(request: &Request<'_>, inventory: &Inventory<'_>) -> Result<Map<String, Value>, OperationError> {
    let Caller { arn, account, .. } = request.caller;
    let report = inventory.find(EntityKind::CredentialReport, account, arn)?;
    let time = |column: &str| credential_report::known(&report.as_ref()?.document, column);
    Ok(answer(json!({"User": {
        "UserId": account,
        "Arn": arn,
        "CreateDate": time("user_creation_time"),
        "PasswordLastUsed": time("password_last_used"),
    }})))
}
