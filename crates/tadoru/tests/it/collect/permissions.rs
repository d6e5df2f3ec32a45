//! The policy that `tadoru permissions --for collect` prints covers each call that collecting makes, and holds no action that
//! it does not.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::scripted_aws::ScriptedAws;
use super::whole_account::answers_as_aws;
use super::{collect, command as command_of, filled_moto};
use crate::reference::{python, workspace};
use crate::test_lake::{TestLake, program, text};

const ROLE: &str = "arn:aws:iam::123456789012:role/reader";

fn actions(arguments: &[&str]) -> BTreeSet<String> {
    let output = program().args(["permissions", "--for", "collect"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let policy: Value = serde_json::from_slice(&output.stdout).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let listed = statements.iter().flat_map(|statement| match &statement["Action"] {
        Value::Array(actions) => actions.clone(),
        one => vec![one.clone()],
    });
    listed.map(|action| action.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_least_policy_is_what_collecting_calls() {
    let Some(moto) = filled_moto("the_least_policy_is_what_collecting_calls") else { return };
    let server = ScriptedAws::start(Some(&moto.endpoint()), answers_as_aws);
    let output = collect(&TestLake::new(), &server.endpoint(), &["--role-arn", ROLE]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let asked = server.asked();
    let mut called: BTreeSet<String> =
        asked.iter().map(|asked| format!("{}:{}", asked.service, asked.operation)).collect();
    // AWS: "No permissions are required to perform this operation."
    assert!(called.remove("sts:GetCallerIdentity"));
    assert_eq!(actions(&["--role-arn", ROLE]), called);
    assert!(called.remove("sts:AssumeRole"));
    assert_eq!(actions(&[]), called);
}

#[test]
fn a_bucket_is_not_collected() {
    let output = program().args(["permissions", "--for", "collect", "s3://bucket"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: inventory collect reads no bucket and no key\n  why: "));
}

/// Moto checks signatures and permissions here, each as AWS does.
#[test]
fn with_the_least_policy_everything_is_collected_and_with_less_it_is_not() {
    let test = "with_the_least_policy_everything_is_collected_and_with_less_it_is_not";
    let least = text(&program().args(["permissions", "--for", "collect"]).output().unwrap().stdout);
    let without = least.replace("\"iam:ListAccessKeys\",", "");
    assert_ne!(least, without);
    let collect_with = |policy: &str, secret: Option<&str>| {
        let moto = filled_moto(test)?;
        let mut command = Command::new(python().expect("moto runs with it"));
        let script = workspace().join("tests/moto/add_collector.py");
        let added = command.arg("-B").arg(script).args([&moto.endpoint(), policy]).output().unwrap();
        assert!(added.status.success(), "{}", text(&added.stderr));
        let made = text(&added.stdout);
        let (id, key) = made.trim().split_once(' ').unwrap();
        let lake = TestLake::new();
        let mut command = command_of(&lake, &moto.endpoint(), &[]);
        command.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret.unwrap_or(key));
        let output = command.output().unwrap();
        Some((output.status.code().unwrap(), text(&output.stderr)))
    };
    let check = |found: Option<(i32, String)>, code: i32, part: &str| {
        let Some((exit, said)) = found else { return };
        assert_eq!(exit, code, "{said}");
        assert!(said.contains(part), "{said}");
    };
    check(collect_with(&least, None), 0, " answers in ");
    check(collect_with(&without, None), 5, "not collected: iam:ListAccessKeys on UserName=alice");
    check(collect_with(&least, Some("another secret")), 4, "SignatureDoesNotMatch");
}
