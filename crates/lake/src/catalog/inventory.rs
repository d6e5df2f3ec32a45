//! Inventory snapshots in the catalog: immutable and dated. A snapshot is made of parts, all entities of one kind in one scope; an
//! entity that did not change is stored once. The inventory at a time is, for each kind and scope, the newest part up to then.

use std::collections::{BTreeMap, BTreeSet};

use iam::inventory::import::Part;
use iam::inventory::{Entity, EntityKind, Extent};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::{Catalog, CatalogError, inventory_overlay};

/// One import.
#[derive(Debug, Clone, PartialEq)]
pub struct InventorySnapshot {
    pub id: i64,
    /// When AWS said so, µs UTC.
    pub taken_at_us: i64,
    /// When it was imported, µs UTC.
    pub imported_at_us: i64,
    /// The files it came from.
    pub sources: Vec<String>,
    /// How many entities each of its parts has.
    pub parts: BTreeMap<Extent, usize>,
}

/// A point in the order of snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InventoryPoint {
    taken_at_us: i64,
    snapshot_id: i64,
}

impl InventoryPoint {
    /// After every snapshot.
    pub const NEWEST: Self = Self::at(i64::MAX);

    /// After every snapshot taken up to that time, µs UTC.
    pub const fn at(time_us: i64) -> Self {
        Self { taken_at_us: time_us, snapshot_id: i64::MAX }
    }
}

/// A part of an inventory at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct DatedPart {
    pub extent: Extent,
    pub snapshot_id: i64,
    pub taken_at_us: i64,
    /// It was taken later, and nothing of its kind and scope before: logs reach further back than anybody's inventory.
    pub is_later: bool,
    entity_ids: Vec<i64>,
}

impl DatedPart {
    /// How many entities it has.
    pub fn entity_count(&self) -> usize {
        self.entity_ids.len()
    }
}

/// What an import changed in one part, against the part that was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartChange {
    pub extent: Extent,
    pub entities: usize,
    /// Entities before; `None` where the part is the first of its kind and scope.
    pub before: Option<usize>,
    pub added: usize,
    pub removed: usize,
    pub changed: usize,
}

impl Catalog {
    /// Stores parts as one snapshot in one transaction; returns its number and what it changed.
    pub fn import_inventory(
        &mut self,
        parts: &[Part],
        sources: &[String],
        taken_at_us: i64,
        imported_at_us: i64,
    ) -> Result<(i64, Vec<PartChange>), CatalogError> {
        let before = self.inventory_at(InventoryPoint::at(taken_at_us))?;
        let newest = self.inventory_at(InventoryPoint::NEWEST)?;
        let overlay = self.inventory_overlay()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sources = serde_json::Value::from(sources).to_string();
        transaction.execute(
            "INSERT INTO inventory_snapshot (taken_at, imported_at, sources) VALUES (?, ?, ?)",
            params![taken_at_us, imported_at_us, sources],
        )?;
        let snapshot_id = transaction.last_insert_rowid();
        let mut changes = Vec::new();
        for part in parts {
            let ids = part.entities.iter().map(|entity| store(&transaction, entity)).collect::<Result<Vec<_>, _>>()?;
            let Extent { kind, scope } = &part.extent;
            transaction.prepare_cached("INSERT INTO inventory_part VALUES (?, ?, ?, ?)")?.execute(params![
                snapshot_id,
                kind.name(),
                scope,
                serde_json::Value::from(ids.clone()).to_string()
            ])?;
            let old = before.iter().find(|old| old.extent == part.extent && !old.is_later);
            changes.push(change(&transaction, part, &ids, old)?);
            let is_of = |known: &&DatedPart| known.extent == part.extent;
            if newest.iter().find(is_of).is_none_or(|known| known.taken_at_us <= taken_at_us) {
                inventory_overlay::settle(&transaction, &overlay, part, |key| has(&transaction, old, key))?;
            }
        }
        crate::stop_point::reach("before_inventory_commit");
        transaction.commit()?;
        crate::stop_point::reach("after_inventory_commit");
        Ok((snapshot_id, changes))
    }

