//! What the catalog's own rows must agree on: the sums of the ledger and of the tables, the bounds, the snapshots. Each disagreement is
//! told in words; whether the files agree with the catalog is `check`'s matter.

use rusqlite::params;

use super::{Catalog, CatalogError, DUCKLAKE_VERSION, Table};
use crate::event_schema::{ColumnType, numbered};
use crate::timestamp;

/// What the catalog writes down of one file's leaf column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptStatistics {
    pub column_id: i64,
    pub value_count: i64,
    pub null_count: i64,
    pub bounds: Option<(String, String)>,
}

/// What the catalog writes down of one file besides its size and rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    pub footer_bytes: i64,
    /// None where it was written before checksums were kept.
    pub xxh3: Option<String>,
    /// In order of the column ids.
    pub columns: Vec<KeptStatistics>,
}

/// What a catalog says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogInfo {
    pub ducklake_version: &'static str,
    /// As the lake says; a writer brings an earlier one to its own.
    pub lake_version: String,
    pub newest_snapshot: i64,
    /// Snapshots that can still be asked for.
    pub snapshots: i64,
    pub ledger_rows: i64,
    /// Finished days of the ledger that are folded into one row each.
    pub folded_prefixes: i64,
    pub rejected_rows: i64,
    /// Files of older snapshots alone.
    pub ended_files: i64,
    /// Files that no snapshot names and that are still to be unlinked.
    pub scheduled_files: i64,
    pub catalog_bytes: u64,
}

impl Catalog {
    /// What the catalog says of itself.
    pub fn info(&self) -> Result<CatalogInfo, CatalogError> {
        let count = |sql: &str| self.connection.query_row(sql, [], |r| r.get::<_, i64>(0));
        let path = Self::path(&self.folder);
        let catalog_bytes = path.metadata().map_err(|source| CatalogError::Io { path, source })?.len();
        Ok(CatalogInfo {
            ducklake_version: DUCKLAKE_VERSION,
            lake_version: self.setting("lake_version")?.unwrap_or_default(),
            newest_snapshot: self.newest_snapshot()?,
            snapshots: count("SELECT count(*) FROM ducklake_snapshot")?,
            ledger_rows: count("SELECT count(*) FROM ingested_object")?,
            folded_prefixes: count("SELECT count(*) FROM folded_prefix")?,
            rejected_rows: count("SELECT count(*) FROM rejected_record")?,
            ended_files: count("SELECT count(*) FROM ducklake_data_file WHERE end_snapshot IS NOT NULL")?,
            scheduled_files: count("SELECT count(*) FROM ducklake_files_scheduled_for_deletion")?,
            catalog_bytes,
        })
    }

