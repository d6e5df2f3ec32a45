//! Granted − used: each present policy of a user, role or group, reduced to the actions that were used. The policies of a
//! user's groups are among them, each with its holder: others have them too.

use std::collections::BTreeSet;

use iam::inventory::EntityKind;
use iam::least_privilege::reduce;
use iam::permitted_actions::{ActionIndex, ActionSet, Grant};
use iam::policy_document::PolicyDocument;
use iam::recording::Recording;
use iam::service_reference::ServiceReference;
use serde_json::Value;

use super::{Answer, Place};
use crate::inventory::Inventory;
use crate::permission::{GrantingPolicy, PolicyReader, PolicySource};
use crate::question_error::QuestionError;
use crate::recorded_event::AccountTrails;
use crate::subject::{self, Subject};

/// One present policy with what is left of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReducedPolicy {
    pub name: String,
    /// Of a managed policy.
    pub arn: Option<String>,
    /// Of an inline policy: `user`, `group` or `role`, and its name.
    pub holder: Option<(&'static str, String)>,
    /// Actions of the service reference that it grants now, and that it would.
    pub granted_count: usize,
    pub kept_count: usize,
    /// The used actions that it grants.
    pub kept: BTreeSet<String>,
    /// Patterns of actions that are in it no more.
    pub removed: Vec<String>,
    /// Actions that it grants no more and that these logs could not show: they may be in use.
    pub not_shown: Vec<String>,
    /// Others who have the policy; what they used is not looked at.
    pub sharers: Vec<String>,
    /// None where nothing that it grants was used.
    pub document: Option<Value>,
}

/// The policies of the subject, by their names, and sentences on those that could not be read.
///
/// # Errors
/// `Input` where no inventory has the subject.
pub fn reduced(
    reference: &ServiceReference,
    inventory: &Inventory<'_>,
    subject: &Subject,
    answer: &Answer,
) -> Result<(Vec<ReducedPolicy>, Vec<String>), QuestionError> {
    let Some(entity) = subject.entities.first().filter(|entity| entity.extent.kind != EntityKind::Policy) else {
        return Err(QuestionError::Input {
            what: format!("no inventory has the policies of {}", subject.arn),
            try_this: "tadoru inventory import, then the same command again".to_owned(),
        });
    };
    let used: BTreeSet<String> = answer.of(Place::InPolicy).map(|line| line.action.clone()).collect();
    let index = reference.action_index();
    let mut permissions = PolicyReader::new(inventory, index).permissions(entity)?;
    let mut found = Vec::new();
    let account = entity.extent.scope.as_str();
    let trails = AccountTrails::read(inventory)?;
    for policy in &permissions.policies {
        match one(policy, index, &used) {
            Ok((mut reduced, kept)) => {
                let removed = policy.grant.alone().without(&kept);
                let names = removed.iter().map(|id| index.action(id));
                let is_hidden = |(namespace, name): &(&str, &str)| {
                    let action = reference.find_action(namespace, name);
                    action.is_some_and(|action| match action.recording() {
                        // That no operation bears its name says that nobody calls it, more often than not.
                        Recording::Unsure => false,
                        recording => !trails.of_account(account).hold(namespace, recording, action.access_level),
                    })
                };
                reduced.not_shown =
                    names.filter(is_hidden).map(|(namespace, name)| format!("{namespace}:{name}")).collect();
                reduced.sharers = subject::sharers(inventory, account, &policy.source)?;
                reduced.sharers.retain(|sharer| !subject.members.contains(sharer));
                found.push(reduced);
            }
            Err(why) => permissions.unread.push(format!("the policy {} cannot be read: {why}", policy.name)),
        }
    }
    Ok((found, permissions.unread))
}

/// The policy reduced, and the actions that it still grants.
fn one(
    policy: &GrantingPolicy,
    index: &ActionIndex,
    used: &BTreeSet<String>,
) -> Result<(ReducedPolicy, ActionSet), String> {
    let reduction = reduce(&policy.written, used).map_err(|error| error.to_string())?;
    let kept = match &reduction.document {
        None => index.none(),
        Some(document) => {
            let document = PolicyDocument::parse(document).map_err(|error| error.to_string())?;
            Grant::of(&document, index).alone()
        }
    };
    let (arn, holder) = match &policy.source {
        PolicySource::Managed { arn } => (Some(arn.clone()), None),
        PolicySource::Inline { entity, entity_name } => (None, Some((entity.name(), entity_name.clone()))),
    };
    let reduced = ReducedPolicy {
        name: policy.name.clone(),
        arn,
        holder,
        granted_count: policy.grant.alone().len(),
        kept_count: kept.len(),
        kept: reduction.kept,
        removed: reduction.removed,
        not_shown: Vec::new(),
        sharers: Vec::new(),
        document: reduction.document,
    };
    Ok((reduced, kept))
}
