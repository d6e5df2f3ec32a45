//! What the evaluation of an action looks at: whether resources matter, and which condition keys. Who replays millions of
//! calls asks this first, and then reads and tells apart only what makes a difference.

use std::collections::BTreeSet;

use super::Policies;
use crate::policy_document::{PolicyDocument, ResourcePattern};

/// What decides, beyond the action itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// A statement on the action names resources other than `*`.
    pub resources: bool,
    /// The condition keys that statements on the action ask for, in lower case.
    pub keys: BTreeSet<String>,
}

impl Needs {
    /// What both look at.
    pub fn join(&mut self, other: Self) {
        self.resources |= other.resources;
        self.keys.extend(other.keys);
    }
}

impl<'a> Policies<'a> {
    /// Every document of every layer.
    fn documents(&self) -> impl Iterator<Item = &'a PolicyDocument> + '_ {
        let service_control = self.service_control.iter().flatten();
        self.identity.iter().chain(self.boundary.iter()).chain(service_control).copied()
    }

    /// What the evaluation of an action (`s3:GetObject`, in any letter case) looks at.
    pub fn needs(&self, action: &str) -> Needs {
        let action = action.to_ascii_lowercase();
        let (service, name) = action.split_once(':').unwrap_or((&action, ""));
        let mut needs = Needs::default();
        for statement in self.documents().flat_map(|document| &document.statements) {
            let actions = &statement.actions;
            if actions.patterns.iter().any(|pattern| pattern.matches(service, name)) == actions.negated {
                continue;
            }
            if let Some(resources) = &statement.resources {
                needs.resources |= !resources.patterns.iter().any(ResourcePattern::is_any);
                let variables = resources.patterns.iter().flat_map(ResourcePattern::variables);
                needs.keys.extend(variables.map(|(key, _)| key.to_owned()));
            }
            needs.keys.extend(statement.conditions.iter().flat_map(|c| c.keys()).map(str::to_owned));
        }
        needs
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_statements_on_the_action_are_looked_at() {
        let document = PolicyDocument::parse(&json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::${aws:username}/*"},
            {"Effect": "Allow", "Action": ["ec2:*", "sqs:*"], "Resource": "*"},
            {"Effect": "Deny", "NotAction": ["s3:*", "ec2:*"], "Resource": "*",
             "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}},
        ]}))
        .unwrap();
        let policies = Policies { identity: vec![&document], ..Policies::default() };
        let check = |action: &str, resources: bool, keys: &[&str]| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            assert_eq!(policies.needs(action), Needs { resources, keys }, "{action}");
        };
        check("s3:GetObject", true, &["aws:username"]);
        check("EC2:RunInstances", false, &[]);
        check("sqs:SendMessage", false, &["aws:requestedregion"]);
        check("s3:PutObject", false, &[]);
    }
}