    /// Whether the catalog still has a row for a file.
    pub fn has_file(&self, id: i64) -> Result<bool, CatalogError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM ducklake_data_file WHERE data_file_id = ?)";
        Ok(self.connection.query_row(sql, [id], |r| r.get(0))?)
    }

    /// The checksum of a file's bytes; none where it was written before checksums were kept.
    pub fn checksum(&self, id: i64) -> Result<Option<String>, CatalogError> {
        let sql = "SELECT (SELECT xxh3 FROM file_checksum WHERE data_file_id = ?)";
        Ok(self.connection.prepare_cached(sql)?.query_row([id], |r| r.get(0))?)
    }

    /// The footer's length, checksum and statistics of a file.
    pub fn kept_file(&self, id: i64) -> Result<KeptFile, CatalogError> {
        let footer_bytes = self
            .connection
            .prepare_cached("SELECT footer_size FROM ducklake_data_file WHERE data_file_id = ?")?
            .query_row([id], |r| r.get(0))?;
        let xxh3 = self.checksum(id)?;
        let mut statement = self.connection.prepare_cached(
            "SELECT s.column_id, s.value_count, s.null_count, s.min_value, s.max_value FROM ducklake_data_file f
             JOIN ducklake_file_column_stats s ON s.table_id = f.table_id AND s.data_file_id = f.data_file_id
             WHERE f.data_file_id = ? ORDER BY s.column_id",
        )?;
        let rows = statement.query_map([id], |r| {
            Ok(KeptStatistics {
                column_id: r.get(0)?,
                value_count: r.get(1)?,
                null_count: r.get(2)?,
                bounds: r.get::<_, Option<String>>(3)?.zip(r.get(4)?),
            })
        })?;
        Ok(KeptFile { footer_bytes, xxh3, columns: rows.collect::<Result<_, _>>()? })
    }

    /// How many objects the ledger lists, and those whose records are not all accounted for.
    pub fn unbalanced_objects(&self) -> Result<(u64, Vec<String>), CatalogError> {
        let objects =
            "SELECT (SELECT count(*) FROM ingested_object) + (SELECT coalesce(sum(objects), 0) FROM folded_prefix)";
        let count: i64 = self.connection.query_row(objects, [], |r| r.get(0))?;
        let mut statement = self.connection.prepare(
            "SELECT name || ': ' || records || ' records are not ' || new_events || ' new + ' || duplicates
                    || ' duplicate + ' || rejected || ' rejected + ' || expired || ' expired'
             FROM (SELECT name, records, new_events, duplicates, rejected, expired FROM ingested_object
                   UNION ALL SELECT prefix, records, new_events, duplicates, rejected, expired FROM folded_prefix)
             WHERE records <> new_events + duplicates + rejected + expired LIMIT 100",
        )?;
        let rows = statement.query_map([], |r| r.get(0))?;
        Ok((count.unsigned_abs(), rows.collect::<Result<_, _>>()?))
    }

    /// Where the sums of a table are not those of its live files.
    pub fn wrong_sums(&self, table: Table) -> Result<Vec<String>, CatalogError> {
        let table_id = self.table_id(table)?;
        let mut wrong = Vec::new();
        let sums = "SELECT record_count, file_size_bytes, next_row_id FROM ducklake_table_stats WHERE table_id = ?";
        let (rows, bytes, next_row): (i64, i64, i64) =
            self.connection.query_row(sums, [table_id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        let live = "SELECT coalesce(sum(record_count), 0), coalesce(sum(file_size_bytes), 0),
                           coalesce(max(row_id_start + record_count), 0)
                    FROM ducklake_data_file WHERE table_id = ? AND end_snapshot IS NULL";
        let (live_rows, live_bytes, last_row): (i64, i64, i64) =
            self.connection.query_row(live, [table_id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
        if (rows, bytes) != (live_rows, live_bytes) {
            wrong.push(format!(
                "{rows} rows in {bytes} bytes are written down, the files have {live_rows} in {live_bytes}"
            ));
        }
        if next_row < last_row {
            wrong.push(format!("the next row id {next_row} is taken: the files reach to {last_row}"));
        }
        Ok(wrong)
    }

    /// Where the bounds of a table are neither left out nor those of its live files and of all that some snapshot has.
    pub fn wrong_bounds(&self, table: Table) -> Result<Vec<String>, CatalogError> {
        let table_id = self.table_id(table)?;
        let mut wrong = Vec::new();
        for column in numbered(table.columns()).into_iter().filter(|column| column.is_leaf()) {
            let number = if column.column.column_type == ColumnType::BigInt { "INTEGER" } else { "TEXT" };
            let sql = format!(
                "WITH known AS (
                     SELECT s.*, f.end_snapshot IS NULL AS is_live
                     FROM ducklake_file_column_stats s JOIN ducklake_data_file f USING (data_file_id)
                     WHERE s.table_id = ?1 AND s.column_id = ?2),
                 bounds AS (
                     SELECT max(value_count > 0 AND min_value IS NULL) AS is_unbounded, max(null_count > 0) AS nulls,
                            min(CAST(min_value AS {number})) AS low, max(CAST(max_value AS {number})) AS high FROM known
                     UNION ALL
                     SELECT 0, 0, min(CAST(min_value AS {number})), max(CAST(max_value AS {number})) FROM known WHERE is_live)
                 SELECT count(*) FROM bounds JOIN ducklake_table_column_stats t ON t.table_id = ?1 AND t.column_id = ?2
                 WHERE (nulls AND NOT t.contains_null)
                    OR (t.min_value IS NOT NULL AND (is_unbounded OR low <> CAST(t.min_value AS {number})
                                                     OR high <> CAST(t.max_value AS {number})))"
            );
            let count: i64 =
                self.connection.prepare_cached(&sql)?.query_row(params![table_id, column.id], |r| r.get(0))?;
            if count > 0 {
                wrong.push(format!("the bounds of {} are not those of the files", column.parquet_path));
            }
        }
        Ok(wrong)
    }

    /// What of the snapshots and files' rows contradicts itself.
    pub fn wrong_snapshots(&self) -> Result<Vec<String>, CatalogError> {
        let mut wrong = Vec::new();
        for (sql, what) in [
            (
                "SELECT count(*) FROM ducklake_data_file WHERE begin_snapshot > (SELECT max(snapshot_id) FROM ducklake_snapshot)
                 OR end_snapshot > (SELECT max(snapshot_id) FROM ducklake_snapshot)",
                "files begin or end with a snapshot that does not exist",
            ),
            ("SELECT count(*) FROM ducklake_data_file WHERE end_snapshot <= begin_snapshot", "files end before they begin"),
            (
                "SELECT count(*) FROM ducklake_data_file WHERE data_file_id >=
                 (SELECT next_file_id FROM ducklake_snapshot ORDER BY snapshot_id DESC LIMIT 1)",
                "files have ids that are still to be given",
            ),
            (
                "SELECT count(*) FROM (SELECT 1 FROM ducklake_data_file WHERE end_snapshot IS NULL
                 GROUP BY table_id, path HAVING count(*) > 1)",
                "paths are named by two live files",
            ),
            (
                "SELECT count(*) FROM ducklake_files_scheduled_for_deletion
                 WHERE data_file_id IN (SELECT data_file_id FROM ducklake_data_file)",
                "files to be unlinked are still named",
            ),
        ] {
            let count: i64 = self.connection.query_row(sql, [], |r| r.get(0))?;
            if count > 0 {
                wrong.push(format!("{count} {what}"));
            }
        }
        Ok(wrong)
    }

    /// The days of live files of `events` that retention has taken out.
    pub fn live_retired_days(&self) -> Result<Vec<i32>, CatalogError> {
        let table_id = self.table_id(Table::Events)?;
        let mut statement = self.connection.prepare(
            "SELECT DISTINCT p.partition_value FROM ducklake_data_file f
             JOIN ducklake_file_partition_value p USING (data_file_id)
             JOIN retired_day r ON r.eventdate = p.partition_value WHERE f.table_id = ? AND f.end_snapshot IS NULL",
        )?;
        let rows = statement.query_map([table_id], |r| r.get::<_, String>(0))?;
        let texts: Vec<String> = rows.collect::<Result<_, _>>()?;
        Ok(texts.iter().filter_map(|text| timestamp::day_from_text(text)).collect())
    }
}
