//! The inventory in force at the one *now*: which entities there are, and since when that is known; for the AWS-compatible endpoint
//! with what its clients wrote laid over it. What entities are permitted is told by `permission`, whom a name means by `subject`.

use std::collections::BTreeSet;

use iam::inventory::{Entity, EntityKind};
use lake::catalog::{Catalog, DatedPart, InventoryPoint, OverlayEntry};
use lake::snapshot::Snapshot;

use crate::question_error::QuestionError;

/// The inventory of a lake at a time. Entities are read when they are asked for.
pub struct Inventory<'s> {
    snapshot: &'s Snapshot,
    parts: Vec<DatedPart>,
    overlay: Vec<OverlayEntry>,
}

impl<'s> Inventory<'s> {
    /// The parts in force at `now_us`; of a kind and scope that was first imported later, that one.
    pub fn read(snapshot: &'s Snapshot, now_us: i64) -> Result<Self, QuestionError> {
        let parts = snapshot.read_catalog(|catalog| catalog.inventory_at(InventoryPoint::at(now_us)))?;
        Ok(Self { snapshot, parts, overlay: Vec::new() })
    }

    /// With what clients of the endpoint wrote laid over it. Nobody but the endpoint asks so.
    pub fn with_overlay(self) -> Result<Self, QuestionError> {
        let overlay = self.snapshot.read_catalog(Catalog::inventory_overlay)?;
        Ok(Self { overlay, ..self })
    }

    /// Whether nothing was ever imported.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The parts of a kind, each of one account or other scope.
    pub fn parts(&self, kind: EntityKind) -> impl Iterator<Item = &DatedPart> {
        self.parts.iter().filter(move |part| part.extent.kind == kind)
    }

    /// The part of a kind and scope, as it was imported.
    pub fn part(&self, kind: EntityKind, scope: &str) -> Option<&DatedPart> {
        self.parts(kind).find(|part| part.extent.scope == scope)
    }

    /// What is laid over a kind and scope.
    pub fn overlay(&self, kind: EntityKind, scope: &str) -> impl Iterator<Item = &OverlayEntry> {
        self.overlay.iter().filter(move |entry| entry.extent.kind == kind && entry.extent.scope == scope)
    }

    /// All entities of a kind.
    pub fn entities(&self, kind: EntityKind) -> Result<Vec<Entity>, QuestionError> {
        let mut entities = Vec::new();
        for scope in self.scopes(kind) {
            entities.extend(self.entities_in(kind, scope)?);
        }
        Ok(entities)
    }

    /// All entities of a kind in an account or other scope.
    pub fn entities_in(&self, kind: EntityKind, scope: &str) -> Result<Vec<Entity>, QuestionError> {
        let imported = match self.part(kind, scope) {
            Some(part) => self.snapshot.read_catalog(|catalog| catalog.inventory_entities(part))?,
            None => Vec::new(),
        };
        Ok(self.lay_over(imported, kind, scope, |_| true))
    }

    /// The entity of that key in an account or other scope.
    pub fn find(&self, kind: EntityKind, scope: &str, key: &str) -> Result<Option<Entity>, QuestionError> {
        match self.overlay(kind, scope).find(|entry| entry.key == key) {
            Some(entry) => Ok(entry.entity()),
            None => self.imported(kind, scope, key),
        }
    }

    /// The entity of that key as it was imported, whatever is laid over it.
    pub fn imported(&self, kind: EntityKind, scope: &str, key: &str) -> Result<Option<Entity>, QuestionError> {
        match self.part(kind, scope) {
            Some(part) => Ok(self.snapshot.read_catalog(|catalog| catalog.inventory_entity(part, key))?),
            None => Ok(None),
        }
    }

    /// The entities of a kind that bear a name, in every scope.
    pub fn named(&self, kind: EntityKind, name: &str) -> Result<Vec<Entity>, QuestionError> {
        let mut entities = Vec::new();
        for scope in self.scopes(kind) {
            let imported = match self.part(kind, scope) {
                Some(part) => self.snapshot.read_catalog(|catalog| catalog.inventory_named(part, name))?,
                None => Vec::new(),
            };
            entities.extend(self.lay_over(imported, kind, scope, |entry| entry.name == name));
        }
        Ok(entities)
    }

    /// Where there are entities of a kind.
    fn scopes(&self, kind: EntityKind) -> BTreeSet<&str> {
        let written = self.overlay.iter().map(|entry| &entry.extent).filter(|extent| extent.kind == kind);
        self.parts(kind).map(|part| &part.extent).chain(written).map(|extent| extent.scope.as_str()).collect()
    }

    /// The entities by key, with those entries of the overlay that are asked for.
    fn lay_over(
        &self,
        mut entities: Vec<Entity>,
        kind: EntityKind,
        scope: &str,
        is_asked: impl Fn(&OverlayEntry) -> bool,
    ) -> Vec<Entity> {
        for entry in self.overlay(kind, scope).filter(|entry| is_asked(entry)) {
            entities.retain(|entity| entity.key != entry.key);
            entities.extend(entry.entity());
        }
        entities.sort_by(|a, b| a.key.cmp(&b.key));
        entities
    }

    /// When what is known of these scopes' users, roles and policies was taken, µs UTC, the oldest first.
    pub fn taken_at<'a>(&self, accounts: impl IntoIterator<Item = &'a str>) -> BTreeSet<i64> {
        let accounts: BTreeSet<&str> = accounts.into_iter().collect();
        let is_of = |part: &&DatedPart| accounts.contains(part.extent.scope.as_str());
        self.parts(EntityKind::User)
            .chain(self.parts(EntityKind::Role))
            .filter(is_of)
            .map(|part| part.taken_at_us)
            .collect()
    }
}
