//! What a lake is made of: versions, snapshots, files and bytes by table, the ledger's rows, retired days, and files that nothing
//! names. Read from the catalog and the folder alone; no file is opened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::catalog::{Catalog, CatalogInfo, Retired, Table};
use crate::clean_up::{UnnamedFiles, unnamed_files};
use crate::compaction::SMALL_FILE_BYTES;
use crate::upkeep::UpkeepError;

/// One table's part of the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableInfo {
    pub name: &'static str,
    pub rows: u64,
    pub files: u64,
    pub bytes: u64,
    pub partitions: u64,
    /// Files below [`SMALL_FILE_BYTES`] that share their partition with another such.
    pub mergeable_files: u64,
}

/// What a lake is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeInfo {
    pub folder: PathBuf,
    pub catalog: CatalogInfo,
    pub tables: Vec<TableInfo>,
    pub retired: Retired,
    pub unnamed: UnnamedFiles,
}

impl LakeInfo {
    /// Reads the newest snapshot of the lake in `folder`.
    pub fn read(folder: &Path) -> Result<Self, UpkeepError> {
        let catalog = Catalog::open(folder)?;
        let snapshot = catalog.newest_snapshot()?;
        let mut tables = Vec::new();
        for table in Table::ALL {
            let files = catalog.data_files(table, snapshot)?;
            let mut small: BTreeMap<Option<i32>, u64> = BTreeMap::new();
            for file in &files {
                *small.entry(file.partition_day).or_default() += u64::from(file.size_bytes < SMALL_FILE_BYTES);
            }
            tables.push(TableInfo {
                name: table.name(),
                rows: files.iter().map(|file| file.record_count).sum(),
                files: files.len() as u64,
                bytes: files.iter().map(|file| file.size_bytes).sum(),
                partitions: small.len() as u64,
                mergeable_files: small.values().filter(|count| **count > 1).sum(),
            });
        }
        Ok(Self {
            folder: catalog.folder().to_owned(),
            catalog: catalog.info()?,
            tables,
            retired: catalog.retired()?,
            unnamed: unnamed_files(&catalog)?,
        })
    }
}
