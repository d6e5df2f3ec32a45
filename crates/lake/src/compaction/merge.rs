//! Sorted files become one stream of sorted batches. Of each file one batch is held, and what the batch being made borrows from,
//! so the memory depends on the number of files and not on their size. Partial sums of the rollup are added up by `partial_sum`.

use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::row::Rows;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use crate::catalog::{DataFile, Table};
use crate::parquet_file::{LakeFileReader, ReadError};
use crate::sort_order::SortOrder;

/// Rows of a batch that is handed on.
const ROWS_AT_ONCE: usize = 1_024;

/// The rows of several files in the table's order.
pub(super) struct SortedMerge {
    order: SortOrder,
    inputs: Vec<Input>,
    /// Batches that rows of the next output stand in.
    held: Vec<RecordBatch>,
    /// Rows of the next output: a batch of `held` and the row in it.
    picked: Vec<(usize, usize)>,
}

/// One file and how far it is read.
struct Input {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    /// Its present batch in `held`.
    batch: usize,
    keys: Rows,
    row: usize,
}

impl SortedMerge {
    /// Opens the files.
    pub(super) fn open(table: Table, schema: &SchemaRef, files: &[DataFile]) -> Result<Self, ReadError> {
        let mut merge = Self { order: SortOrder::of(table), inputs: Vec::new(), held: Vec::new(), picked: Vec::new() };
        for file in files {
            let reader = LakeFileReader::open(&file.path, schema)?.batches(None)?;
            let none = merge.order.keys(&RecordBatch::new_empty(schema.clone()));
            let keys = none.map_err(|error| ReadError::new(&file.path, error))?;
            let input = Input { path: file.path.clone(), reader, batch: 0, keys, row: 0 };
            merge.inputs.push(input);
        }
        let mut index = 0;
        while index < merge.inputs.len() {
            if merge.load(index)? {
                index += 1;
            }
        }
        Ok(merge)
    }

    /// Reads the next batch of an input; false, and the input is gone, at its end.
    fn load(&mut self, index: usize) -> Result<bool, ReadError> {
        let input = &mut self.inputs[index];
        let failed = |error: &dyn std::fmt::Display| ReadError::new(&input.path, error);
        loop {
            match input.reader.next() {
                None => {
                    self.inputs.swap_remove(index);
                    return Ok(false);
                }
                Some(Err(error)) => return Err(failed(&error)),
                Some(Ok(batch)) if batch.num_rows() == 0 => {}
                Some(Ok(batch)) => {
                    input.keys = self.order.keys(&batch).map_err(|error| failed(&error))?;
                    (input.batch, input.row) = (self.held.len(), 0);
                    self.held.push(batch);
                    return Ok(true);
                }
            }
        }
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        while self.picked.len() < ROWS_AT_ONCE && !self.inputs.is_empty() {
            let first = (0..self.inputs.len())
                .min_by_key(|index| {
                    let input = &self.inputs[*index];
                    input.keys.row(input.row)
                })
                .expect("there are inputs");
            let input = &mut self.inputs[first];
            self.picked.push((input.batch, input.row));
            input.row += 1;
            if input.row == input.keys.num_rows() {
                self.load(first)?;
            }
        }
        if self.picked.is_empty() {
            return Ok(None);
        }
        let batches: Vec<&RecordBatch> = self.held.iter().collect();
        let made = interleave_record_batch(&batches, &self.picked).map_err(|error| {
            let path = self.inputs.first().map(|input| input.path.clone()).unwrap_or_default();
            ReadError::new(&path, error)
        })?;
        self.picked.clear();
        self.let_go();
        Ok(Some(made))
    }

    /// Drops the batches that no input stands in.
    fn let_go(&mut self) {
        let mut kept = Vec::with_capacity(self.inputs.len());
        for input in &mut self.inputs {
            kept.push(self.held[input.batch].clone());
            input.batch = kept.len() - 1;
        }
        self.held = kept;
    }
}

impl Iterator for SortedMerge {
    type Item = Result<RecordBatch, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}
