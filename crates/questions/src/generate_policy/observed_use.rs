//! What the calls themselves tell beyond their action: the resources they named, generalised by the rule of
//! `iam::event_resource`, and what they suggest that no log shows.

use std::collections::{BTreeMap, BTreeSet};

use iam::event_action::ActionKind;
use iam::event_resource::{EventResource, EventResources, Observed};
use iam::least_privilege::Companion;
use iam::policy_evaluation::Needs;
use iam::service_reference::{AccessLevel, ServiceReference};
use lake::snapshot::Snapshot;

use super::companion::Suggestions;
use super::{Input, Line, Place, Resources};
use crate::access_use::Use;
use crate::question_error::QuestionError;
use crate::recorded_call::{CallCount, CallGroup};

/// What was read of the calls in a policy.
#[derive(Debug, Default)]
pub(super) struct ObservedUse {
    /// By action; an action that takes no resource, or of which none is known, is not there.
    pub resources: BTreeMap<String, BTreeSet<String>>,
    /// The resource types that calls of an action named.
    pub types: BTreeMap<String, BTreeSet<&'static str>>,
    pub partly_told: BTreeSet<String>,
    pub not_told: BTreeSet<String>,
    pub companions: Vec<Companion>,
    suggested_by: BTreeMap<&'static str, CallCount>,
}

/// Resources of one action while they are gathered.
struct Gathered {
    named: Observed<()>,
    types: BTreeSet<&'static str>,
    is_told: bool,
    is_untold: bool,
}

impl ObservedUse {
    /// Reads the calls of the window that stand for one of these actions.
    pub fn read(
        snapshot: &Snapshot,
        reference: &ServiceReference,
        input: &Input,
        allowed: &BTreeSet<String>,
        now_us: i64,
    ) -> Result<Self, QuestionError> {
        let is_observed = input.resources != Resources::None;
        let needs = |action: &str| Needs {
            resources: allowed.contains(action) && (is_observed || may_suggest(reference, action)),
            ..Needs::default()
        };
        let reader = input.calls.reader(snapshot, reference, now_us, &needs)?;
        let mut gathered: BTreeMap<String, Gathered> = BTreeMap::new();
        let mut suggestions = Suggestions::default();
        if !reader.reads_resources() {
            return Ok(Self::default());
        }
        reader.each(snapshot, now_us, &mut |group| {
            if !is_wanted(&group, input) {
                return;
            }
            suggestions.add(&group);
            for action in group.actions.actions.iter().filter(|_| is_observed) {
                let empty = || Gathered {
                    named: Observed::new(|(), ()| ()),
                    types: BTreeSet::new(),
                    is_told: false,
                    is_untold: false,
                };
                let of_action = gathered.entry(action.clone()).or_insert_with(empty);
                match group.resources(reference, action) {
                    EventResources::NotTaken => {}
                    EventResources::Unknown => of_action.is_untold = true,
                    EventResources::Named(named) => {
                        of_action.is_told = true;
                        of_action.types.extend(named.iter().map(|resource| resource.resource_type));
                        named.iter().for_each(|resource| of_action.named.add(&escaped(resource), ()));
                    }
                }
            }
        })?;
        let (companions, suggested_by) = suggestions.finish();
        let mut found = Self { companions, suggested_by, ..Self::default() };
        for (action, of_action) in gathered {
            match (of_action.is_told, of_action.is_untold) {
                (true, true) => drop(found.partly_told.insert(action.clone())),
                (false, true) => drop(found.not_told.insert(action.clone())),
                _ => {}
            }
            let resources: BTreeSet<String> = of_action.named.finish().into_iter().map(|(arn, ())| arn).collect();
            if !resources.is_empty() {
                found.types.insert(action.clone(), of_action.types);
                found.resources.insert(action, resources);
            }
        }
        Ok(found)
    }

    /// A line for each action of the companions that the policy does not allow anyway.
    pub fn companion_lines(&self, allowed: &BTreeSet<String>) -> Vec<Line> {
        let mut lines = Vec::new();
        for companion in &self.companions {
            let Some(seen) = self.suggested_by.get(companion.sid) else { continue };
            let actions = companion.actions.iter().filter(|action| !allowed.contains(**action));
            lines.extend(actions.map(|action| Line {
                action: (*action).to_owned(),
                place: Place::Companion,
                seen: as_use(seen),
                resources: companion.resources.clone(),
            }));
        }
        lines
    }
}

fn as_use(seen: &CallCount) -> Use {
    Use {
        event_count: seen.calls,
        denied_count: 0,
        data_event_count: 0,
        first_us: seen.first_us,
        last_us: seen.last_us,
        last_region: None,
        last_event_id: seen.last_event_id.clone(),
    }
}

fn is_wanted(group: &CallGroup, input: &Input) -> bool {
    let is_mapped = group.actions.kind == ActionKind::Mapped;
    let is_left_out =
        input.exclude_denied && group.outcome == "denied" || input.exclude_data_events && group.is_data_event;
    is_mapped && !is_left_out
}

/// Only what changes something passes a role or writes under a key. Data events are left out: they are the most, and what S3
/// writes under a key is in the log as calls of KMS.
fn may_suggest(reference: &ServiceReference, action: &str) -> bool {
    let Some((namespace, name)) = action.split_once(':') else { return false };
    let Some(action) = reference.find_action(namespace, name) else { return false };
    let writes = matches!(action.access_level, AccessLevel::Write | AccessLevel::PermissionsManagement);
    writes && !matches!(namespace, "iam" | "sts" | "kms") && action.recording().data_event_type().is_none()
}

/// A policy reads `${` as the beginning of a variable; in a resource's name it is itself.
fn escaped(resource: &EventResource) -> EventResource {
    EventResource { arn: resource.arn.replace("${", "${$}{"), ..resource.clone() }
}
