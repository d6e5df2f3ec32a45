//! `iam:GetAccessKeyLastUsed`: when, where and for which service a key of the account was last used, as the logs say.

use aws_wire::error::AwsError;
use iam::event_action;
use iam::inventory::EntityKind;
use questions::credential_use::{self, KeyUse};
use serde_json::{Map, Value, json};

use crate::aws::{OperationError, Request, answer};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let id = request.required("AccessKeyId");
    let key = inventory.find(EntityKind::AccessKey, &request.caller.account, id)?.ok_or_else(|| {
        AwsError::with_status(
            "AccessDenied",
            403,
            format!("User: {} is not authorized to perform: iam:GetAccessKeyLastUsed", request.caller.arn),
        )
    })?;
    let uses = credential_use::of_access_keys(&snapshot, &[id.to_owned()], request.now.us)?;
    let last = match uses.get(id) {
        Some(KeyUse { at_us, region, event_source, .. }) => json!({
            "LastUsedDate": at_us - at_us.rem_euclid(1_000_000),
            "Region": region,
            "ServiceName": event_action::service_namespace(event_source.as_deref().unwrap_or_default()),
        }),
        None => json!({"Region": "N/A", "ServiceName": "N/A"}),
    };
    Ok(answer(json!({"UserName": key.text("UserName"), "AccessKeyLastUsed": last})))
}
