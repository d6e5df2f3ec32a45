//! Would this request be allowed? The policies of the caller's side are evaluated: those of the identity, its permissions
//! boundary, and the service control policies of each level above its account. Policies of resources, of sessions and of
//! endpoints are not. A denial in any of them wins; without one, each kind that is given must allow
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>).
//! What a log does not tell is unknown, and an answer that depends on it is unknown too.

mod condition_truth;
mod context;
mod moment;
mod needs;
mod statement_truth;
mod truth;

use std::collections::BTreeSet;

use crate::policy_document::{Effect, PolicyDocument};
pub use context::{Presence, RequestContext};
pub use needs::Needs;
use truth::Truth;

/// Calls that AWS answers without any permission, and in spite of a denial
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>,
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>).
const NEED_NO_PERMISSION: [&str; 2] = ["sts:getcalleridentity", "sts:getsessiontoken"];

/// A call, as far as policies look at it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The ARN of the user or role that calls.
    pub principal: &'a str,
    /// The action, as in `s3:GetObject`, in any letter case.
    pub action: &'a str,
    /// What it is called on; all of them must be allowed. None stands for [`RequestedResource::None`].
    pub resources: &'a [RequestedResource<'a>],
    /// The condition keys.
    pub context: &'a RequestContext,
}

/// One resource of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedResource<'a> {
    /// A resource by its ARN.
    Arn(&'a str),
    /// The action takes no resource: only `"Resource": "*"` speaks of it.
    None,
    /// There is one, but which is not known.
    Unknown,
}

/// The policies that a call is evaluated against.
#[derive(Debug, Clone, Default)]
pub struct Policies<'a> {
    /// Inline and managed policies of the identity, and of the groups of a user.
    pub identity: Vec<&'a PolicyDocument>,
    /// The permissions boundary; where there is none it limits nothing.
    pub boundary: Option<&'a PolicyDocument>,
    /// Service control policies: one list for each level, the root, organisational units, the account. A level whose
    /// list is empty allows nothing; no level at all limits nothing.
    pub service_control: Vec<Vec<&'a PolicyDocument>>,
}

/// What comes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Every layer allows it.
    Allowed,
    /// It depends on what is not known.
    Unknown,
    /// One layer has no statement that allows it.
    ImplicitlyDenied,
    /// A statement denies it.
    ExplicitlyDenied,
}

/// The kinds of policies, each of which must allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// The policies of the identity.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// The service control policies of one level, by its index.
    ServiceControl(usize),
}

/// Where a statement stands in [`Policies`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementPlace {
    /// The kind of policy.
    pub layer: Layer,
    /// Index of the document among those of its layer.
    pub policy: usize,
    /// Index of the statement in its document.
    pub statement: usize,
}

/// An outcome and what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What comes of the request.
    pub outcome: Outcome,
    /// Allowed: one statement of each layer that allows. Explicitly denied: the one that denies. Unknown: those whose
    /// conditions or resources leave it open. Implicitly denied: none.
    pub decided_by: Vec<StatementPlace>,
    /// Implicitly denied: the first layer that does not allow.
    pub missing: Option<Layer>,
    /// Unknown: the condition keys, in lower case, that would tell. Empty if only the resource is not known.
    pub unknown_keys: BTreeSet<String>,
}

impl Decision {
    fn of(outcome: Outcome, decided_by: Vec<StatementPlace>) -> Self {
        Self { outcome, decided_by, missing: None, unknown_keys: BTreeSet::new() }
    }
}

/// Evaluates a request. Of several resources the one with the worst outcome decides.
pub fn evaluate(policies: &Policies<'_>, request: &Request<'_>) -> Decision {
    let action = request.action.to_ascii_lowercase();
    if NEED_NO_PERMISSION.contains(&action.as_str()) {
        return Decision::of(Outcome::Allowed, Vec::new());
    }
    let call = Call { action: action.split_once(':').unwrap_or((&action, "")), request };
    let resources = if request.resources.is_empty() { &[RequestedResource::None] } else { request.resources };
    resources
        .iter()
        .map(|resource| call.decide(policies, resource))
        .reduce(|worst, next| if next.outcome > worst.outcome { next } else { worst })
        .expect("there is at least one resource")
}

