//! An account of every kind of thing, collected whole: what is in the document, in what order, and in what files.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::scripted_aws::{Asked, Reply, ScriptedAws};
use super::{calls, collect, document, filled_moto, folder, row, with_settings};
use crate::test_lake::{TestLake, text};

/// Moto's account.
pub const ACCOUNT: &str = "123456789012";

/// Where moto differs from AWS: it has an instance of IAM Identity Center in each region, AWS in one; and it does not know
/// boundaries of permission sets. It leaves out the names of policies, and has another form of permission sets' ARNs.
pub fn answers_as_aws(asked: &Asked) -> Reply {
    match (asked.operation.as_str(), asked.region.as_str()) {
        ("ListInstances", "us-east-1") => Reply::Json(json!({ "Instances": [] })),
        ("GetPermissionsBoundaryForPermissionSet", _) => {
            Reply::Error(400, "ResourceNotFoundException", "No permissions boundary is set")
        }
        ("GetAccountAuthorizationDetails", _) => Reply::Amended(with_policy_names),
        _ if asked.service == "sso" => Reply::Amended(with_permission_set_arns),
        _ => Reply::Usual,
    }
}

/// `arn:aws:sso:::permissionSet/ssoins-…/ps-…` where moto says `:::instance/ssoins-…/ps-…`.
fn with_permission_set_arns(answer: &str) -> String {
    let mut parts = answer.split(":::instance/");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let is_set = part.split('"').next().is_some_and(|arn| arn.contains("/ps-"));
        text + if is_set { ":::permissionSet/" } else { ":::instance/" } + part
    })
}

/// `<member><Arn>…:policy/path/NAME</Arn>` with the name beside it.
fn with_policy_names(answer: &str) -> String {
    let parts: Vec<String> = answer
        .split("</Arn>")
        .map(|part| match part.rsplit_once("<Arn>") {
            Some((_, arn)) if arn.contains(":policy/") => {
                format!("{part}</Arn><PolicyName>{}</PolicyName>", arn.rsplit('/').next().unwrap())
            }
            Some(_) => format!("{part}</Arn>"),
            None => part.to_owned(),
        })
        .collect();
    parts.concat()
}

fn names<'v>(output: &'v Value, list: &str, name: &str) -> Vec<&'v str> {
    output[list].as_array().unwrap().iter().map(|element| element[name].as_str().unwrap()).collect()
}

