//! Policy documents as IAM takes them and as Access Analyzer writes them: today one that allows a set of actions. Which
//! actions those are is told by the questions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Characters of a managed policy that count, that is without white space
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const MANAGED_POLICY_CHARACTERS: usize = 6_144;

/// The document that allows these actions (`namespace:Action`) on every resource, in the form that Access Analyzer gives
/// a policy for services whose actions it knows. None for no actions: IAM takes no statement without any.
pub fn allowing(actions: &BTreeSet<String>) -> Option<Value> {
    if actions.is_empty() {
        return None;
    }
    Some(json!({
        "Version": "2012-10-17",
        "Statement": [{"Sid": "SupportedServiceSid0", "Effect": "Allow", "Action": actions, "Resource": "*"}],
    }))
}

/// How many characters of the document count against IAM's limits.
pub fn counted_characters(document: &Value) -> usize {
    document.to_string().chars().filter(|character| !character.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_sorted_by_action() {
        let actions = BTreeSet::from(["sts:GetCallerIdentity", "s3:GetObject", "iam:PassRole"].map(str::to_owned));
        let document = allowing(&actions).unwrap();
        assert_eq!(
            document.to_string(),
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"SupportedServiceSid0","Effect":"Allow","Action":["iam:PassRole","s3:GetObject","sts:GetCallerIdentity"],"Resource":"*"}]}"#
        );
        assert_eq!(counted_characters(&document), document.to_string().len());
        assert_eq!(allowing(&BTreeSet::new()), None);
    }
}
