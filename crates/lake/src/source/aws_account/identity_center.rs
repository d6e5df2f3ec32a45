//! IAM Identity Center's part: the instance, its permission sets with their policies and assignments, and its identity
//! store's users and groups. An instance lives in one region; the roles that it made in the account tell which.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Caller;
use super::part::{Part, list, texts};
use crate::source::aws_api::operation::{
    DESCRIBE_PERMISSION_SET, GET_ACCOUNT_AUTHORIZATION_DETAILS, GET_INLINE_POLICY_FOR_PERMISSION_SET,
    GET_PERMISSIONS_BOUNDARY_FOR_PERMISSION_SET, LIST_ACCOUNT_ASSIGNMENTS,
    LIST_ACCOUNTS_FOR_PROVISIONED_PERMISSION_SET, LIST_CUSTOMER_MANAGED_POLICY_REFERENCES_IN_PERMISSION_SET,
    LIST_GROUP_MEMBERSHIPS, LIST_GROUPS, LIST_INSTANCES, LIST_MANAGED_POLICIES_IN_PERMISSION_SET, LIST_PERMISSION_SETS,
    LIST_USERS,
};
use crate::source::aws_api::{ApiFailureKind, AwsApi};

/// Where IAM Identity Center puts the roles of permission sets; its region follows, except for us-east-1.
const ROLE_PATH: &str = "/aws-reserved/sso.amazonaws.com/";

/// The regions to look in, the likeliest first: those that were asked for, then the home of the roles that it made.
pub(super) fn regions(caller: &Caller, iam: &Part<'_>) -> Vec<String> {
    let mut regions = caller.regions.clone();
    let details = iam.calls.iter().filter(|call| call.operation == GET_ACCOUNT_AUTHORIZATION_DETAILS);
    for path in details.flat_map(|call| texts(&call.output, "RoleDetailList", "Path")) {
        let Some(rest) = path.strip_prefix(ROLE_PATH) else { continue };
        let region = rest.split('/').next().filter(|region| !region.is_empty()).unwrap_or("us-east-1");
        if !regions.iter().any(|known| known == region) {
            regions.push(region.to_owned());
        }
    }
    regions
}

pub(super) async fn collect(api: &AwsApi, caller: &Caller, regions: &[String], part: &mut Part<'_>) {
    for region in regions {
        let Some(instances) = part.call(api, LIST_INSTANCES, region, json!({})).await else { return };
        let found: Vec<Value> = list(instances, "Instances").cloned().collect();
        for found in &found {
            instance(api, caller, region, found, part).await;
        }
        if !found.is_empty() {
            return;
        }
    }
    part.absences.push(format!("there is no IAM Identity Center in {}", regions.join(", ")));
}

async fn instance(api: &AwsApi, caller: &Caller, region: &str, instance: &Value, part: &mut Part<'_>) {
    let arn = &instance["InstanceArn"];
    let owner = instance["OwnerAccountId"].as_str().unwrap_or(&caller.account);
    match part.try_call(api, LIST_PERMISSION_SETS, region, json!({ "InstanceArn": arn })).await {
        Ok(sets) => {
            let input = |set: &Value| json!({ "InstanceArn": arn, "PermissionSetArn": set });
            let sets = list(sets, "PermissionSets").map(input).collect();
            permission_sets(api, region, sets, part).await;
        }
        Err(failure) if failure.kind == ApiFailureKind::Denied && owner != caller.account => {
            return part.absences.push(format!(
                "IAM Identity Center can be read from the account {owner} that owns it, or a delegated administrator"
            ));
        }
        Err(failure) => part.refused(failure),
    }
    identity_store(api, region, &instance["IdentityStoreId"], part).await;
}

/// What each permission set grants, and to whom where; `inputs` name them.
async fn permission_sets(api: &AwsApi, region: &str, inputs: Vec<Value>, part: &mut Part<'_>) {
    for operation in [
        DESCRIBE_PERMISSION_SET,
        GET_INLINE_POLICY_FOR_PERMISSION_SET,
        LIST_MANAGED_POLICIES_IN_PERMISSION_SET,
        LIST_CUSTOMER_MANAGED_POLICY_REFERENCES_IN_PERMISSION_SET,
        GET_PERMISSIONS_BOUNDARY_FOR_PERMISSION_SET,
    ] {
        part.call_each(api, operation, region, inputs.clone()).await;
    }
    let accounts = part.call_each(api, LIST_ACCOUNTS_FOR_PROVISIONED_PERMISSION_SET, region, inputs.clone()).await;
    // By account and permission set, so that the order is that of the inputs.
    let mut assignments: BTreeMap<(usize, String), Value> = BTreeMap::new();
    for (position, place) in accounts.into_iter().enumerate() {
        let outputs = place.map(|place| &part.calls[place].output);
        let accounts = outputs.into_iter().flat_map(|output| list(output, "AccountIds")).filter_map(Value::as_str);
        for account in accounts {
            let mut input = inputs[position].clone();
            input["AccountId"] = account.into();
            assignments.insert((position, account.to_owned()), input);
        }
    }
    part.call_each(api, LIST_ACCOUNT_ASSIGNMENTS, region, assignments.into_values().collect()).await;
}

async fn identity_store(api: &AwsApi, region: &str, store: &Value, part: &mut Part<'_>) {
    let input = json!({ "IdentityStoreId": store });
    part.call(api, LIST_USERS, region, input.clone()).await;
    let Some(groups) = part.call(api, LIST_GROUPS, region, input).await else { return };
    let groups = texts(groups, "Groups", "GroupId");
    let inputs = groups.map(|group| json!({ "IdentityStoreId": store, "GroupId": group })).collect();
    part.call_each(api, LIST_GROUP_MEMBERSHIPS, region, inputs).await;
}
