//! `tadoru inventory list`: the snapshots, one a row.

use std::collections::BTreeSet;

use ::lake::catalog::{Catalog, InventorySnapshot};
use iam::inventory::EntityKind;
use serde_json::{Value, json};

use super::super::Context;
use crate::error::Exit;
use crate::output::{Table, from_lake};

/// The kinds that have a column of their own.
const COUNTED: [(&str, EntityKind); 6] = [
    ("users", EntityKind::User),
    ("groups", EntityKind::Group),
    ("roles", EntityKind::Role),
    ("policies", EntityKind::Policy),
    ("permission_sets", EntityKind::PermissionSet),
    ("identity_users", EntityKind::IdentityUser),
];

pub fn run(context: &Context) -> anyhow::Result<Exit> {
    let snapshots = Catalog::open(&context.config.lake)?.inventory_snapshots()?;
    let mut names = vec!["inventory_id", "taken_at", "imported_at", "accounts"];
    names.extend(COUNTED.map(|(name, _)| name));
    names.extend(["entities", "sources"]);
    let mut table = Table::new(&names);
    table.rows = snapshots.iter().map(row).collect();
    context.print(&table)?;
    if snapshots.is_empty() {
        super::note_none(context);
    }
    Ok(Exit::Done)
}

fn row(snapshot: &InventorySnapshot) -> Vec<Value> {
    let is_account = |scope: &str| scope.len() == 12 && scope.bytes().all(|byte| byte.is_ascii_digit());
    let accounts: BTreeSet<&str> =
        snapshot.parts.keys().map(|extent| extent.scope.as_str()).filter(|scope| is_account(scope)).collect();
    let count = |wanted: EntityKind| -> usize {
        snapshot.parts.iter().filter(|(extent, _)| extent.kind == wanted).map(|(_, count)| count).sum()
    };
    let mut row = vec![
        json!(snapshot.id),
        json!(from_lake::time(snapshot.taken_at_us)),
        json!(from_lake::time(snapshot.imported_at_us)),
        json!(accounts.into_iter().collect::<Vec<_>>().join(" ")),
    ];
    row.extend(COUNTED.map(|(_, kind)| json!(count(kind))));
    row.push(json!(snapshot.parts.values().sum::<usize>()));
    row.push(json!(snapshot.sources.join(" ")));
    row
}