    /// Every snapshot, oldest first.
    pub fn inventory_snapshots(&self) -> Result<Vec<InventorySnapshot>, CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT inventory_id, taken_at, imported_at, sources FROM inventory_snapshot ORDER BY taken_at, inventory_id",
        )?;
        let rows = statement.query_map([], |row| {
            let sources: String = row.get(3)?;
            Ok(InventorySnapshot {
                id: row.get(0)?,
                taken_at_us: row.get(1)?,
                imported_at_us: row.get(2)?,
                sources: serde_json::from_str(&sources).unwrap_or_default(),
                parts: BTreeMap::new(),
            })
        })?;
        let mut snapshots = rows.collect::<Result<Vec<_>, _>>()?;
        let mut statement = self
            .connection
            .prepare_cached("SELECT inventory_id, kind, scope, json_array_length(entity_ids) FROM inventory_part")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, count): (i64, u32) = (row.get(0)?, row.get(3)?);
            let extent = self.extent(row, 1)?;
            if let Some(snapshot) = snapshots.iter_mut().find(|snapshot| snapshot.id == id) {
                snapshot.parts.insert(extent, count as usize);
            }
        }
        Ok(snapshots)
    }

    /// The point just after the snapshot of that number.
    pub fn inventory_point(&self, snapshot_id: i64) -> Result<Option<InventoryPoint>, CatalogError> {
        let sql = "SELECT taken_at FROM inventory_snapshot WHERE inventory_id = ?";
        let taken_at_us = self.connection.query_row(sql, [snapshot_id], |row| row.get(0)).optional()?;
        Ok(taken_at_us.map(|taken_at_us| InventoryPoint { taken_at_us, snapshot_id }))
    }

    /// The parts in force at a point, of each kind and scope the newest up to there; where there is none, the oldest one.
    pub fn inventory_at(&self, point: InventoryPoint) -> Result<Vec<DatedPart>, CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT kind, scope, inventory_id, taken_at, entity_ids, is_later FROM (
                 SELECT *, row_number() OVER (
                     PARTITION BY kind, scope
                     ORDER BY is_later, CASE WHEN is_later THEN taken_at ELSE -taken_at END,
                              CASE WHEN is_later THEN inventory_id ELSE -inventory_id END
                 ) AS place
                 FROM (SELECT p.*, s.taken_at, (s.taken_at, inventory_id) > (?1, ?2) AS is_later
                       FROM inventory_part p JOIN inventory_snapshot s USING (inventory_id))
             ) WHERE place = 1 ORDER BY kind, scope",
        )?;
        let mut rows = statement.query([point.taken_at_us, point.snapshot_id])?;
        let mut parts = Vec::new();
        while let Some(row) = rows.next()? {
            let extent = self.extent(row, 0)?;
            let ids: String = row.get(4)?;
            let entity_ids = serde_json::from_str(&ids).map_err(|error| {
                let detail = format!("the inventory's {} of {}: {error}", extent.kind, extent.scope);
                CatalogError::Corrupt { path: Self::path(&self.folder), detail }
            })?;
            parts.push(DatedPart {
                extent,
                snapshot_id: row.get(2)?,
                taken_at_us: row.get(3)?,
                is_later: row.get(5)?,
                entity_ids,
            });
        }
        Ok(parts)
    }

    /// All entities of a part, by key.
    pub fn inventory_entities(&self, part: &DatedPart) -> Result<Vec<Entity>, CatalogError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT entity_key, name, document FROM inventory_entity WHERE entity_id = ?")?;
        let mut entities = Vec::with_capacity(part.entity_ids.len());
        for id in &part.entity_ids {
            entities.push(statement.query_row([id], |row| Ok(self.entity(&part.extent, row)))??);
        }
        Ok(entities)
    }

    /// The entity of that key in a part.
    pub fn inventory_entity(&self, part: &DatedPart, key: &str) -> Result<Option<Entity>, CatalogError> {
        Ok(self.inventory_where(part, "entity_key", key)?.pop())
    }

    /// The entities of that name in a part.
    pub fn inventory_named(&self, part: &DatedPart, name: &str) -> Result<Vec<Entity>, CatalogError> {
        self.inventory_where(part, "name", name)
    }

    fn inventory_where(&self, part: &DatedPart, column: &str, value: &str) -> Result<Vec<Entity>, CatalogError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT entity_key, name, document, entity_id FROM inventory_entity
             WHERE kind = ? AND scope = ? AND {column} = ?"
        ))?;
        let Extent { kind, scope } = &part.extent;
        let mut rows = statement.query(params![kind.name(), scope, value])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            if part.entity_ids.contains(&row.get::<_, i64>(3)?) {
                found.push(self.entity(&part.extent, row)?);
            }
        }
        Ok(found)
    }

    fn entity(&self, extent: &Extent, row: &Row<'_>) -> Result<Entity, CatalogError> {
        let (key, name, document): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let document = serde_json::from_str(&document).map_err(|error| {
            let detail = format!("the inventory's {} {key} is not JSON: {error}", extent.kind);
            CatalogError::Corrupt { path: Self::path(&self.folder), detail }
        })?;
        Ok(Entity { extent: extent.clone(), key, name, document })
    }

    fn extent(&self, row: &Row<'_>, column: usize) -> Result<Extent, CatalogError> {
        let kind: String = row.get(column)?;
        let known = EntityKind::from_name(&kind).ok_or_else(|| CatalogError::Corrupt {
            path: Self::path(&self.folder),
            detail: format!("{kind} is no kind of the inventory"),
        })?;
        Ok(Extent { kind: known, scope: row.get(column + 1)? })
    }
}

