//! Reads a file of the lake batch by batch, whole or some columns of it, in the lake's own types. Batches hold as many rows as
//! fit a number of bytes, so that long rows take no more memory than short ones.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::ParquetMetaData;

/// What a batch of one file may hold in memory, on average.
const BATCH_BYTES: usize = 2 << 20;
const MOST_ROWS: usize = 2_048;

/// A file of the lake could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {} of the lake: {detail}", path.display())]
pub struct ReadError {
    pub path: PathBuf,
    pub detail: String,
}

impl ReadError {
    pub(crate) fn new(path: &Path, detail: impl ToString) -> Self {
        Self { path: path.to_owned(), detail: detail.to_string() }
    }
}

/// A file whose footer has been read.
pub(crate) struct LakeFileReader {
    path: PathBuf,
    file: File,
    metadata: ArrowReaderMetadata,
}

impl LakeFileReader {
    /// Opens a file that has the columns of `schema`.
    pub(crate) fn open(path: &Path, schema: &SchemaRef) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|error| ReadError::new(path, error))?;
        let options = ArrowReaderOptions::new().with_schema(schema.clone());
        let metadata = ArrowReaderMetadata::load(&file, options).map_err(|error| ReadError::new(path, error))?;
        Ok(Self { path: path.to_owned(), file, metadata })
    }

    /// The footer.
    pub(crate) fn metadata(&self) -> &Arc<ParquetMetaData> {
        self.metadata.metadata()
    }

    /// The batches, with all columns or with those of the given names at the top level.
    pub(crate) fn batches(self, columns: Option<&[&str]>) -> Result<ParquetRecordBatchReader, ReadError> {
        let groups = self.metadata.metadata().row_groups();
        let (bytes, rows) = groups.iter().fold((0, 0), |(bytes, rows), group| {
            (bytes + group.total_byte_size().unsigned_abs() as usize, rows + group.num_rows().unsigned_abs() as usize)
        });
        let row_bytes = (bytes / rows.max(1)).max(1);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.file, self.metadata);
        let mask = match columns {
            Some(names) => ProjectionMask::columns(builder.parquet_schema(), names.iter().copied()),
            None => ProjectionMask::all(),
        };
        let rows_at_once = (BATCH_BYTES / row_bytes).clamp(1, MOST_ROWS);
        let reader = builder.with_projection(mask).with_batch_size(rows_at_once).build();
        reader.map_err(|error| ReadError::new(&self.path, error))
    }
}
