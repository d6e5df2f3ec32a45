//! Whether the calls of a user or role would show at all: a role's do, because it has to be assumed; a user who may do what only
//! data events tell shows nothing where no trail delivers them, unless IAM itself says when its credentials were used.

use std::collections::BTreeSet;

use iam::inventory::{Entity, EntityKind};
use iam::recording::{self, Recording};
use iam::service_reference::ServiceReference;

use crate::inventory::Inventory;
use crate::permission::PolicyReader;
use crate::question_error::QuestionError;
use crate::recorded_event::AccountTrails;

/// What is needed to tell.
pub(super) struct ShownCalls<'a, 's> {
    reference: &'a ServiceReference,
    inventory: &'a Inventory<'s>,
    trails: AccountTrails,
    /// Users whose credentials' use IAM reports.
    reported: BTreeSet<String>,
}

impl<'a, 's> ShownCalls<'a, 's> {
    pub fn read(reference: &'a ServiceReference, inventory: &'a Inventory<'s>) -> Result<Self, QuestionError> {
        let reports = inventory.entities(EntityKind::CredentialReport)?;
        let reported = reports.into_iter().map(|report| report.key).collect();
        let trails = AccountTrails::read(inventory)?;
        Ok(Self { reference, inventory, trails, reported })
    }

    /// Why calls of a user or role may not show; None where they do.
    pub fn why_not(&self, holder: &Entity) -> Result<Option<String>, QuestionError> {
        let account = holder.extent.scope.as_str();
        let recorded = self.trails.of_account(account);
        if holder.extent.kind == EntityKind::Role {
            let why = "the trails of the account do not record all management events";
            return Ok((!recorded.hold_management()).then(|| why.to_owned()));
        }
        if self.reported.contains(&holder.key) {
            return Ok(None);
        }
        let index = self.reference.action_index();
        let permitted = PolicyReader::new(self.inventory, index).permissions(holder)?.permitted;
        for (namespace, name) in permitted.actions.iter().map(|id| index.action(id)) {
            let Some(action) = self.reference.find_action(namespace, name) else { continue };
            let shows = match action.recording() {
                Recording::Never => true,
                Recording::Unsure => !recording::is_undecided(namespace, name),
                recording => recorded.hold(namespace, recording, action.access_level),
            };
            if !shows {
                let why =
                    format!("no trail is known that records {namespace}:{name}, and no credential report of the user");
                return Ok(Some(why));
            }
        }
        Ok(None)
    }
}
