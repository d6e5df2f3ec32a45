//! The lake's catalog: one SQLite file in DuckLake 1.0's form with Tadoru's own tables beside it. It says which Parquet files
//! a snapshot consists of; `append` makes a batch part of the lake in one transaction. Files are `parquet_file`'s, reading
//! them is `lake_table`'s.

mod append;
mod aws_job;
mod catalog_error;
mod change;
mod connection;
mod data_file;
mod digest;
mod ducklake_table;
mod expiry;
mod fold;
mod inventory;
mod inventory_overlay;
mod issued_key;
mod key_set;
mod ledger;
mod ledger_table;
mod minute_list;
mod object_verdict;
mod replacement;
mod retired;
mod soundness;
mod version;

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::event_schema::{ACCESS_DAILY, Column, EVENTS, numbered};
use crate::parquet_file::{create_durable_folder, sync_folder};
use crate::timestamp;
use version::{DUCKLAKE_VERSION, LAKE_VERSION, create_later_tables};

pub use append::{Append, NewObject, NewReject};
pub use aws_job::{AwsJob, AwsJobFailure, AwsJobQuota, AwsJobStart};
pub use catalog_error::{CatalogError, CatalogFault};
pub use data_file::DataFile;
pub use digest::{DigestSpan, FileFinding, ListedFile, NewDigest};
pub use expiry::ScheduledFile;
pub use inventory::{DatedPart, InventoryPoint, InventorySnapshot, PartChange};
pub use inventory_overlay::{OverlayChange, OverlayEntry};
pub use issued_key::IssuedKey;
pub use ledger::{Delivery, LakeCounts};
pub use ledger_table::{LedgerKind, LedgerTable};
pub use object_verdict::{ListedObject, ObjectVerdict};
pub use replacement::Replacement;
pub use retired::{Retired, RetiredPart};
pub use soundness::{CatalogInfo, KeptFile, KeptStatistics};

/// A table of the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    Events,
    AccessDaily,
}

impl Table {
    /// Both tables, in the order they are made.
    pub const ALL: [Self; 2] = [Self::Events, Self::AccessDaily];

    /// The name in SQL and the folder's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::AccessDaily => "access_daily",
        }
    }

    /// The table's columns.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Events => EVENTS,
            Self::AccessDaily => ACCESS_DAILY,
        }
    }

    /// The column whose value a file is partitioned by.
    pub fn partition_column(self) -> &'static str {
        match self {
            Self::Events => "eventdate",
            Self::AccessDaily => "eventmonth",
        }
    }

    fn column_id(self, name: &str) -> i64 {
        let columns = numbered(self.columns());
        columns.iter().find(|c| c.parent.is_none() && c.column.name == name).expect("a column of the table").id
    }
}

/// So long a statement waits for another process's.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// How often it is tried what SQLite does not wait for by itself.
const BUSY_RETRY: Duration = Duration::from_millis(5);

/// An open catalog; cheap to open, one per thread of work.
#[derive(Debug)]
pub struct Catalog {
    connection: Connection,
    folder: PathBuf,
}

