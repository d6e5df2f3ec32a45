//! `iam:ListAccessKeys`: the ids of a user's access keys; without a name those of the user who asks.

use iam::arn::Arn;
use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{USUAL_PAGE, entities, named, without};
use crate::aws::{OperationError, Request};
use aws_wire::error::AwsError;

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let caller = Arn::parse(&request.caller.arn).and_then(|arn| arn.user_name());
    let name = request.text("UserName").or(caller).ok_or_else(|| {
        AwsError::new("ValidationError", "Must specify userName when calling with non-User credentials")
    })?;
    named(request, &inventory, EntityKind::User, name)?;
    let mut keys = entities(request, &inventory, EntityKind::AccessKey)?;
    keys.retain(|key| key.text("UserName") == Some(name));
    let keys = keys.into_iter().map(|key| without(key, &[])).collect();
    Ok(request.page(keys, USUAL_PAGE, &[name])?.answer("AccessKeyMetadata"))
}
