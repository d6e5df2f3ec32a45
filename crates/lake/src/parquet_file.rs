//! One Parquet file of the lake: written once, in one go, fsynced with its folder, never changed. Its column statistics are
//! taken from the Arrow columns themselves (exact, never cut short), because DuckDB answers min and max from them.
//! `catalog` makes the file part of the lake.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute;
use arrow::datatypes::{Date32Type, Int64Type, SchemaRef, TimestampMicrosecondType};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::event_schema::{Column, ColumnType, NumberedColumn, Statistics, numbered};
use crate::timestamp;

/// Rows in a row group: what one bloom filter and one set of bounds speak for.
const ROW_GROUP_ROWS: usize = 131_072;
/// Rows in a data page: what the page index can skip.
const PAGE_ROWS: usize = 4_096;
/// A text longer than this is no useful bound, and every file would repeat it in the catalog.
const LONGEST_BOUND_BYTES: usize = 256;

/// What the catalog writes down of one leaf column of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnStatistics {
    pub column_id: i64,
    pub size_bytes: i64,
    pub value_count: i64,
    pub null_count: i64,
    /// Bounds in DuckDB's text form; none where the column keeps none or holds no value.
    pub bounds: Option<(String, String)>,
}

/// A written file that no snapshot names yet.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenFile {
    /// Path below the table's folder.
    pub relative_path: String,
    pub record_count: i64,
    pub size_bytes: i64,
    pub footer_bytes: i64,
    pub columns: Vec<ColumnStatistics>,
    /// The partition's value in DuckDB's text form.
    pub partition_value: String,
}

/// How the columns of one table are written.
#[derive(Clone)]
pub struct ParquetLayout {
    columns: Vec<NumberedColumn>,
    schema: SchemaRef,
    properties: Arc<WriterProperties>,
}

impl ParquetLayout {
    /// The layout of a table; one is made per table and used for all its files.
    pub fn new(table: &'static [Column]) -> Self {
        let columns = numbered(table);
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("1 is a zstd level")))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_write_batch_size(PAGE_ROWS)
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_created_by("tadoru".to_owned());
        for numbered in columns.iter().filter(|c| c.is_leaf()) {
            let path = ColumnPath::from(numbered.parquet_path.split('.').map(str::to_owned).collect::<Vec<_>>());
            match numbered.column.statistics {
                Statistics::Bounds => {}
                Statistics::Bloom => {
                    properties = properties
                        .set_column_bloom_filter_enabled(path.clone(), true)
                        .set_column_bloom_filter_fpp(path.clone(), 0.01);
                }
                Statistics::NullCount => {
                    properties = properties.set_column_statistics_enabled(path.clone(), EnabledStatistics::None);
                }
            }
            if matches!(numbered.column.name, "raw" | "eventid" | "requestid" | "fingerprint" | "eventtimestamp") {
                properties = properties.set_column_dictionary_enabled(path, false);
            }
        }
        let schema = crate::event_schema::arrow_schema(table);
        Self { columns, schema, properties: Arc::new(properties.build()) }
    }

    /// The Arrow schema that batches must have.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Writes `batches` as one file under `table_folder`/`relative_path` and makes file and folder durable.
    pub fn write(
        &self,
        table_folder: &Path,
        relative_path: &str,
        partition_value: String,
        batches: &[RecordBatch],
    ) -> Result<WrittenFile, WriteError> {
        let path = table_folder.join(relative_path);
        let folder = path.parent().expect("a file below the table's folder").to_owned();
        let failed = |source| WriteError::Io { path: path.clone(), source };
        create_durable_folder(table_folder, &folder).map_err(failed)?;
        let file = File::create_new(&path).map_err(failed)?;
        let mut writer = ArrowWriter::try_new(
            BufWriter::with_capacity(1 << 20, file),
            Arc::clone(&self.schema),
            Some(self.properties.as_ref().clone()),
        )
        .map_err(|source| WriteError::Parquet { path: path.clone(), source })?;
        let parquet_failed = |source| WriteError::Parquet { path: path.clone(), source };
        for batch in batches {
            writer.write(batch).map_err(parquet_failed)?;
        }
        let metadata = writer.finish().map_err(parquet_failed)?;
        let size_bytes = writer.bytes_written() as i64;
        let file = writer.into_inner().map_err(parquet_failed)?;
        let mut file = file.into_inner().map_err(|e| failed(e.into_error()))?;
        file.flush().map_err(failed)?;
        file.sync_all().map_err(failed)?;
        sync_folder(&folder).map_err(failed)?;
        Ok(WrittenFile {
            relative_path: relative_path.to_owned(),
            record_count: batches.iter().map(|b| b.num_rows() as i64).sum(),
            size_bytes,
            footer_bytes: footer_bytes(&path).map_err(failed)?,
            columns: self.statistics(batches, &metadata),
            partition_value,
        })
    }

    fn statistics(&self, batches: &[RecordBatch], metadata: &ParquetMetaData) -> Vec<ColumnStatistics> {
        let mut leaves = vec![Vec::new(); self.columns.iter().filter(|c| c.is_leaf()).count()];
        for batch in batches {
            let mut next = 0;
            for array in batch.columns() {
                collect_leaves(array, &mut leaves, &mut next);
            }
        }
        let leaf_columns = self.columns.iter().filter(|c| c.is_leaf());
        leaf_columns
            .zip(leaves)
            .enumerate()
            .map(|(leaf, (column, arrays))| {
                let values: i64 = arrays.iter().map(|a| a.len() as i64).sum();
                let null_count: i64 = arrays.iter().map(|a| a.null_count() as i64).sum();
                let size = metadata.row_groups().iter().map(|g| g.column(leaf).compressed_size()).sum();
                ColumnStatistics {
                    column_id: column.id,
                    size_bytes: size,
                    value_count: values - null_count,
                    null_count,
                    bounds: match column.column.statistics {
                        Statistics::NullCount => None,
                        _ => bounds(&column.column.column_type, &arrays),
                    },
                }
            })
            .collect()
    }
}

