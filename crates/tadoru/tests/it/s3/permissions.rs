//! The policy that `tadoru permissions` prints covers each call that ingest makes, and holds no action that it does not.

use std::collections::BTreeSet;

use serde_json::Value;

use super::moto_server::MotoServer;
use super::{BUCKET, command, some_objects, summary};
use crate::test_lake::{TestLake, program, text};

const ROLE: &str = "arn:aws:iam::123456789012:role/logs-reader";

fn policy(arguments: &[&str]) -> Value {
    let output = program().args(["permissions", "--for", "ingest"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether a pattern of IAM, with `*`, fits.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            rest.is_empty() || text.char_indices().any(|(at, _)| fits(rest, &text[at..])) || fits(rest, "")
        }),
    }
}

/// The IAM action and resource of a call, and the prefix where it lists.
fn needed(method: &str, target: &str) -> (&'static str, String, Option<String>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let key = path.strip_prefix(&format!("/{BUCKET}")).map(|key| key.trim_start_matches('/'));
    match (method, key) {
        ("POST", None) if path == "/" => ("sts:AssumeRole", ROLE.to_owned(), None),
        ("GET", Some("")) if query.contains("list-type=2") => {
            let prefix = query.split('&').find_map(|pair| pair.strip_prefix("prefix=")).unwrap_or_default();
            let prefix = cloudtrail::object_key::decode_notification_key(prefix).into_owned();
            ("s3:ListBucket", format!("arn:aws:s3:::{BUCKET}"), Some(prefix))
        }
        ("GET", Some(key)) if !query.contains("list-type") => {
            let key = key.split('?').next().unwrap_or_default();
            ("s3:GetObject", format!("arn:aws:s3:::{BUCKET}/{key}"), None)
        }
        _ => panic!("ingest makes a call that no permission is known for: {method} {target}"),
    }
}

fn is_granted(policy: &Value, action: &str, resource: &str, prefix: Option<&str>) -> bool {
    policy["Statement"].as_array().unwrap().iter().any(|statement| {
        let prefixes = statement["Condition"]["StringLike"]["s3:prefix"].as_array();
        let is_in_prefix = prefixes.is_none_or(|patterns| {
            patterns.iter().any(|pattern| fits(pattern.as_str().unwrap(), prefix.unwrap_or_default()))
        });
        statement["Action"] == action && fits(statement["Resource"].as_str().unwrap(), resource) && is_in_prefix
    })
}

#[test]
fn the_least_policy_covers_each_call_and_each_action_is_used() {
    let Some(mut server) = MotoServer::start("the_least_policy_covers_each_call_and_each_action_is_used") else {
        return;
    };
    some_objects(8).iter().for_each(|object| server.put(&format!("org/{}", object.key), &object.bytes));
    for url in [format!("s3://{BUCKET}/org"), format!("s3://{BUCKET}/org/AWSLogs/"), format!("s3://{BUCKET}")] {
        let lake = TestLake::new();
        let arguments = ["ingest", &url, "--role-arn", ROLE, "--external-id", "x", "-o", "jsonl"];
        let found = summary(&command(&lake, &server.endpoint(), &arguments).output().unwrap());
        assert_eq!(found["files"], 8, "{url}");
        let policy = policy(&[&url, "--role-arn", ROLE]);
        let mut used = BTreeSet::new();
        for (method, target) in server.requests() {
            let (action, resource, prefix) = needed(&method, &target);
            assert!(is_granted(&policy, action, &resource, prefix.as_deref()), "{method} {target} under\n{policy:#}");
            used.insert(action.to_owned());
        }
        let printed: BTreeSet<String> = policy["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .map(|statement| statement["Action"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(printed, used, "{url}");
    }
}

#[test]
fn a_key_adds_its_statement() {
    let key = "arn:aws:kms:eu-west-1:123456789012:key/0f1c2d3e";
    let found = policy(&["s3://trail-bucket/AWSLogs", "--kms-key", key]);
    assert!(is_granted(&found, "kms:Decrypt", key, None), "{found}");
    assert!(!is_granted(&found, "s3:GetObject", "arn:aws:s3:::trail-bucket/other", None));
    assert!(!is_granted(&found, "s3:ListBucket", "arn:aws:s3:::trail-bucket", Some("other/")));
}
