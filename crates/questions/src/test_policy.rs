//! The proof by replay: each call of the log, evaluated against policies as if they had been in force. A call that depends on
//! what no record tells is unknown, never denied; one that was denied at the time is counted apart, since it was denied
//! anyway; what stands for no action is named and not evaluated.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use iam::event_action::{ActionKind, NoAction};
use iam::event_resource::{EventResource, EventResources, Observed};
use iam::policy_document::{Effect, PolicyDocument};
use iam::policy_evaluation::{
    Decision, Layer, Needs, Outcome, Policies, Request, RequestContext, RequestedResource, StatementPlace, evaluate,
};
use iam::service_reference::ServiceReference;
use lake::snapshot::Snapshot;

use crate::coverage::{Coverage, Reach};
use crate::inventory::Inventory;
use crate::permission::PolicyReader;
use crate::question_error::QuestionError;
use crate::recorded_call::{CallCount, CallGroup, Calls, Counts};
use crate::subject;

/// A policy with the name that answers print.
#[derive(Debug, Clone)]
pub struct NamedPolicy {
    pub name: String,
    pub document: Rc<PolicyDocument>,
}

/// The question.
#[derive(Debug, Clone)]
pub struct Input {
    pub calls: Calls,
    /// Together the policies of the identity.
    pub policies: Vec<NamedPolicy>,
    pub boundary: Option<NamedPolicy>,
    /// Together with those that the inventory says each principal has.
    pub with_current: bool,
}

/// What a line says of its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// They were not denied, and would be.
    WouldBeDenied,
    /// It depends on what the record does not tell.
    Unknown,
    /// They were denied, and would be again.
    DeniedAlready,
    /// They were denied, and would be allowed.
    WouldBeAllowed,
}

impl Verdict {
    /// As answers print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WouldBeDenied => "would_be_denied",
            Self::Unknown => "unknown",
            Self::DeniedAlready => "denied_already",
            Self::WouldBeAllowed => "would_be_allowed",
        }
    }
}

/// Calls of one action on one resource, or on a pattern of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub verdict: Verdict,
    pub action: String,
    /// `*` where the action takes none, or none is known.
    pub resource: String,
    /// What came of them: *ok*, *error* or *denied*.
    pub outcome: String,
    pub why: String,
    pub seen: CallCount,
}

/// The answer: every evaluated call is in one of the counts.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub evaluated: u64,
    pub allowed: u64,
    pub would_be_denied: u64,
    pub unknown: u64,
    /// Denied at the time, whatever would come of them.
    pub denied_then: u64,
    /// By verdict, action, resource.
    pub lines: Vec<Line>,
    /// Events that stand for no action, by why.
    pub without_action: Counts,
    /// Events that no known action stands for, by name.
    pub unmapped: Counts,
    /// Of --with-current: principals that no inventory has, and policies that could not be read.
    pub unread: Vec<String>,
    /// What the logs reach in the window, of each principal's account.
    pub reach: Vec<Reach>,
    /// The statement that was run.
    pub sql: String,
}

/// The policies that each principal is tested against.
struct Tested<'a> {
    given: &'a Input,
    /// What each principal has, if that counts too.
    current: HashMap<String, Vec<NamedPolicy>>,
}

