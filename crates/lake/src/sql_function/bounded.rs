//! A bound for functions that build text or arrays far larger than what they are given: the size of the result is known
//! from the arguments, so it is refused before it is made. `repeat('x', 1500000000)` would otherwise take its memory
//! outside every pool, and 20 MB a row overflow Arrow's offsets.

use std::sync::Arc;

use arrow::array::cast::AsArray;
use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use crate::sql_error::SqlError;

/// The most that one call over one batch may make out of its arguments' bytes: 8,192 long records fit.
pub(super) const CALL_BYTES: u64 = 256 << 20;
/// The most that one call over one batch may make out of a count.
const COUNTED_BYTES: u64 = 16 << 20;

/// What is left of `CALL_BYTES` during a call.
pub(super) struct Budget(u64);

impl Default for Budget {
    fn default() -> Self {
        Self(CALL_BYTES)
    }
}

impl Budget {
    pub(super) fn spend(&mut self, bytes: u64) -> std::result::Result<(), SqlError> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(too_long)?;
        Ok(())
    }
}

pub(super) fn too_long() -> SqlError {
    SqlError::MemoryLimit("a function would build too much at once".into())
}

type Estimate = fn(&[ArrayRef]) -> u64;

const BOUNDED: &[(&str, u64, Estimate)] = &[
    ("repeat", COUNTED_BYTES, |a| by_row(a, |row| bytes(&a[0], row).saturating_mul(count(&a[1], row)))),
    ("lpad", COUNTED_BYTES, |a| by_row(a, |row| count(&a[1], row).saturating_mul(4))),
    ("rpad", COUNTED_BYTES, |a| by_row(a, |row| count(&a[1], row).saturating_mul(4))),
    ("concat", CALL_BYTES, all_bytes),
    ("concat_ws", CALL_BYTES, |a| all_bytes(a).saturating_mul(2)),
    ("array_repeat", COUNTED_BYTES, |a| by_row(a, |row| count(&a[1], row).saturating_mul(16 + cell_bytes(&a[0])))),
    ("generate_series", COUNTED_BYTES, series),
    ("range", COUNTED_BYTES, series),
];

/// Puts the bound around each function that needs one, under all its names.
pub(super) fn register(state: &mut SessionState) -> Result<()> {
    for (name, most, estimate) in BOUNDED {
        let inner = state.udf(name)?;
        state.register_udf(Arc::new(ScalarUDF::from(Bounded { inner, most: *most, estimate: Sizing(*estimate) })))?;
    }
    Ok(())
}

fn by_row(arguments: &[ArrayRef], each: impl Fn(usize) -> u64) -> u64 {
    let rows = arguments.first().map_or(0, |a| a.len());
    (0..rows).fold(0, |sum, row| sum.saturating_add(each(row)))
}

fn bytes(array: &ArrayRef, row: usize) -> u64 {
    if array.is_null(row) {
        return 0;
    }
    (match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row).len(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).len(),
        DataType::Utf8View => array.as_string_view().value(row).len(),
        _ => 32,
    }) as u64
}

fn count(array: &ArrayRef, row: usize) -> u64 {
    integer(array, row).map_or(0, |n| u64::try_from(n).unwrap_or(0))
}

fn integer(array: &ArrayRef, row: usize) -> Option<i64> {
    let cell = arrow::compute::cast(&array.slice(row, 1), &DataType::Int64).ok()?;
    let cell = cell.as_primitive::<Int64Type>();
    cell.is_valid(0).then(|| cell.value(0))
}

fn cell_bytes(array: &ArrayRef) -> u64 {
    (array.get_array_memory_size() / array.len().max(1)) as u64
}

fn all_bytes(arguments: &[ArrayRef]) -> u64 {
    arguments.iter().map(|a| by_row(std::slice::from_ref(a), |row| bytes(a, row))).fold(0, u64::saturating_add)
}

fn series(arguments: &[ArrayRef]) -> u64 {
    if !arguments.iter().all(|a| a.data_type().is_integer()) {
        return temporal_series(arguments);
    }
    by_row(arguments, |row| {
        let at = |i: usize| arguments.get(i).and_then(|a| integer(a, row));
        let (first, last) = if arguments.len() == 1 { (0, at(0)) } else { (at(0).unwrap_or(0), at(1)) };
        let step = at(2).unwrap_or(1).unsigned_abs().max(1);
        last.map_or(0, |last| (last.abs_diff(first) / step).saturating_add(1).saturating_mul(8))
    })
}

/// Dates and times, one step of at least a second apart; a shorter step is refused.
fn temporal_series(arguments: &[ArrayRef]) -> u64 {
    let seconds = DataType::Timestamp(arrow::datatypes::TimeUnit::Second, None);
    let at = |i: usize, row: usize| {
        let cell = arrow::compute::cast(&arguments.get(i)?.slice(row, 1), &seconds).ok()?;
        integer(&cell, 0)
    };
    let step = |row: usize| {
        let target = DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano);
        let cell = arrow::compute::cast(&arguments.get(2)?.slice(row, 1), &target).ok()?;
        let cell = cell.as_primitive::<arrow::datatypes::IntervalMonthDayNanoType>();
        let step = cell.is_valid(0).then(|| cell.value(0))?;
        let seconds =
            i64::from(step.months) * 2_592_000 + i64::from(step.days) * 86_400 + step.nanoseconds / 1_000_000_000;
        Some(seconds.unsigned_abs())
    };
    by_row(arguments, |row| {
        let (Some(first), Some(last)) = (at(0, row), at(1, row)) else { return 0 };
        match step(row).unwrap_or(86_400) {
            0 => u64::MAX,
            step => (last.abs_diff(first) / step).saturating_add(1).saturating_mul(8),
        }
    })
}

/// Compares equal to itself: which estimate it is follows from the function.
#[derive(Clone, Copy)]
struct Sizing(Estimate);

impl std::fmt::Debug for Sizing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sizing")
    }
}
impl PartialEq for Sizing {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Sizing {}
impl std::hash::Hash for Sizing {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Bounded {
    inner: Arc<ScalarUDF>,
    most: u64,
    estimate: Sizing,
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, argument_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(argument_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<arrow::datatypes::FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.coerce_types(given)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let arrays = args.args.iter().map(|a| a.to_array(rows)).collect::<Result<Vec<_>>>()?;
        if (self.estimate.0)(&arrays) > self.most {
            return Err(too_long().into_datafusion());
        }
        let result = self.inner.invoke_with_args(args)?;
        Ok(match result {
            ColumnarValue::Array(array) if constant && array.len() == 1 => {
                ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?)
            }
            other => other,
        })
    }
}
