//! Which Parquet files a table consists of at a snapshot, with what a reader prunes by. Whatever a foreign client may have
//! left that this reader would misread (deletes, changed columns, inlined rows) is refused here.

use std::path::PathBuf;

use rusqlite::{OptionalExtension, params};

use super::{Catalog, CatalogError, Table};
use crate::event_schema::numbered;
use crate::timestamp;

/// One live Parquet file of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct DataFile {
    pub id: i64,
    pub path: PathBuf,
    pub record_count: u64,
    pub size_bytes: u64,
    /// Smallest and largest `eventtimestamp` (of the rollup: first and last), µs UTC.
    pub time_bounds: Option<(i64, i64)>,
    /// The partition's day: an `eventdate`, or the first of a rollup's month.
    pub partition_day: Option<i32>,
}

impl Catalog {
    /// The files of `table` at `snapshot`, oldest first.
    pub fn data_files(&self, table: Table, snapshot: i64) -> Result<Vec<DataFile>, CatalogError> {
        let table_id = self.table_id(table)?;
        self.refuse_foreign_changes(table, table_id, snapshot)?;
        let (low, high) = match table {
            Table::Events => ("eventtimestamp", "eventtimestamp"),
            Table::AccessDaily => ("firsteventtimestamp", "lasteventtimestamp"),
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT f.data_file_id, f.path, f.path_is_relative, f.record_count, f.file_size_bytes,
                    l.min_value, h.max_value, p.partition_value
             FROM ducklake_data_file f
             LEFT JOIN ducklake_file_column_stats l
                    ON l.table_id = f.table_id AND l.column_id = ?3 AND l.data_file_id = f.data_file_id
             LEFT JOIN ducklake_file_column_stats h
                    ON h.table_id = f.table_id AND h.column_id = ?4 AND h.data_file_id = f.data_file_id
             LEFT JOIN ducklake_file_partition_value p
                    ON p.data_file_id = f.data_file_id AND p.partition_key_index = 0
             WHERE f.table_id = ?1 AND f.begin_snapshot <= ?2 AND (f.end_snapshot IS NULL OR f.end_snapshot > ?2)
             ORDER BY f.data_file_id",
        )?;
        let folder = self.table_folder(table);
        let rows =
            statement.query_map(params![table_id, snapshot, table.column_id(low), table.column_id(high)], |row| {
                let path: String = row.get(1)?;
                let bound = |text: Option<String>| text.and_then(|t| timestamp::from_duckdb_timestamp(&t));
                Ok(DataFile {
                    id: row.get(0)?,
                    path: if row.get(2)? { folder.join(path) } else { PathBuf::from(path) },
                    record_count: row.get::<_, i64>(3)?.unsigned_abs(),
                    size_bytes: row.get::<_, i64>(4)?.unsigned_abs(),
                    time_bounds: bound(row.get(5)?).zip(bound(row.get(6)?)),
                    partition_day: row.get::<_, Option<String>>(7)?.and_then(|t| timestamp::day_from_text(&t)),
                })
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(super) fn table_id(&self, table: Table) -> Result<i64, CatalogError> {
        let sql = "SELECT table_id FROM ducklake_table WHERE table_name = ? AND schema_id = 0 AND end_snapshot IS NULL";
        self.connection
            .prepare_cached(sql)?
            .query_row([table.name()], |r| r.get(0))
            .optional()?
            .ok_or_else(|| CatalogError::ForeignChange(format!("the table {} is gone", table.name())))
    }

    fn refuse_foreign_changes(&self, table: Table, table_id: i64, snapshot: i64) -> Result<(), CatalogError> {
        let refuse = |what: String| Err(CatalogError::ForeignChange(format!("{what} in table {}", table.name())));
        let count = |sql: &str| -> Result<i64, CatalogError> {
            Ok(self.connection.prepare_cached(sql)?.query_row([table_id, snapshot], |r| r.get(0))?)
        };
        let live = "begin_snapshot <= ?2 AND (end_snapshot IS NULL OR end_snapshot > ?2)";
        if count(&format!("SELECT count(*) FROM ducklake_delete_file WHERE table_id = ?1 AND {live}"))? > 0 {
            return refuse("rows were deleted by a delete file".to_owned());
        }
        let odd = count(&format!(
            "SELECT count(*) FROM ducklake_data_file WHERE table_id = ?1 AND {live} AND (encryption_key IS NOT NULL
             OR mapping_id IS NOT NULL OR partial_max IS NOT NULL OR file_format <> 'parquet')"
        ))?;
        if odd > 0 {
            return refuse("files are encrypted, mapped, partial or not Parquet".to_owned());
        }
        if count("SELECT count(*) FROM ducklake_inlined_data_tables WHERE table_id = ?1 AND ?2 >= 0")? > 0 {
            return refuse("rows were inlined".to_owned());
        }
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT column_id, parent_column, column_name, column_type FROM ducklake_column
             WHERE table_id = ?1 AND {live} ORDER BY column_id"
        ))?;
        let mut rows = statement.query([table_id, snapshot])?;
        for own in numbered(table.columns()) {
            let Some(row) = rows.next()? else {
                return refuse(format!("the column {} is gone", own.column.name));
            };
            let (id, parent, name): (i64, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let column_type: String = row.get(3)?;
            let own_type = own.ducklake_type();
            if (id, parent, name.as_str(), column_type.as_str()) != (own.id, own.parent, own.column.name, own_type) {
                return refuse(format!("column {id} is {name} {column_type}, not {} {own_type}", own.column.name));
            }
        }
        match rows.next()? {
            Some(row) => refuse(format!("there is a further column {}", row.get::<_, String>(2)?)),
            None => Ok(()),
        }
    }
}
