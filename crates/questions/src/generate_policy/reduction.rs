//! Granted − used: each present policy of a user, role or group, reduced to the actions that were used. The policies of a
//! user's groups are among them, each with its holder: others have them too.

use std::collections::BTreeSet;

use iam::inventory::EntityKind;
use iam::least_privilege::reduce;
use iam::permitted_actions::{ActionIndex, Grant};
use iam::policy_document::PolicyDocument;
use iam::service_reference::ServiceReference;
use serde_json::Value;

use super::{Answer, Place};
use crate::inventory::Inventory;
use crate::permission::{GrantingPolicy, PolicyReader, PolicySource};
use crate::question_error::QuestionError;
use crate::subject::Subject;

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
    let index = ActionIndex::new(reference);
    let mut permissions = PolicyReader::new(inventory, &index).permissions(entity)?;
    let mut found = Vec::new();
    for policy in &permissions.policies {
        match one(policy, &index, &used) {
            Ok(reduced) => found.push(reduced),
            Err(why) => permissions.unread.push(format!("the policy {} cannot be read: {why}", policy.name)),
        }
    }
    Ok((found, permissions.unread))
}

fn one(policy: &GrantingPolicy, index: &ActionIndex, used: &BTreeSet<String>) -> Result<ReducedPolicy, String> {
    let reduction = reduce(&policy.written, used).map_err(|error| error.to_string())?;
    let kept_count = match &reduction.document {
        None => 0,
        Some(document) => {
            let document = PolicyDocument::parse(document).map_err(|error| error.to_string())?;
            Grant::of(&document, index).alone().len()
        }
    };
    let (arn, holder) = match &policy.source {
        PolicySource::Managed { arn } => (Some(arn.clone()), None),
        PolicySource::Inline { entity, entity_name } => (None, Some((entity.name(), entity_name.clone()))),
    };
    Ok(ReducedPolicy {
        name: policy.name.clone(),
        arn,
        holder,
        granted_count: policy.grant.alone().len(),
        kept_count,
        kept: reduction.kept,
        removed: reduction.removed,
        document: reduction.document,
    })
}