/// Service control policies do not bind service-linked roles
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html>).
fn is_service_linked_role(principal: &str) -> bool {
    principal.contains(":role/aws-service-role/")
}

struct Call<'a> {
    /// Service and name in lower case.
    action: (&'a str, &'a str),
    request: &'a Request<'a>,
}

/// What the statements of one layer say.
#[derive(Default)]
struct Verdict {
    denied_by: Option<StatementPlace>,
    allowed_by: Option<StatementPlace>,
    perhaps_denied_by: Vec<StatementPlace>,
    perhaps_allowed_by: Vec<StatementPlace>,
}

impl Call<'_> {
    fn decide(&self, policies: &Policies<'_>, resource: &RequestedResource<'_>) -> Decision {
        let mut layers = vec![(Layer::Identity, policies.identity.as_slice())];
        if let Some(boundary) = &policies.boundary {
            layers.push((Layer::Boundary, std::slice::from_ref(boundary)));
        }
        if !is_service_linked_role(self.request.principal) {
            let levels = policies.service_control.iter().enumerate();
            layers.extend(levels.map(|(level, documents)| (Layer::ServiceControl(level), documents.as_slice())));
        }
        let verdicts: Vec<Verdict> =
            layers.iter().map(|(layer, documents)| self.verdict(*layer, documents, resource)).collect();

        if let Some(place) = verdicts.iter().find_map(|verdict| verdict.denied_by) {
            return Decision::of(Outcome::ExplicitlyDenied, vec![place]);
        }
        let silent =
            verdicts.iter().position(|verdict| verdict.allowed_by.is_none() && verdict.perhaps_allowed_by.is_empty());
        if let Some(index) = silent {
            return Decision { missing: Some(layers[index].0), ..Decision::of(Outcome::ImplicitlyDenied, Vec::new()) };
        }
        let mut open = Vec::new();
        for verdict in &verdicts {
            open.extend(&verdict.perhaps_denied_by);
            if verdict.allowed_by.is_none() {
                open.extend(&verdict.perhaps_allowed_by);
            }
        }
        if open.is_empty() {
            return Decision::of(Outcome::Allowed, verdicts.iter().filter_map(|verdict| verdict.allowed_by).collect());
        }
        let mut decision = Decision::of(Outcome::Unknown, open);
        for place in &decision.decided_by {
            let (_, documents) = layers.iter().find(|(layer, _)| *layer == place.layer).expect("it was evaluated");
            let statement = &documents[place.policy].statements[place.statement];
            statement_truth::unknown_keys(statement, self.request.context, &mut decision.unknown_keys);
        }
        decision
    }

    fn verdict(&self, layer: Layer, documents: &[&PolicyDocument], resource: &RequestedResource<'_>) -> Verdict {
        let mut verdict = Verdict::default();
        for (policy, document) in documents.iter().enumerate() {
            for (index, statement) in document.statements.iter().enumerate() {
                let truth = statement_truth::applies(statement, self.action, resource, self.request.context);
                let place = StatementPlace { layer, policy, statement: index };
                match (truth, statement.effect) {
                    (Truth::False, _) => {}
                    (Truth::True, Effect::Deny) => {
                        verdict.denied_by = Some(place);
                        return verdict;
                    }
                    (Truth::True, Effect::Allow) => verdict.allowed_by = verdict.allowed_by.or(Some(place)),
                    (Truth::Unknown, Effect::Deny) => verdict.perhaps_denied_by.push(place),
                    (Truth::Unknown, Effect::Allow) => verdict.perhaps_allowed_by.push(place),
                }
            }
        }
        verdict
    }
}

#[cfg(test)]
mod tests;
