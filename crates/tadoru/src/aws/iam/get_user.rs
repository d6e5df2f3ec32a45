//! `iam:GetUser`: one user whole; without a name the user who asks.

use iam::arn::Arn;
use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{add_password_use, named, one};
use crate::aws::{OperationError, Request};
use aws_wire::error::AwsError;

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let caller = Arn::parse(&request.caller.arn).and_then(|arn| arn.user_name());
    let name = request.text("UserName").or(caller).ok_or_else(|| {
        AwsError::new("ValidationError", "Must specify userName when calling with non-User credentials")
    })?;
    let mut users = [named(request, &inventory, EntityKind::User, name)?];
    add_password_use(request, &inventory, &mut users)?;
    let [user] = users;
    Ok(one("User", user))
}
