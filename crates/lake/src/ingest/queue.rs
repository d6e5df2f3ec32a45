//! The objects still to be read: portion after portion of a source, without those that the ledger knows, in the order of
//! ingest. What has to be fetched is asked for here, in that order.

use super::{IngestError, Outcome, Progress};
use crate::catalog::{Catalog, CatalogError};
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
            on_progress(Progress::Listed { files: self.files, bytes: self.bytes });
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
    mut objects: Vec<SourceObject>,
) -> Result<Vec<SourceObject>, CatalogError> {
    let mut failure = None;
    objects.retain(|object| match catalog.is_known(&object.as_known()) {
        Ok(is_known) => !is_known,
        Err(error) => {
            failure.get_or_insert(error);
            true
        }
    });
    failure.map_or(Ok(()), Err)?;
    objects.sort_by(|a, b| a.order().cmp(&b.order()));
    Ok(objects)
}
