//! Does a statement speak of a request: its actions, its resources, its conditions? The principal of a resource's policy
//! is not looked at: only policies of the caller's side are evaluated.

use std::collections::BTreeSet;

use super::condition_truth;
use super::context::{Presence, RequestContext};
use super::{RequestedResource, Truth};
use crate::policy_document::pattern::{Match, VariableValue, lacks};
use crate::policy_document::{ActionPattern, Element, ResourcePattern, Statement};

/// Whether the statement applies; the action is given in lower case, cut at its colon.
pub(super) fn applies(
    statement: &Statement,
    action: (&str, &str),
    resource: &RequestedResource<'_>,
    context: &RequestContext,
) -> Truth {
    if !names_action(&statement.actions, action) {
        return Truth::False;
    }
    let resources =
        statement.resources.as_ref().map_or(Truth::True, |element| names_resource(element, resource, context));
    if resources == Truth::False {
        return Truth::False;
    }
    let conditions = statement.conditions.iter().map(|condition| condition_truth::of(condition, context));
    Truth::all(std::iter::once(resources).chain(conditions))
}

/// Adds the keys of a statement that are not known, as far as its conditions and resources ask for them.
pub(super) fn unknown_keys(statement: &Statement, context: &RequestContext, found: &mut BTreeSet<String>) {
    let open =
        statement.conditions.iter().filter(|condition| condition_truth::of(condition, context) == Truth::Unknown);
    let variables =
        statement.resources.iter().flat_map(|element| &element.patterns).flat_map(ResourcePattern::variables);
    let keys = open.flat_map(|condition| condition.keys()).chain(variables.map(|(key, _)| key));
    found.extend(keys.filter(|key| context.get(key) == Presence::Unknown).map(str::to_owned));
}

fn names_action(element: &Element<ActionPattern>, (service, name): (&str, &str)) -> bool {
    element.patterns.iter().any(|pattern| pattern.matches(service, name)) != element.negated
}

fn names_resource(
    element: &Element<ResourcePattern>,
    resource: &RequestedResource<'_>,
    context: &RequestContext,
) -> Truth {
    let text = match resource {
        RequestedResource::Arn(arn) => arn,
        RequestedResource::None => "*",
        RequestedResource::Unknown => {
            let any = Truth::from(element.patterns.iter().any(ResourcePattern::is_any));
            let truth = if any == Truth::True { any } else { Truth::Unknown };
            return if element.negated { !truth } else { truth };
        }
    };
    let value_of = |key: &str| context.variable(key);
    let matches = element.patterns.iter().map(|pattern| (pattern, pattern.matches(text, value_of)));
    if element.negated {
        // A variable without a value makes NotResource speak of nothing at all.
        Truth::all(matches.map(|(pattern, found)| match found {
            Match::No if lacks(pattern.variables(), value_of, VariableValue::Unknown) => Truth::Unknown,
            Match::No => Truth::True,
            Match::Perhaps => Truth::Unknown,
            Match::Yes | Match::Unresolved => Truth::False,
        }))
    } else {
        Truth::any(matches.map(|(_, found)| match found {
            Match::Yes => Truth::True,
            Match::Perhaps => Truth::Unknown,
            Match::No | Match::Unresolved => Truth::False,
        }))
    }
}
