//! One append: the Parquet files of a batch, the objects they came from and what was rejected become part of the lake in
//! one transaction, or nothing does. After the commit they are *acknowledged*.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::digest::{self, NewDigest};
use super::replacement::refresh_column_statistics;
use super::{Catalog, CatalogError, Table, snapshot_time};
use crate::event_schema::{ColumnType, NumberedColumn, numbered};
use crate::parquet_file::WrittenFile;

/// All that one batch changes.
#[derive(Debug, Default)]
pub struct Append {
    pub files: Vec<(Table, WrittenFile)>,
    pub objects: Vec<NewObject>,
}

/// What the ledger keeps of one ingested object.
#[derive(Debug, Clone, Default)]
pub struct NewObject {
    pub name: String,
    pub size_bytes: i64,
    pub stamp: String,
    pub sha256: Option<[u8; 32]>,
    pub inflated_sha256: Option<[u8; 32]>,
    /// log, digest, insight or other.
    pub kind: String,
    pub account: Option<String>,
    pub region: Option<String>,
    pub delivered_at: Option<i64>,
    pub records: i64,
    pub new_events: i64,
    pub duplicates: i64,
    pub conflicts: i64,
    pub rejected: i64,
    pub expired: i64,
    pub bytes_in: i64,
    pub first_event_at: Option<i64>,
    pub last_event_at: Option<i64>,
    pub inflated_bytes: i64,
    /// Why the object was rejected as a whole.
    pub reject_reason: Option<&'static str>,
    /// Codes, separated by commas.
    pub warnings: Option<String>,
    pub ingested_at: i64,
    pub rejects: Vec<NewReject>,
    /// What a digest file says.
    pub digest: Option<NewDigest>,
}

/// One rejected record, or a whole rejected file (then without an index).
#[derive(Debug, Clone, PartialEq)]
pub struct NewReject {
    pub reason: &'static str,
    pub detail: String,
    pub record_index: Option<i64>,
    pub byte_offset: i64,
    pub byte_length: i64,
    /// The rejected bytes where they are at most 64 KiB; larger ones stay in the source.
    pub bytes: Option<Vec<u8>>,
}

