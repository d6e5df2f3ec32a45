//! Which versions of a catalog are read, and how a lake of an earlier one becomes one of this: further tables and columns are added,
//! what is there stays as it is.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

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
        if self.setting("lake_version")?.as_deref() == Some(LAKE_VERSION) && self.is_whole()? {
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
        if self.setting("lake_version")?.as_deref() == Some(LAKE_VERSION) && self.is_whole()? {
            return Ok(());
        }
        for (name, columns) in ducklake_table::LATER_TABLES {
            if !self.has_table(name)? {
                self.connection.execute_batch(&format!("CREATE TEMP TABLE {name} ({columns})"))?;
            }
        }
        Ok(())
    }

    /// A version may gain tables and columns while it is not released.
    fn is_whole(&self) -> Result<bool, CatalogError> {
        for (name, _) in ducklake_table::LATER_TABLES {
            if !self.has_table(name)? {
                return Ok(false);
            }
        }
        for (table, column, _) in ducklake_table::LATER_COLUMNS {
            if !has_column(&self.connection, table, column)? {
                return Ok(false);
            }
        }
        Ok(true)
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
    for (table, column, column_type) in ducklake_table::LATER_COLUMNS {
        if !has_column(transaction, table, column)? {
            transaction.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {column} {column_type}"))?;
        }
    }
    transaction.execute_batch(ducklake_table::LATER_INDEXES)?;
    Ok(())
}

fn has_column(connection: &Connection, table: &str, column: &str) -> Result<bool, CatalogError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pragma_table_info(?) WHERE name = ?)";
    Ok(connection.query_row(sql, [table, column], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lake_without_later_columns_gets_them_and_keeps_its_jobs() {
        let folder = tempfile::tempdir().unwrap();
        drop(Catalog::open_or_create(folder.path()).unwrap());
        let connection = Connection::open(Catalog::path(folder.path())).unwrap();
        connection.execute_batch("DROP INDEX aws_job_created; DROP INDEX aws_job_token").unwrap();
        for (table, column, _) in ducklake_table::LATER_COLUMNS {
            connection.execute_batch(&format!("ALTER TABLE {table} DROP COLUMN {column}")).unwrap();
        }
        connection.execute_batch("INSERT INTO aws_job VALUES ('a', 'Generate', 'alice', 1, 2, '{}')").unwrap();
        drop(connection);
        assert!(!Catalog::open(folder.path()).unwrap().is_whole().unwrap());
        let catalog = Catalog::open_to_write(folder.path()).unwrap();
        assert!(catalog.is_whole().unwrap());
        let job = catalog.aws_job("a", "Generate", "alice").unwrap().unwrap();
        assert_eq!((job.completed_at_us, job.account.as_str(), job.client_token), (2, "", None));
    }
}
