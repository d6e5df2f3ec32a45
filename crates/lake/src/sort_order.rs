//! The order of the rows inside a file of each table, as comparable keys: what `compaction` merges by, and what `check` holds
//! files to. Null comes first, texts compare by their bytes, a fingerprint as the unsigned number that it is.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, UInt64Array};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;
use arrow::row::{RowConverter, Rows, SortField};

use crate::catalog::Table;
use crate::event_schema::arrow_schema;

const EVENTS_ORDER: &[&str] = &["account", "eventtimestamp", "eventid", "fingerprint"];
/// All columns that a row of the rollup speaks of, and so also what makes two partial sums one.
pub(crate) const ACCESS_DAILY_ORDER: &[&str] = &[
    "principal",
    "eventsource",
    "eventname",
    "eventdate",
    "principaltype",
    "variant",
    "eventcategory",
    "eventtype",
    "awsregion",
    "account",
    "copy",
    "outcome",
];

/// The sort order of one table.
pub(crate) struct SortOrder {
    columns: &'static [&'static str],
    converter: RowConverter,
}

impl SortOrder {
    pub(crate) fn of(table: Table) -> Self {
        let columns = Self::columns(table);
        let schema = arrow_schema(table.columns());
        let field = |name: &&str| {
            let data_type = schema.field_with_name(name).expect("a column of the table").data_type().clone();
            let data_type = if *name == "fingerprint" { DataType::UInt64 } else { data_type };
            SortField::new_with_options(data_type, SortOptions { descending: false, nulls_first: true })
        };
        let converter = RowConverter::new(columns.iter().map(field).collect()).expect("texts, times and numbers");
        Self { columns, converter }
    }

    /// The columns of the order, the first one first.
    pub(crate) fn columns(table: Table) -> &'static [&'static str] {
        match table {
            Table::Events => EVENTS_ORDER,
            Table::AccessDaily => ACCESS_DAILY_ORDER,
        }
    }

    /// The keys of a batch's rows. Keys of different batches may be compared.
    pub(crate) fn keys(&self, batch: &RecordBatch) -> Result<Rows, ArrowError> {
        let column = |name: &&str| -> Result<ArrayRef, ArrowError> {
            let array = batch
                .column_by_name(name)
                .ok_or_else(|| ArrowError::SchemaError(format!("there is no column {name}")))?;
            if *name != "fingerprint" {
                return Ok(Arc::clone(array));
            }
            let signed = array.as_primitive::<Int64Type>();
            Ok(Arc::new(signed.iter().map(|value| value.map(i64::cast_unsigned)).collect::<UInt64Array>()))
        };
        let columns: Vec<ArrayRef> = self.columns.iter().map(column).collect::<Result<_, _>>()?;
        self.converter.convert_columns(&columns)
    }
}