fn collected(server: &ScriptedAws) -> (TestLake, Value) {
    let lake = TestLake::new();
    let output = collect(&lake, &server.endpoint(), &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let found = row(&output);
    assert_eq!(found["account"], ACCOUNT);
    let (answers, requests) = (&found["answers"], &found["requests"]);
    assert_eq!(said, format!("account {ACCOUNT}: {answers} answers in {requests} requests\n"));
    assert!(!lake.folder().exists(), "nothing is imported");
    let document = document(&lake, ACCOUNT);
    (lake, document)
}

#[test]
fn everything_is_there_once_and_in_order() {
    let Some(moto) = filled_moto("everything_is_there_once_and_in_order") else { return };
    let server = ScriptedAws::start(Some(&moto.endpoint()), answers_as_aws);
    let (lake, found) = collected(&server);
    assert_eq!((&found["account"], &found["region"]), (&json!(ACCOUNT), &json!("us-east-1")));
    assert!(found["collected_at"].as_str().unwrap().ends_with('Z'));

    let details = &calls(&found, "GetAccountAuthorizationDetails")[0]["output"];
    assert_eq!(names(details, "UserDetailList", "UserName"), ["alice", "bob+ci=x.y.z@example_1-2", "12345"]);
    let policy = &details["Policies"].as_array().unwrap().iter().find(|p| p["Path"] == "/data/").unwrap();
    let version =
        policy["PolicyVersionList"].as_array().unwrap().iter().find(|v| v["IsDefaultVersion"] == true).unwrap();
    assert_eq!(
        version["Document"]["Statement"][0]["Condition"]["StringEquals"]["aws:PrincipalTag/team"], "a+b %20 é",
        "documents are JSON, decoded once"
    );
    assert_eq!(details["UserDetailList"][0]["Tags"][0]["Value"], "a & b <c>");
    assert!(calls(&found, "GetCredentialReport")[0]["output"]["Content"].as_str().unwrap().starts_with("user,arn,"));
    let keys: Vec<usize> = calls(&found, "ListAccessKeys")
        .iter()
        .map(|call| call["output"]["AccessKeyMetadata"].as_array().unwrap().len())
        .collect();
    assert_eq!(keys, [2, 0, 0]);

    let accounts = calls(&found, "ListAccountsForParent");
    assert_eq!(accounts.len(), 4, "the root and three units");
    assert_eq!(calls(&found, "ListTargetsForPolicy").len(), 2);
    assert_eq!(calls(&found, "ListInstances").len(), 2, "the region that the roles tell is asked too");
    assert_eq!(calls(&found, "ListPermissionSets")[0]["region"], "eu-west-1");
    assert_eq!(calls(&found, "ListAccountAssignments").len(), 2);
    assert_eq!(calls(&found, "GetPermissionsBoundaryForPermissionSet").len(), 0, "there is none");
    let memberships = calls(&found, "ListGroupMemberships");
    assert_eq!(memberships.len(), 2);
    assert_eq!(memberships[0]["output"]["GroupMemberships"].as_array().unwrap().len(), 2);
    assert_eq!(calls(&found, "GetTrailStatus")[0]["output"]["IsLogging"], true);

    let path = folder(&lake).join(format!("inventory-{ACCOUNT}.json"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "for its owner alone");
    assert_eq!(std::fs::read_dir(folder(&lake)).unwrap().count(), 1);

    let without_times = |document: &Value| {
        let calls = document["calls"].as_array().unwrap().iter();
        calls.map(|call| format!("{} {} {}", call["operation"], call["region"], call["input"])).collect::<Vec<_>>()
    };
    assert_eq!(without_times(&collected(&server).1), without_times(&found), "the same order each time");
}

#[test]
fn what_is_collected_is_imported() {
    let Some(moto) = filled_moto("what_is_collected_is_imported") else { return };
    let server = ScriptedAws::start(Some(&moto.endpoint()), answers_as_aws);
    let entities = |lake: &TestLake, arguments: &[&str]| {
        let mut command = lake.command(arguments);
        let output = with_settings(command.args(["-o", "jsonl"]), &server.endpoint()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let rows: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let count = |row: &Value| (row["kind"].as_str().unwrap().to_owned(), row["entities"].as_u64().unwrap());
        rows.iter().map(count).collect::<Vec<_>>()
    };
    let lake = TestLake::new();
    let folder = folder(&lake);
    let collect = ["inventory", "collect", "--save", folder.to_str().unwrap()];
    let found = entities(&lake, &collect);
    let of = |kind: &str| found.iter().filter(|(name, _)| name == kind).map(|(_, count)| count).sum::<u64>();
    assert_eq!((of("user"), of("role"), of("group"), of("account")), (3, 2, 1, 2), "{found:?}");
    let listed = lake.run(&["inventory", "list", "-o", "json"]);
    assert!(text(&listed.stdout).contains("the configured credentials"), "{}", text(&listed.stdout));
    let elsewhere = TestLake::new();
    assert_eq!(entities(&elsewhere, &["inventory", "import", folder.to_str().unwrap()]), found);
}

#[test]
fn trails_of_all_regions_asked_are_found_once() {
    let Some(moto) = filled_moto("trails_of_all_regions_asked_are_found_once") else { return };
    let server = ScriptedAws::start(Some(&moto.endpoint()), answers_as_aws);
    let lake = TestLake::new();
    let output = collect(&lake, &server.endpoint(), &["--region", "us-east-1", "--region", "eu-west-1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found = document(&lake, ACCOUNT);
    let status: Vec<(&str, &str)> = calls(&found, "GetTrailStatus")
        .iter()
        .map(|call| (call["region"].as_str().unwrap(), call["input"]["Name"].as_str().unwrap()))
        .collect();
    assert_eq!(
        status,
        [
            ("eu-west-1", "arn:aws:cloudtrail:eu-west-1:123456789012:trail/only-there"),
            ("us-east-1", "arn:aws:cloudtrail:us-east-1:123456789012:trail/all-regions"),
        ]
    );
    assert_eq!(calls(&found, "DescribeTrails").len(), 2);
}

#[test]
fn a_role_is_assumed_for_each_account() {
    let Some(moto) = filled_moto("a_role_is_assumed_for_each_account") else { return };
    let server = ScriptedAws::start(Some(&moto.endpoint()), answers_as_aws);
    let lake = TestLake::new();
    let role = |account: &str| format!("arn:aws:iam::{account}:role/reader");
    let (one, other) = (role(ACCOUNT), role("222222222222"));
    let arguments = ["--role-arn", &one, "--role-arn", &other, "--external-id", "secret-handshake"];
    let output = collect(&lake, &server.endpoint(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let assumed: Vec<(String, String)> = server
        .asked()
        .iter()
        .filter(|asked| asked.operation == "AssumeRole")
        .map(|asked| (asked.value("RoleArn").unwrap(), asked.value("ExternalId").unwrap()))
        .collect();
    assert_eq!(assumed, [(one, "secret-handshake".into()), (other, "secret-handshake".into())], "once each");
    assert_eq!(calls(&document(&lake, "222222222222"), "GetAccountAuthorizationDetails").len(), 1);
    assert_eq!(calls(&document(&lake, ACCOUNT), "ListAccessKeys").len(), 3);
}

#[test]
fn a_dry_run_only_asks_who_it_is() {
    let server = ScriptedAws::start(None, |_| Reply::Usual);
    let lake = TestLake::new();
    let mut command = lake.command(&["inventory", "collect", "--dry-run", "-o", "json"]);
    let output = with_settings(&mut command, &server.endpoint()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(rows.len(), 28);
    assert_eq!(
        rows[1],
        json!({
            "account": "111111111111", "caller": "arn:aws:iam::111111111111:user/collector", "regions": "",
            "service": "iam", "operation": "GetAccountAuthorizationDetails",
            "action": "iam:GetAccountAuthorizationDetails", "once_per": "account",
        })
    );
    assert_eq!(server.asked().len(), 1);
    assert!(!lake.folder().exists());
}
