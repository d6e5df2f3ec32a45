//! Whether the ledger knows the objects that a source lists. Asked for many at once, so that neighbours in the order of
//! names share the pages they are found on; nothing is held in memory but the answers. `ingest` asks before it reads, and
//! again under the writer's lock, because another process may have been faster.

use super::{Catalog, CatalogError};

/// An object as a source lists it: same name, size and stamp means known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedObject<'a> {
    pub name: &'a str,
    pub size_bytes: i64,
    pub stamp: &'a str,
}

/// What the ledger says of a listed object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectVerdict {
    New,
    /// This very object was ingested: name, size and stamp.
    Known,
    /// An object of that name was ingested, with another size or stamp.
    Changed,
}

impl Catalog {
    /// The verdict on each of `objects`, in their order, all as of one moment.
    pub fn object_verdicts(&self, objects: &[ListedObject<'_>]) -> Result<Vec<ObjectVerdict>, CatalogError> {
        let mut order: Vec<usize> = (0..objects.len()).collect();
        order.sort_unstable_by_key(|index| objects[*index].name);
        let _moment = self.connection.unchecked_transaction()?;
        let mut probe =
            self.connection.prepare_cached("SELECT size_bytes, stamp FROM ingested_object WHERE name = ?")?;
        let mut verdicts = vec![ObjectVerdict::New; objects.len()];
        for index in order {
            let object = objects[index];
            let mut rows = probe.query([object.name])?;
            while let Some(row) = rows.next()? {
                let same = row.get::<_, i64>(0)? == object.size_bytes && row.get_ref(1)?.as_str() == Ok(object.stamp);
                verdicts[index] = if same { ObjectVerdict::Known } else { ObjectVerdict::Changed };
                if same {
                    break;
                }
            }
        }
        Ok(verdicts)
    }
}
