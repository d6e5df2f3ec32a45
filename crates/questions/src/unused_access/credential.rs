//! Access keys and console passwords of IAM users.

use std::collections::BTreeMap;

use iam::inventory::{Entity, EntityKind, credential_report};

use super::last_use::{self, LastUse, LastUseSource};
use super::{Finding, FindingKind, Search};
use crate::credential_use;
use crate::question_error::QuestionError;
use crate::verdict::Verdict;

/// A key that can sign calls.
struct AccessKey {
    account: String,
    user_arn: String,
    /// Its id; of a key that only the credential report knows, its number there.
    detail: String,
    created_at_us: Option<i64>,
    last_use: Option<LastUse>,
    /// Why nothing can be said, where nothing was seen.
    why: Option<String>,
}

impl Search<'_, '_> {
    pub(super) fn credentials(&mut self) -> Result<(), QuestionError> {
        let reports = self.entities(EntityKind::CredentialReport)?;
        if self.input.kinds.contains(&FindingKind::AccessKey) {
            let keys = self.access_keys(&reports)?;
            for key in keys {
                self.found(FindingKind::AccessKey, key);
            }
        }
        if self.input.kinds.contains(&FindingKind::Password) {
            for report in
                reports.iter().filter(|report| credential_report::is_true(&report.document, "password_enabled"))
            {
                let changed = credential_report::known(&report.document, "password_last_changed");
                let password = AccessKey {
                    account: report.extent.scope.clone(),
                    user_arn: report.key.clone(),
                    detail: String::new(),
                    created_at_us: last_use::time(changed),
                    last_use: self.uses.of_password(&report.key),
                    why: None,
                };
                self.found(FindingKind::Password, password);
            }
        }
        Ok(())
    }

    fn found(&mut self, kind: FindingKind, key: AccessKey) {
        if self.is_young(key.created_at_us) {
            self.answer.younger += 1;
            return;
        }
        if self.is_in_use(key.last_use.as_ref()) {
            return;
        }
        let finding = Finding {
            kind,
            verdict: if key.why.is_none() { Verdict::Unused } else { Verdict::Unknown },
            account: key.account,
            principal: key.user_arn,
            detail: Some(key.detail).filter(|detail| !detail.is_empty()),
            created_at_us: key.created_at_us,
            last_use: key.last_use,
            why: key.why,
            exception: None,
        };
        self.find(finding, kind == FindingKind::AccessKey);
    }

    /// Active keys by id where the inventory lists them, else by their number in the credential report.
    fn access_keys(&self, reports: &[Entity]) -> Result<Vec<AccessKey>, QuestionError> {
        let listed = self.entities(EntityKind::AccessKey)?;
        let active: Vec<&Entity> = listed.iter().filter(|key| key.text("Status") == Some("Active")).collect();
        let ids: Vec<String> = active.iter().map(|key| key.key.clone()).collect();
        let mut last = credential_use::of_access_keys(self.snapshot, &ids, self.now_us)?;
        let users: BTreeMap<(String, String), Entity> = self
            .entities(EntityKind::User)?
            .into_iter()
            .map(|user| ((user.extent.scope.clone(), user.name.clone()), user))
            .collect();
        let mut keys = Vec::new();
        for key in active {
            let account = key.extent.scope.clone();
            let user = key.text("UserName").unwrap_or_default();
            let known = users.get(&(account.clone(), user.to_owned()));
            let user_arn =
                known.map_or_else(|| format!("arn:aws:iam::{account}:user/{user}"), |known| known.key.clone());
            let report = reports.iter().find(|report| report.key == user_arn);
            let why = match (report, known) {
                (Some(report), _) => (1..=2)
                    .filter_map(|number| of_report(report, number)?.last_use)
                    .any(|last| self.is_in_use(Some(&last)))
                    .then(|| "IAM says that a key of this user was used, and not which".to_owned()),
                (None, Some(known)) => self.shown.why_not(known)?,
                (None, None) => None,
            };
            keys.push(AccessKey {
                user_arn,
                account,
                why,
                detail: key.key.clone(),
                created_at_us: last_use::time(key.text("CreateDate")),
                last_use: last.remove(&key.key).map(LastUse::from),
            });
        }
        for report in reports {
            if self.inventory.part(EntityKind::AccessKey, &report.extent.scope).is_none() {
                let is_calling = self.is_in_use(self.uses.of_calls(&report.key).as_ref());
                let calling = is_calling
                    .then(|| "the logs show calls of this user, and the inventory has no ids of its keys".to_owned());
                let of_user = (1..=2).filter_map(|number| of_report(report, number));
                keys.extend(of_user.map(|key| AccessKey { why: calling.clone(), ..key }));
            }
        }
        Ok(keys)
    }
}

/// A key of the report, which has no id: its last use is what IAM says.
fn of_report(report: &Entity, number: u8) -> Option<AccessKey> {
    let column = |name: &str| format!("access_key_{number}_{name}");
    let cell = |name: &str| credential_report::known(&report.document, &column(name)).map(str::to_owned);
    credential_report::is_true(&report.document, &column("active")).then(|| AccessKey {
        account: report.extent.scope.clone(),
        user_arn: report.key.clone(),
        detail: format!("access key {number}"),
        created_at_us: last_use::time(cell("last_rotated").as_deref()),
        last_use: last_use::time(cell("last_used_date").as_deref())
            .map(|at_us| LastUse { at_us, source: LastUseSource::Inventory }),
        why: None,
    })
}
