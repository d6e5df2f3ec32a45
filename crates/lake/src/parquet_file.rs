//! One Parquet file of the lake: written once, in one go, fsynced with its folder, never changed. Its column statistics are
//! exact, or there are none, because DuckDB answers min and max from them.
//! `catalog` makes the file part of the lake.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics as FooterStatistics;
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

/// How small a file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Density {
    /// Of one batch, soon to be merged: only what is large is compressed, since each column costs a compressor.
    Fresh,
    /// Merged: everything that zstd makes smaller is compressed.
    Compacted,
}

impl ParquetLayout {
    /// The layout of a table; one is made per table and used for all its files.
    pub fn new(table: &'static [Column], density: Density) -> Self {
        let columns = numbered(table);
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("1 is a zstd level")))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_write_batch_size(PAGE_ROWS)
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_statistics_truncate_length(Some(LONGEST_BOUND_BYTES))
            .set_created_by("tadoru".to_owned());
        for numbered in columns.iter().filter(|c| c.is_leaf()) {
            let path = column_path(numbered);
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
            if numbered.column.is_mostly_distinct() {
                properties = properties.set_column_dictionary_enabled(path.clone(), false);
            }
            let is_compressed = match density {
                Density::Fresh => numbered.column.is_large(),
                Density::Compacted => !numbered.column.is_incompressible(),
            };
            if !is_compressed {
                properties = properties.set_column_compression(path, Compression::UNCOMPRESSED);
            }
        }
        let schema = crate::event_schema::arrow_schema(table);
        Self { columns, schema, properties: Arc::new(properties.build()) }
    }

    /// The Arrow schema that batches must have.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Writes `batches`, `row_count` rows in all, as one file under `table_folder`/`relative_path` and makes file and
    /// folder durable.
    pub fn write(
        &self,
        table_folder: &Path,
        relative_path: &str,
        partition_value: String,
        row_count: usize,
        batches: impl Iterator<Item = RecordBatch>,
    ) -> Result<WrittenFile, WriteError> {
        let path = table_folder.join(relative_path);
        let folder = path.parent().expect("a file below the table's folder");
        let failed = |source| WriteError::Io { path: path.clone(), source };
        create_durable_folder(table_folder, folder).map_err(failed)?;
        let file = File::create_new(&path).map_err(failed)?;
        let written = self.write_new(file, row_count, batches).and_then(|written| {
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
        row_count: usize,
        batches: impl Iterator<Item = RecordBatch>,
    ) -> Result<WrittenFile, parquet::errors::ParquetError> {
        // A bloom filter is allocated for the values that may come, and a small file has few.
        let values = row_count.clamp(1, ROW_GROUP_ROWS) as u64;
        let bloom_columns = self.columns.iter().filter(|c| c.is_leaf() && c.column.statistics == Statistics::Bloom);
        let properties = bloom_columns.fold(self.properties.as_ref().clone().into_builder(), |properties, column| {
            properties.set_column_bloom_filter_max_ndv(column_path(column), values)
        });
        let mut writer = ArrowWriter::try_new(
            Checksummed::new(BufWriter::with_capacity(1 << 20, file)),
            Arc::clone(&self.schema),
            Some(properties.build()),
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
            columns: gathered.finish(&metadata),
            partition_value: String::new(),
        })
    }
}

fn column_path(column: &NumberedColumn) -> ColumnPath {
    ColumnPath::from(column.parquet_path.split('.').map(str::to_owned).collect::<Vec<_>>())
}

/// Why a Parquet file could not be written; nothing of it is part of the lake.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("cannot write {}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("cannot write {} as Parquet", path.display())]
    Parquet { path: PathBuf, source: parquet::errors::ParquetError },
}

/// Makes `folder` below `root` and its name durable, and those of the levels between. A level that is there may have been
/// made by a run that was killed before it could sync it.
pub(crate) fn create_durable_folder(root: &Path, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    folder.ancestors().skip(1).take_while(|parent| parent.starts_with(root)).try_for_each(sync_folder)
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

/// The statistics that `catalog` keeps of a file, taken from its rows and its footer again.
pub(crate) struct Measured<'a>(Gathered<'a>);

impl<'a> Measured<'a> {
    pub(crate) fn new(layout: &'a ParquetLayout) -> Self {
        Self(Gathered::new(&layout.columns))
    }

