//! The end of old snapshots: as DuckLake's own expiry does it, the rows of snapshots and of files that no snapshot needs any
//! more leave the catalog, and the files' paths go to `ducklake_files_scheduled_for_deletion`, in one transaction. `clean_up`
//! unlinks them.

use std::collections::HashSet;
use std::path::PathBuf;

use rusqlite::{TransactionBehavior, params};

use super::replacement::refresh_table_statistics;
use super::{Catalog, CatalogError, Table};
use crate::timestamp;

/// A file that no snapshot names any more and that is still to be unlinked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledFile {
    pub id: i64,
    pub path: PathBuf,
}

impl Catalog {
    /// Expires the snapshots before the last one that ended files at `until_us` or earlier, and schedules those files.
    /// Snapshots that need no ended file stay. Returns how many snapshots went.
    pub fn expire(&mut self, until_us: i64) -> Result<u64, CatalogError> {
        let until = format!("{}+00", timestamp::duckdb_timestamp(until_us));
        let tables: Vec<(Table, i64)> = Table::ALL
            .into_iter()
            .map(|table| Ok((table, self.table_id(table)?)))
            .collect::<Result<_, CatalogError>>()?;
        // A snapshot that somebody else expired has no time any more: it is old.
        let last: Option<i64> = self.connection.query_row(
            "SELECT max(f.end_snapshot) FROM ducklake_data_file f
             LEFT JOIN ducklake_snapshot s ON s.snapshot_id = f.end_snapshot
             WHERE f.end_snapshot IS NOT NULL AND (s.snapshot_time IS NULL OR s.snapshot_time <= ?)",
            [&until],
            |r| r.get(0),
        )?;
        let Some(last) = last else { return Ok(0) };
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "INSERT INTO ducklake_files_scheduled_for_deletion
             SELECT f.data_file_id, CASE WHEN f.path_is_relative THEN 'main/' || t.path || f.path ELSE f.path END,
                    f.path_is_relative, coalesce(s.snapshot_time, ?2)
             FROM ducklake_data_file f JOIN ducklake_table t ON t.table_id = f.table_id AND t.end_snapshot IS NULL
             LEFT JOIN ducklake_snapshot s ON s.snapshot_id = f.end_snapshot
             WHERE f.end_snapshot <= ?1",
            params![last, until],
        )?;
        for table in
            ["ducklake_file_column_stats", "ducklake_file_partition_value", "file_checksum", "ducklake_data_file"]
        {
            let ended = "SELECT data_file_id FROM ducklake_data_file WHERE end_snapshot <= ?";
            transaction.execute(&format!("DELETE FROM {table} WHERE data_file_id IN ({ended})"), [last])?;
        }
        transaction.execute("DELETE FROM ducklake_snapshot_changes WHERE snapshot_id < ?", [last])?;
        let expired = transaction.execute("DELETE FROM ducklake_snapshot WHERE snapshot_id < ?", [last])?;
        for (table, table_id) in tables {
            refresh_table_statistics(&transaction, table, table_id)?;
        }
        crate::stop_point::reach("before_expiry_commit");
        transaction.commit()?;
        crate::stop_point::reach("after_expiry_commit");
        Ok(expired as u64)
    }

    /// The files scheduled at `until_us` or earlier.
    pub fn scheduled_files(&self, until_us: i64) -> Result<Vec<ScheduledFile>, CatalogError> {
        let until = format!("{}+00", timestamp::duckdb_timestamp(until_us));
        let mut statement = self.connection.prepare_cached(
            "SELECT data_file_id, path, path_is_relative FROM ducklake_files_scheduled_for_deletion
             WHERE schedule_start <= ? ORDER BY data_file_id",
        )?;
        let data = self.folder.join("data");
        let rows = statement.query_map([until], |r| {
            let path: String = r.get(1)?;
            Ok(ScheduledFile { id: r.get(0)?, path: if r.get(2)? { data.join(path) } else { PathBuf::from(path) } })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes files that are gone from the list of those to unlink.
    pub fn forget_scheduled(&mut self, ids: &[i64]) -> Result<(), CatalogError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for id in ids {
            transaction
                .prepare_cached("DELETE FROM ducklake_files_scheduled_for_deletion WHERE data_file_id = ?")?
                .execute([id])?;
        }
        Ok(transaction.commit()?)
    }

    /// All files that the catalog names: of any snapshot, or as ones to unlink.
    pub fn named_files(&self) -> Result<HashSet<PathBuf>, CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT CASE WHEN f.path_is_relative THEN 'main/' || t.path || f.path ELSE f.path END, f.path_is_relative
             FROM ducklake_data_file f JOIN ducklake_table t ON t.table_id = f.table_id
             UNION ALL SELECT path, path_is_relative FROM ducklake_files_scheduled_for_deletion",
        )?;
        let data = self.folder.join("data");
        let rows = statement.query_map([], |r| {
            let path: String = r.get(0)?;
            Ok(if r.get(1)? { data.join(path) } else { PathBuf::from(path) })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
