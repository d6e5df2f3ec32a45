//! The credential report of an account: a row for the root user and one for each user. What an imported report says is taken as it
//! is, but that a later use of the logs takes the place of the one it knows. Without one, rows are made of the users, the keys and
//! the logs; cells of which none of them tells are `no_information`.

use std::collections::BTreeMap;

use aws_wire::timestamp;
use iam::event_action;
use iam::inventory::{Entity, EntityKind, credential_report};
use questions::credential_use::{self, KeyUse};
use questions::inventory::Inventory;
use serde_json::{Map, Value};

use super::entities;
use crate::aws::{OperationError, Request};

/// What AWS writes for a user's second key if there is none.
const NONE: &str = "N/A";
const NOT_SUPPORTED: &str = "not_supported";
const NO_INFORMATION: &str = "no_information";

type Row = Map<String, Value>;

/// The report as text, of this moment.
pub fn make(request: &Request<'_>) -> Result<String, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let account = &request.caller.account;
    let keys = Keys::read(request, &inventory)?;
    let ids: Vec<String> = keys.by_user.values().flatten().map(|key| key.key.clone()).collect();
    let uses = Uses {
        keys: credential_use::of_access_keys(&snapshot, &ids, request.now.us)?,
        passwords: credential_use::of_passwords(&snapshot, account, request.now.us)?,
    };
    let mut rows: Vec<Row> = match inventory.part(EntityKind::CredentialReport, account) {
        Some(_) => {
            let reports = entities(request, &inventory, EntityKind::CredentialReport)?;
            reports.into_iter().map(|report| report.document).collect()
        }
        None => {
            let users = entities(request, &inventory, EntityKind::User)?;
            let users = users.iter().map(|user| of_user(user, &keys));
            std::iter::once(of_root(account)).chain(users).collect()
        }
    };
    for row in &mut rows {
        uses.add_to(row, &keys);
    }
    // The root user stands first.
    rows.sort_by(|a, b| cell(a, "user").cmp(cell(b, "user")));
    rows.sort_by_key(|row| !cell(row, "arn").ends_with(":root"));
    Ok(credential_report::text(&rows))
}

/// The access keys of the account by their users' names, the older one first, as AWS numbers them.
struct Keys {
    by_user: BTreeMap<String, Vec<Entity>>,
    /// Whether the inventory lists keys.
    is_known: bool,
}

impl Keys {
    fn read(request: &Request<'_>, inventory: &Inventory<'_>) -> Result<Self, OperationError> {
        let mut by_user: BTreeMap<String, Vec<Entity>> = BTreeMap::new();
        for key in entities(request, inventory, EntityKind::AccessKey)? {
            by_user.entry(key.text("UserName").unwrap_or_default().to_owned()).or_default().push(key);
        }
        for keys in by_user.values_mut() {
            keys.sort_by_key(|key| (created(key), key.key.clone()));
        }
        Ok(Self { by_user, is_known: inventory.part(EntityKind::AccessKey, &request.caller.account).is_some() })
    }

    fn of(&self, user: &str) -> &[Entity] {
        self.by_user.get(user).map_or(&[], Vec::as_slice)
    }

    /// The key that a report gives this number: the one that was made when the report says, for the report may be older than
    /// the list.
    fn numbered(&self, row: &Row, number: usize) -> Option<&Entity> {
        let rotated = timestamp::of_text(cell(row, &column(number, "last_rotated")))?;
        let second = |us: i64| us.div_euclid(1_000_000);
        let is_it = |key: &&Entity| created(key).is_some_and(|created| second(created) == second(rotated));
        let made_then: Vec<&Entity> = self.of(cell(row, "user")).iter().filter(is_it).collect();
        match made_then.as_slice() {
            [key] => Some(key),
            // Made in one second: which is which nobody says but their order.
            several => several.get(number - 1).copied(),
        }
    }
}

/// When things were used, as the logs say.
struct Uses {
    keys: BTreeMap<String, KeyUse>,
    passwords: BTreeMap<String, i64>,
}

impl Uses {
    fn add_to(&self, row: &mut Row, keys: &Keys) {
        // An imported report may spell times otherwise than AWS does.
        for (_, cell) in row.iter_mut().filter(|(name, _)| !matches!(name.as_str(), "user" | "arn")) {
            if let Some(us) = cell.as_str().and_then(timestamp::of_text) {
                *cell = Value::from(time(us));
            }
        }
        if let Some(used_us) = self.passwords.get(cell(row, "arn"))
            && is_later(row, "password_last_used", *used_us)
        {
            set(row, "password_last_used", &time(*used_us));
        }
        for number in [1, 2] {
            let Some(used) = keys.numbered(row, number).and_then(|key| self.keys.get(&key.key)) else { continue };
            if is_later(row, &column(number, "last_used_date"), used.at_us) {
                let service = used.event_source.as_deref().map_or(NONE, event_action::service_namespace);
                set(row, &column(number, "last_used_date"), &time(used.at_us));
                set(row, &column(number, "last_used_region"), used.region.as_deref().unwrap_or(NONE));
                set(row, &column(number, "last_used_service"), service);
            }
        }
    }
}

fn of_root(account: &str) -> Row {
    let mut row = Row::new();
    set(&mut row, "user", "<root_account>");
    set(&mut row, "arn", &format!("arn:aws:iam::{account}:root"));
    for name in ["password_enabled", "password_last_changed", "password_next_rotation"] {
        set(&mut row, name, NOT_SUPPORTED);
    }
    row
}

fn of_user(user: &Entity, keys: &Keys) -> Row {
    let mut row = Row::new();
    set(&mut row, "user", &user.name);
    set(&mut row, "arn", &user.key);
    let of_document = |member: &str| user.text(member).and_then(timestamp::of_text).map(time);
    set(&mut row, "user_creation_time", &of_document("CreateDate").unwrap_or_else(|| NO_INFORMATION.to_owned()));
    if let Some(used) = of_document("PasswordLastUsed") {
        set(&mut row, "password_last_used", &used);
    }
    for number in [1, 2].into_iter().filter(|_| keys.is_known) {
        let key = keys.of(&user.name).get(number - 1);
        let is_active = key.is_some_and(|key| key.text("Status") == Some("Active"));
        set(&mut row, &column(number, "active"), if is_active { "true" } else { "false" });
        let rotated = key.and_then(created).map_or_else(|| NONE.to_owned(), time);
        set(&mut row, &column(number, "last_rotated"), &rotated);
        for name in ["last_used_date", "last_used_region", "last_used_service"] {
            set(&mut row, &column(number, name), NONE);
        }
    }
    row
}

fn column(number: usize, name: &str) -> String {
    format!("access_key_{number}_{name}")
}

fn cell<'r>(row: &'r Row, name: &str) -> &'r str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn set(row: &mut Row, name: &str, value: &str) {
    row.insert(name.to_owned(), Value::from(value));
}

/// Whether a time is after that of a cell, by the second, which is all that a report tells.
fn is_later(row: &Row, name: &str, us: i64) -> bool {
    timestamp::of_text(cell(row, name)).is_none_or(|known| known.div_euclid(1_000_000) < us.div_euclid(1_000_000))
}

fn created(key: &Entity) -> Option<i64> {
    timestamp::of_text(key.text("CreateDate")?)
}

/// A time as reports write it.
fn time(us: i64) -> String {
    timestamp::iso8601(us - us.rem_euclid(1_000_000)).replace('Z', "+00:00")
}
