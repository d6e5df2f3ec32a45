//! The condition keys of a request. A key is known with its values, known to be absent, or not known at all: a log tells
//! some keys, and is silent on others that the request may well have had.

use std::collections::BTreeMap;

use crate::arn::Arn;
use crate::policy_document::pattern::VariableValue;

/// What is known about one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence<'a> {
    /// The request has these values for it.
    Values(&'a [String]),
    /// The request does not have it.
    Absent,
    /// Whether it has, and which values, is not known.
    Unknown,
}

/// Condition keys with what is known about them; keys have no letter case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestContext {
    keys: BTreeMap<String, Option<Vec<String>>>,
    is_complete: bool,
}

impl RequestContext {
    /// A context of which only part is known: keys that are not named are unknown.
    pub fn partial() -> Self {
        Self { keys: BTreeMap::new(), is_complete: false }
    }

    /// A context that is known entirely: keys that are not named are absent.
    pub fn complete() -> Self {
        Self { keys: BTreeMap::new(), is_complete: true }
    }

    /// The keys that follow from the ARN of the user or role that calls
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>). Others are unknown.
    pub fn of_principal(principal: &str) -> Self {
        let mut context = Self::partial();
        context.set("aws:PrincipalIsAWSService", ["false"]);
        context.set_absent("aws:PrincipalServiceName");
        context.set_absent("aws:PrincipalServiceNamesList");
        let Some(arn) = Arn::parse(principal).filter(Arn::is_principal) else { return context };
        context.set("aws:PrincipalAccount", [arn.account]);
        // A session has the ARN of its role for this key, with a path that its own ARN does not tell.
        if arn.service == "iam" || arn.role_name().is_none() {
            context.set("aws:PrincipalArn", [principal]);
        }
        let kind = if arn.is_root() {
            "Account"
        } else if arn.role_name().is_some() {
            "AssumedRole"
        } else if arn.session_name().is_some() {
            "FederatedUser"
        } else {
            "User"
        };
        context.set("aws:PrincipalType", [kind]);
        match arn.user_name() {
            Some(name) => context.set("aws:username", [name]),
            None => context.set_absent("aws:username"),
        }
        context
    }

    /// Sets the values of a key.
    pub fn set<V: Into<String>>(&mut self, key: &str, values: impl IntoIterator<Item = V>) {
        let values = values.into_iter().map(Into::into).collect();
        self.keys.insert(key.to_ascii_lowercase(), Some(values));
    }

    /// Says that the request does not have a key.
    pub fn set_absent(&mut self, key: &str) {
        self.keys.insert(key.to_ascii_lowercase(), None);
    }

    /// What is known about a key, given in lower case.
    pub fn get(&self, lower_key: &str) -> Presence<'_> {
        match self.keys.get(lower_key) {
            Some(Some(values)) => Presence::Values(values),
            Some(None) => Presence::Absent,
            None if self.is_complete => Presence::Absent,
            None => Presence::Unknown,
        }
    }

    /// What stands for a variable of that key. A key with several values is no variable, and an empty value is none
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>).
    pub(crate) fn variable(&self, lower_key: &str) -> VariableValue<'_> {
        match self.get(lower_key) {
            Presence::Values([single]) if !single.is_empty() => VariableValue::Known(single),
            Presence::Values(_) | Presence::Absent => VariableValue::Absent,
            Presence::Unknown => VariableValue::Unknown,
        }
    }
}
