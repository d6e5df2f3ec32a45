//! One file against what the catalog says of it: there, of its size, with its bytes, readable, each row in its partition and in
//! order, and its statistics those of its rows.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Date32Type;
use arrow::row::OwnedRow;

use super::report::{Invariant, Report};
use crate::catalog::{Catalog, CatalogError, DataFile, KeptFile, KeptStatistics, Table};
use crate::parquet_file::{Density, LakeFileReader, Measured, ParquetLayout, checksum_of_file};
use crate::sort_order::SortOrder;
use crate::timestamp;

/// Checks a file; true where its rows could all be read.
pub(super) fn check(
    catalog: &Catalog,
    table: Table,
    file: &DataFile,
    report: &mut Report,
) -> Result<bool, CatalogError> {
    let kept = catalog.kept_file(file.id)?;
    if !file.path.exists() && !Catalog::open(catalog.folder())?.has_file(file.id)? {
        report.vanished(&file.path);
        return Ok(false);
    }
    let mut found = |invariant, detail| report.found(invariant, Some(file.path.clone()), file.partition_day, detail);
    match file.path.metadata() {
        Err(error) => {
            found(Invariant::FilePresent, error.to_string());
            return Ok(false);
        }
        Ok(there) if there.len() != file.size_bytes => {
            let detail = format!("it has {} bytes instead of {}", there.len(), file.size_bytes);
            found(Invariant::FilePresent, detail);
        }
        Ok(_) => {}
    }
    match (&kept.xxh3, checksum_of_file(&file.path)) {
        (_, Err(error)) => found(Invariant::FilePresent, error.to_string()),
        (Some(kept), Ok(own)) if *kept != own => {
            found(Invariant::FileChecksum, format!("xxh3 is {own} instead of {kept}: its bytes were changed"));
        }
        _ => {}
    }
    report.examined(Invariant::FilePresent, 1);
    match kept.xxh3 {
        Some(_) => report.examined(Invariant::FileChecksum, 1),
        None => report.left_out(&format!("the bytes of {}: it was written without a checksum", file.path.display())),
    }
    report.examined(Invariant::FileRows, file.record_count);
    match rows(table, file, &kept, report) {
        Ok(()) => Ok(true),
        Err(detail) => {
            report.found(Invariant::FileRows, Some(file.path.clone()), file.partition_day, detail);
            Ok(false)
        }
    }
}

/// Reads every row. An error is one that keeps it from being read.
fn rows(table: Table, file: &DataFile, kept: &KeptFile, report: &mut Report) -> Result<(), String> {
    let layout = ParquetLayout::new(table.columns(), Density::Compacted);
    let reader = LakeFileReader::open(&file.path, layout.schema()).map_err(|error| error.detail)?;
    let metadata = Arc::clone(reader.metadata());
    let footer_rows = metadata.file_metadata().num_rows();
    if footer_rows.unsigned_abs() != file.record_count {
        return Err(format!("it has {footer_rows} rows instead of {}", file.record_count));
    }
    let mut measured = Measured::new(&layout);
    let mut sequence = Sequence { order: SortOrder::of(table), last: None, misplaced: 0 };
    let mut strangers = 0;
    for batch in reader.batches(None).map_err(|error| error.detail)? {
        let batch = batch.map_err(|error| error.to_string())?;
        measured.add(&batch);
        sequence.add(&batch)?;
        strangers += rows_elsewhere(table, &batch, file.partition_day);
    }
    for (invariant, count) in [(Invariant::Partition, strangers), (Invariant::SortOrder, sequence.misplaced)] {
        report.examined(invariant, 1);
        if count > 0 {
            let what =
                if invariant == Invariant::Partition { "lie in another's partition" } else { "are out of order" };
            report.found(invariant, Some(file.path.clone()), file.partition_day, format!("{count} rows {what}"));
        }
    }
    report.examined(Invariant::FileStatistics, 1);
    let own: Vec<KeptStatistics> = measured
        .finish(&metadata)
        .into_iter()
        .map(|column| KeptStatistics {
            column_id: column.column_id,
            value_count: column.value_count,
            null_count: column.null_count,
            bounds: column.bounds,
        })
        .collect();
    if own != kept.columns {
        let differing = own.iter().zip(&kept.columns).find(|(own, kept)| own != kept);
        let detail = match differing {
            Some((own, kept)) => format!("column {} is {own:?} and written down as {kept:?}", own.column_id),
            None => format!("{} columns are written down instead of {}", kept.columns.len(), own.len()),
        };
        report.found(Invariant::FileStatistics, Some(file.path.clone()), file.partition_day, detail);
    }
    Ok(())
}

/// Rows whose day, or month, is not that of the file's partition.
fn rows_elsewhere(table: Table, batch: &RecordBatch, partition_day: Option<i32>) -> usize {
    let Some(days) = batch.column_by_name("eventdate").map(|column| column.as_primitive::<Date32Type>()) else {
        return batch.num_rows();
    };
    let months = batch.column_by_name("eventmonth").map(|column| column.as_primitive::<Date32Type>());
    (0..batch.num_rows())
        .filter(|row| {
            let day = days.is_valid(*row).then(|| days.value(*row));
            match table {
                Table::Events => day != partition_day,
                Table::AccessDaily => {
                    let month = months.filter(|months| months.is_valid(*row)).map(|months| months.value(*row));
                    month != partition_day || day.map(timestamp::month_of) != partition_day
                }
            }
        })
        .count()
}

/// Counts rows that come after a greater one.
struct Sequence {
    order: SortOrder,
    last: Option<OwnedRow>,
    misplaced: usize,
}

impl Sequence {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let keys = self.order.keys(batch).map_err(|error| error.to_string())?;
        let Some(last) = keys.num_rows().checked_sub(1) else { return Ok(()) };
        if self.last.as_ref().is_some_and(|last| last.row() > keys.row(0)) {
            self.misplaced += 1;
        }
        self.misplaced += (1..keys.num_rows()).filter(|row| keys.row(row - 1) > keys.row(*row)).count();
        self.last = Some(keys.row(last).owned());
        Ok(())
    }
}
