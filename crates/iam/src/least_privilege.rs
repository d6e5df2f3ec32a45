//! Least-privilege policies made from what was used: the document in the form of Access Analyzer, with resources where they
//! are wanted; documents no larger than IAM takes; and, in `reduction`, what is left of a policy that grants more.

mod reduction;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::policy_document::counted_characters;
pub use reduction::{Reduction, reduce};

/// Managed policies that a user, group or role can have
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const ATTACHED_POLICIES: usize = 10;

/// What is added besides what the log shows, as a statement of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Companion {
    /// Says in the document what it is.
    pub sid: &'static str,
    pub actions: Vec<&'static str>,
    pub resources: BTreeSet<String>,
}

/// The document that allows each action (`namespace:Action`) on its resources, `*` where it has none: one statement for
/// each set of resources, that of `*` first, named as Access Analyzer does. None for no actions: IAM takes no statement
/// without any.
pub fn document(actions: &BTreeMap<String, BTreeSet<String>>, companions: &[Companion]) -> Option<Value> {
    let mut by_resources: BTreeMap<&BTreeSet<String>, Vec<&String>> = BTreeMap::new();
    for (action, resources) in actions {
        by_resources.entry(resources).or_default().push(action);
    }
    let mut statements: Vec<Value> = Vec::new();
    for (number, (resources, actions)) in by_resources.into_iter().enumerate() {
        statements.push(json!({
            "Sid": format!("SupportedServiceSid{number}"),
            "Effect": "Allow",
            "Action": actions,
            "Resource": resource_value(resources),
        }));
    }
    if statements.is_empty() {
        return None;
    }
    statements.extend(companions.iter().map(|companion| {
        json!({
            "Sid": companion.sid,
            "Effect": "Allow",
            "Action": companion.actions,
            "Resource": resource_value(&companion.resources),
        })
    }));
    Some(of_statements(statements))
}

fn resource_value(resources: &BTreeSet<String>) -> Value {
    match resources.len() {
        0 => json!("*"),
        1 => json!(resources.first()),
        _ => json!(resources),
    }
}

fn of_statements(statements: Vec<Value>) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// The document's statements over as few documents as take no more than `limit` characters each. A statement that is too
/// large by itself is cut in its actions, else in its resources; what allows the same stays in that order. One that cannot be
/// cut further has a document of its own.
pub fn split(document: &Value, limit: usize) -> Vec<Value> {
    if counted_characters(document) <= limit {
        return vec![document.clone()];
    }
    let statements = document.get("Statement").and_then(Value::as_array).cloned().unwrap_or_default();
    let room = limit.saturating_sub(counted_characters(&of_statements(Vec::new())));
    let mut documents: Vec<Vec<Value>> = Vec::new();
    let mut left = 0;
    for statement in statements.into_iter().flat_map(|statement| named_apart(cut(statement, room))) {
        // With the comma before it.
        let size = counted_characters(&statement) + 1;
        match documents.last_mut() {
            Some(last) if size <= left => {
                last.push(statement);
                left -= size;
            }
            _ => {
                documents.push(vec![statement]);
                left = (room + 1).saturating_sub(size);
            }
        }
    }
    documents.into_iter().map(of_statements).collect()
}

/// Characters that the name of a piece may add: two statements of a document cannot share one.
const NAME_ROOM: usize = 6;

fn named_apart(mut pieces: Vec<Value>) -> Vec<Value> {
    for (number, piece) in pieces.iter_mut().enumerate().skip(1) {
        if let Some(sid) = piece.get("Sid").and_then(Value::as_str) {
            piece["Sid"] = json!(format!("{sid}x{number}"));
        }
    }
    pieces
}

