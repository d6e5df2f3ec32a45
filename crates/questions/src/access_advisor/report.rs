//! The lines of one subject: what it is permitted beside what it, or who has it, used.

use std::collections::{BTreeMap, BTreeSet};

use iam::permitted_actions::{ActionIndex, ActionSet};
use iam::recording::Recording;
use iam::service_reference::ServiceReference;

use super::recorded_action::RecordedActions;
use super::{EntityUse, GrantedBy, Granularity, Line, Listed, Uses, accounts_of};
use crate::access_use::Use;
use crate::coverage::Reach;
use crate::permission::Permissions;
use crate::recorded_event::{AccountTrails, RecordedEvents};
use crate::subject::Subject;
use crate::verdict::Verdict;

/// What the lines of a subject are made of.
pub(super) struct Report<'a> {
    pub reference: &'a ServiceReference,
    pub index: &'a ActionIndex,
    pub subject: &'a Subject,
    pub permissions: &'a Option<Permissions>,
    pub uses: &'a Uses,
    pub reach: &'a BTreeMap<String, Reach>,
    pub trails: &'a AccountTrails,
    pub recorded_actions: &'a RecordedActions<'a>,
    /// Whether it was asked which policies grant.
    pub granting: bool,
}

/// A namespace and, with `Granularity::Action`, an action.
type Key = (String, Option<String>);