/// Why a Parquet file could not be written; nothing of it is part of the lake.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("cannot write {}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("cannot write {} as Parquet", path.display())]
    Parquet { path: PathBuf, source: parquet::errors::ParquetError },
}

/// Makes `folder` below `root`, each new level made durable in its parent.
pub(crate) fn create_durable_folder(root: &Path, folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    let mut level = folder;
    while let Some(parent) = level.parent() {
        sync_folder(parent)?;
        if level == root {
            break;
        }
        level = parent;
    }
    Ok(())
}

pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn footer_bytes(path: &Path) -> std::io::Result<i64> {
    use std::io::{Read, Seek, SeekFrom};
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-8))?;
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    Ok(i64::from(u32::from_le_bytes(length)))
}

fn collect_leaves(array: &ArrayRef, leaves: &mut [Vec<ArrayRef>], next: &mut usize) {
    if let Some(structs) = array.as_struct_opt() {
        for child in structs.columns() {
            collect_leaves(child, leaves, next);
        }
    } else if let Some(list) = array.as_list_opt::<i32>() {
        let (start, end) = (list.value_offsets()[0] as usize, list.value_offsets()[list.len()] as usize);
        collect_leaves(&list.values().slice(start, end - start), leaves, next);
    } else {
        leaves[*next].push(Arc::clone(array));
        *next += 1;
    }
}

fn bounds(column_type: &ColumnType, arrays: &[ArrayRef]) -> Option<(String, String)> {
    fn reduce<T: PartialOrd + Copy>(pairs: impl Iterator<Item = (Option<T>, Option<T>)>) -> Option<(T, T)> {
        pairs
            .filter_map(|(low, high)| Some((low?, high?)))
            .reduce(|a, b| (if b.0 < a.0 { b.0 } else { a.0 }, if b.1 > a.1 { b.1 } else { a.1 }))
    }
    match column_type {
        ColumnType::Text => {
            let (low, high) = reduce(arrays.iter().map(|a| {
                let texts = a.as_string::<i32>();
                (compute::min_string(texts), compute::max_string(texts))
            }))?;
            let short = |t: &str| t.len() <= LONGEST_BOUND_BYTES;
            (short(low) && short(high)).then(|| (low.to_owned(), high.to_owned()))
        }
        ColumnType::Bool => {
            let (low, high) = reduce(
                arrays.iter().map(|a| (compute::min_boolean(a.as_boolean()), compute::max_boolean(a.as_boolean()))),
            )?;
            Some((low.to_string(), high.to_string()))
        }
        ColumnType::BigInt => {
            let (low, high) = reduce(arrays.iter().map(|a| {
                let numbers = a.as_primitive::<Int64Type>();
                (compute::min(numbers), compute::max(numbers))
            }))?;
            Some((low.to_string(), high.to_string()))
        }
        ColumnType::Timestamp => {
            let (low, high) = reduce(arrays.iter().map(|a| {
                let times = a.as_primitive::<TimestampMicrosecondType>();
                (compute::min(times), compute::max(times))
            }))?;
            Some((timestamp::duckdb_timestamp(low), timestamp::duckdb_timestamp(high)))
        }
        ColumnType::Date => {
            let (low, high) = reduce(arrays.iter().map(|a| {
                let dates = a.as_primitive::<Date32Type>();
                (compute::min(dates), compute::max(dates))
            }))?;
            Some((timestamp::date_text(low), timestamp::date_text(high)))
        }
        ColumnType::Struct(_) | ColumnType::List(_) => None,
    }
}
