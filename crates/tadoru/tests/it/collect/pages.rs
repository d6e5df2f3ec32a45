//! Long answers come in pages, busy services throttle, and some are not there for a moment: one answer all the same.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::scripted_aws::{ACCOUNT, Asked, Reply, ScriptedAws};
use super::{calls, collect, document, row};
use crate::test_lake::{TestLake, text};

fn user(name: &str) -> String {
    format!("<member><UserName>{name}</UserName><UserPolicyList/></member>")
}

/// One page of users, and of keys, at a time.
fn paged(asked: &Asked) -> Reply {
    let marker = asked.value("Marker");
    let more = "<IsTruncated>true</IsTruncated><Marker>second/=</Marker>";
    let last = "<IsTruncated>false</IsTruncated>";
    match (asked.operation.as_str(), marker.as_deref()) {
        ("GetAccountAuthorizationDetails", None) => {
            Reply::Xml(format!("<UserDetailList>{}</UserDetailList><Policies/>{more}", user("alice")))
        }
        ("GetAccountAuthorizationDetails", Some("second/=")) => {
            Reply::Xml(format!("<UserDetailList>{}</UserDetailList><RoleDetailList/>{last}", user("bob")))
        }
        ("ListAccessKeys", _) => {
            let name = asked.value("UserName").unwrap();
            let key = |suffix: &str| {
                format!(
                    "<AccessKeyMetadata><member><AccessKeyId>AKIA{name}{suffix}</AccessKeyId></member></AccessKeyMetadata>"
                )
            };
            Reply::Xml(if marker.is_none() { key("1") + more } else { key("2") + last })
        }
        ("DescribeOrganization", _) => Reply::Json(json!({ "Organization": { "MasterAccountId": ACCOUNT } })),
        ("ListRoots", _) => Reply::Json(json!({ "Roots": [{ "Id": "r-root" }] })),
        ("ListAccountsForParent", _) if asked.value("NextToken").is_none() => {
            Reply::Json(json!({ "Accounts": [{ "Id": "1", "JoinedTimestamp": 1_598_320_415.5 }], "NextToken": "n" }))
        }
        ("ListAccountsForParent", _) => Reply::Json(json!({ "Accounts": [{ "Id": "2" }], "NextToken": null })),
        ("ListOrganizationalUnitsForParent", _) => Reply::Json(json!({ "OrganizationalUnits": [] })),
        ("ListPolicies", _) => Reply::Json(json!({ "Policies": [] })),
        _ => Reply::Usual,
    }
}

#[test]
fn pages_are_one_answer() {
    let server = ScriptedAws::start(None, paged);
    let lake = TestLake::new();
    let output = collect(&lake, &server.endpoint(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document = document(&lake, ACCOUNT);
    let details = calls(&document, "GetAccountAuthorizationDetails");
    assert_eq!(details.len(), 1);
    assert_eq!(
        (&details[0]["input"], &details[0]["output"]),
        (
            &json!({}),
            &json!({
                "UserDetailList": [
                    { "UserName": "alice", "UserPolicyList": [] },
                    { "UserName": "bob", "UserPolicyList": [] },
                ],
                "Policies": [],
                "RoleDetailList": [],
            })
        )
    );
    let keys = calls(&document, "ListAccessKeys");
    let inputs: Vec<_> = keys.iter().map(|call| call["input"]["UserName"].as_str().unwrap()).collect();
    assert_eq!(inputs, ["alice", "bob"], "in the order of the users");
    assert_eq!(
        keys[1]["output"],
        json!({ "AccessKeyMetadata": [{ "AccessKeyId": "AKIAbob1" }, { "AccessKeyId": "AKIAbob2" }] })
    );
    assert_eq!(
        calls(&document, "ListAccountsForParent")[0]["output"],
        json!({ "Accounts": [{ "Id": "1", "JoinedTimestamp": "2020-08-25T01:53:35.500000+00:00" }, { "Id": "2" }] })
    );
}

#[test]
fn the_same_token_for_ever_is_an_error() {
    let server = ScriptedAws::start(None, |asked| match asked.operation.as_str() {
        "ListInstances" => Reply::Json(json!({ "Instances": [], "NextToken": "again" })),
        _ => Reply::Usual,
    });
    let output = collect(&TestLake::new(), &server.endpoint(), &[]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("sso:ListInstances") && said.contains("two pages have the same token"), "{said}");
    assert_eq!(server.times("ListInstances"), 2);
}

#[test]
fn throttling_and_errors_of_the_server_are_waited_out() {
    let [details, trails, roots] = [AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0)];
    let server = ScriptedAws::start(None, move |asked| {
        let (counter, reply) = match asked.operation.as_str() {
            "GetAccountAuthorizationDetails" => (&details, Reply::Error(400, "Throttling", "Rate exceeded")),
            "DescribeTrails" => (&trails, Reply::Raw(502, "<html>bad gateway</html>")),
            "DescribeOrganization" => (&roots, Reply::Error(400, "TooManyRequestsException", "slow down")),
            _ => return Reply::Usual,
        };
        if counter.fetch_add(1, Ordering::Relaxed) < 2 { reply } else { Reply::Usual }
    });
    let lake = TestLake::new();
    let output = collect(&lake, &server.endpoint(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for operation in ["GetAccountAuthorizationDetails", "DescribeTrails", "DescribeOrganization"] {
        assert_eq!(server.times(operation), 3, "{operation}");
    }
    assert_eq!(row(&output)["requests"], 10, "repetitions by the SDK are not counted");
}

#[test]
fn a_credential_report_is_waited_for() {
    let times = AtomicUsize::new(0);
    let server = ScriptedAws::start(None, move |asked| match asked.operation.as_str() {
        "GenerateCredentialReport" => Reply::Xml(match times.fetch_add(1, Ordering::Relaxed) {
            0 => "<State>STARTED</State><Description>No report exists</Description>".into(),
            1 => "<State>INPROGRESS</State>".into(),
            _ => "<State>COMPLETE</State>".into(),
        }),
        _ => Reply::Usual,
    });
    let lake = TestLake::new();
    assert_eq!(collect(&lake, &server.endpoint(), &[]).status.code(), Some(0));
    assert_eq!(server.times("GenerateCredentialReport"), 3);
    let document = document(&lake, ACCOUNT);
    assert_eq!(calls(&document, "GetCredentialReport")[0]["output"]["Content"], "user,arn\n");
    assert!(calls(&document, "GenerateCredentialReport").is_empty(), "only what came of it is kept");
}