impl Catalog {
    /// The catalog's file in a lake folder.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("catalog.sqlite")
    }

    /// Opens the lake in `folder`, making an empty one where there is none.
    pub fn open_or_create(folder: &Path) -> Result<Self, CatalogError> {
        let io_failed = |source| CatalogError::Io { path: folder.to_owned(), source };
        if is_lost(folder)? {
            return Err(CatalogError::CatalogGone(folder.to_owned()));
        }
        create_private_folder(folder).map_err(io_failed)?;
        let folder = folder.canonicalize().map_err(io_failed)?;
        let connection = Connection::open(Self::path(&folder))?;
        let mut catalog = Self { connection, folder };
        catalog.configure()?;
        catalog.log_ahead()?;
        catalog.create_tables()?;
        catalog.check_version()?;
        catalog.migrate()?;
        catalog.adopt_data_path()?;
        for table in Table::ALL {
            create_durable_folder(&catalog.folder, &catalog.table_folder(table)).map_err(io_failed)?;
        }
        Ok(catalog)
    }

    /// Opens an existing lake; readers use this.
    pub fn open(folder: &Path) -> Result<Self, CatalogError> {
        let path = Self::path(folder);
        match path.metadata() {
            Ok(file) if file.is_file() => {}
            Ok(_) => return Err(CatalogError::Corrupt { path, detail: "it is not a file".to_owned() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let folder = folder.to_owned();
                let is_lost = is_lost(&folder)?;
                return Err(if is_lost { CatalogError::CatalogGone(folder) } else { CatalogError::NoLake(folder) });
            }
            Err(source) => return Err(CatalogError::Io { path: folder.to_owned(), source }),
        }
        let folder = folder.canonicalize().map_err(|source| CatalogError::Io { path: folder.to_owned(), source })?;
        let connection = connection::open(&path).map_err(|error| error.at(&path))?;
        let catalog = Self { connection, folder };
        catalog.configure()?;
        if is_empty(&catalog.connection)? {
            // Files without tables are a lost catalog's, unless the first ingest has made both meanwhile.
            let is_lost = has_files(&catalog.folder.join("data"))? && is_empty(&catalog.connection)?;
            // The first ingest has made the file and is about to make the tables.
            let folder = catalog.folder;
            return Err(if is_lost { CatalogError::CatalogGone(folder) } else { CatalogError::NoLake(folder) });
        }
        catalog.check_version()?;
        catalog.stand_in_for_later_tables()?;
        Ok(catalog)
    }

    /// Opens an existing lake to write to it.
    pub fn open_to_write(folder: &Path) -> Result<Self, CatalogError> {
        Self::open(folder)?;
        Self::open_or_create(folder)
    }

    /// The lake's folder, absolute.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder that holds a table's files.
    pub fn table_folder(&self, table: Table) -> PathBuf {
        self.folder.join("data").join("main").join(table.name())
    }

    fn configure(&self) -> Result<(), CatalogError> {
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        let not_sqlite = |error| CatalogError::Sqlite(error).at(&Self::path(&self.folder));
        self.connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(())).map_err(not_sqlite)?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        self.connection.set_prepared_statement_cache_capacity(64);
        Ok(())
    }

    /// Readers take the file as it is: only a writer makes a lake.
    fn log_ahead(&self) -> Result<(), CatalogError> {
        let began = Instant::now();
        let wait = || {
            std::thread::sleep(BUSY_RETRY);
            began.elapsed() < BUSY_TIMEOUT
        };
        connection::log_ahead(&self.connection, wait)
            .map_err(|error| CatalogError::Sqlite(error).at(&Self::path(&self.folder)))
    }

    fn create_tables(&mut self) -> Result<(), CatalogError> {
        let data_path = self.data_path();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !is_empty(&transaction)? {
            return Ok(());
        }
        // An empty file stands where the catalog was.
        if has_files(&self.folder.join("data"))? {
            return Err(CatalogError::CatalogGone(self.folder.clone()));
        }
        for (name, columns) in ducklake_table::DUCKLAKE_TABLES {
            transaction.execute_batch(&format!("CREATE TABLE ducklake_{name} ({columns})"))?;
        }
        transaction.execute_batch(ducklake_table::TADORU_TABLES)?;
        create_later_tables(&transaction)?;
        let mut metadata = transaction
            .prepare("INSERT INTO ducklake_metadata (key, value, scope, scope_id) VALUES (?, ?, NULL, NULL)")?;
        let created_by = concat!("tadoru ", env!("CARGO_PKG_VERSION"));
        for (key, value) in [
            ("version", DUCKLAKE_VERSION),
            ("created_by", created_by),
            ("data_path", data_path.as_str()),
            ("encrypted", "false"),
            ("data_inlining_row_limit", "0"),
        ] {
            metadata.execute([key, value])?;
        }
        drop(metadata);
        transaction.execute("INSERT INTO lake_setting VALUES ('lake_version', ?)", [LAKE_VERSION])?;
        let now = snapshot_time();
        transaction.execute("INSERT INTO ducklake_snapshot VALUES (0, ?, 0, 1, 0)", [&now])?;
        transaction.execute(
            "INSERT INTO ducklake_snapshot_changes VALUES (0, 'created_schema:\"main\"', NULL, NULL, NULL)",
            [],
        )?;
        let schema_uuid = new_uuid();
        transaction
            .execute("INSERT INTO ducklake_schema VALUES (0, ?, 0, NULL, 'main', 'main/', 1)", [&schema_uuid])?;
        for (index, table) in Table::ALL.into_iter().enumerate() {
            create_table(&transaction, table, index as i64, &now)?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn data_path(&self) -> String {
        format!("{}/data/", self.folder.display())
    }

    /// DuckDB resolves files from the absolute path in the catalog: a lake that was moved gets its new one.
    fn adopt_data_path(&self) -> Result<(), CatalogError> {
        self.connection.execute(
            "UPDATE ducklake_metadata SET value = ?1 WHERE key = 'data_path' AND scope IS NULL AND value <> ?1",
            [self.data_path()],
        )?;
        Ok(())
    }

    /// From here on this catalog shows the lake as it is now, whatever is committed meanwhile.
    pub fn hold(&self) -> Result<(), CatalogError> {
        self.connection.execute_batch("BEGIN; SELECT count(*) FROM lake_setting")?;
        Ok(())
    }

    /// The newest snapshot's number.
    pub fn newest_snapshot(&self) -> Result<i64, CatalogError> {
        Ok(self.connection.query_row("SELECT max(snapshot_id) FROM ducklake_snapshot", [], |r| r.get(0))?)
    }

    /// A setting of the lake, such as the `as_of` that `demo` stores.
    pub fn setting(&self, name: &str) -> Result<Option<String>, CatalogError> {
        let sql = "SELECT value FROM lake_setting WHERE name = ?";
        Ok(self.connection.query_row(sql, [name], |r| r.get(0)).optional()?)
    }

    /// Stores a setting of the lake.
    pub fn set_setting(&self, name: &str, value: &str) -> Result<(), CatalogError> {
        let sql = "INSERT INTO lake_setting VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
        self.connection.execute(sql, [name, value])?;
        Ok(())
    }
}

/// Whether there are files and no catalog that names them. A new one would make orphans of them, and its empty file would
/// look as if nothing had ever been there.
fn is_lost(folder: &Path) -> Result<bool, CatalogError> {
    let has_catalog = || Catalog::path(folder).exists();
    // Looked for again behind the files: another process may just have made both.
    Ok(!has_catalog() && has_files(&folder.join("data"))? && !has_catalog())
}

fn is_empty(connection: &Connection) -> Result<bool, CatalogError> {
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table')";
    Ok(connection.query_row(sql, [], |r| r.get(0))?)
}

/// Whether `folder` holds a file at any depth.
fn has_files(folder: &Path) -> Result<bool, CatalogError> {
    let failed = |source| CatalogError::Io { path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if !entry.file_type().map_err(failed)?.is_dir() || has_files(&entry.path())? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The lake keeps what CloudTrail wrote, secrets too: a new one is its owner's alone. Its name is made durable: what is
/// acknowledged in it must not go with the folder when the power does.
fn create_private_folder(folder: &Path) -> std::io::Result<()> {
    if Catalog::path(folder).exists() {
        return Ok(());
    }
    let new = folder.ancestors().take_while(|level| !level.as_os_str().is_empty() && !level.exists()).count();
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // An earlier run may have been killed between the two, so one level is synced in any case.
    let parents = folder.ancestors().skip(1).take(new.max(1));
    parents.map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent }).try_for_each(sync_folder)
}

fn create_table(
    transaction: &rusqlite::Transaction<'_>,
    table: Table,
    index: i64,
    now: &str,
) -> Result<(), CatalogError> {
    let snapshot = index + 1;
    let table_id = 1 + 2 * index;
    let partition_id = table_id + 1;
    transaction.execute(
        "INSERT INTO ducklake_snapshot VALUES (?, ?, ?, ?, 0)",
        params![snapshot, now, snapshot, partition_id + 1],
    )?;
    transaction.execute(
        "INSERT INTO ducklake_snapshot_changes VALUES (?, ?, 'tadoru', NULL, NULL)",
        params![snapshot, format!("created_table:\"main\".\"{}\"", table.name())],
    )?;
    transaction.execute(
        "INSERT INTO ducklake_table VALUES (?, ?, ?, NULL, 0, ?, ?, 1)",
        params![table_id, new_uuid(), snapshot, table.name(), format!("{}/", table.name())],
    )?;
    let mut insert = transaction.prepare(
        "INSERT INTO ducklake_column VALUES (?, ?, NULL, ?, ?, ?, ?, NULL, 'NULL', 1, ?, 'literal', 'duckdb')",
    )?;
    for column in numbered(table.columns()) {
        let (name, column_type) = (column.column.name, column.ducklake_type());
        insert.execute(params![column.id, snapshot, table_id, column.id, name, column_type, column.parent])?;
    }
    transaction.execute("INSERT INTO ducklake_schema_versions VALUES (?, ?, ?)", [snapshot, snapshot, table_id])?;
    transaction.execute("INSERT INTO ducklake_table_stats VALUES (?, 0, 0, 0)", [table_id])?;
    transaction
        .execute("INSERT INTO ducklake_partition_info VALUES (?, ?, ?, NULL)", [partition_id, table_id, snapshot])?;
    transaction.execute(
        "INSERT INTO ducklake_partition_column VALUES (?, ?, 0, ?, 'identity')",
        [partition_id, table_id, table.column_id(table.partition_column())],
    )?;
    Ok(())
}

/// The clock's time as DuckLake writes it. A snapshot's time says when it was committed, so it never follows `--as-of`.
#[expect(clippy::disallowed_methods, reason = "the commit time of a snapshot is the machine's, not a question's now")]
fn snapshot_time() -> String {
    let now = jiff::Timestamp::now().as_microsecond();
    format!("{}+00", timestamp::duckdb_timestamp(now))
}

fn new_uuid() -> String {
    uuid::Uuid::now_v7().to_string()
}
