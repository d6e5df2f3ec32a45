//! The inventory in force at the one *now*: which entities there are, and since when that is known. What they are permitted is
//! told by `permission`, whom a name means by `subject`.

use std::collections::BTreeSet;

use iam::inventory::{Entity, EntityKind};
use lake::catalog::{DatedPart, InventoryPoint};
use lake::snapshot::Snapshot;

use crate::question_error::QuestionError;

/// The inventory of a lake at a time. Entities are read when they are asked for.
pub struct Inventory<'s> {
    snapshot: &'s Snapshot,
    parts: Vec<DatedPart>,
}

impl<'s> Inventory<'s> {
    /// The parts in force at `now_us`; of a kind and scope that was first imported later, that one.
    pub fn read(snapshot: &'s Snapshot, now_us: i64) -> Result<Self, QuestionError> {
        let parts = snapshot.read_catalog(|catalog| catalog.inventory_at(InventoryPoint::at(now_us)))?;
        Ok(Self { snapshot, parts })
    }

    /// Whether nothing was ever imported.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The parts of a kind, each of one account or other scope.
    pub fn parts(&self, kind: EntityKind) -> impl Iterator<Item = &DatedPart> {
        self.parts.iter().filter(move |part| part.extent.kind == kind)
    }

    /// The part of a kind and scope.
    pub fn part(&self, kind: EntityKind, scope: &str) -> Option<&DatedPart> {
        self.parts(kind).find(|part| part.extent.scope == scope)
    }

    /// All entities of a kind.
    pub fn entities(&self, kind: EntityKind) -> Result<Vec<Entity>, QuestionError> {
        let mut entities = Vec::new();
        for part in self.parts(kind) {
            entities.extend(self.entities_of(part)?);
        }
        Ok(entities)
    }

    /// All entities of a part.
    pub fn entities_of(&self, part: &DatedPart) -> Result<Vec<Entity>, QuestionError> {
        Ok(self.snapshot.read_catalog(|catalog| catalog.inventory_entities(part))?)
    }

    /// The entity of that key in an account or other scope.
    pub fn find(&self, kind: EntityKind, scope: &str, key: &str) -> Result<Option<Entity>, QuestionError> {
        match self.part(kind, scope) {
            Some(part) => Ok(self.snapshot.read_catalog(|catalog| catalog.inventory_entity(part, key))?),
            None => Ok(None),
        }
    }

    /// The entities of a kind that bear a name, in every scope.
    pub fn named(&self, kind: EntityKind, name: &str) -> Result<Vec<Entity>, QuestionError> {
        let mut entities = Vec::new();
        for part in self.parts(kind) {
            entities.extend(self.snapshot.read_catalog(|catalog| catalog.inventory_named(part, name))?);
        }
        Ok(entities)
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
