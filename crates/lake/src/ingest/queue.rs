//! The objects still to be read: portion after portion of a source, without those that the ledger knows, in the order of
//! ingest. What has to be fetched is asked for here, in that order.

use super::{IngestError, Outcome, Progress};
use crate::catalog::{Catalog, CatalogError, ListedObject, ObjectVerdict};
use crate::source::{Listing, SourceObject};

/// What a source still has, one portion in memory.
pub struct Queue<P> {
    portions: P,
    objects: Vec<SourceObject>,
    /// So many of `objects` are read.
    done: usize,
    files: u64,
    bytes: u64,
}

impl<P: Iterator<Item = Listing>> Queue<P> {
    /// All of `portions`.
    pub fn new(portions: P) -> Self {
        Self { portions, objects: Vec::new(), done: 0, files: 0, bytes: 0 }
    }

    /// The next objects in order; none at the end of the source. What a new portion says besides goes into `outcome`.
    pub fn rest(
        &mut self,
        catalog: &Catalog,
        outcome: &mut Outcome,
        on_progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<&[SourceObject], IngestError> {
        while self.done == self.objects.len() {
            let Some(portion) = self.portions.next() else { break };
            let listed = portion.objects.len();
            self.objects = unknown_objects(catalog, portion.objects)?;
            self.done = 0;
            self.objects.iter().for_each(SourceObject::fetch_ahead);
            outcome.summary.files_skipped += (portion.skipped.len() + listed - self.objects.len()) as u64;
            outcome.skipped.extend(portion.skipped);
            outcome.faults.extend(portion.faults);
            self.files += self.objects.len() as u64;
            self.bytes += self.objects.iter().map(|object| object.size_bytes).sum::<u64>();
            let (files, bytes) = (self.files + portion.later_files, self.bytes + portion.later_bytes);
            on_progress(Progress::Listed { files, bytes });
        }
        Ok(&self.objects[self.done..])
    }

    /// The first `count` of the rest are read.
    pub fn advance(&mut self, count: usize) {
        self.done += count;
    }
}

/// Drops what the ledger knows and sorts the rest into the order of ingest.
pub(super) fn unknown_objects(
    catalog: &Catalog,
    objects: Vec<SourceObject>,
) -> Result<Vec<SourceObject>, CatalogError> {
    let listed: Vec<ListedObject<'_>> = objects.iter().map(SourceObject::as_listed).collect();
    let verdicts = catalog.object_verdicts(&listed)?;
    let unknown = objects.into_iter().zip(verdicts).filter(|(_, verdict)| *verdict != ObjectVerdict::Known);
    Ok(in_order(unknown.map(|(object, _)| object)))
}

/// Objects by day, account and name. Each key is read once: a sort compares every object many times.
fn in_order(objects: impl Iterator<Item = SourceObject>) -> Vec<SourceObject> {
    let mut ordered: Vec<_> = objects.map(|object| (object.day_and_account(), object)).collect();
    ordered.sort_unstable_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    ordered.into_iter().map(|(_, object)| object).collect()
}
