//! What clients write into the inventory: nothing is lost when many write at once, what is undone leaves no trace, it outlives the
//! server, and no command but `inventory overlay` and the server itself sees it.

use serde_json::{Value, json};

use super::refusals::{post, send};
use super::running_server::RunningServer;
use crate::test_lake::{TestLake, text};

const ACCOUNT: &str = "111111111111";
const DOCUMENT: &str = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
const TRUST: &str =
    r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}"#;

/// A lake whose account has a user, a role and one of AWS's policies.
fn lake() -> TestLake {
    let arn = |rest: &str| format!("arn:aws:iam::{ACCOUNT}:{rest}");
    let details = json!({
        "UserDetailList": [{"Arn": arn("user/Alice"), "UserName": "Alice", "UserId": "AIDAALICE", "Path": "/"}],
        "GroupDetailList": [],
        "RoleDetailList": [{"Arn": arn("role/Deploy"), "RoleName": "Deploy", "RoleId": "AROADEPLOY", "Path": "/",
                            "AttachedManagedPolicies": []}],
        "Policies": [{"Arn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "PolicyName": "ReadOnlyAccess", "Path": "/",
                      "AttachmentCount": 0, "IsAttachable": true, "DefaultVersionId": "v1"}],
    });
    let lake = TestLake::new();
    let file = lake.beside("iam.json");
    std::fs::write(&file, details.to_string()).unwrap();
    // An import of a lake that is not there makes one.
    let output = lake.command(&["inventory", "import"]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    lake
}

fn serve(lake: &TestLake) -> RunningServer {
    RunningServer::start(lake, &["--anonymous", "--as", &format!("arn:aws:iam::{ACCOUNT}:root")])
}

/// Sends an operation with its members; the answer is that of the wire.
fn ask(server: &RunningServer, operation: &str, members: &[(&str, &str)]) -> String {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let members: String = members.iter().map(|(name, value)| format!("&{name}={}", encoded(value))).collect();
    send(server, &post("127.0.0.1", "", &format!("Action={operation}&Version=2010-05-08{members}")))
}

fn done(server: &RunningServer, operation: &str, members: &[(&str, &str)]) {
    let answer = ask(server, operation, members);
    assert!(answer.starts_with("HTTP/1.1 200"), "{operation} {members:?}: {answer}");
}

/// The account as the server tells it, without the id of the request.
fn account(server: &RunningServer) -> String {
    let answer = ask(server, "GetAccountAuthorizationDetails", &[]);
    let (_, rest) = answer.split_once("<GetAccountAuthorizationDetailsResult>").unwrap();
    rest.split_once("</GetAccountAuthorizationDetailsResult>").unwrap().0.to_owned()
}

fn rows(lake: &TestLake, arguments: &[&str]) -> Vec<Value> {
    let output = lake.command(&["--quiet", "-o", "json"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn writes_at_once_are_all_kept() {
    let lake = lake();
    let server = serve(&lake);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let server = &server;
            scope.spawn(move || {
                for round in 0..2 {
                    let name = format!("policy-{writer}-{round}");
                    let members = [("RoleName", "Deploy"), ("PolicyName", name.as_str()), ("PolicyDocument", DOCUMENT)];
                    done(server, "PutRolePolicy", &members);
                }
            });
        }
    });
    let names = ask(&server, "ListRolePolicies", &[("RoleName", "Deploy")]);
    assert_eq!(names.matches("<member>policy-").count(), 16, "{names}");
    let created = std::thread::scope(|scope| {
        let create = |name: &'static str| {
            let server = &server;
            scope.spawn(move || ask(server, "CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", TRUST)]))
        };
        let asked = ["Once", "once", "ONCE", "oNce", "onCe", "oncE", "OnCe", "oNcE"].map(create);
        asked.map(|answer| answer.join().unwrap())
    });
    let is = |begin: &str| created.iter().filter(|answer| answer.starts_with(begin)).count();
    assert_eq!((is("HTTP/1.1 200"), is("HTTP/1.1 409")), (1, 7), "{created:?}");
    assert!(server.stop());
}

