//! One snapshot of the lake, which a question sees from its beginning to its end, whatever is ingested meanwhile. It holds
//! the snapshot's files and answers statements over them; what the statements are is the matter of `questions`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::catalog::{Catalog, CatalogError, LakeCounts, LedgerKind, LedgerTable, Table};
use crate::column_path::{ColumnPath, column_paths};
use crate::engine::{Answer, AnswerColumns, Cancellation, Engine, EngineLimits, Mode, Rows};
use crate::lake_table::{LakeFile, LakeTable};
use crate::parquet_file::checksum_of_file;
use crate::sql_error::SqlError;

/// A lake at one snapshot, open for questions.
pub struct Snapshot {
    folder: PathBuf,
    catalog: Arc<Mutex<Catalog>>,
    engine: Arc<Engine>,
    id: i64,
    tables: Vec<(String, LakeTable)>,
}

impl Snapshot {
    /// The newest snapshot of the lake in `folder`.
    pub fn open(folder: &Path, limits: EngineLimits) -> Result<Self, CatalogError> {
        Self::with_engine(folder, Arc::new(Engine::new(limits)))
    }

    /// The newest snapshot, asked through an engine that may know the files already.
    pub fn with_engine(folder: &Path, engine: Arc<Engine>) -> Result<Self, CatalogError> {
        let catalog = Catalog::open(folder)?;
        // The ledger has no versions of its own: a statement of SQLite's holds it at this moment, the files are held by id.
        catalog.hold()?;
        let id = catalog.newest_snapshot()?;
        let mut tables = Vec::new();
        for table in Table::ALL {
            let files = catalog.data_files(table, id)?.into_iter().map(|file| LakeFile {
                path: file.path,
                size_bytes: file.size_bytes,
                record_count: file.record_count,
                event_timestamp_bounds: file.time_bounds.filter(|_| table == Table::Events),
                event_date: file.partition_day,
            });
            tables.push((table.name().to_owned(), LakeTable::new(table.columns(), files.collect())));
        }
        let folder = catalog.folder().to_owned();
        let catalog = Arc::new(Mutex::new(catalog));
        for kind in LedgerKind::ALL {
            let ledger = LedgerTable::new(catalog.clone(), kind, id);
            tables.push((kind.name().to_owned(), LakeTable::of_ledger(ledger)));
        }
        Ok(Self { folder, catalog, engine, id, tables })
    }

    /// The snapshot's number.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The lake's folder, absolute.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads the catalog, for what is not events: the ledger, settings. No statement can run meanwhile.
    pub fn read_catalog<T>(&self, read: impl FnOnce(&Catalog) -> T) -> T {
        read(&self.catalog.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The sums of the ledger.
    pub fn counts(&self) -> Result<LakeCounts, CatalogError> {
        self.read_catalog(Catalog::counts)
    }

    /// How many events the snapshot holds.
    pub fn event_count(&self) -> u64 {
        let events = self.tables.iter().find(|(name, _)| name == Table::Events.name());
        events.map_or(0, |(_, table)| table.files().iter().map(|f| f.record_count).sum())
    }

    /// The times of the oldest and the newest event, µs UTC; `None` in an empty lake.
    pub fn event_span(&self) -> Option<(i64, i64)> {
        let events = self.tables.iter().find(|(name, _)| name == Table::Events.name());
        let bounds = events.into_iter().flat_map(|(_, t)| t.files()).filter_map(|f| f.event_timestamp_bounds);
        bounds.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// The bytes on disk of the snapshot's Parquet files and of the catalog.
    pub fn size_bytes(&self) -> Result<u64, CatalogError> {
        let path = Catalog::path(&self.folder);
        let catalog = path.metadata().map_err(|source| CatalogError::Io { path, source })?.len();
        Ok(catalog + self.tables.iter().flat_map(|(_, table)| table.files()).map(|file| file.size_bytes).sum::<u64>())
    }

    /// The tables with their columns, in the order of SHOW TABLES.
    pub fn tables(&self) -> impl Iterator<Item = (&str, Vec<ColumnPath>)> {
        self.tables.iter().map(|(name, table)| (name.as_str(), column_paths(table)))
    }

    /// The names of every function that a statement may call.
    pub fn function_names(&self) -> Result<Vec<String>, SqlError> {
        self.engine.function_names()
    }

    /// Answers a statement; `now_us` is what `now()` says in it.
    pub fn query(&self, sql: &str, now_us: i64, mode: Mode) -> Result<Answer, SqlError> {
        self.engine.query(self.tables.clone(), sql, now_us, mode).map_err(|error| self.with_file(error))
    }

    /// As `query`, handing rows over as they come.
    pub fn query_stream(
        &self,
        sql: &str,
        now_us: i64,
        mode: Mode,
        cancellation: &Cancellation,
        on_rows: &mut dyn FnMut(&AnswerColumns, Rows) -> ControlFlow<()>,
    ) -> Result<AnswerColumns, SqlError> {
        let answered = self.engine.query_stream(self.tables.clone(), sql, now_us, mode, cancellation, on_rows);
        answered.map_err(|error| self.with_file(error))
    }

    /// The error of a damaged page does not say whose it is: the first file with another checksum than was written is named.
    fn with_file(&self, error: SqlError) -> SqlError {
        let SqlError::UnreadableFile { file: None, reason } = error else { return error };
        let is_damaged = |id: i64, path: &Path| {
            let written = self.read_catalog(|catalog| catalog.checksum(id)).ok().flatten();
            written.is_some_and(|written| checksum_of_file(path).map_or(true, |found| found != written))
        };
        let files = self.read_catalog(|catalog| Table::ALL.map(|table| catalog.data_files(table, self.id)));
        let mut files = files.into_iter().flatten().flatten();
        let damaged = files.find(|file| is_damaged(file.id, &file.path));
        let name = damaged.and_then(|file| Some(file.path.file_name()?.to_string_lossy().into_owned()));
        SqlError::UnreadableFile { file: name, reason }
    }
}
