//! The organisation's tree: a root, two units, the accounts in them, and a policy that keeps trails from being stopped.

use serde_json::{Value, json};

use super::call;
use crate::account::{ACCOUNTS, LOG_ARCHIVE, MANAGEMENT, ORGANIZATION_ID};

const ROOT: &str = "r-tdru";
const WORKLOADS: &str = "ou-tdru-workload1";
const SECURITY: &str = "ou-tdru-security1";

pub(super) fn calls() -> Vec<Value> {
    let management = ACCOUNTS[MANAGEMENT].id;
    let arn = |resource: String| format!("arn:aws:organizations::{management}:{resource}");
    let account = |index: usize| {
        let id = ACCOUNTS[index].id;
        json!({"Id": id, "Arn": arn(format!("account/{ORGANIZATION_ID}/{id}")), "Name": ACCOUNTS[index].name,
            "Email": format!("{}@tadoru-sample.example", ACCOUNTS[index].name), "Status": "ACTIVE"})
    };
    let unit = |id: &str, name: &str| json!({"Id": id, "Arn": arn(format!("ou/{ORGANIZATION_ID}/{id}")), "Name": name});
    let parent = |index: usize| match index {
        MANAGEMENT => ROOT,
        LOG_ARCHIVE => SECURITY,
        _ => WORKLOADS,
    };
    let root = json!({"Id": ROOT, "Arn": arn(format!("root/{ORGANIZATION_ID}/{ROOT}")), "Name": "Root"});
    let units = json!([unit(WORKLOADS, "Workloads"), unit(SECURITY, "Security")]);
    let mut calls = vec![
        call("organizations", "ListRoots", json!({}), json!({"Roots": [root]})),
        call(
            "organizations",
            "ListOrganizationalUnitsForParent",
            json!({"ParentId": ROOT}),
            json!({"OrganizationalUnits": units}),
        ),
    ];
    calls.extend((0..ACCOUNTS.len()).map(|index| {
        call(
            "organizations",
            "ListAccountsForParent",
            json!({"ParentId": parent(index)}),
            json!({"Accounts": [account(index)]}),
        )
    }));
    let full = json!({"Id": "p-FullAWSAccess", "Name": "FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": true,
        "Arn": "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"});
    let guard = json!({"Id": "p-trail0001", "Name": "KeepTrails", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": false,
        "Arn": arn(format!("policy/{ORGANIZATION_ID}/service_control_policy/p-trail0001"))});
    let deny = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["cloudtrail:DeleteTrail","cloudtrail:StopLogging"],"Resource":"*"}]}"#;
    let allow = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    for (summary, content, targets) in [
        (full, allow, json!([{"TargetId": ROOT}, {"TargetId": WORKLOADS}, {"TargetId": SECURITY}])),
        (guard, deny, json!([{"TargetId": WORKLOADS}])),
    ] {
        let input = json!({"PolicyId": summary["Id"]});
        calls.push(call(
            "organizations",
            "DescribePolicy",
            input.clone(),
            json!({"Policy": {"PolicySummary": summary, "Content": content}}),
        ));
        calls.push(call("organizations", "ListTargetsForPolicy", input, json!({"Targets": targets})));
    }
    calls
}