#[test]
fn a_role_has_ten_attached_policies_at_most() {
    let lake = lake();
    let server = serve(&lake);
    let attach = |number: usize| {
        let name = format!("policy-{number}");
        let arn = format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
        ask(&server, "CreatePolicy", &[("PolicyName", &name), ("PolicyDocument", DOCUMENT)]);
        ask(&server, "AttachRolePolicy", &[("RoleName", "Deploy"), ("PolicyArn", &arn)])
    };
    (0..10).for_each(|number| assert!(attach(number).starts_with("HTTP/1.1 200"), "{number}"));
    let refused = attach(10);
    assert!(refused.starts_with("HTTP/1.1 409") && refused.contains("<Code>LimitExceeded</Code>"), "{refused}");
    assert!(attach(9).starts_with("HTTP/1.1 200"), "what is attached already may be attached again");
    assert!(server.stop());
}

/// Two requests, the second of which undoes the first.
type Undone<'a> = [(&'a str, &'a [(&'a str, &'a str)]); 2];

#[test]
fn what_is_undone_leaves_no_trace() {
    let lake = lake();
    let server = serve(&lake);
    let before = account(&server);
    let read_only = ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    let (alice, deploy, own, new) = (("UserName", "Alice"), ("RoleName", "Deploy"), ("PolicyName", "own"), "New");
    let document = ("PolicyDocument", DOCUMENT);
    let steps: [Undone; 6] = [
        [("AttachUserPolicy", &[alice, read_only]), ("DetachUserPolicy", &[alice, read_only])],
        [("PutUserPolicy", &[alice, own, document]), ("DeleteUserPolicy", &[alice, own])],
        [("AttachRolePolicy", &[deploy, read_only]), ("DetachRolePolicy", &[deploy, read_only])],
        [("PutRolePolicy", &[deploy, own, document]), ("DeleteRolePolicy", &[deploy, own])],
        [
            ("CreateRole", &[("RoleName", new), ("AssumeRolePolicyDocument", TRUST)]),
            ("DeleteRole", &[("RoleName", new)]),
        ],
        [
            ("CreatePolicy", &[("PolicyName", new), document]),
            ("DeletePolicy", &[("PolicyArn", "arn:aws:iam::111111111111:policy/New")]),
        ],
    ];
    // Every choice of them, undone backwards and forwards.
    for choice in 1_u32..1 << steps.len() {
        let chosen: Vec<&Undone> =
            steps.iter().enumerate().filter(|(index, _)| choice >> index & 1 == 1).map(|(_, step)| step).collect();
        chosen.iter().for_each(|[(operation, members), _]| done(&server, operation, members));
        assert_ne!(account(&server), before, "{choice:b}");
        let undo = |step: &&Undone| done(&server, step[1].0, step[1].1);
        if choice % 2 == 0 {
            chosen.iter().for_each(undo)
        } else {
            chosen.iter().rev().for_each(undo)
        }
        assert_eq!(account(&server), before, "{choice:b}");
    }
    assert_eq!(rows(&lake, &["inventory", "overlay", "list"]), Vec::<Value>::new());
    assert!(server.stop());
}

#[test]
fn the_overlay_outlives_the_server_and_no_other_command_reads_it() {
    let lake = lake();
    let shown = rows(&lake, &["inventory", "show"]);
    let server = serve(&lake);
    done(&server, "CreateRole", &[("RoleName", "Virtual"), ("AssumeRolePolicyDocument", TRUST)]);
    done(&server, "DeleteRole", &[("RoleName", "Deploy")]);
    let written = account(&server);
    assert!(server.stop());
    let server = serve(&lake);
    assert_eq!(account(&server), written);
    assert!(written.contains("role/Virtual") && !written.contains("role/Deploy"), "{written}");
    assert_eq!(rows(&lake, &["inventory", "show"]), shown);
    let listed = rows(&lake, &["inventory", "overlay", "list", "--account", ACCOUNT]);
    let listed: Vec<Value> =
        listed.iter().map(|row| json!([row["kind"], row["name"], row["state"], row["written_by"]])).collect();
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    assert_eq!(json!(listed), json!([["role", "Deploy", "deleted", root], ["role", "Virtual", "written", root]]));
    assert_eq!(rows(&lake, &["inventory", "overlay", "list", "--account", "222222222222"]), Vec::<Value>::new());
    assert_eq!(rows(&lake, &["inventory", "overlay", "clear"]), [json!({"cleared": 2})]);
    let cleared = account(&server);
    assert!(!cleared.contains("role/Virtual") && cleared.contains("role/Deploy"), "{cleared}");
    assert!(server.stop());
}