impl Report<'_> {
    pub(super) fn lines(&self, granularity: Granularity, listed: Listed) -> Vec<Line> {
        let mut keys: BTreeSet<Key> = self.used_keys();
        match (listed, self.permissions) {
            (Listed::Used, _) => {}
            (_, Some(permissions)) => keys.extend(self.permitted_keys(&permissions.permitted.actions, granularity)),
            (Listed::NotSeen, None) => keys.extend(self.known_keys(granularity)),
            (Listed::All, None) => {}
        }
        let lines = keys.into_iter().map(|key| self.line(key));
        lines.filter(|line| self.is_listed(line, listed)).collect()
    }

    /// Of groups and policies, what their entities used by other permissions says nothing.
    fn is_listed(&self, line: &Line, listed: Listed) -> bool {
        let concerns = self.subject.is_principal() || line.is_permitted == Some(true);
        concerns && (listed != Listed::NotSeen || line.seen.is_none())
    }

    fn used_keys(&self) -> BTreeSet<Key> {
        let uses = self.subject.members.iter().filter_map(|member| self.uses.get(member));
        uses.flat_map(|uses| uses.keys().cloned()).collect()
    }

    fn permitted_keys(&self, permitted: &ActionSet, granularity: Granularity) -> BTreeSet<Key> {
        match granularity {
            Granularity::Service => {
                self.index.services_of(permitted).into_iter().map(|namespace| (namespace.to_owned(), None)).collect()
            }
            Granularity::Action => permitted
                .iter()
                .map(|id| self.index.action(id))
                .map(|(namespace, name)| (namespace.to_owned(), Some(name.to_owned())))
                .collect(),
        }
    }

    fn known_keys(&self, granularity: Granularity) -> BTreeSet<Key> {
        let services = self.reference.services().map(|service| service.namespace);
        match granularity {
            Granularity::Service => services.map(|namespace| (namespace.to_owned(), None)).collect(),
            Granularity::Action => services
                .flat_map(|namespace| {
                    let actions = self.reference.actions(namespace).iter();
                    actions.map(move |action| (namespace.to_owned(), Some(action.name.to_owned())))
                })
                .collect(),
        }
    }

    fn line(&self, key: Key) -> Line {
        let mut entities: Vec<EntityUse> = Vec::new();
        let mut is_unmapped = false;
        let mut seen: Option<Use> = None;
        for member in &self.subject.members {
            let found = self.uses.get(member).and_then(|uses| uses.get(&key));
            entities.push(EntityUse { arn: member.clone(), seen: found.map(|(used, _)| used.clone()) });
            let Some((used, unmapped)) = found else { continue };
            is_unmapped |= unmapped;
            match &mut seen {
                None => seen = Some(used.clone()),
                Some(sum) => sum.join(used),
            }
        }
        let last = |entity: &EntityUse| entity.seen.as_ref().map(|seen| seen.last_us);
        entities.sort_by(|a, b| last(b).cmp(&last(a)).then_with(|| a.arn.cmp(&b.arn)));
        let (service_namespace, action_name) = key;
        let is_permitted = self.is_permitted(&service_namespace, action_name.as_deref(), is_unmapped);
        let verdict = match (&seen, is_permitted) {
            // What was only ever refused was never permitted, as far as the logs tell.
            (Some(seen), Some(false)) if seen.denied_count < seen.event_count => Verdict::UsedNoLongerPermitted,
            (Some(_), _) => Verdict::Used,
            (None, _) => self.verdict_of_unseen(&service_namespace, action_name.as_deref()),
        };
        Line {
            principal: self.subject.arn.clone(),
            service_name: self.reference.service_name(&service_namespace).unwrap_or(&service_namespace).to_owned(),
            granted_by: self.granted_by(&service_namespace, action_name.as_deref()),
            service_namespace,
            action_name,
            is_unmapped,
            verdict,
            is_permitted,
            seen,
            entities,
        }
    }

    fn is_permitted(&self, namespace: &str, action: Option<&str>, is_unmapped: bool) -> Option<bool> {
        let permissions = self.permissions.as_ref().filter(|_| !is_unmapped)?;
        let permitted = &permissions.permitted.actions;
        let is_permitted = match action {
            None => self.index.actions_of(namespace).any(|id| permitted.contains(id)),
            Some(action) => self.index.find(namespace, action).is_some_and(|id| permitted.contains(id)),
        };
        // What a policy that could not be read grants is not known.
        (is_permitted || permissions.unread.is_empty()).then_some(is_permitted)
    }

    fn verdict_of_unseen(&self, namespace: &str, action: Option<&str>) -> Verdict {
        let accounts = accounts_of(self.subject);
        let is_recorded = accounts.iter().all(|account| {
            let recorded = self.trails.of_account(account);
            match action {
                None => self.is_service_recorded(namespace, recorded),
                Some(action) => {
                    let action = self.reference.find_action(namespace, action);
                    action.is_some_and(|action| recorded.hold(namespace, action.recording(), action.access_level))
                }
            }
        });
        let is_complete = accounts.iter().all(|account| self.reach.get(account).is_some_and(|reach| reach.complete));
        Verdict::of_unseen(is_complete, is_recorded)
    }

    /// Whether a call of what the subject may do with the service would be in the logs; of all that the service has, where
    /// the permissions are not known. Actions that no log ever shows do not count, unless there is nothing else.
    fn is_service_recorded(&self, namespace: &str, recorded: &RecordedEvents) -> bool {
        let permitted = self.permissions.as_ref().filter(|permissions| permissions.unread.is_empty());
        let is_permitted = |id| permitted.is_none_or(|permissions| permissions.permitted.actions.contains(id));
        let mut any = false;
        for action in self.recorded_actions.of(namespace).iter().filter(|action| is_permitted(action.id)) {
            match action.recording {
                Recording::Never => continue,
                Recording::Unsure if !action.is_undecided => {}
                recording if recorded.hold(namespace, recording, action.access_level) => {}
                _ => return false,
            }
            any = true;
        }
        any
    }

    fn granted_by(&self, namespace: &str, action: Option<&str>) -> Vec<GrantedBy> {
        let Some(permissions) = self.permissions.as_ref().filter(|_| self.granting) else { return Vec::new() };
        match action {
            None => permissions.granting(namespace, self.index).into_iter().map(GrantedBy::from).collect(),
            Some(action) => {
                let Some(id) = self.index.find(namespace, action) else { return Vec::new() };
                let grants = permissions.policies.iter().filter(|policy| policy.grant.alone().contains(id));
                grants.map(GrantedBy::from).collect()
            }
        }
    }
}
