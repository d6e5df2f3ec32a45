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

mod checksum;
mod reader;

use checksum::Checksummed;
pub(crate) use checksum::of_file as checksum_of_file;
pub(crate) use reader::LakeFileReader;
pub use reader::ReadError;

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
    /// xxh3-128 over the bytes handed to the disk, in hexadecimal digits.
    pub xxh3: String,
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
        batches: impl Iterator<Item = RecordBatch>,
    ) -> Result<WrittenFile, WriteError> {
        let path = table_folder.join(relative_path);
        let folder = path.parent().expect("a file below the table's folder");
        let failed = |source| WriteError::Io { path: path.clone(), source };
        create_durable_folder(table_folder, folder).map_err(failed)?;
        let file = File::create_new(&path).map_err(failed)?;
        let written = self.write_new(file, batches).and_then(|written| {
            sync_folder(folder)?;
            Ok(WrittenFile {
                relative_path: relative_path.to_owned(),
                footer_bytes: footer_bytes(&path)?,
                partition_value,
                ..written
            })
        });
        written.map_err(|source| {
            // What is left of it would only be an orphan.
            let _ = fs::remove_file(&path);
            WriteError::Parquet { path: path.clone(), source }
        })
    }

    fn write_new(
        &self,
        file: File,
        batches: impl Iterator<Item = RecordBatch>,
    ) -> Result<WrittenFile, parquet::errors::ParquetError> {
        let mut writer = ArrowWriter::try_new(
            Checksummed::new(BufWriter::with_capacity(1 << 20, file)),
            Arc::clone(&self.schema),
            Some(self.properties.as_ref().clone()),
        )?;
        let mut gathered = Gathered::new(&self.columns);
        for batch in batches {
            gathered.add(&batch);
            writer.write(&batch)?;
        }
        let metadata = writer.finish()?;
        writer.inner_mut().flush()?;
        writer.inner().inner().get_ref().sync_all()?;
        Ok(WrittenFile {
            relative_path: String::new(),
            xxh3: writer.inner().digest(),
            record_count: gathered.rows,
            size_bytes: writer.bytes_written() as i64,
            footer_bytes: 0,
            columns: gathered.finish(|leaf| compressed_bytes(&metadata, leaf)),
            partition_value: String::new(),
        })
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

/// The statistics that `catalog` keeps of a file with these batches, but for the sizes.
pub(crate) struct Measured<'a>(Gathered<'a>);

impl<'a> Measured<'a> {
    pub(crate) fn new(layout: &'a ParquetLayout) -> Self {
        Self(Gathered::new(&layout.columns))
    }

    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        self.0.add(batch);
    }

    pub(crate) fn finish(self) -> Vec<ColumnStatistics> {
        self.0.finish(|_| 0)
    }
}

/// The statistics of the leaf columns, gathered batch by batch while the file is written.
struct Gathered<'a> {
    leaves: Vec<Leaf<'a>>,
    rows: i64,
}

type Leaf<'a> = (&'a NumberedColumn, ColumnStatistics, Option<(Bound, Bound)>);

/// A bound while it is gathered, compared as its type compares.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Bound {
    Text(String),
    Bool(bool),
    Number(i64),
}

impl<'a> Gathered<'a> {
    fn new(columns: &'a [NumberedColumn]) -> Self {
        let empty =
            |column_id| ColumnStatistics { column_id, size_bytes: 0, value_count: 0, null_count: 0, bounds: None };
        Self { leaves: columns.iter().filter(|c| c.is_leaf()).map(|c| (c, empty(c.id), None)).collect(), rows: 0 }
    }

    fn add(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as i64;
        let mut leaves = self.leaves.iter_mut();
        for array in batch.columns() {
            add_array(array, &mut leaves);
        }
    }

    /// `size_bytes` tells the stored bytes of the leaf with that index.
    fn finish(self, size_bytes: impl Fn(usize) -> i64) -> Vec<ColumnStatistics> {
        let with_size = |(leaf, (column, mut statistics, bounds)): (usize, Leaf<'_>)| {
            statistics.size_bytes = size_bytes(leaf);
            statistics.bounds = bounds.and_then(|(low, high)| {
                Some((bound_text(&column.column.column_type, low)?, bound_text(&column.column.column_type, high)?))
            });
            statistics
        };
        self.leaves.into_iter().enumerate().map(with_size).collect()
    }
}

fn compressed_bytes(metadata: &ParquetMetaData, leaf: usize) -> i64 {
    metadata.row_groups().iter().map(|group| group.column(leaf).compressed_size()).sum()
}

fn add_array<'l, 'a: 'l>(array: &ArrayRef, leaves: &mut impl Iterator<Item = &'l mut Leaf<'a>>) {
    if let Some(structs) = array.as_struct_opt() {
        for child in structs.columns() {
            add_array(child, leaves);
        }
        return;
    }
    if let Some(list) = array.as_list_opt::<i32>() {
        let (start, end) = (list.value_offsets()[0] as usize, list.value_offsets()[list.len()] as usize);
        return add_array(&list.values().slice(start, end - start), leaves);
    }
    let (column, statistics, bounds) = leaves.next().expect("a batch has the layout's leaves");
    statistics.null_count += array.null_count() as i64;
    statistics.value_count += (array.len() - array.null_count()) as i64;
    if column.column.statistics == Statistics::NullCount {
        return;
    }
    if let Some((low, high)) = array_bounds(&column.column.column_type, array) {
        match bounds {
            Some((least, most)) => {
                if low < *least {
                    *least = low;
                }
                if high > *most {
                    *most = high;
                }
            }
            none => *none = Some((low, high)),
        }
    }
}

fn array_bounds(column_type: &ColumnType, array: &ArrayRef) -> Option<(Bound, Bound)> {
    let pair = |low: Option<i64>, high: Option<i64>| Some((Bound::Number(low?), Bound::Number(high?)));
    match column_type {
        ColumnType::Text => {
            let texts = array.as_string::<i32>();
            let (low, high) = (compute::min_string(texts)?, compute::max_string(texts)?);
            Some((Bound::Text(low.to_owned()), Bound::Text(high.to_owned())))
        }
        ColumnType::Bool => {
            let (low, high) = (compute::min_boolean(array.as_boolean())?, compute::max_boolean(array.as_boolean())?);
            Some((Bound::Bool(low), Bound::Bool(high)))
        }
        ColumnType::BigInt => {
            let numbers = array.as_primitive::<Int64Type>();
            pair(compute::min(numbers), compute::max(numbers))
        }
        ColumnType::Timestamp => {
            let times = array.as_primitive::<TimestampMicrosecondType>();
            pair(compute::min(times), compute::max(times))
        }
        ColumnType::Date => {
            let dates = array.as_primitive::<Date32Type>();
            pair(compute::min(dates).map(i64::from), compute::max(dates).map(i64::from))
        }
        ColumnType::Struct(_) | ColumnType::List(_) => None,
    }
}

fn bound_text(column_type: &ColumnType, bound: Bound) -> Option<String> {
    match (column_type, bound) {
        (_, Bound::Text(text)) => (text.len() <= LONGEST_BOUND_BYTES).then_some(text),
        (_, Bound::Bool(value)) => Some(value.to_string()),
        (ColumnType::Timestamp, Bound::Number(us)) => Some(timestamp::duckdb_timestamp(us)),
        (ColumnType::Date, Bound::Number(day)) => Some(timestamp::date_text(day as i32)),
        (_, Bound::Number(number)) => Some(number.to_string()),
    }
}
