//! Every paginator of boto3 over the answered operations, and errors as the classes of its models.

use std::process::Command;

use serde_json::{Value, json};

use super::cases::sample_with_inventory;
use super::running_server::{RunningServer, key};
use crate::reference::{python, skip, workspace};
use crate::test_lake::{TestLake, isolate, text};

#[test]
fn pages_of_any_size_are_the_same_whole() {
    let Some(python) = python() else {
        return skip("pages_of_any_size_are_the_same_whole", "TADORU_TEST_PYTHON is not set: no boto3 to ask with");
    };
    let lake = sample_with_inventory();
    let answered = answered();
    let only = |wanted: &dyn Fn(&str) -> bool| {
        let services = answered.as_object().unwrap().iter().filter(|(service, _)| wanted(service));
        Value::Object(services.map(|(service, names)| (service.clone(), names.clone())).collect())
    };
    let server = RunningServer::start(&lake, &[]);
    // The account with most entities, and the one that owns the organization and its Identity Center.
    for (account, services) in
        [("222222222222", only(&|name| name == "iam")), ("111111111111", only(&|name| name != "iam"))]
    {
        let key = key(&lake, &format!("arn:aws:iam::{account}:root"));
        let mut command = Command::new(&python);
        isolate(&mut command);
        command.arg("-B").arg(workspace().join("tests/aws_cli/paginators.py"));
        command.args([server.endpoint(), &key.id, &key.secret, &services.to_string(), &arguments(&lake).to_string()]);
        let output = command.output().unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{out}\n{err}\n{}", server.log());
        println!("{out}");
    }
    assert!(server.stop());
}

/// The operations that are answered, by service, as the list in the documentation has them.
fn answered() -> Value {
    let list = std::fs::read_to_string(workspace().join("docs/aws_operations.md")).unwrap();
    let services = list.split("\n## ").skip(1).map(|section| {
        let mut lines = section.lines();
        let service = lines.next().unwrap().to_owned();
        let rows = lines.filter_map(|line| line.strip_prefix("| "));
        let names: Vec<&str> =
            rows.filter_map(|row| row.split(' ').next()).filter(|name| *name != "operation").collect();
        (service, json!(names))
    });
    Value::Object(services.filter(|(_, names)| names != &json!([])).collect())
}

/// What operations want that have required members, or would list too much.
fn arguments(lake: &TestLake) -> Value {
    let documents = |kind: &str| -> Vec<Value> {
        let rows = lake.rows(&format!("SELECT document FROM inventory WHERE kind = '{kind}' ORDER BY entity_key"));
        rows.iter().map(|row| serde_json::from_str(row["document"].as_str().unwrap()).unwrap()).collect()
    };
    let instance = &documents("instance")[0];
    let (arn, store) = (&instance["InstanceArn"], &instance["IdentityStoreId"]);
    let assignments = documents("account-assignment");
    let assignment = |member: &str| assignments[0][member].clone();
    let memberships = documents("group-membership");
    json!({
        "cloudtrail:LookupEvents": {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}]},
        "iam:GetGroup": {"GroupName": "Developers"},
        "iam:ListAccessKeys": {"UserName": "Alice"},
        "iam:ListAttachedGroupPolicies": {"GroupName": "Developers"},
        "iam:ListAttachedRolePolicies": {"RoleName": "NightlyExport"},
        "iam:ListAttachedUserPolicies": {"UserName": "Alice"},
        "iam:ListEntitiesForPolicy": {"PolicyArn": "arn:aws:iam::222222222222:policy/jobs/NightlyExportPolicy"},
        "iam:ListGroupPolicies": {"GroupName": "Developers"},
        "iam:ListGroupsForUser": {"UserName": "Alice"},
        "iam:ListPolicyVersions": {"PolicyArn": "arn:aws:iam::222222222222:policy/jobs/NightlyExportPolicy"},
        "iam:ListRolePolicies": {"RoleName": "NightlyExport"},
        "iam:ListUserPolicies": {"UserName": "Alice"},
        "identitystore:ListUsers": {"IdentityStoreId": store},
        "identitystore:ListGroups": {"IdentityStoreId": store},
        "identitystore:ListGroupMemberships": {"IdentityStoreId": store, "GroupId": memberships[0]["GroupId"]},
        "identitystore:ListGroupMembershipsForMember": {"IdentityStoreId": store, "MemberId": memberships[0]["MemberId"]},
        "sso-admin:ListPermissionSets": {"InstanceArn": arn},
        "sso-admin:ListAccountAssignments": {
            "InstanceArn": arn, "AccountId": assignment("AccountId"), "PermissionSetArn": assignment("PermissionSetArn"),
        },
        "sso-admin:ListAccountAssignmentsForPrincipal": {
            "InstanceArn": arn, "PrincipalId": assignment("PrincipalId"), "PrincipalType": assignment("PrincipalType"),
        },
        "sso-admin:ListPermissionSetsProvisionedToAccount": {"InstanceArn": arn, "AccountId": assignment("AccountId")},
    })
}
