//! Permission sets that people have in accounts, directly or by a group: used where they acted in the set's role.

use std::collections::BTreeMap;

use iam::arn::Arn;
use iam::inventory::{Entity, EntityKind};

use super::last_use::{self, LastUse};
use super::{Finding, FindingKind, Search};
use crate::question_error::QuestionError;
use crate::verdict::Verdict;

impl Search<'_, '_> {
    pub(super) fn assignments(&mut self) -> Result<(), QuestionError> {
        let assignments = self.inventory.entities(EntityKind::AccountAssignment)?;
        if assignments.is_empty() {
            return Ok(());
        }
        let sessions = last_use::of_sessions(self.snapshot, self.now_us)?;
        let names = |kind| -> Result<BTreeMap<String, String>, QuestionError> {
            Ok(self.inventory.entities(kind)?.into_iter().map(|entity| (entity.key, entity.name)).collect())
        };
        let (sets, users) = (names(EntityKind::PermissionSet)?, names(EntityKind::IdentityUser)?);
        let members = self.members()?;
        for assignment in assignments {
            let text = |member: &str| assignment.text(member).unwrap_or_default();
            let (account, set_arn, id) = (text("AccountId"), text("PermissionSetArn"), text("PrincipalId"));
            if !self.is_wanted(account) {
                continue;
            }
            let set = sets.get(set_arn).map_or(set_arn, String::as_str);
            let people: Vec<&str> = match text("PrincipalType") {
                "GROUP" => members.get(id).into_iter().flatten().map(String::as_str).collect(),
                _ => vec![id],
            };
            for id in people {
                let user = users.get(id);
                let last_use = user.and_then(|user| last_session(&sessions, account, set, user));
                if self.is_in_use(last_use.as_ref()) {
                    continue;
                }
                let finding = Finding {
                    kind: FindingKind::Assignment,
                    verdict: if user.is_some() { Verdict::Unused } else { Verdict::Unknown },
                    account: account.to_owned(),
                    principal: user.map_or(id, String::as_str).to_owned(),
                    detail: Some(set.to_owned()),
                    created_at_us: None,
                    last_use,
                    why: user.is_none().then(|| "the inventory has no Identity Center user of this id".to_owned()),
                    exception: None,
                };
                self.find(finding, true);
            }
        }
        Ok(())
    }

    /// The ids of the users of each group.
    fn members(&self) -> Result<BTreeMap<String, Vec<String>>, QuestionError> {
        let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for membership in self.inventory.entities(EntityKind::GroupMembership)? {
            if let Some((group, user)) = group_and_user(&membership) {
                members.entry(group).or_default().push(user);
            }
        }
        Ok(members)
    }
}

fn group_and_user(membership: &Entity) -> Option<(String, String)> {
    let (group, user) = membership.key.split_once('/')?;
    Some((group.to_owned(), user.to_owned()))
}

/// The last call of a person in a permission set's role of an account; user names differ in letter case at times.
fn last_session(
    sessions: &BTreeMap<(String, String), LastUse>,
    account: &str,
    set: &str,
    user: &str,
) -> Option<LastUse> {
    let is_of_set =
        |role: &str| Arn::parse(role).is_some_and(|arn| arn.account == account && arn.permission_set() == Some(set));
    let fitting = sessions.iter().filter(|((role, session), _)| session.eq_ignore_ascii_case(user) && is_of_set(role));
    fitting.map(|(_, last)| last).max_by_key(|last| last.at_us).cloned()
}