impl Tested<'_> {
    fn identity(&self, principal: &str) -> Vec<&NamedPolicy> {
        self.given.policies.iter().chain(self.current.get(principal).into_iter().flatten()).collect()
    }

    fn policies(&self, principal: &str) -> Policies<'_> {
        Policies {
            identity: self.identity(principal).into_iter().map(|policy| policy.document.as_ref()).collect(),
            boundary: self.given.boundary.as_ref().map(|policy| policy.document.as_ref()),
            service_control: Vec::new(),
        }
    }

    /// What the evaluation of an action looks at; and the resources of what is not allowed whatever they are, to be named.
    fn needs(&self, action: &str) -> Needs {
        let mut needs = Needs::default();
        for principal in std::iter::once("").chain(self.current.keys().map(String::as_str)) {
            let policies = self.policies(principal);
            let context = RequestContext::partial();
            let resources = &[RequestedResource::Unknown];
            let request = Request { principal, action, resources, context: &context };
            needs.resources |= evaluate(&policies, &request).outcome != Outcome::Allowed;
            needs.join(policies.needs(action));
        }
        needs
    }

    /// `Statement[1] (Sid) of reader.json`.
    fn statement(&self, principal: &str, place: &StatementPlace) -> String {
        let identity = self.identity(principal);
        let policy = match place.layer {
            Layer::Boundary => self.given.boundary.as_ref(),
            _ => identity.get(place.policy).copied(),
        };
        let Some(policy) = policy else { return String::new() };
        let sid = policy.document.statements.get(place.statement).and_then(|statement| statement.sid.as_deref());
        let sid = sid.map_or_else(String::new, |sid| format!(" ({sid})"));
        format!("Statement[{}]{sid} of {}", place.statement, policy.name)
    }

    fn is_deny(&self, policies: &Policies<'_>, place: &StatementPlace) -> bool {
        let document = match place.layer {
            Layer::Boundary => policies.boundary,
            _ => policies.identity.get(place.policy).copied(),
        };
        document.is_none_or(|document| document.statements[place.statement].effect == Effect::Deny)
    }

    /// What comes of a call on these resources. A resource of which only a pattern is known is evaluated as unknown; where
    /// no statement could deny it and the pattern as a whole is allowed, so is it. With the resource that decides.
    fn decide(
        &self,
        call: &CallGroup,
        action: &str,
        resources: EventResources,
        context: &RequestContext,
    ) -> (Decision, Option<EventResource>) {
        let policies = self.policies(&call.principal);
        let ask = |resources: &[RequestedResource<'_>]| {
            evaluate(&policies, &Request { principal: &call.principal, action, resources, context })
        };
        let named = match resources {
            EventResources::NotTaken => return (ask(&[RequestedResource::None]), None),
            EventResources::Unknown => return (ask(&[RequestedResource::Unknown]), None),
            EventResources::Named(named) => named,
        };
        let one = |resource: &EventResource| {
            if !resource.is_pattern {
                return ask(&[RequestedResource::Arn(&resource.arn)]);
            }
            let unknown = ask(&[RequestedResource::Unknown]);
            if unknown.outcome != Outcome::Unknown || unknown.decided_by.iter().any(|p| self.is_deny(&policies, p)) {
                return unknown;
            }
            let whole = ask(&[RequestedResource::Arn(&resource.arn)]);
            if whole.outcome == Outcome::Allowed { whole } else { unknown }
        };
        let decisions = named.into_iter().map(|resource| (one(&resource), Some(resource)));
        let worst = decisions.reduce(|a, b| if b.0.outcome > a.0.outcome { b } else { a });
        worst.expect("at least one resource is named")
    }

    fn why(&self, principal: &str, decision: &Decision) -> String {
        match decision.outcome {
            Outcome::Allowed => "the policies allow it".to_owned(),
            Outcome::ExplicitlyDenied => match decision.decided_by.first() {
                Some(place) => format!("denied by {}", self.statement(principal, place)),
                None => "denied".to_owned(),
            },
            Outcome::ImplicitlyDenied if decision.missing == Some(Layer::Boundary) => {
                "the boundary does not allow it".to_owned()
            }
            Outcome::ImplicitlyDenied => "nothing allows it".to_owned(),
            Outcome::Unknown => {
                let on = decision.decided_by.first().map(|place| self.statement(principal, place)).unwrap_or_default();
                match decision.unknown_keys.is_empty() {
                    true => format!("the record does not tell the resource, and {on} depends on it"),
                    false => {
                        let keys: Vec<&str> = decision.unknown_keys.iter().map(String::as_str).collect();
                        format!("{on} depends on {}", keys.join(", "))
                    }
                }
            }
        }
    }
}

/// Lines while they are summed up: of each (verdict, action, outcome, why) the resources.
type Sums = BTreeMap<(Verdict, String, String, String), Resources>;

struct Resources {
    named: Observed<CallCount>,
    any: Option<CallCount>,
}

/// Answers the question.
pub fn ask(
    snapshot: &Snapshot,
    reference: &ServiceReference,
    inventory: &Inventory<'_>,
    coverage: &Coverage,
    input: &Input,
    now_us: i64,
) -> Result<Answer, QuestionError> {
    let mut answer = Answer::default();
    let tested = Tested { given: input, current: current(reference, inventory, input, &mut answer.unread)? };
    let needs = |action: &str| tested.needs(action);
    let reader = input.calls.reader(snapshot, reference, now_us, &needs)?;
    let mut sums = Sums::new();
    reader.each(snapshot, now_us, &mut |group| replay(&tested, reference, &group, &mut answer, &mut sums))?;
    answer.lines = lines(sums);
    answer.reach = reach(coverage, input, now_us);
    answer.sql = reader.sql();
    Ok(answer)
}