impl Catalog {
    /// Commits `append` as one snapshot and returns its number. Objects without files make no new snapshot: the ledger's
    /// rows then belong to the newest one.
    pub fn append(&mut self, append: &Append) -> Result<i64, CatalogError> {
        let mut tables = Vec::new();
        for table in Table::ALL {
            if append.files.iter().any(|(t, _)| *t == table) {
                tables.push((table, self.table_id(table)?));
            }
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let snapshot = if tables.is_empty() {
            transaction.query_row("SELECT max(snapshot_id) FROM ducklake_snapshot", [], |r| r.get(0))?
        } else {
            append_files(&transaction, &tables, &append.files)?
        };
        insert_objects(&transaction, &append.objects, snapshot)?;
        crate::stop_point::reach("before_commit");
        transaction.commit()?;
        crate::stop_point::reach("after_commit");
        Ok(snapshot)
    }
}

fn append_files(
    transaction: &Transaction<'_>,
    tables: &[(Table, i64)],
    files: &[(Table, WrittenFile)],
) -> Result<i64, CatalogError> {
    let changes: Vec<String> = tables.iter().map(|(_, id)| format!("inserted_into_table:{id}")).collect();
    let (snapshot, first_file_id) = next_snapshot(transaction, files.len(), &changes.join(","))?;
    for (index, (table, file)) in files.iter().enumerate() {
        let table_id = tables.iter().find(|(t, _)| t == table).expect("each file's table is listed").1;
        append_file(transaction, table_id, snapshot, first_file_id + index as i64, file)?;
    }
    for (table, table_id) in tables {
        let columns = numbered(table.columns());
        let of_table = files.iter().filter(|(t, _)| t == table).map(|(_, file)| file);
        for (column_id, added) in added_statistics(&columns, of_table) {
            widen_table_statistics(transaction, *table_id, column_id, column_type(&columns, column_id), added)?;
        }
    }
    Ok(snapshot)
}

/// Makes the next snapshot, which may use `file_ids` new file ids: its number and the first of those ids. `changes` is what
/// DuckLake's `snapshot_changes` says of it.
pub(super) fn next_snapshot(
    transaction: &Transaction<'_>,
    file_ids: usize,
    changes: &str,
) -> Result<(i64, i64), CatalogError> {
    let (newest, schema_version, next_catalog_id, next_file_id): (i64, i64, i64, i64) = transaction.query_row(
        "SELECT snapshot_id, schema_version, next_catalog_id, next_file_id FROM ducklake_snapshot
         ORDER BY snapshot_id DESC LIMIT 1",
        [],
        |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
    )?;
    let snapshot = newest + 1;
    transaction.execute(
        "INSERT INTO ducklake_snapshot VALUES (?, ?, ?, ?, ?)",
        params![snapshot, snapshot_time(), schema_version, next_catalog_id, next_file_id + file_ids as i64],
    )?;
    transaction.execute(
        "INSERT INTO ducklake_snapshot_changes VALUES (?, ?, 'tadoru', NULL, NULL)",
        params![snapshot, changes],
    )?;
    Ok((snapshot, next_file_id))
}

pub(super) fn append_file(
    transaction: &Transaction<'_>,
    table_id: i64,
    snapshot: i64,
    file_id: i64,
    file: &WrittenFile,
) -> Result<(), CatalogError> {
    let next_row_id: i64 = transaction
        .prepare_cached("SELECT next_row_id FROM ducklake_table_stats WHERE table_id = ?")?
        .query_row([table_id], |r| r.get(0))?;
    transaction
        .prepare_cached(
            "INSERT INTO ducklake_data_file VALUES
             (?1, ?2, ?3, NULL, NULL, ?4, 1, 'parquet', ?5, ?6, ?7, ?8, ?9, NULL, NULL, NULL)",
        )?
        .execute(params![
            file_id,
            table_id,
            snapshot,
            file.relative_path,
            file.record_count,
            file.size_bytes,
            file.footer_bytes,
            next_row_id,
            table_id + 1,
        ])?;
    transaction.prepare_cached("INSERT INTO ducklake_file_partition_value VALUES (?, ?, 0, ?)")?.execute(params![
        file_id,
        table_id,
        file.partition_value
    ])?;
    transaction.prepare_cached("INSERT INTO file_checksum VALUES (?, ?)")?.execute(params![file_id, file.xxh3])?;
    transaction
        .prepare_cached(
            "UPDATE ducklake_table_stats SET record_count = record_count + ?2, next_row_id = next_row_id + ?2,
             file_size_bytes = file_size_bytes + ?3 WHERE table_id = ?1",
        )?
        .execute(params![table_id, file.record_count, file.size_bytes])?;
    let mut insert = transaction
        .prepare_cached("INSERT INTO ducklake_file_column_stats VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)")?;
    for column in &file.columns {
        let (low, high) = column.bounds.as_ref().map(|(l, h)| (l, h)).unzip();
        insert.execute(params![
            file_id,
            table_id,
            column.column_id,
            column.size_bytes,
            column.value_count,
            column.null_count,
            low,
            high,
        ])?;
    }
    Ok(())
}

/// What the files of one append add to the statistics of a column.
struct AddedStatistics {
    contains_null: bool,
    bounds: Bounds,
    /// A file holds values and keeps no bounds of them.
    unbounded: bool,
}

fn column_type(columns: &[NumberedColumn], column_id: i64) -> &'static ColumnType {
    &columns[column_id as usize - 1].column.column_type
}

fn added_statistics<'f>(
    columns: &[NumberedColumn],
    files: impl Iterator<Item = &'f WrittenFile>,
) -> BTreeMap<i64, AddedStatistics> {
    let mut added: BTreeMap<i64, AddedStatistics> = BTreeMap::new();
    for column in files.flat_map(|file| &file.columns) {
        let empty = AddedStatistics { contains_null: false, bounds: None, unbounded: false };
        let sum = added.entry(column.column_id).or_insert(empty);
        sum.contains_null |= column.null_count > 0;
        sum.unbounded |= column.bounds.is_none() && column.value_count > 0;
        sum.bounds = wider(column_type(columns, column.column_id), sum.bounds.take(), column.bounds.clone());
    }
    added
}

