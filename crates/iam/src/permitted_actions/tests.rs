//! Permitted actions over the whole reference: by table, and against the evaluation of single requests.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::policy_evaluation::{Outcome, Policies, Request, RequestContext, RequestedResource, evaluate};
use crate::service_reference::ServiceReference;

fn index() -> ActionIndex {
    ActionIndex::new(&ServiceReference::embedded())
}

fn grant(statements: Value, index: &ActionIndex) -> Grant {
    let document = PolicyDocument::parse(&json!({"Version": "2012-10-17", "Statement": statements})).unwrap();
    Grant::of(&document, index)
}

fn allow(actions: Value, resources: Value) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

#[test]
fn everything_and_nothing() {
    let index = index();
    let all = grant(allow(json!("*"), json!("*")), &index);
    assert_eq!((all.alone().len(), all.unconditional.len(), index.len()), (22_091, 22_091, 22_091));
    let permitted = PermittedActions::of(&[&all], &index);
    assert_eq!(permitted.services(&index).len(), 456);
    let none: [Grant; 0] = [];
    assert!(PermittedActions::of(&none, &index).actions.is_empty());
}

#[test]
fn actions_of_a_statement() {
    let index = index();
    let check = |statement: Value, action: &str, expected: bool| {
        let (namespace, name) = action.split_once(':').unwrap();
        let found = grant(statement.clone(), &index).alone().contains(index.find(namespace, name).unwrap());
        assert_eq!(found, expected, "{statement} {action}");
    };
    check(allow(json!("s3:getobj*"), json!("*")), "s3:GetObjectAcl", true);
    check(allow(json!("s3:*Acl"), json!("*")), "s3:GetObjectAcl", true);
    check(allow(json!("s3:Get?bjectAcl"), json!("*")), "s3:GetObject", false);
    check(allow(json!("*:*"), json!("*")), "sqs:SendMessage", true);
    check(allow(json!("nothing:*"), json!("*")), "sqs:SendMessage", false);
    check(json!({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}), "iam:GetUser", false);
    check(json!({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}), "sts:AssumeRole", true);
    check(allow(json!("*"), json!("arn:aws:s3:::bucket/*")), "s3:GetObject", true);
    check(allow(json!("*"), json!("arn:aws:s3:::bucket")), "s3:GetObject", false);
    check(allow(json!("*"), json!("arn:aws:s3:::bucket")), "s3:ListBucket", true);
    check(allow(json!("*"), json!("arn:aws:s3:::bucket*")), "s3:ListAllMyBuckets", false);
    check(allow(json!("*"), json!("arn:aws:s3:::*")), "sqs:SendMessage", false);
    check(allow(json!("*"), json!("arn:aws-us-gov:sqs:*:*:*")), "sqs:SendMessage", true);
    check(allow(json!("*"), json!("arn:aws:s3:::${aws:username}/*")), "s3:GetObject", true);
    check(json!({"Effect": "Allow", "Action": "s3:*", "NotResource": "*"}), "s3:GetObject", false);
    check(json!({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::secret/*"}), "s3:GetObject", true);
    check(json!({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::*/*"}), "s3:DeleteBucket", true);
    check(json!({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::*"}), "s3:DeleteBucket", false);
    check(json!({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::*"}), "s3:ListAllMyBuckets", true);
}

#[test]
fn only_whole_denials_remove() {
    let index = index();
    let check = |denial: Value, expected: &[&str]| {
        let grants = [
            grant(allow(json!(["sqs:SendMessage", "sns:Publish"]), json!("*")), &index),
            grant(denial.clone(), &index),
        ];
        assert_eq!(PermittedActions::of(&grants, &index).services(&index), expected, "{denial}");
    };
    check(json!({"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}), &["sns"]);
    check(json!({"Effect": "Deny", "NotAction": "sqs:*", "Resource": "*"}), &["sqs"]);
    check(json!({"Effect": "Deny", "Action": "sqs:*", "Resource": ["arn:aws:sqs:*:*:q", "*"]}), &["sns"]);
    check(json!({"Effect": "Deny", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:*"}), &["sns", "sqs"]);
    check(json!({"Effect": "Deny", "Action": "sqs:*", "NotResource": "arn:aws:sqs:*:*:q"}), &["sns", "sqs"]);
    let condition = json!({"Bool": {"aws:SecureTransport": "false"}});
    check(json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}), &["sns", "sqs"]);
}

#[test]
fn which_policy_grants_and_under_which_condition() {
    let index = index();
    let condition = json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
    let grants = [
        grant(json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": condition}), &index),
        grant(allow(json!("sqs:Send*"), json!("*")), &index),
        grant(json!({"Effect": "Deny", "Action": "sqs:PurgeQueue", "Resource": "*"}), &index),
    ];
    let permitted = PermittedActions::of(&grants, &index);
    let actions = permitted.actions_of("sqs", &index);
    let conditional =
        |name: &str| actions.iter().find(|(found, _)| *found == name).map(|(_, unconditional)| !unconditional);
    assert_eq!(conditional("SendMessage"), Some(false));
    assert_eq!(conditional("ReceiveMessage"), Some(true));
    assert_eq!(conditional("PurgeQueue"), None);
    let granted_by = |name: &str| permitted.granted_by(index.find("sqs", name).unwrap(), &grants);
    assert_eq!(granted_by("SendMessage"), [0, 1]);
    assert_eq!(granted_by("ReceiveMessage"), [0]);
    assert_eq!(granted_by("PurgeQueue"), [0usize; 0]);
    assert!(grants[0].alone().contains(index.find("sqs", "PurgeQueue").unwrap()));
}

fn some_statement() -> impl Strategy<Value = Value> {
    let actions = prop::sample::select(vec![
        "*",
        "s3:*",
        "s3:Get*",
        "s3:GetObject",
        "iam:*User*",
        "sqs:?e*",
        "*:List*",
        "s3:*Bucket",
        "ec2:RunInstances",
    ]);
    let effect = prop::sample::select(vec!["Allow", "Allow", "Deny"]);
    (effect, any::<bool>(), prop::collection::vec(actions, 1..4)).prop_map(|(effect, negated, actions)| {
        json!({"Effect": effect, if negated { "NotAction" } else { "Action" }: actions, "Resource": "*"})
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn over_all_resources_permitted_is_what_evaluation_allows(statements in prop::collection::vec(some_statement(), 1..4)) {
        let index = index();
        let document = PolicyDocument::parse(&json!({"Statement": statements})).unwrap();
        let permitted = Grant::of(&document, &index).alone();
        let policies = Policies { identity: vec![&document], ..Policies::default() };
        let context = RequestContext::complete();
        for id in (0..index.len()).step_by(7).map(ActionId) {
            let (namespace, name) = index.action(id);
            let action = format!("{namespace}:{name}");
            let resources = [RequestedResource::None];
            let request = Request { principal: "", action: &action, resources: &resources, context: &context };
            let allowed = evaluate(&policies, &request).outcome == Outcome::Allowed;
            let free = matches!(action.as_str(), "sts:GetCallerIdentity" | "sts:GetSessionToken");
            prop_assert_eq!(permitted.contains(id) || free, allowed, "{} {}", action, json!(statements));
        }
    }
}
