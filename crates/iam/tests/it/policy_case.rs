//! A request with the policies it is evaluated against: told to the other implementation as JSON, and evaluated here.

use std::collections::BTreeMap;

use iam::policy_document::PolicyDocument;
use iam::policy_evaluation::{Outcome, Policies, Request, RequestContext, RequestedResource, evaluate};
use serde_json::{Value, json};

/// A case with its documents in place.
#[derive(Debug, Clone, Default)]
pub struct PolicyCase {
    pub principal: String,
    pub action: String,
    /// An ARN, or `*` for an action that takes no resource.
    pub resource: String,
    /// Every key that the request has.
    pub context: BTreeMap<String, Vec<String>>,
    pub identity: Vec<Value>,
    pub boundary: Option<Value>,
    pub levels: Vec<Vec<Value>>,
}

impl PolicyCase {
    /// The line that `decide.mjs` reads. Keys with several values are lists there, others texts.
    pub fn line(&self) -> Value {
        let context: BTreeMap<&str, Value> =
            self.context.iter().map(|(key, values)| (key.as_str(), told(key, values))).collect();
        json!({"principal": self.principal, "action": self.action, "resource": self.resource, "context": context,
            "identity": self.identity, "boundary": self.boundary, "levels": self.levels})
    }

    /// What this crate makes of it, in the other's words.
    pub fn outcome(&self) -> &'static str {
        let parse = |value: &Value| PolicyDocument::parse(value).unwrap_or_else(|error| panic!("{error}: {value}"));
        let identity: Vec<_> = self.identity.iter().map(parse).collect();
        let boundary = self.boundary.as_ref().map(parse);
        let levels: Vec<Vec<_>> = self.levels.iter().map(|level| level.iter().map(parse).collect()).collect();
        let policies = Policies {
            identity: identity.iter().collect(),
            boundary: boundary.as_ref(),
            service_control: levels.iter().map(|level| level.iter().collect()).collect(),
        };
        let mut context = RequestContext::complete();
        for (key, values) in &self.context {
            context.set(key, values.iter().map(String::as_str));
        }
        outcome_of(&policies, &self.principal, &self.action, &self.resource, &context)
    }
}

/// One request whose context is known, in the words of the other implementation.
pub fn outcome_of(
    policies: &Policies<'_>,
    principal: &str,
    action: &str,
    resource: &str,
    context: &RequestContext,
) -> &'static str {
    let resource = if resource == "*" { RequestedResource::None } else { RequestedResource::Arn(resource) };
    let request = Request { principal, action, resources: &[resource], context };
    match evaluate(policies, &request).outcome {
        Outcome::Allowed => "Allowed",
        Outcome::ExplicitlyDenied => "ExplicitlyDenied",
        Outcome::ImplicitlyDenied => "ImplicitlyDenied",
        Outcome::Unknown => "Unknown",
    }
}

fn told(key: &str, values: &[String]) -> Value {
    match values {
        [single] if key != "aws:TagKeys" => json!(single),
        values => json!(values),
    }
}
