//! `organizations:DescribeOrganization`: the caller's organization; every member may ask.

use iam::inventory::EntityKind;
use serde_json::{Map, Value, json};

use super::organization::Organization;
use crate::aws::{OperationError, Request, answer};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let found = Organization::of_caller(request, &inventory)?;
    let (id, management) = (&found.id, &found.management);
    let account = found.accounts.iter().find(|account| account.key == *management);
    let mut organization = json!({
        "Id": id,
        "Arn": format!("arn:aws:organizations::{management}:organization/{id}"),
        "MasterAccountArn": format!("arn:aws:organizations::{management}:account/{id}/{management}"),
        "MasterAccountId": management,
        "MasterAccountEmail": account.and_then(|account| account.text("Email")),
    });
    // Only an organization with all features has service control policies.
    if inventory.part(EntityKind::ServiceControlPolicy, id).is_some() {
        organization["FeatureSet"] = json!("ALL");
        organization["AvailablePolicyTypes"] = json!([{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]);
    }
    Ok(answer(json!({"Organization": organization})))
}
