//! What is left of a policy when it grants only what was used: in each statement that allows, the actions become those that
//! were used and that it names; a statement that names none of them goes. Denials, resources and conditions stay as they
//! are, so that the reduced policy never permits what the present one does not.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::policy_document::{Effect, PolicyDocument, PolicyError};

/// A policy beside what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reduction {
    /// None where no statement is left that allows anything.
    pub document: Option<Value>,
    /// Actions that were used and that it allows.
    pub kept: BTreeSet<String>,
    /// The patterns of actions that are in the policy no more, as it writes them; of NotAction with `not ` before it.
    pub removed: Vec<String>,
}

/// Reduces a policy to the actions (`namespace:Action`) that were used.
pub fn reduce(policy: &Value, used: &BTreeSet<String>) -> Result<Reduction, PolicyError> {
    let read = PolicyDocument::parse(policy)?;
    let mut document = policy.clone();
    let member = document.as_object_mut().and_then(|members| {
        members.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("statement")).map(|(_, value)| value)
    });
    let mut reduction = Reduction { document: None, kept: BTreeSet::new(), removed: Vec::new() };
    let Some(member) = member else { return Ok(reduction) };
    let written = match member.take() {
        Value::Array(statements) => statements,
        single => vec![single],
    };
    let mut statements = Vec::new();
    let mut is_allowing = false;
    for (statement, mut written) in read.statements.iter().zip(written) {
        if statement.effect == Effect::Deny {
            statements.push(written);
            continue;
        }
        let names = |action: &&String| {
            let lower = action.to_ascii_lowercase();
            let (service, name) = lower.split_once(':').unwrap_or((&lower, ""));
            statement.actions.patterns.iter().any(|p| p.matches(service, name)) != statement.actions.negated
        };
        let kept: Vec<&String> = used.iter().filter(names).collect();
        let is_kept = |text: &str| kept.iter().any(|action| action.eq_ignore_ascii_case(text));
        let prefix = if statement.actions.negated { "not " } else { "" };
        let gone = statement.actions.patterns.iter().filter(|p| statement.actions.negated || !is_kept(p.text()));
        reduction.removed.extend(gone.map(|pattern| format!("{prefix}{}", pattern.text())));
        if kept.is_empty() {
            continue;
        }
        is_allowing = true;
        if let Some(members) = written.as_object_mut() {
            let is_action =
                |name: &String| name.eq_ignore_ascii_case("action") || name.eq_ignore_ascii_case("notaction");
            let members = std::mem::take(members).into_iter();
            let rewritten = members.map(|(name, value)| match is_action(&name) {
                true => ("Action".to_owned(), json!(kept)),
                false => (name, value),
            });
            written = Value::Object(rewritten.collect());
        }
        reduction.kept.extend(kept.into_iter().cloned());
        statements.push(written);
    }
    *member = Value::Array(statements);
    reduction.document = is_allowing.then_some(document);
    Ok(reduction)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy_evaluation::{Outcome, Policies, Request, RequestContext, RequestedResource, evaluate};

    fn used(actions: &[&str]) -> BTreeSet<String> {
        actions.iter().map(|action| (*action).to_owned()).collect()
    }

    #[test]
    fn wildcards_become_what_was_used() {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": "A", "Effect": "Allow", "Action": ["s3:*", "sqs:SendMessage"], "Resource": "arn:aws:s3:::b/*",
             "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
            {"effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"},
            {"Effect": "Allow", "Action": "ec2:Run*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"},
        ]});
        let found = reduce(&policy, &used(&["s3:GetObject", "sqs:SendMessage", "iam:GetUser"])).unwrap();
        assert_eq!(
            found.document.unwrap()["Statement"],
            json!([
                {"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "sqs:SendMessage"], "Resource": "arn:aws:s3:::b/*",
                 "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
                {"effect": "Allow", "Action": ["s3:GetObject", "sqs:SendMessage"], "Resource": "*"},
                {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"},
            ])
        );
        assert_eq!(found.kept, used(&["s3:GetObject", "sqs:SendMessage"]));
        assert_eq!(found.removed, ["s3:*", "not iam:*", "ec2:Run*"]);
    }

    #[test]
    fn what_nobody_used_is_left_with_nothing() {
        let policy = json!({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}});
        assert_eq!(reduce(&policy, &used(&["ec2:RunInstances"])).unwrap().document, None);
        assert!(reduce(&json!({"Statement": 1}), &used(&[])).is_err());
    }

    const ACTIONS: [&str; 6] =
        ["s3:GetObject", "s3:DeleteObject", "sqs:SendMessage", "ec2:RunInstances", "iam:GetUser", "iam:PassRole"];

    proptest! {
        #[test]
        fn a_reduced_policy_permits_what_was_used_as_before_and_nothing_else(
            statements in prop::collection::vec((any::<bool>(), any::<bool>(),
                prop::collection::vec(prop::sample::select(vec!["*", "s3:*", "s3:Get*", "iam:*", "sqs:SendMessage", "ec2:?unInstances"]), 1..3),
                prop::sample::select(vec!["*", "arn:aws:s3:::b/*"])), 1..4),
            used in prop::collection::btree_set(prop::sample::select(ACTIONS.to_vec()), 0..6),
        ) {
            let statements: Vec<Value> = statements.into_iter().map(|(is_deny, negated, actions, resource)| {
                json!({"Effect": if is_deny { "Deny" } else { "Allow" }, if negated { "NotAction" } else { "Action" }: actions, "Resource": resource})
            }).collect();
            let policy = json!({"Version": "2012-10-17", "Statement": statements});
            let used: BTreeSet<String> = used.into_iter().map(str::to_owned).collect();
            let reduced = reduce(&policy, &used).unwrap().document;
            let outcome = |policy: Option<&Value>, action: &str| {
                let document = policy.map(|policy| PolicyDocument::parse(policy).unwrap());
                let policies = Policies { identity: document.iter().collect(), ..Policies::default() };
                let request = Request { principal: "arn:aws:iam::1:role/R", action, resources: &[RequestedResource::Arn("arn:aws:s3:::b/k")], context: &RequestContext::complete() };
                evaluate(&policies, &request).outcome == Outcome::Allowed
            };
            for action in ACTIONS {
                let (before, after) = (outcome(Some(&policy), action), outcome(reduced.as_ref(), action));
                prop_assert_eq!(after, before && used.contains(action), "{} {:?}", action, reduced);
            }
        }
    }
}
