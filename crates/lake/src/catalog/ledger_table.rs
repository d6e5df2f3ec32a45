//! The ledger, the rejects and the inventory as tables of SQL, beside `events`: `ingested_objects`, `ingested_prefixes` (what of
//! the ledger is folded, and no longer listed in the former), `rejected_records` and `inventory`. They are small
//! beside the events and live in the catalog, so a statement that names one reads its rows from there into Arrow, only the
//! columns it asks for. `lake_table` hands them to the planner.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Schema, SchemaRef};
use rusqlite::types::Value;

use super::Catalog;
use crate::event_schema::{Column, ColumnType, Statistics, arrow_schema};

/// Rows of one Arrow batch.
const ROWS_AT_ONCE: usize = 8_192;

const fn column(name: &'static str, column_type: ColumnType) -> Column {
    Column { name, column_type, statistics: Statistics::NullCount }
}
const fn text(name: &'static str) -> Column {
    column(name, ColumnType::Text)
}
const fn number(name: &'static str) -> Column {
    column(name, ColumnType::BigInt)
}
const fn time(name: &'static str) -> Column {
    column(name, ColumnType::Timestamp)
}

const INGESTED_OBJECTS: &[Column] = &[
    number("object_id"),
    text("name"),
    number("size_bytes"),
    text("stamp"),
    text("sha256"),
    text("inflated_sha256"),
    text("kind"),
    text("account"),
    text("region"),
    time("delivered_at"),
    number("records"),
    number("new_events"),
    number("duplicates"),
    number("conflicts"),
    number("rejected"),
    number("expired"),
    number("bytes_in"),
    number("inflated_bytes"),
    time("first_event_at"),
    time("last_event_at"),
    text("reject_reason"),
    text("warnings"),
    time("ingested_at"),
    number("snapshot_id"),
];

const INGESTED_PREFIXES: &[Column] = &[
    number("prefix_id"),
    text("prefix"),
    text("kind"),
    text("account"),
    text("region"),
    text("delivery_date"),
    number("objects"),
    number("records"),
    number("new_events"),
    number("duplicates"),
    number("conflicts"),
    number("rejected"),
    number("expired"),
    number("bytes_in"),
    number("inflated_bytes"),
    time("first_event_at"),
    time("last_event_at"),
    time("first_delivered_at"),
    time("last_delivered_at"),
    time("last_ingested_at"),
    number("snapshot_id"),
];

const REJECTED_RECORDS: &[Column] = &[
    number("object_id"),
    text("name"),
    text("reason"),
    text("detail"),
    number("record_index"),
    number("byte_offset"),
    number("byte_length"),
    text("bytes"),
];

const INVENTORY: &[Column] = &[
    text("kind"),
    text("scope"),
    text("name"),
    text("entity_key"),
    number("inventory_id"),
    time("taken_at"),
    text("document"),
];

/// Which rows of the catalog a table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerKind {
    /// One row per ingested object that is not folded.
    IngestedObjects,
    /// One row per folded prefix: the objects of one folder, account, region and day of delivery, with their sums.
    IngestedPrefixes,
    /// One row per rejected record or whole rejected file; `bytes` is NULL where they are not UTF-8 or were too many.
    RejectedRecords,
    /// One row per entity of the newest inventory of its kind and scope; `document` is JSON with AWS's fields.
    Inventory,
}

impl LedgerKind {
    /// All, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::IngestedObjects, Self::IngestedPrefixes, Self::RejectedRecords, Self::Inventory];

    /// The name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::IngestedObjects => "ingested_objects",
            Self::IngestedPrefixes => "ingested_prefixes",
            Self::RejectedRecords => "rejected_records",
            Self::Inventory => "inventory",
        }
    }

    fn columns(self) -> &'static [Column] {
        match self {
            Self::IngestedObjects => INGESTED_OBJECTS,
            Self::IngestedPrefixes => INGESTED_PREFIXES,
            Self::RejectedRecords => REJECTED_RECORDS,
            Self::Inventory => INVENTORY,
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::IngestedPrefixes => "FROM folded_prefix o WHERE o.snapshot_id <= ?1 ORDER BY o.prefix_id",
            Self::IngestedObjects => "FROM ingested_object o WHERE o.snapshot_id <= ?1 ORDER BY o.object_id",
            Self::RejectedRecords => {
                "FROM rejected_record r JOIN ingested_object o USING (object_id) WHERE o.snapshot_id <= ?1
                 ORDER BY r.reject_id"
            }
            // Its snapshots have numbers of their own, so the lake's says nothing here.
            Self::Inventory => {
                "FROM (SELECT p.*, s.taken_at, row_number() OVER (
                           PARTITION BY kind, scope ORDER BY s.taken_at DESC, inventory_id DESC) AS place
                       FROM inventory_part p JOIN inventory_snapshot s USING (inventory_id) WHERE ?1 >= 0) p,
                      json_each(p.entity_ids) id JOIN inventory_entity e ON e.entity_id = id.value
                 WHERE p.place = 1 ORDER BY e.kind, e.scope, e.entity_key"
            }
        }
    }

    fn expression(self, column: &str) -> String {
        match (self, column) {
            (_, "sha256" | "inflated_sha256") => format!("lower(hex(nullif(o.{column}, x'')))"),
            (Self::IngestedPrefixes, "delivery_date") => "date(o.day * 86400, 'unixepoch')".to_owned(),
            (Self::RejectedRecords, "name") | (Self::IngestedObjects | Self::IngestedPrefixes, _) => {
                format!("o.{column}")
            }
            (Self::RejectedRecords, _) => format!("r.{column}"),
            (Self::Inventory, "inventory_id" | "taken_at") => format!("p.{column}"),
            (Self::Inventory, _) => format!("e.{column}"),
        }
    }
}

