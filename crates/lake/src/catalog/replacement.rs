//! One replacement: a merged file takes the place of the files it was made of, in one transaction. The rows are the same, so
//! nothing that was acknowledged changes; the old files stay for the snapshots before.

use rusqlite::{Transaction, TransactionBehavior, params};

use super::append::{append_file, next_snapshot};
use super::{Catalog, CatalogError, Table};
use crate::event_schema::{ColumnType, numbered};
use crate::parquet_file::WrittenFile;

/// A merged file and the ids of the files it was made of.
#[derive(Debug, Clone)]
pub struct Replacement {
    pub table: Table,
    pub inputs: Vec<i64>,
    pub output: WrittenFile,
}

impl Catalog {
    /// Commits `replacement` as one snapshot and returns its number; `None`, and nothing changed, where one of its inputs is
    /// no longer live. To be called under the writer's lock.
    pub fn replace(&mut self, replacement: &Replacement) -> Result<Option<i64>, CatalogError> {
        let table = replacement.table;
        let table_id = self.table_id(table)?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for id in &replacement.inputs {
            let is_live = "SELECT EXISTS (SELECT 1 FROM ducklake_data_file
                           WHERE data_file_id = ? AND table_id = ? AND end_snapshot IS NULL)";
            if !transaction.prepare_cached(is_live)?.query_row([*id, table_id], |r| r.get::<_, bool>(0))? {
                return Ok(None);
            }
        }
        let (snapshot, file_id) = next_snapshot(&transaction, 1, &format!("merge_adjacent:{table_id}"))?;
        end_files(&transaction, table_id, snapshot, &replacement.inputs)?;
        append_file(&transaction, table_id, snapshot, file_id, &replacement.output)?;
        if table == Table::AccessDaily {
            // Sums of partial sums may lie outside, and leave, the bounds of the parts.
            refresh_table_statistics(&transaction, table, table_id)?;
        }
        crate::stop_point::reach("before_compaction_commit");
        transaction.commit()?;
        crate::stop_point::reach("after_compaction_commit");
        Ok(Some(snapshot))
    }
}

/// Ends the files with `snapshot` and takes them out of the table's sums.
pub(super) fn end_files(
    transaction: &Transaction<'_>,
    table_id: i64,
    snapshot: i64,
    files: &[i64],
) -> Result<(), CatalogError> {
    let mut reduce = transaction.prepare_cached(
        "UPDATE ducklake_table_stats SET
             record_count = record_count - (SELECT record_count FROM ducklake_data_file WHERE data_file_id = ?2),
             file_size_bytes = file_size_bytes - (SELECT file_size_bytes FROM ducklake_data_file WHERE data_file_id = ?2)
         WHERE table_id = ?1",
    )?;
    let mut end =
        transaction.prepare_cached("UPDATE ducklake_data_file SET end_snapshot = ? WHERE data_file_id = ?")?;
    for id in files {
        reduce.execute(params![table_id, id])?;
        end.execute(params![snapshot, id])?;
    }
    Ok(())
}

/// Makes the bounds of a table those of its files. Appending only widens them, which is right until rows leave.
pub(super) fn refresh_table_statistics(
    transaction: &Transaction<'_>,
    table: Table,
    table_id: i64,
) -> Result<(), CatalogError> {
    for column in numbered(table.columns()).into_iter().filter(|column| column.is_leaf()) {
        refresh_column_statistics(transaction, table_id, column.id, &column.column.column_type)?;
    }
    Ok(())
}

/// Makes the bounds of a column those of the files. Bounds have no snapshot: DuckDB answers min and max from them, and leaves out
/// conditions that they make true, also for who reads the snapshot before. So there are none while files that were ended and
/// are still there have others than the live ones; nor where a file has values and no bounds of them.
pub(super) fn refresh_column_statistics(
    transaction: &Transaction<'_>,
    table_id: i64,
    column_id: i64,
    column_type: &ColumnType,
) -> Result<(), CatalogError> {
    let (low, high) = match column_type {
        ColumnType::BigInt => ("CAST(min_value AS INTEGER)", "CAST(max_value AS INTEGER)"),
        _ => ("min_value", "max_value"),
    };
    transaction
        .prepare_cached(&format!(
            "WITH known AS (
                 SELECT s.*, f.end_snapshot IS NULL AS is_live
                 FROM ducklake_file_column_stats s JOIN ducklake_data_file f USING (data_file_id)
                 WHERE s.table_id = ?1 AND s.column_id = ?2),
             bounds AS (
                 SELECT coalesce(max(null_count > 0), 0) AS contains_null,
                        coalesce(max(value_count > 0 AND min_value IS NULL), 0) AS is_unbounded,
                        min({low}) AS low, max({high}) AS high,
                        min({low}) FILTER (WHERE is_live) AS live_low, max({high}) FILTER (WHERE is_live) AS live_high
                 FROM known),
             agreed AS (
                 SELECT *, NOT is_unbounded AND low IS live_low AND high IS live_high AS is_one FROM bounds)
             UPDATE ducklake_table_column_stats SET
                 contains_null = agreed.contains_null,
                 min_value = CASE WHEN is_one THEN CAST(low AS TEXT) END,
                 max_value = CASE WHEN is_one THEN CAST(high AS TEXT) END
             FROM agreed WHERE table_id = ?1 AND column_id = ?2"
        ))?
        .execute(params![table_id, column_id])?;
    Ok(())
}