/// The id of the stored entity, which is a new one if nothing like it is stored.
fn store(transaction: &Transaction<'_>, entity: &Entity) -> Result<i64, CatalogError> {
    let document = serde_json::to_string(&entity.document).expect("a map of JSON values is JSON");
    let hash = Sha256::new().chain_update(&entity.name).chain_update([0]).chain_update(&document).finalize();
    let Extent { kind, scope } = &entity.extent;
    let known: Option<i64> = transaction
        .prepare_cached(
            "SELECT entity_id FROM inventory_entity WHERE kind = ? AND entity_key = ? AND scope = ? AND sha256 = ?",
        )?
        .query_row(params![kind.name(), entity.key, scope, hash.as_slice()], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    transaction
        .prepare_cached(
            "INSERT INTO inventory_entity (kind, scope, entity_key, name, sha256, document) VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![kind.name(), scope, entity.key, entity.name, hash.as_slice(), document])?;
    Ok(transaction.last_insert_rowid())
}

/// Whether a part has an entity of that key.
fn has(connection: &Connection, part: Option<&DatedPart>, key: &str) -> Result<bool, CatalogError> {
    let Some(part) = part else { return Ok(false) };
    let Extent { kind, scope } = &part.extent;
    let sql = "SELECT entity_id FROM inventory_entity WHERE kind = ? AND scope = ? AND entity_key = ?";
    let mut statement = connection.prepare_cached(sql)?;
    let ids = statement.query_map(params![kind.name(), scope, key], |row| row.get::<_, i64>(0))?;
    for id in ids {
        if part.entity_ids.contains(&id?) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn change(
    connection: &Connection,
    part: &Part,
    ids: &[i64],
    old: Option<&DatedPart>,
) -> Result<PartChange, CatalogError> {
    let old_ids: BTreeSet<i64> = old.into_iter().flat_map(|old| old.entity_ids.iter().copied()).collect();
    let new_ids: BTreeSet<i64> = ids.iter().copied().collect();
    let mut key_of = connection.prepare_cached("SELECT entity_key FROM inventory_entity WHERE entity_id = ?")?;
    let mut gone = BTreeSet::new();
    for id in old_ids.difference(&new_ids) {
        gone.insert(key_of.query_row([id], |row| row.get::<_, String>(0))?);
    }
    let new = part.entities.iter().zip(ids).filter(|(_, id)| !old_ids.contains(id)).map(|(entity, _)| &entity.key);
    let (changed, added): (Vec<&String>, Vec<&String>) = new.partition(|key| gone.contains(*key));
    Ok(PartChange {
        extent: part.extent.clone(),
        entities: ids.len(),
        before: old.map(|old| old.entity_ids.len()),
        added: added.len(),
        removed: gone.len() - changed.len(),
        changed: changed.len(),
    })
}
