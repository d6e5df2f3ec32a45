//! Policy documents as IAM takes them and as Access Analyzer writes them. Read, a document is statements with compiled
//! patterns, in the order in which they stand; what it allows is told by `policy_evaluation` for one request and by
//! `permitted_actions` for all actions at once.

mod action_pattern;
mod condition;
mod json_text;
pub(crate) mod pattern;
mod resource_pattern;
mod syntax;
pub mod written;

use serde_json::Value;

pub use action_pattern::ActionPattern;
pub use condition::{Comparison, Condition, Operator, Order, Quantifier};
pub(crate) use condition::{Compiled, Value as ConditionValue};
pub use resource_pattern::ResourcePattern;
pub use syntax::PolicyError;

/// Characters of a managed policy that count, that is without white space
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const MANAGED_POLICY_CHARACTERS: usize = 6_144;
/// The same of all policies inside of a role together.
pub const ROLE_POLICIES_CHARACTERS: usize = 10_240;
/// The same of all policies inside of a user together.
pub const USER_POLICIES_CHARACTERS: usize = 2_048;
/// The same of a role's trust policy, as long as nobody asks AWS for more.
pub const TRUST_POLICY_CHARACTERS: usize = 2_048;

/// A policy that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDocument {
    /// The version of the policy language.
    pub version: Version,
    /// The element Id.
    pub id: Option<String>,
    /// The statements, as they stand in the document.
    pub statements: Vec<Statement>,
}

/// The version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 2008-10-17, and documents that name none: `${aws:username}` is text like any other
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>).
    V2008,
    /// 2012-10-17.
    V2012,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name within the document.
    pub sid: Option<String>,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Action or NotAction.
    pub actions: Element<ActionPattern>,
    /// Resource or NotResource; trust policies have neither.
    pub resources: Option<Element<ResourcePattern>>,
    /// Principal or NotPrincipal; only policies of resources have it.
    pub principals: Option<Element<Principal>>,
    /// The conditions, all of which must be met.
    pub conditions: Vec<Condition>,
}

/// Allow or Deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The statement allows.
    Allow,
    /// The statement denies.
    Deny,
}

/// An element with its Not… form: what matches one of the patterns or, negated, what matches none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element<P> {
    /// Is it NotAction, NotResource or NotPrincipal?
    pub negated: bool,
    /// The entries; never empty.
    pub patterns: Vec<P>,
}

/// One entry of Principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// `AWS`, `Service`, `Federated`, `CanonicalUser`; `*` for `"Principal": "*"`.
    pub kind: String,
    /// The ARN, account, service or provider.
    pub name: String,
}

impl PolicyDocument {
    /// Reads any policy: of an identity, of a resource, of an organisation, or a role's trust policy.
    pub fn parse(value: &Value) -> Result<Self, PolicyError> {
        syntax::document(value)
    }

    /// Reads any policy from its JSON text. Other than [`PolicyDocument::parse`] it sees where a name stands twice.
    pub fn parse_text(text: &str) -> Result<Self, PolicyError> {
        match json_text::read(text) {
            Ok(value) => Self::parse(&value),
            Err(error) => syntax::error("", format!("it is no JSON: {error}")),
        }
    }

    /// Is it a policy that can be attached to a user, role or group, be their boundary, or a policy of an organisation?
    /// Those name resources and no principal.
    pub fn check_identity_policy(&self) -> Result<(), PolicyError> {
        for (index, statement) in self.statements.iter().enumerate() {
            let place = format!("Statement[{index}]");
            if statement.principals.is_some() {
                return syntax::error(&place, "the policy of an identity has no Principal");
            }
            if statement.resources.is_none() {
                return syntax::error(&place, "neither Resource nor NotResource is there");
            }
        }
        Ok(())
    }
}

/// How many characters of the document count against IAM's limits.
pub fn counted_characters(document: &Value) -> usize {
    document.to_string().chars().filter(|character| !character.is_whitespace()).count()
}

#[cfg(test)]
mod tests;