type Bounds = Option<(String, String)>;

/// The bounds around both.
fn wider(column_type: &ColumnType, a: Bounds, b: Bounds) -> Bounds {
    let (Some((low, high)), Some((other_low, other_high))) = (&a, &b) else { return a.or(b) };
    let low = if less(column_type, other_low, low) { other_low } else { low };
    let high = if less(column_type, high, other_high) { other_high } else { high };
    Some((low.clone(), high.clone()))
}

/// Keeps the table's bounds around the files', compared by the column's type: DuckDB answers min and max from them. A
/// column that once had values without bounds has none from then on.
fn widen_table_statistics(
    transaction: &Transaction<'_>,
    table_id: i64,
    column_id: i64,
    column_type: &ColumnType,
    added: AddedStatistics,
) -> Result<(), CatalogError> {
    let select = "SELECT contains_null, min_value, max_value FROM ducklake_table_column_stats WHERE table_id = ? AND column_id = ?";
    let known = transaction
        .prepare_cached(select)?
        .query_row([table_id, column_id], |r| {
            let bounds = r.get::<_, Option<String>>(1)?.zip(r.get::<_, Option<String>>(2)?);
            Ok((r.get::<_, bool>(0)?, bounds))
        })
        .optional()?;
    let Some((contains_null, bounds)) = known else {
        let (low, high) = added.bounds.filter(|_| !added.unbounded).unzip();
        transaction
            .prepare_cached("INSERT INTO ducklake_table_column_stats VALUES (?, ?, ?, NULL, ?, ?, NULL)")?
            .execute(params![table_id, column_id, added.contains_null, low, high])?;
        return Ok(());
    };
    if bounds.is_none() {
        // No file had values until now, or the bounds are left out for a reason that only all files tell.
        return refresh_column_statistics(transaction, table_id, column_id, column_type);
    }
    let (low, high) = wider(column_type, bounds, added.bounds).filter(|_| !added.unbounded).unzip();
    transaction
        .prepare_cached(
            "UPDATE ducklake_table_column_stats SET contains_null = ?3, min_value = ?4, max_value = ?5
             WHERE table_id = ?1 AND column_id = ?2",
        )?
        .execute(params![table_id, column_id, contains_null || added.contains_null, low, high])?;
    Ok(())
}

/// Compares two bounds by the column's type; their text order would be wrong for numbers.
fn less(column_type: &ColumnType, a: &str, b: &str) -> bool {
    match column_type {
        ColumnType::BigInt => a.parse::<i64>().ok() < b.parse::<i64>().ok(),
        _ => a < b,
    }
}

fn insert_objects(transaction: &Transaction<'_>, objects: &[NewObject], snapshot: i64) -> Result<(), CatalogError> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO ingested_object (name, size_bytes, stamp, sha256, inflated_sha256, kind, account, region,
         delivered_at, records, new_events, duplicates, conflicts, rejected, expired, bytes_in, inflated_bytes,
         first_event_at, last_event_at, reject_reason, warnings, ingested_at, snapshot_id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut insert_reject = transaction.prepare_cached(
        "INSERT INTO rejected_record (object_id, reason, detail, record_index, byte_offset, byte_length, bytes)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    for object in objects {
        let object_id = insert.insert(params![
            object.name,
            object.size_bytes,
            object.stamp,
            object.sha256,
            object.inflated_sha256,
            object.kind,
            object.account,
            object.region,
            object.delivered_at,
            object.records,
            object.new_events,
            object.duplicates,
            object.conflicts,
            object.rejected,
            object.expired,
            object.bytes_in,
            object.inflated_bytes,
            object.first_event_at,
            object.last_event_at,
            object.reject_reason,
            object.warnings,
            object.ingested_at,
            snapshot,
        ])?;
        for reject in &object.rejects {
            insert_reject.execute(params![
                object_id,
                reject.reason,
                reject.detail,
                reject.record_index,
                reject.byte_offset,
                reject.byte_length,
                reject.bytes,
            ])?;
        }
        if let Some(digest) = &object.digest {
            digest::insert(transaction, digest)?;
        }
    }
    Ok(())
}