fn replay(tested: &Tested<'_>, reference: &ServiceReference, group: &CallGroup, answer: &mut Answer, sums: &mut Sums) {
    match group.actions.kind {
        ActionKind::NoAction(why) => {
            let why = match why {
                NoAction::SignIn => "sign-ins",
                NoAction::ServiceEvent => "events of services themselves",
                NoAction::NetworkActivity => "network activity",
                NoAction::Insight => "insights",
            };
            *answer.without_action.entry(why.to_owned()).or_default() += group.count;
            return;
        }
        ActionKind::Unmapped => {
            let name = group.actions.actions.join(", ");
            *answer.unmapped.entry(name).or_default() += group.count;
            return;
        }
        ActionKind::Mapped => {}
    }
    let context = group.recorded.context(&group.principal, &group.region);
    let mut worst: Option<(Decision, &String, Option<EventResource>)> = None;
    for action in &group.actions.actions {
        let resources = group.resources(reference, action);
        let (decision, resource) = tested.decide(group, action, resources, &context);
        if worst.as_ref().is_none_or(|(known, ..)| decision.outcome > known.outcome) {
            worst = Some((decision, action, resource));
        }
    }
    let Some((decision, action, resource)) = worst else { return };
    answer.evaluated += group.count;
    let was_denied = group.outcome == "denied";
    let verdict = match (decision.outcome, was_denied) {
        (Outcome::Allowed, false) => {
            answer.allowed += group.count;
            return;
        }
        (Outcome::Allowed, true) => Verdict::WouldBeAllowed,
        (Outcome::Unknown, _) => Verdict::Unknown,
        (_, true) => Verdict::DeniedAlready,
        (_, false) => Verdict::WouldBeDenied,
    };
    match (verdict, was_denied) {
        (_, true) => answer.denied_then += group.count,
        (Verdict::Unknown, _) => answer.unknown += group.count,
        _ => answer.would_be_denied += group.count,
    }
    let key = (verdict, action.clone(), group.outcome.clone(), tested.why(&group.principal, &decision));
    let sum = sums.entry(key).or_insert_with(|| Resources { named: Observed::new(CallCount::join), any: None });
    let count = CallCount::of(group);
    match (resource, &mut sum.any) {
        (Some(resource), _) => sum.named.add(&resource, count),
        (None, Some(any)) => any.join(count),
        (None, any) => *any = Some(count),
    }
}

fn lines(sums: Sums) -> Vec<Line> {
    let mut lines = Vec::new();
    for ((verdict, action, outcome, why), Resources { named, any }) in sums {
        let any = any.map(|seen| ("*".to_owned(), seen));
        lines.extend(any.into_iter().chain(named.finish()).map(|(resource, seen)| Line {
            verdict,
            action: action.clone(),
            resource,
            outcome: outcome.clone(),
            why: why.clone(),
            seen,
        }));
    }
    lines
}

/// What each principal has by the inventory.
fn current(
    reference: &ServiceReference,
    inventory: &Inventory<'_>,
    input: &Input,
    unread: &mut Vec<String>,
) -> Result<HashMap<String, Vec<NamedPolicy>>, QuestionError> {
    let mut current = HashMap::new();
    if !input.with_current {
        return Ok(current);
    }
    let mut reader = PolicyReader::new(inventory, reference.action_index());
    for principal in &input.calls.principals {
        let Some(entity) = subject::entity(inventory, principal)? else {
            unread.push(format!("{principal} is not in the inventory"));
            continue;
        };
        let permissions = reader.permissions(&entity)?;
        unread.extend(permissions.unread.iter().map(|why| format!("{principal}: {why}")));
        let named =
            |policy: crate::permission::GrantingPolicy| NamedPolicy { name: policy.name, document: policy.document };
        current.insert(principal.clone(), permissions.policies.into_iter().map(named).collect());
    }
    Ok(current)
}

fn reach(coverage: &Coverage, input: &Input, now_us: i64) -> Vec<Reach> {
    let arns = input.calls.principals.iter().filter_map(|principal| iam::arn::Arn::parse(principal));
    let accounts: BTreeSet<&str> = arns.map(|arn| arn.account).collect();
    accounts.into_iter().map(|account| input.calls.window.reach(coverage, Some(account), now_us)).collect()
}