/// A statement as several that have room, by halves of its list of actions, else of resources.
fn cut(statement: Value, room: usize) -> Vec<Value> {
    if counted_characters(&statement) + NAME_ROOM <= room {
        return vec![statement];
    }
    let length = |member: &str| statement.get(member).and_then(Value::as_array).map_or(0, Vec::len);
    let member = if length("Action") > 1 { "Action" } else { "Resource" };
    let Some(items) = statement.get(member).and_then(Value::as_array).filter(|items| items.len() > 1) else {
        return vec![statement];
    };
    let (first, second) = items.split_at(items.len() / 2);
    let half = |items: &[Value]| {
        let mut half = statement.clone();
        half[member] = json!(items);
        half
    };
    let (first, second) = (half(first), half(second));
    cut(first, room).into_iter().chain(cut(second, room)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn used(actions: &[(&str, &[&str])]) -> BTreeMap<String, BTreeSet<String>> {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        actions.iter().map(|(action, resources)| ((*action).to_owned(), texts(resources))).collect()
    }

    #[test]
    fn actions_of_the_same_resources_share_a_statement() {
        assert_eq!(document(&BTreeMap::new(), &[]), None);
        let plain = document(&used(&[("sts:GetCallerIdentity", &[]), ("s3:GetObject", &[])]), &[]).unwrap();
        assert_eq!(
            plain.to_string(),
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"SupportedServiceSid0","Effect":"Allow","Action":["s3:GetObject","sts:GetCallerIdentity"],"Resource":"*"}]}"#
        );
        let role: BTreeSet<String> = ["arn:aws:iam::1:role/R".to_owned()].into();
        let companion = Companion { sid: "CompanionPassRole", actions: vec!["iam:PassRole"], resources: role };
        let actions = used(&[
            ("s3:GetObject", &["arn:b/1", "arn:b/2"]),
            ("s3:PutObject", &["arn:b/1", "arn:b/2"]),
            ("ec2:DescribeVpcs", &[]),
        ]);
        let found = document(&actions, &[companion]).unwrap();
        assert_eq!(
            found["Statement"],
            json!([
                {"Sid": "SupportedServiceSid0", "Effect": "Allow", "Action": ["ec2:DescribeVpcs"], "Resource": "*"},
                {"Sid": "SupportedServiceSid1", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:b/1", "arn:b/2"]},
                {"Sid": "CompanionPassRole", "Effect": "Allow", "Action": ["iam:PassRole"], "Resource": "arn:aws:iam::1:role/R"},
            ])
        );
    }

    /// What the documents allow, as pairs of action and resource, sorted.
    fn pairs(documents: &[Value]) -> Vec<(String, String)> {
        let list = |value: &Value| match value {
            Value::Array(items) => items.clone(),
            one => vec![one.clone()],
        };
        let mut pairs = Vec::new();
        for statement in documents.iter().flat_map(|document| document["Statement"].as_array().unwrap().clone()) {
            for action in list(&statement["Action"]) {
                pairs.extend(list(&statement["Resource"]).iter().map(|r| (action.to_string(), r.to_string())));
            }
        }
        pairs.sort();
        pairs
    }

    proptest! {
        #[test]
        fn what_is_split_allows_the_same_in_documents_that_fit(
            actions in prop::collection::btree_map("[a-z]{2,8}:[A-Z][a-z]{3,20}", prop::collection::btree_set("arn:[a-z]{5,30}", 0..12), 1..60),
            limit in 300..2_000_usize,
        ) {
            let whole = document(&actions, &[]).unwrap();
            let documents = split(&whole, limit);
            prop_assert_eq!(pairs(&documents), pairs(std::slice::from_ref(&whole)));
            for document in &documents {
                prop_assert!(counted_characters(document) <= limit, "{} > {}", counted_characters(document), limit);
                let sids: Vec<&Value> = document["Statement"].as_array().unwrap().iter().map(|s| &s["Sid"]).collect();
                let distinct: BTreeSet<String> = sids.iter().map(|sid| sid.to_string()).collect();
                prop_assert_eq!(distinct.len(), sids.len(), "{:?}", sids);
            }
        }
    }
}
