//! Which versions of a catalog are read, and how a lake of an earlier one becomes one of this: further tables are added, what is
//! there stays as it is.

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior};

use super::{Catalog, CatalogError, ducklake_table};

/// The DuckLake version this code reads and writes.
pub(super) const DUCKLAKE_VERSION: &str = "1.0";
/// The version of Tadoru's own tables. 2: a ledger that may be folded, and what digests prove. 3: checksums of files, retired
/// months. 4: the inventory.
pub(super) const LAKE_VERSION: &str = "4";
/// What a writer brings to `LAKE_VERSION`, and a reader reads as it is.
const EARLIER_LAKE_VERSIONS: [&str; 3] = ["1", "2", "3"];

impl Catalog {
    /// Brings a lake of an earlier version to this one.
    pub(super) fn migrate(&mut self) -> Result<(), CatalogError> {
        if self.setting("lake_version")?.as_deref() == Some(LAKE_VERSION) && self.has_later_tables()? {
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        create_later_tables(&transaction)?;
        transaction.execute("UPDATE lake_setting SET value = ? WHERE name = 'lake_version'", [LAKE_VERSION])?;
        transaction.commit()?;
        Ok(())
    }

    /// A reader may not be allowed to write to a lake of an earlier version: it gets empty tables of its own.
    pub(super) fn stand_in_for_later_tables(&self) -> Result<(), CatalogError> {
        if self.setting("lake_version")?.as_deref() == Some(LAKE_VERSION) && self.has_later_tables()? {
            return Ok(());
        }
        for (name, columns) in ducklake_table::LATER_TABLES {
            if !self.has_table(name)? {
                self.connection.execute_batch(&format!("CREATE TEMP TABLE {name} ({columns})"))?;
            }
        }
        Ok(())
    }

    /// A version may gain tables while it is not released.
    fn has_later_tables(&self) -> Result<bool, CatalogError> {
        let last = ducklake_table::LATER_TABLES.last();
        last.map_or(Ok(true), |(name, _)| self.has_table(name))
    }

    fn has_table(&self, name: &str) -> Result<bool, CatalogError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?)";
        Ok(self.connection.query_row(sql, [name], |r| r.get(0))?)
    }

    pub(super) fn check_version(&self) -> Result<(), CatalogError> {
        let corrupt = |detail: String| CatalogError::Corrupt { path: Self::path(&self.folder), detail };
        let find = |sql: &str| -> Result<Option<String>, CatalogError> {
            match self.connection.query_row(sql, [], |r| r.get(0)).optional() {
                Ok(value) => Ok(value),
                Err(rusqlite::Error::SqliteFailure(e, message)) if e.code == rusqlite::ErrorCode::Unknown => {
                    Err(corrupt(message.unwrap_or_default()))
                }
                Err(error) => Err(error.into()),
            }
        };
        let ducklake = find("SELECT value FROM ducklake_metadata WHERE key = 'version'")?
            .ok_or_else(|| corrupt("it names no DuckLake version".to_owned()))?;
        if ducklake != DUCKLAKE_VERSION {
            let what = "the DuckLake version";
            return Err(CatalogError::NewerVersion { what, found: ducklake, known: DUCKLAKE_VERSION });
        }
        let own = find("SELECT value FROM lake_setting WHERE name = 'lake_version'")?
            .ok_or_else(|| corrupt("it names no lake version".to_owned()))?;
        if own != LAKE_VERSION && !EARLIER_LAKE_VERSIONS.contains(&own.as_str()) {
            return Err(CatalogError::NewerVersion { what: "the lake version", found: own, known: LAKE_VERSION });
        }
        Ok(())
    }
}

pub(super) fn create_later_tables(transaction: &Transaction<'_>) -> Result<(), CatalogError> {
    for (name, columns) in ducklake_table::LATER_TABLES {
        transaction.execute_batch(&format!("CREATE TABLE IF NOT EXISTS {name} ({columns})"))?;
    }
    transaction.execute_batch(ducklake_table::LATER_INDEXES)?;
    Ok(())
}