/// A table over the catalog as one snapshot sees it.
#[derive(Debug, Clone)]
pub struct LedgerTable {
    catalog: Arc<Mutex<Catalog>>,
    kind: LedgerKind,
    snapshot: i64,
}

impl LedgerTable {
    /// The rows that came with `snapshot` or before.
    pub fn new(catalog: Arc<Mutex<Catalog>>, kind: LedgerKind, snapshot: i64) -> Self {
        Self { catalog, kind, snapshot }
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        arrow_schema(self.kind.columns())
    }

    /// The rows, `limit` of them at most, with the columns of `projection` (all without one).
    pub(crate) fn batches(
        &self,
        projection: Option<&[usize]>,
        limit: Option<usize>,
    ) -> Result<(SchemaRef, Vec<RecordBatch>), LedgerTableError> {
        let columns = self.kind.columns();
        let schema = match projection {
            Some(indices) => Arc::new(self.schema().project(indices)?),
            None => self.schema(),
        };
        let chosen: Vec<&Column> = match projection {
            Some(indices) => indices.iter().map(|index| &columns[*index]).collect(),
            None => columns.iter().collect(),
        };
        let catalog = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        let batches = catalog.ledger_batches(self.kind, &chosen, &schema, self.snapshot, limit)?;
        Ok((schema, batches))
    }
}

/// Why a table of the catalog could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerTableError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Arrow(#[from] arrow::error::ArrowError),
}

impl Catalog {
    fn ledger_batches(
        &self,
        kind: LedgerKind,
        columns: &[&Column],
        schema: &Arc<Schema>,
        snapshot: i64,
        limit: Option<usize>,
    ) -> Result<Vec<RecordBatch>, LedgerTableError> {
        let mut expressions: Vec<String> = columns.iter().map(|c| kind.expression(c.name)).collect();
        if expressions.is_empty() {
            expressions.push("1".to_owned());
        }
        let limit = limit.map_or(-1, |rows| i64::try_from(rows).unwrap_or(i64::MAX));
        let sql = format!("SELECT {} {} LIMIT ?2", expressions.join(", "), kind.source());
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([snapshot, limit])?;
        let mut batches = Vec::new();
        let mut values: Vec<Vec<Value>> = vec![Vec::new(); columns.len()];
        let mut count = 0;
        while let Some(row) = rows.next()? {
            for (index, column) in values.iter_mut().enumerate() {
                column.push(row.get(index)?);
            }
            count += 1;
            if count == ROWS_AT_ONCE {
                batches.push(batch(schema, columns, &mut values, count)?);
                count = 0;
            }
        }
        if count > 0 {
            batches.push(batch(schema, columns, &mut values, count)?);
        }
        Ok(batches)
    }
}

fn batch(
    schema: &SchemaRef,
    columns: &[&Column],
    values: &mut [Vec<Value>],
    count: usize,
) -> Result<RecordBatch, LedgerTableError> {
    let arrays = columns.iter().zip(values).map(|(column, values)| array(column, values.drain(..))).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(count));
    Ok(RecordBatch::try_new_with_options(schema.clone(), arrays, &options)?)
}

fn array(column: &Column, values: impl Iterator<Item = Value>) -> ArrayRef {
    let number = |value: Value| if let Value::Integer(number) = value { Some(number) } else { None };
    match column.column_type {
        ColumnType::BigInt => Arc::new(values.map(number).collect::<Int64Array>()),
        ColumnType::Timestamp => Arc::new(values.map(number).collect::<TimestampMicrosecondArray>()),
        _ => Arc::new(
            values
                .map(|value| match value {
                    Value::Text(text) => Some(text),
                    Value::Blob(bytes) => String::from_utf8(bytes).ok(),
                    _ => None,
                })
                .collect::<StringArray>(),
        ),
    }
}
