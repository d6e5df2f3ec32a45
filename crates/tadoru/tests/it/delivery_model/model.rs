//! What a lake should hold, as sets: every event that is live, what was retired, and what became of each object's records.

use std::collections::{BTreeMap, BTreeSet};

use super::schedule::{Content, Entry, Event};

/// What became of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub objects: i64,
    pub records: i64,
    pub new_events: i64,
    pub duplicates: i64,
    pub conflicts: i64,
    pub rejected: i64,
    pub expired: i64,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.objects += other.objects;
        self.records += other.records;
        self.new_events += other.new_events;
        self.duplicates += other.duplicates;
        self.conflicts += other.conflicts;
        self.rejected += other.rejected;
        self.expired += other.expired;
    }
}

/// An object as it lies in the source: which delivery of its name it is, and what it holds.
#[derive(Debug, Clone)]
pub struct Object {
    pub version: u64,
    pub content: Content,
}

/// What the ledger should say of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    pub counts: Counts,
    pub is_changed: bool,
    /// Ingested by one of two processes: its records may count as the other's duplicates.
    pub is_shared: bool,
}

/// The source and the lake.
#[derive(Debug, Default)]
pub struct Model {
    /// By slot, which is the order of ingest.
    pub source: BTreeMap<u8, Object>,
    /// By slot and version.
    pub ledger: BTreeMap<(u8, u64), Acknowledged>,
    pub live: BTreeSet<Event>,
    /// Days and how many events they held.
    pub retired: BTreeMap<u8, i64>,
    /// How many events of each name there ever were: what the rollup sums up.
    pub summed: BTreeMap<String, i64>,
    pub total: Counts,
    versions: u64,
}

impl Model {
    /// An object appears under a name; returns its version.
    pub fn deliver(&mut self, slot: u8, content: Content) -> u64 {
        self.versions += 1;
        self.source.insert(slot, Object { version: self.versions, content });
        self.versions
    }

    /// Everything in the source that is not known is ingested; returns what came of it.
    pub fn ingest(&mut self, by_two: bool) -> Counts {
        let mut sum = Counts::default();
        for (slot, object) in self.source.clone() {
            if self.ledger.contains_key(&(slot, object.version)) {
                continue;
            }
            let is_changed = self.ledger.keys().any(|(known, _)| *known == slot);
            let counts = self.take(&object.content);
            self.ledger.insert((slot, object.version), Acknowledged { counts, is_changed, is_shared: by_two });
            sum.add(counts);
        }
        self.total.add(sum);
        sum
    }

    fn take(&mut self, content: &Content) -> Counts {
        let mut counts = Counts { objects: 1, ..Counts::default() };
        if content.is_cut_off {
            return counts;
        }
        for entry in &content.entries {
            counts.records += 1;
            let Entry::Event(event) = entry else {
                counts.rejected += 1;
                continue;
            };
            // The key does not tell what time it is: without an eventID each variant is an event of its own.
            let is_conflict = event.has_id && self.live.iter().any(|e| e.has_id && e.number == event.number);
            if self.retired.contains_key(&event.day()) {
                counts.expired += 1;
            } else if self.live.insert(*event) {
                counts.new_events += 1;
                counts.conflicts += i64::from(is_conflict);
                *self.summed.entry(event.name()).or_default() += 1;
            } else {
                counts.duplicates += 1;
            }
        }
        counts
    }

    /// Days before `first_kept` go, as far as they hold anything.
    pub fn retire(&mut self, first_kept: u8) {
        let (gone, live) = self.live.iter().partition(|event| event.day() < first_kept);
        self.live = live;
        let gone: BTreeSet<Event> = gone;
        for event in gone {
            *self.retired.entry(event.day()).or_default() += 1;
        }
    }
}
