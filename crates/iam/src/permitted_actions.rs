//! Which of AWS's services and actions do policies permit, over all actions of the service reference at once? By the
//! rule of Access Advisor: policies of the identity alone; what is allowed under a condition counts; a denial counts only
//! if it has no condition and speaks of every resource
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html>).
//! A document is read once into a [`Grant`]; grants of the policies of an entity are put together in no time, so that
//! ten thousand roles that share a managed policy read it once. What one request comes to is `policy_evaluation`'s matter.

mod action_index;
mod action_set;
mod reach;

use std::borrow::Borrow;

pub use action_index::{ActionId, ActionIndex};
pub use action_set::ActionSet;

use crate::policy_document::{Effect, PolicyDocument, ResourcePattern, Statement};

/// What one document says about every action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Actions that a statement allows, on any resource and under any condition.
    pub allowed: ActionSet,
    /// Those of them that a statement without conditions allows.
    pub unconditional: ActionSet,
    /// Actions that a statement denies without conditions on every resource.
    pub denied: ActionSet,
}

impl Grant {
    /// Reads a document. An action is allowed only if one of the resources that are named can be one of its own: what
    /// takes no resource is allowed by `"Resource": "*"` alone, what takes buckets not by the ARN of a table.
    pub fn of(document: &PolicyDocument, index: &ActionIndex) -> Self {
        let mut grant = Self { allowed: index.none(), unconditional: index.none(), denied: index.none() };
        for statement in &document.statements {
            match statement.effect {
                Effect::Allow => {
                    let actions = reach::narrowed(index.named_by(&statement.actions), statement, index);
                    if statement.conditions.is_empty() {
                        grant.unconditional.add(&actions);
                    }
                    grant.allowed.add(&actions);
                }
                Effect::Deny if is_whole(statement) => grant.denied.add(&index.named_by(&statement.actions)),
                Effect::Deny => {}
            }
        }
        grant
    }

    /// What the document permits, judged alone.
    pub fn alone(&self) -> ActionSet {
        self.allowed.without(&self.denied)
    }
}

/// Does a statement speak of every resource, without conditions?
fn is_whole(statement: &Statement) -> bool {
    statement.conditions.is_empty()
        && statement
            .resources
            .as_ref()
            .is_none_or(|element| !element.negated && element.patterns.iter().any(ResourcePattern::is_any))
}

/// What all policies of an entity permit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermittedActions {
    /// Actions that are permitted.
    pub actions: ActionSet,
    /// Those of them that need no condition to be met.
    pub unconditional: ActionSet,
    denied: ActionSet,
}

impl PermittedActions {
    /// Puts the grants of an entity's policies together: a denial in one counts against all.
    pub fn of<G: Borrow<Grant>>(grants: &[G], index: &ActionIndex) -> Self {
        let (mut actions, mut unconditional, mut denied) = (index.none(), index.none(), index.none());
        for grant in grants.iter().map(Borrow::borrow) {
            actions.add(&grant.allowed);
            unconditional.add(&grant.unconditional);
            denied.add(&grant.denied);
        }
        Self { actions: actions.without(&denied), unconditional: unconditional.without(&denied), denied }
    }

    /// The service namespaces of which at least one action is permitted, sorted.
    pub fn services<'i>(&self, index: &'i ActionIndex) -> Vec<&'i str> {
        index.services_of(&self.actions)
    }

    /// The permitted actions of a service, in AWS's letters, each with whether it needs no condition to be met.
    pub fn actions_of<'i>(&self, namespace: &str, index: &'i ActionIndex) -> Vec<(&'i str, bool)> {
        let ids = index.actions_of(namespace).filter(|id| self.actions.contains(*id));
        ids.map(|id| (index.action(id).1, self.unconditional.contains(id))).collect()
    }

    /// Which of the grants that it was made of permit an action, by their index.
    pub fn granted_by<G: Borrow<Grant>>(&self, action: ActionId, grants: &[G]) -> Vec<usize> {
        let permits = |grant: &Grant| grant.allowed.contains(action) && !self.denied.contains(action);
        (0..grants.len()).filter(|at| permits(grants[*at].borrow())).collect()
    }
}

#[cfg(test)]
mod tests;
