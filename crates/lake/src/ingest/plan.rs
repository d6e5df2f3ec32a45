//! What an ingest would do, without doing it: objects and bytes to read, what is known. Makes no lake and writes nothing.

use std::path::Path;

use super::queue::unknown_objects;
use crate::catalog::{Catalog, CatalogError};
use crate::source::{Listing, SourceFault};

/// What a run would find.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Objects to be read.
    pub files: u64,
    /// Objects known already, or not to be opened.
    pub files_skipped: u64,
    /// Bytes to be read.
    pub bytes_in: u64,
    /// What could not be listed.
    pub faults: Vec<SourceFault>,
    pub skipped: Vec<(String, &'static str)>,
}

/// Lists all portions and asks the ledger of the lake in `folder`, if there is one, what it knows of them.
pub fn plan(folder: &Path, portions: impl IntoIterator<Item = Listing>) -> Result<Plan, CatalogError> {
    let catalog = match Catalog::open(folder) {
        Ok(catalog) => Some(catalog),
        Err(CatalogError::NoLake(_)) => None,
        Err(error) => return Err(error),
    };
    let mut plan = Plan::default();
    for portion in portions {
        let listed = portion.objects.len();
        let objects = match &catalog {
            Some(catalog) => unknown_objects(catalog, portion.objects)?,
            None => portion.objects,
        };
        plan.files += objects.len() as u64;
        plan.files_skipped += (portion.skipped.len() + listed - objects.len()) as u64;
        plan.bytes_in += objects.iter().map(|object| object.size_bytes).sum::<u64>();
        plan.faults.extend(portion.faults);
        plan.skipped.extend(portion.skipped);
    }
    Ok(plan)
}
