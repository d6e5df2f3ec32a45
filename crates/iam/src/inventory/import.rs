//! Gathers files into one snapshot: entities of the same key are joined over files and pages, each kind and scope that a file
//! lists becomes a part that replaces the earlier one whole, and a file that cannot be taken says why without harm to the others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::content::{self, Fault};
use super::operation::{self, Said, UNKNOWN_ORGANIZATION};
use super::{Entity, EntityKind, Extent};

/// Files on their way to a snapshot.
#[derive(Debug, Default)]
pub struct Import {
    entities: BTreeMap<(Extent, String), Entity>,
    listed: BTreeSet<Extent>,
    /// What was listed by pages that are not the last one, and what by a last one.
    cut: BTreeSet<(Extent, String)>,
    ended: BTreeSet<(Extent, String)>,
    warnings: Vec<String>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    /// The operations whose output it holds, each once.
    pub operations: Vec<String>,
    pub entities: usize,
}

/// All entities of one kind in one scope.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub extent: Extent,
    /// By key.
    pub entities: Vec<Entity>,
}

impl Import {
    /// Takes a file; `account` says of which account answers are that do not tell. A file is taken whole or not at all.
    pub fn add(&mut self, bytes: &[u8], account: Option<&str>) -> Result<FileSummary, Fault> {
        let mut operations: Vec<String> = Vec::new();
        let mut all_said = Vec::new();
        for call in content::read(bytes)? {
            let operation = call.operation.clone();
            if !operations.contains(&operation) {
                operations.push(operation.clone());
            }
            all_said.push((operation, operation::read(call, account)?));
        }
        let mut entities = 0;
        for (operation, said) in all_said {
            entities += said.entities.len();
            self.take(&operation, said);
        }
        Ok(FileSummary { operations, entities })
    }

    fn take(&mut self, operation: &str, said: Said) {
        for extent in said.lists {
            let ends = if said.is_cut { &mut self.cut } else { &mut self.ended };
            ends.insert((extent.clone(), operation.to_owned()));
            self.listed.insert(extent);
        }
        for entity in said.entities {
            let key = (entity.extent.clone(), entity.key.clone());
            match self.entities.get_mut(&key) {
                None => {
                    self.entities.insert(key, entity);
                }
                Some(known) => {
                    if !entity.name.is_empty() {
                        known.name = entity.name;
                    }
                    if let Some(field) = join(&mut known.document, entity.document) {
                        let Extent { kind, scope } = &key.0;
                        self.warnings.push(format!(
                            "{kind} {} of {scope}: two files differ in {field}; the later counts",
                            key.1
                        ));
                    }
                }
            }
        }
    }

    /// The parts, and what a person should know of them.
    ///
    /// # Errors
    /// Where only the first pages of a listing were given: what is missing would count as deleted.
    pub fn finish(mut self) -> Result<(Vec<Part>, Vec<String>), Fault> {
        if let Some((extent, operation)) = self.cut.difference(&self.ended).next() {
            let Extent { kind, scope } = extent;
            return Err(Fault::new(format!(
                "{operation} of {scope} is cut off: pages with further {kind} entities are missing"
            ))
            .try_this("the command without --max-items and --no-paginate"));
        }
        self.name_organization();
        let mut parts: BTreeMap<Extent, Vec<Entity>> = BTreeMap::new();
        for extent in &self.listed {
            parts.entry(extent.clone()).or_default();
        }
        for ((extent, key), mut entity) in self.entities {
            if entity.name.is_empty() {
                entity.name = key;
            }
            parts.entry(extent).or_default().push(entity);
        }
        let parts = parts.into_iter().map(|(extent, entities)| Part { extent, entities }).collect();
        Ok((parts, self.warnings))
    }

    /// AWS's own service control policy and targets' lists name no organization: they are of the only one there is.
    fn name_organization(&mut self) {
        let of_organization = [EntityKind::Account, EntityKind::OrganizationalUnit, EntityKind::ServiceControlPolicy];
        let known: BTreeSet<String> = self
            .listed
            .iter()
            .filter(|extent| of_organization.contains(&extent.kind) && extent.scope != UNKNOWN_ORGANIZATION)
            .map(|extent| extent.scope.clone())
            .collect();
        let [only] = known.iter().collect::<Vec<_>>()[..] else { return };
        let named = |extent: &Extent| Extent {
            scope: if extent.scope == UNKNOWN_ORGANIZATION { only.clone() } else { extent.scope.clone() },
            ..extent.clone()
        };
        self.listed = self.listed.iter().map(named).collect();
        for ((extent, key), mut entity) in std::mem::take(&mut self.entities) {
            entity.extent = named(&extent);
            match self.entities.entry((entity.extent.clone(), key)) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(entity);
                }
                std::collections::btree_map::Entry::Occupied(mut known) => {
                    if known.get().name.is_empty() {
                        known.get_mut().name = entity.name;
                    }
                    join(&mut known.get_mut().document, entity.document);
                }
            }
        }
    }
}

/// Joins fields into what is known; returns the first field that both have, with another value. Lists of targets add up.
fn join(known: &mut Map<String, Value>, further: Map<String, Value>) -> Option<String> {
    let mut differs = None;
    for (name, value) in further {
        match known.get_mut(&name) {
            Some(Value::Array(list)) if name == "Targets" => {
                for item in value.as_array().into_iter().flatten() {
                    if !list.contains(item) {
                        list.push(item.clone());
                    }
                }
            }
            Some(old) if *old != value => {
                *old = value;
                differs = differs.or(Some(name));
            }
            Some(_) => {}
            None => {
                known.insert(name, value);
            }
        }
    }
    differs
}
