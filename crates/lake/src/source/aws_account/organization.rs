//! The organisation's part: its tree of units and accounts, service control policies and what they are attached to. Only the
//! management account and delegated administrators may read it; other members are told apart from callers without permission.

use serde_json::{Value, json};

use super::Caller;
use super::part::{Part, texts};
use crate::source::aws_api::operation::{
    DESCRIBE_ORGANIZATION, DESCRIBE_POLICY, LIST_ACCOUNTS_FOR_PARENT, LIST_ORGANIZATIONAL_UNITS_FOR_PARENT,
    LIST_POLICIES, LIST_ROOTS, LIST_TARGETS_FOR_POLICY,
};
use crate::source::aws_api::{ApiFailureKind, AwsApi};

/// AWS allows five levels of units below the root; deeper trees are a circle.
const LEVELS: usize = 16;

pub(super) async fn collect(api: &AwsApi, caller: &Caller, part: &mut Part<'_>) {
    let region = api.region();
    let organization = match part.try_call(api, DESCRIBE_ORGANIZATION, region, json!({})).await {
        Ok(output) => &output["Organization"],
        Err(failure) if failure.code == "AWSOrganizationsNotInUseException" => {
            return part.absences.push("the account is in no organization".to_owned());
        }
        Err(failure) => return part.refused(failure),
    };
    let manager = organization["MasterAccountId"].as_str().unwrap_or_default().to_owned();
    let roots = match part.try_call(api, LIST_ROOTS, region, json!({})).await {
        Ok(output) => texts(output, "Roots", "Id").map(str::to_owned).collect(),
        Err(failure) if failure.kind == ApiFailureKind::Denied && manager != caller.account => {
            return part.absences.push(format!(
                "the organization can be read from its management account {manager} or a delegated administrator"
            ));
        }
        Err(failure) => return part.refused(failure),
    };
    units(api, part, roots).await;
    policies(api, part).await;
}

/// Units and accounts, level by level.
async fn units(api: &AwsApi, part: &mut Part<'_>, roots: Vec<String>) {
    let mut parents = roots;
    for _ in 0..LEVELS {
        if parents.is_empty() {
            return;
        }
        let inputs: Vec<Value> = parents.iter().map(|parent| json!({ "ParentId": parent })).collect();
        part.call_each(api, LIST_ACCOUNTS_FOR_PARENT, api.region(), inputs.clone()).await;
        let units = part.call_each(api, LIST_ORGANIZATIONAL_UNITS_FOR_PARENT, api.region(), inputs).await;
        parents = units
            .into_iter()
            .flatten()
            .flat_map(|place| texts(&part.calls[place].output, "OrganizationalUnits", "Id").map(str::to_owned))
            .collect();
    }
}

async fn policies(api: &AwsApi, part: &mut Part<'_>) {
    let filter = json!({ "Filter": "SERVICE_CONTROL_POLICY" });
    let Some(policies) = part.call(api, LIST_POLICIES, api.region(), filter).await else { return };
    let inputs: Vec<Value> = texts(policies, "Policies", "Id").map(|id| json!({ "PolicyId": id })).collect();
    part.call_each(api, DESCRIBE_POLICY, api.region(), inputs.clone()).await;
    part.call_each(api, LIST_TARGETS_FOR_POLICY, api.region(), inputs).await;
}