    pub(crate) fn add(&mut self, batch: &RecordBatch) {
        self.0.add(batch);
    }

    pub(crate) fn finish(self, metadata: &ParquetMetaData) -> Vec<ColumnStatistics> {
        self.0.finish(metadata)
    }
}

/// The statistics of the leaf columns: counts gathered batch by batch while the file is written, bounds from its footer.
struct Gathered<'a> {
    leaves: Vec<Leaf<'a>>,
    rows: i64,
}

type Leaf<'a> = (&'a NumberedColumn, ColumnStatistics);

impl<'a> Gathered<'a> {
    fn new(columns: &'a [NumberedColumn]) -> Self {
        let empty =
            |column_id| ColumnStatistics { column_id, size_bytes: 0, value_count: 0, null_count: 0, bounds: None };
        Self { leaves: columns.iter().filter(|c| c.is_leaf()).map(|c| (c, empty(c.id))).collect(), rows: 0 }
    }

    fn add(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as i64;
        let mut leaves = self.leaves.iter_mut();
        for array in batch.columns() {
            add_array(array, &mut leaves);
        }
    }

    fn finish(self, metadata: &ParquetMetaData) -> Vec<ColumnStatistics> {
        let with_footer = |(leaf, (column, mut statistics)): (usize, Leaf<'_>)| {
            let chunks = || metadata.row_groups().iter().map(|group| group.column(leaf));
            statistics.size_bytes = chunks().map(|chunk| chunk.compressed_size()).sum();
            if column.column.statistics != Statistics::NullCount {
                statistics.bounds = bounds(&column.column.column_type, chunks().filter_map(|c| c.statistics()));
            }
            statistics
        };
        self.leaves.into_iter().enumerate().map(with_footer).collect()
    }
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
    let (_, statistics) = leaves.next().expect("a batch has the layout's leaves");
    statistics.null_count += array.null_count() as i64;
    statistics.value_count += (array.len() - array.null_count()) as i64;
}

/// A bound as its type compares.
#[derive(PartialEq, PartialOrd)]
enum Bound<'s> {
    Text(&'s str),
    Bool(bool),
    Number(i64),
}

/// The bounds over all row groups in DuckDB's text form; none where a row group cut one short.
fn bounds<'s>(
    column_type: &ColumnType,
    groups: impl Iterator<Item = &'s FooterStatistics>,
) -> Option<(String, String)> {
    let mut both: Option<(Bound<'s>, Bound<'s>)> = None;
    for group in groups {
        if group.min_bytes_opt().is_none() && group.max_bytes_opt().is_none() {
            continue;
        }
        let (low, high) = group_bounds(group)?;
        both = Some(match both {
            Some((least, most)) => (if low < least { low } else { least }, if high > most { high } else { most }),
            None => (low, high),
        });
    }
    let (low, high) = both?;
    Some((bound_text(column_type, low), bound_text(column_type, high)))
}

fn group_bounds(group: &FooterStatistics) -> Option<(Bound<'_>, Bound<'_>)> {
    if !(group.min_is_exact() && group.max_is_exact()) {
        return None;
    }
    let number = |low: Option<i64>, high: Option<i64>| Some((Bound::Number(low?), Bound::Number(high?)));
    match group {
        FooterStatistics::ByteArray(values) => {
            let (low, high) = (values.min_opt()?.as_utf8().ok()?, values.max_opt()?.as_utf8().ok()?);
            Some((Bound::Text(low), Bound::Text(high)))
        }
        FooterStatistics::Boolean(values) => Some((Bound::Bool(*values.min_opt()?), Bound::Bool(*values.max_opt()?))),
        FooterStatistics::Int32(values) => {
            number(values.min_opt().copied().map(i64::from), values.max_opt().copied().map(i64::from))
        }
        FooterStatistics::Int64(values) => number(values.min_opt().copied(), values.max_opt().copied()),
        _ => None,
    }
}

fn bound_text(column_type: &ColumnType, bound: Bound<'_>) -> String {
    match (column_type, bound) {
        (_, Bound::Text(text)) => text.to_owned(),
        (_, Bound::Bool(value)) => value.to_string(),
        (ColumnType::Timestamp, Bound::Number(us)) => timestamp::duckdb_timestamp(us),
        (ColumnType::Date, Bound::Number(day)) => timestamp::date_text(day as i32),
        (_, Bound::Number(number)) => number.to_string(),
    }
}
