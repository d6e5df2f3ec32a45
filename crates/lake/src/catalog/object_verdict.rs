//! Whether the ledger knows the objects that a source lists. Asked for many at once, so that neighbours in the order of
//! names share the pages they are found on; nothing is held in memory but the answers. `ingest` asks before it reads, and
//! again under the writer's lock, because another process may have been faster.

use cloudtrail::object_key::{self, KeyVerdict, ObjectKey};
use rusqlite::{CachedStatement, Connection, params};

use super::fold::split_name;
use super::{Catalog, CatalogError, key_set};
use crate::timestamp::day_of;

/// An object as a source lists it: same name, size and stamp means known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedObject<'a> {
    pub name: &'a str,
    pub size_bytes: i64,
    pub stamp: &'a str,
}

/// What the ledger says of a listed object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectVerdict {
    New,
    /// An object of that name was ingested, with another size or stamp.
    Changed,
    /// This very object was ingested: name, size and stamp.
    Known,
}

impl Catalog {
    /// The verdict on each of `objects`, in their order, all as of one moment.
    pub fn object_verdicts(&self, objects: &[ListedObject<'_>]) -> Result<Vec<ObjectVerdict>, CatalogError> {
        let mut order: Vec<usize> = (0..objects.len()).collect();
        order.sort_unstable_by_key(|index| objects[*index].name);
        let _moment = self.connection.unchecked_transaction()?;
        let mut probe =
            self.connection.prepare_cached("SELECT size_bytes, stamp FROM ingested_object WHERE name = ?")?;
        let mut folded = FoldedSets::of(&self.connection)?;
        let mut verdicts = vec![ObjectVerdict::New; objects.len()];
        for index in order {
            let object = objects[index];
            verdicts[index] = folded.verdict(&object)?;
            if verdicts[index] == ObjectVerdict::Known {
                continue;
            }
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

/// The key sets of the folded prefix that was asked for last: objects come in the order of names, so each set is fetched
/// once.
struct FoldedSets<'c> {
    statement: Option<CachedStatement<'c>>,
    /// Folder, account, region and day of `sets`.
    at: (String, String, String, i32),
    sets: Vec<Vec<u8>>,
}

impl<'c> FoldedSets<'c> {
    fn of(connection: &'c Connection) -> Result<Self, CatalogError> {
        let any: bool = connection.query_row("SELECT EXISTS (SELECT 1 FROM folded_prefix)", [], |row| row.get(0))?;
        let sql = "SELECT keys FROM folded_prefix WHERE account = ? AND region = ? AND day = ? AND prefix = ?";
        let statement = any.then(|| connection.prepare_cached(sql)).transpose()?;
        Ok(Self { statement, at: Default::default(), sets: Vec::new() })
    }

    fn verdict(&mut self, object: &ListedObject<'_>) -> Result<ObjectVerdict, CatalogError> {
        let Some(statement) = &mut self.statement else { return Ok(ObjectVerdict::New) };
        let KeyVerdict::CloudTrail(ObjectKey {
            account: Some(account),
            region: Some(region),
            delivered_at_us: Some(us),
            ..
        }) = object_key::parse(object.name)
        else {
            return Ok(ObjectVerdict::New);
        };
        let day = day_of(us);
        let (folder, file_name) = split_name(object.name);
        if (self.at.0.as_str(), self.at.1.as_str(), self.at.2.as_str(), self.at.3) != (folder, account, region, day) {
            self.at = (folder.to_owned(), account.to_owned(), region.to_owned(), day);
            let sets = statement.query_map(params![account, region, day, folder], |row| row.get(0))?;
            self.sets = sets.collect::<Result<_, _>>()?;
        }
        if self.sets.is_empty() {
            return Ok(ObjectVerdict::New);
        }
        let entry = key_set::entry(file_name, object.size_bytes, object.stamp);
        let verdicts = self.sets.iter().map(|set| key_set::verdict(set, &entry));
        Ok(verdicts.max().unwrap_or(ObjectVerdict::New))
    }
}
