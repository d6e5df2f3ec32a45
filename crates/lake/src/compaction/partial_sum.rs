//! Partial sums of the rollup that speak of the same thing become one row: counts are added, the first time is the smallest, the
//! last one the largest with its event's id. Takes the rows in the table's order, so that those to be added stand together.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::{concat_batches, partition, take_record_batch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;

use crate::sort_order::ACCESS_DAILY_ORDER;

/// Adds up the partial sums of sorted batches.
pub(super) struct PartialSums<I> {
    batches: I,
    /// The last group so far, to which the next batch may belong.
    open: Option<RecordBatch>,
}

impl<I> PartialSums<I> {
    pub(super) fn new(batches: I) -> Self {
        Self { batches, open: None }
    }
}

impl<E: From<ArrowError>, I: Iterator<Item = Result<RecordBatch, E>>> Iterator for PartialSums<I> {
    type Item = Result<RecordBatch, E>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let batch = match self.batches.next() {
                None => return self.open.take().map(Ok),
                Some(Err(error)) => return Some(Err(error)),
                Some(Ok(batch)) => batch,
            };
            let joined = match self.open.take() {
                Some(open) => match concat_batches(&batch.schema(), [&open, &batch]) {
                    Ok(joined) => joined,
                    Err(error) => return Some(Err(error.into())),
                },
                None => batch,
            };
            let summed = match added_up(&joined) {
                Ok(summed) => summed,
                Err(error) => return Some(Err(error.into())),
            };
            let Some(last) = summed.num_rows().checked_sub(1) else { continue };
            self.open = Some(summed.slice(last, 1));
            if last > 0 {
                return Some(Ok(summed.slice(0, last)));
            }
        }
    }
}

/// One row for each group of equal neighbours.
fn added_up(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let keys: Vec<ArrayRef> = ACCESS_DAILY_ORDER.iter().map(|name| column(batch, name)).collect::<Result<_, _>>()?;
    let groups = partition(&keys)?.ranges();
    let counts = column(batch, "eventcount")?;
    let (firsts, lasts) = (column(batch, "firsteventtimestamp")?, column(batch, "lasteventtimestamp")?);
    let ids = column(batch, "lasteventid")?;
    let counts = counts.as_primitive::<Int64Type>();
    let (firsts, lasts) =
        (firsts.as_primitive::<TimestampMicrosecondType>(), lasts.as_primitive::<TimestampMicrosecondType>());
    let ids = ids.as_string::<i32>();
    let id = |row: usize| ids.is_valid(row).then(|| ids.value(row));
    let last =
        |group: &Range<usize>| group.clone().max_by_key(|row| (lasts.value(*row), id(*row))).expect("a group has rows");
    let of = |group: &Range<usize>| group.clone();
    let sums: [(&str, ArrayRef); 4] = [
        (
            "eventcount",
            Arc::new(groups.iter().map(|g| Some(of(g).map(|row| counts.value(row)).sum())).collect::<Int64Array>()),
        ),
        (
            "firsteventtimestamp",
            Arc::new(
                groups.iter().map(|g| of(g).map(|row| firsts.value(row)).min()).collect::<TimestampMicrosecondArray>(),
            ),
        ),
        (
            "lasteventtimestamp",
            Arc::new(groups.iter().map(|g| Some(lasts.value(last(g)))).collect::<TimestampMicrosecondArray>()),
        ),
        ("lasteventid", Arc::new(groups.iter().map(|g| id(last(g))).collect::<StringArray>())),
    ];
    let first_rows = groups.iter().map(|group| group.start as u32).collect::<UInt32Array>();
    let mut columns = take_record_batch(batch, &first_rows)?.columns().to_vec();
    for (name, sum) in sums {
        columns[batch.schema().index_of(name)?] = sum;
    }
    RecordBatch::try_new(batch.schema(), columns)
}

fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef, ArrowError> {
    Ok(Arc::clone(batch.column(batch.schema().index_of(name)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Table;
    use crate::event_schema::arrow_schema;
    use arrow::array::{Date32Array, new_null_array};

    fn rows(groups: &[(&str, i64, i64, i64, &str)]) -> RecordBatch {
        let schema = arrow_schema(Table::AccessDaily.columns());
        let columns = schema.fields().iter().map(|field| -> ArrayRef {
            match field.name().as_str() {
                "principal" => Arc::new(groups.iter().map(|g| Some(g.0)).collect::<StringArray>()),
                "eventcount" => Arc::new(groups.iter().map(|g| Some(g.1)).collect::<Int64Array>()),
                "firsteventtimestamp" => {
                    Arc::new(groups.iter().map(|g| Some(g.2)).collect::<TimestampMicrosecondArray>())
                }
                "lasteventtimestamp" => {
                    Arc::new(groups.iter().map(|g| Some(g.3)).collect::<TimestampMicrosecondArray>())
                }
                "lasteventid" => Arc::new(groups.iter().map(|g| Some(g.4)).collect::<StringArray>()),
                "eventdate" => Arc::new(groups.iter().map(|_| Some(1)).collect::<Date32Array>()),
                _ => new_null_array(field.data_type(), groups.len()),
            }
        });
        RecordBatch::try_new(schema.clone(), columns.collect()).unwrap()
    }

    #[test]
    fn sums_go_on_over_the_ends_of_batches() {
        let batches = [
            rows(&[("a", 1, 10, 20, "x"), ("b", 1, 5, 9, "p")]),
            rows(&[("b", 2, 4, 9, "q")]),
            rows(&[]),
            rows(&[("b", 4, 7, 8, "z"), ("c", 1, 1, 1, "c")]),
        ];
        let summed: Vec<RecordBatch> =
            PartialSums::new(batches.into_iter().map(Ok::<_, ArrowError>)).collect::<Result<_, _>>().unwrap();
        let all = concat_batches(&summed[0].schema(), &summed).unwrap();
        let expected = rows(&[("a", 1, 10, 20, "x"), ("b", 7, 4, 9, "q"), ("c", 1, 1, 1, "c")]);
        assert_eq!(all, expected);
    }
}
