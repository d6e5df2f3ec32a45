//! When principals, keys and sessions were last used: by the logs, and by what IAM itself says in the inventory, whichever is later.

use std::collections::BTreeMap;

use iam::inventory::{EntityKind, credential_report};
use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::timestamp::duckdb_timestamp;
use lake::value::Value;

use crate::access_use::Use;
use crate::access_window::AccessWindow;
use crate::credential_use::KeyUse;
use crate::inventory::Inventory;
use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind};

const SQL: &str = include_str!("../unused_access.sql");
const ASSUMPTIONS_SQL: &str = include_str!("assumptions.sql");
const SESSIONS_SQL: &str = include_str!("sessions.sql");

/// The last use of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    pub at_us: i64,
    pub source: LastUseSource,
}

/// What a last use is known from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastUseSource {
    /// The event, where it has an id.
    Event(Option<String>),
    /// The inventory: the credential report, or a role's last use.
    Inventory,
}

impl From<&Use> for LastUse {
    fn from(seen: &Use) -> Self {
        Self { at_us: seen.last_us, source: LastUseSource::Event(seen.last_event_id.clone()) }
    }
}

impl From<KeyUse> for LastUse {
    fn from(used: KeyUse) -> Self {
        Self { at_us: used.at_us, source: LastUseSource::Event(used.event_id) }
    }
}

fn later(one: Option<LastUse>, other: Option<LastUse>) -> Option<LastUse> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if other.at_us > one.at_us { other } else { one }),
        (one, other) => one.or(other),
    }
}

/// A time as AWS writes it, µs UTC.
pub(super) fn time(text: Option<&str>) -> Option<i64> {
    Some(text?.parse::<jiff::Timestamp>().ok()?.as_microsecond())
}

fn by_inventory(text: Option<&str>) -> Option<LastUse> {
    Some(LastUse { at_us: time(text)?, source: LastUseSource::Inventory })
}

/// Everything's last use.
pub(super) struct LastUses {
    calls: BTreeMap<String, LastUse>,
    sign_ins: BTreeMap<String, LastUse>,
}

pub(super) fn statement(now_us: i64) -> String {
    let window = AccessWindow { since_us: None, until_us: now_us };
    let (whole_days, cut_days) = (window.whole_days(), window.cut_days());
    bind(SQL, &[("whole_days", Parameter::Sql(&whole_days)), ("cut_days", Parameter::Sql(&cut_days))])
}

impl LastUses {
    /// The last calls and sign-ins of every principal.
    pub fn read(snapshot: &Snapshot, inventory: &Inventory<'_>, now_us: i64) -> Result<Self, QuestionError> {
        let mut uses = Self { calls: BTreeMap::new(), sign_ins: BTreeMap::new() };
        for row in snapshot.query(&statement(now_us), now_us, Mode::Trusted)?.rows {
            let [Value::Text(principal), Value::Bool(is_sign_in), Value::Timestamp(at_us), event_id] = row.as_slice()
            else {
                continue;
            };
            let known = if *is_sign_in { &mut uses.sign_ins } else { &mut uses.calls };
            known.insert(principal.clone(), LastUse { at_us: *at_us, source: LastUseSource::Event(text(event_id)) });
        }
        // Whoever assumes a role uses it, also where its own calls are data events that no trail delivers.
        for (role, last) in of_assumed_roles(snapshot, now_us)? {
            uses.add_call(&role, Some(last));
        }
        for role in inventory.entities(EntityKind::Role)? {
            let last = role.document.get("RoleLastUsed").and_then(|last| last.get("LastUsedDate"));
            uses.add_call(&role.key, by_inventory(last.and_then(serde_json::Value::as_str)));
        }
        for row in inventory.entities(EntityKind::CredentialReport)? {
            let sign_in = by_inventory(credential_report::known(&row.document, "password_last_used"));
            if let Some(last) = later(uses.sign_ins.remove(&row.key), sign_in) {
                uses.sign_ins.insert(row.key.clone(), last);
            }
            for column in ["access_key_1_last_used_date", "access_key_2_last_used_date"] {
                uses.add_call(&row.key, by_inventory(credential_report::known(&row.document, column)));
            }
        }
        Ok(uses)
    }

    fn add_call(&mut self, principal: &str, last: Option<LastUse>) {
        if let Some(last) = later(self.calls.remove(principal), last) {
            self.calls.insert(principal.to_owned(), last);
        }
    }

    /// The last call, by the logs or the inventory.
    pub fn of_calls(&self, arn: &str) -> Option<LastUse> {
        self.calls.get(arn).cloned()
    }

    /// The last call or sign-in of a user or role.
    pub fn of_principal(&self, arn: &str) -> Option<LastUse> {
        later(self.calls.get(arn).cloned(), self.sign_ins.get(arn).cloned())
    }

    /// The last sign-in to the console.
    pub fn of_password(&self, arn: &str) -> Option<LastUse> {
        self.sign_ins.get(arn).cloned()
    }
}

/// The last time that each role was assumed, by its ARN.
fn of_assumed_roles(snapshot: &Snapshot, now_us: i64) -> Result<BTreeMap<String, LastUse>, QuestionError> {
    let until = format!("TIMESTAMP '{}'", duckdb_timestamp(now_us));
    let sql = bind(ASSUMPTIONS_SQL, &[("until", Parameter::Sql(&until))]);
    let mut found = BTreeMap::new();
    for row in snapshot.query(&sql, now_us, Mode::Trusted)?.rows {
        if let [Value::Text(role), Value::Timestamp(at_us), event_id] = row.as_slice() {
            found.insert(role.clone(), LastUse { at_us: *at_us, source: LastUseSource::Event(text(event_id)) });
        }
    }
    Ok(found)
}

/// The last call in each role of a permission set, by role and session name.
pub(super) fn of_sessions(
    snapshot: &Snapshot,
    now_us: i64,
) -> Result<BTreeMap<(String, String), LastUse>, QuestionError> {
    let until = format!("TIMESTAMP '{}'", duckdb_timestamp(now_us));
    let sql = bind(SESSIONS_SQL, &[("until", Parameter::Sql(&until))]);
    let mut found = BTreeMap::new();
    for row in snapshot.query(&sql, now_us, Mode::Trusted)?.rows {
        if let [Value::Text(role), Value::Text(session), Value::Timestamp(at_us), event_id] = row.as_slice() {
            let last = LastUse { at_us: *at_us, source: LastUseSource::Event(text(event_id)) };
            found.insert((role.clone(), session.clone()), last);
        }
    }
    Ok(found)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}
