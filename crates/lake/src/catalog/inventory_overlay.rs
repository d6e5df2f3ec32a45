//! The overlay of the inventory: entities that clients of the AWS-compatible endpoint wrote, one row each, whole or as deleted. It
//! is laid over the imported inventory by whoever answers those clients, and by nobody else: what the real account has is told by
//! `inventory`. AWS never hears of it.

use iam::inventory::import::Part;
use iam::inventory::{Entity, EntityKind, Extent};
use rusqlite::{Connection, Row, TransactionBehavior, params};
use serde_json::{Map, Value};

use super::{Catalog, CatalogError};

/// One entity as a client left it.
#[derive(Debug, Clone, PartialEq)]
pub struct OverlayEntry {
    pub extent: Extent,
    /// The entity's key, its ARN.
    pub key: String,
    pub name: String,
    /// AWS's fields, as an entity has them; `None` where the entity is deleted.
    pub document: Option<Map<String, Value>>,
    /// When it was written, µs UTC.
    pub written_at_us: i64,
    /// The ARN of the caller.
    pub written_by: String,
}

impl OverlayEntry {
    /// The entity; `None` where it is deleted.
    pub fn entity(&self) -> Option<Entity> {
        let Self { extent, key, name, document, .. } = self;
        let document = document.clone()?;
        Some(Entity { extent: extent.clone(), key: key.clone(), name: name.clone(), document })
    }

    /// Whether it says what the inventory says without it. A list that is empty is as good as one that is not there.
    pub fn agrees_with(&self, imported: Option<&Entity>) -> bool {
        match (&self.document, imported) {
            (None, None) => true,
            (Some(written), Some(imported)) => {
                let full = |document: &Map<String, Value>| {
                    let mut document = document.clone();
                    document.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
                    document
                };
                full(written) == full(&imported.document)
            }
            _ => false,
        }
    }
}

/// What a write does to the overlay.
#[derive(Debug, Clone, PartialEq)]
pub enum OverlayChange {
    /// The entry stands there from now on.
    Lay(OverlayEntry),
    /// The entity of that key is again as the import says.
    Lift(Extent, String),
}

const COLUMNS: &str = "kind, scope, entity_key, name, document, written_at, written_by";

impl Catalog {
    /// Every entry, by kind, scope and key.
    pub fn inventory_overlay(&self) -> Result<Vec<OverlayEntry>, CatalogError> {
        let sql = format!("SELECT {COLUMNS} FROM inventory_overlay ORDER BY kind, scope, entity_key");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(self.overlay_entry(row)?);
        }
        Ok(entries)
    }

    /// Changes the overlay. `decide` says how; while it does, nobody else writes to the lake, so what it reads by another
    /// connection is what its changes meet.
    ///
    /// # Errors
    /// What `decide` refuses; then nothing is changed.
    pub fn change_inventory_overlay<T, E: From<CatalogError>>(
        &mut self,
        decide: impl FnOnce() -> Result<(T, Vec<OverlayChange>), E>,
    ) -> Result<T, E> {
        let of_sqlite = |error: rusqlite::Error| E::from(CatalogError::from(error));
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(of_sqlite)?;
        let (value, changes) = decide()?;
        for change in &changes {
            match change {
                OverlayChange::Lay(entry) => lay(&transaction, entry),
                OverlayChange::Lift(extent, key) => lift(&transaction, extent, key),
            }
            .map_err(of_sqlite)?;
        }
        transaction.commit().map_err(of_sqlite)?;
        Ok(value)
    }

    /// Forgets every entry, or those of one account; returns how many there were.
    pub fn clear_inventory_overlay(&self, account: Option<&str>) -> Result<usize, CatalogError> {
        Ok(self.connection.execute("DELETE FROM inventory_overlay WHERE scope = ifnull(?, scope)", [account])?)
    }

    fn overlay_entry(&self, row: &Row<'_>) -> Result<OverlayEntry, CatalogError> {
        let corrupt = |detail: String| CatalogError::Corrupt { path: Self::path(&self.folder), detail };
        let (kind, key): (String, String) = (row.get(0)?, row.get(2)?);
        let known = EntityKind::from_name(&kind);
        let known = known.ok_or_else(|| corrupt(format!("{kind} is no kind of the inventory")))?;
        let document: Option<String> = row.get(4)?;
        let document = document.map(|document| serde_json::from_str(&document)).transpose();
        let document = document.map_err(|error| corrupt(format!("the overlay's {kind} {key} is not JSON: {error}")))?;
        Ok(OverlayEntry {
            extent: Extent { kind: known, scope: row.get(1)? },
            key,
            name: row.get(3)?,
            document,
            written_at_us: row.get(5)?,
            written_by: row.get(6)?,
        })
    }
}

fn lay(connection: &Connection, entry: &OverlayEntry) -> rusqlite::Result<usize> {
    let OverlayEntry { extent, key, name, document, written_at_us, written_by } = entry;
    let document = document.as_ref().map(|document| Value::Object(document.clone()).to_string());
    let sql = format!("INSERT OR REPLACE INTO inventory_overlay ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)");
    connection.prepare_cached(&sql)?.execute(params![
        extent.kind.name(),
        extent.scope,
        key,
        name,
        document,
        written_at_us,
        written_by
    ])
}

fn lift(connection: &Connection, extent: &Extent, key: &str) -> rusqlite::Result<usize> {
    connection
        .prepare_cached("DELETE FROM inventory_overlay WHERE kind = ? AND scope = ? AND entity_key = ?")?
        .execute(params![extent.kind.name(), extent.scope, key])
}

/// Drops what a new part settles: entries that say the same, and entities that a client created and the account has by now.
/// `had` tells whether the inventory had an entity of that key before.
pub(super) fn settle(
    connection: &Connection,
    entries: &[OverlayEntry],
    part: &Part,
    had: impl Fn(&str) -> Result<bool, CatalogError>,
) -> Result<(), CatalogError> {
    for entry in entries.iter().filter(|entry| entry.extent == part.extent) {
        let imported = part.entities.iter().find(|entity| entity.key == entry.key);
        let is_created = entry.document.is_some() && !had(&entry.key)?;
        if entry.agrees_with(imported) || is_created && imported.is_some() {
            lift(connection, &entry.extent, &entry.key)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
