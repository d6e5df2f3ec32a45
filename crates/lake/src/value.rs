//! One cell of an answer, free of Arrow: what a face prints, a test compares and a program branches on.
//! It keeps SQL's kinds (a timestamp is not its text) and leaves spelling to the output formats.
//! The engine makes these from record batches; nothing goes back.

use arrow::array::cast::AsArray;
use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalUnit, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// One value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// Only what does not fit `Int`.
    UInt(u64),
    Float(f64),
    /// An exact decimal, in digits: `12.50`.
    Decimal(String),
    Text(String),
    Bytes(Vec<u8>),
    /// Microseconds since 1970, UTC.
    Timestamp(i64),
    /// Microseconds since 1970 in UTC, and the zone in which SQL would show them.
    TimestampWithZone(i64, String),
    /// Days since 1970.
    Date(i32),
    /// A time of day, `12:30:00`.
    Time(String),
    /// An interval or a duration, in words.
    Interval(String),
    List(Vec<Value>),
    Struct(Vec<(String, Value)>),
    Map(Vec<(Value, Value)>),
}

/// The rows of a record batch.
///
/// # Errors
/// A column of a type that SQL here cannot show; the text names the type.
pub(crate) fn rows(batch: &RecordBatch) -> Result<Vec<Vec<Value>>, String> {
    let columns = batch.columns().iter().map(column_values).collect::<Result<Vec<_>, _>>()?;
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    Ok((0..batch.num_rows())
        .map(|_| columns.iter_mut().map(|c| c.next().expect("as long as the batch")).collect())
        .collect())
}

macro_rules! each {
    ($array:expr, $kind:ty, $make:expr) => {
        $array.as_primitive::<$kind>().iter().map(|v| v.map_or(Value::Null, $make)).collect()
    };
}

fn column_values(array: &ArrayRef) -> Result<Vec<Value>, String> {
    use DataType as T;
    let text = |v: Option<&str>| v.map_or(Value::Null, |v| Value::Text(v.to_owned()));
    let bytes = |v: Option<&[u8]>| v.map_or(Value::Null, |v| Value::Bytes(v.to_vec()));
    Ok(match array.data_type() {
        T::Null => vec![Value::Null; array.len()],
        T::Boolean => array.as_boolean().iter().map(|v| v.map_or(Value::Null, Value::Bool)).collect(),
        T::Int8 => each!(array, Int8Type, |v| Value::Int(v.into())),
        T::Int16 => each!(array, Int16Type, |v| Value::Int(v.into())),
        T::Int32 => each!(array, Int32Type, |v| Value::Int(v.into())),
        T::Int64 => each!(array, Int64Type, Value::Int),
        T::UInt8 => each!(array, UInt8Type, |v| Value::Int(v.into())),
        T::UInt16 => each!(array, UInt16Type, |v| Value::Int(v.into())),
        T::UInt32 => each!(array, UInt32Type, |v| Value::Int(v.into())),
        T::UInt64 => each!(array, UInt64Type, |v| i64::try_from(v).map_or(Value::UInt(v), Value::Int)),
        T::Float16 => each!(array, Float16Type, |v| Value::Float(v.to_f64())),
        T::Float32 => each!(array, Float32Type, |v| Value::Float(v.into())),
        T::Float64 => each!(array, Float64Type, Value::Float),
        T::Utf8 => array.as_string::<i32>().iter().map(text).collect(),
        T::LargeUtf8 => array.as_string::<i64>().iter().map(text).collect(),
        T::Utf8View => array.as_string_view().iter().map(text).collect(),
        T::Binary => array.as_binary::<i32>().iter().map(bytes).collect(),
        T::LargeBinary => array.as_binary::<i64>().iter().map(bytes).collect(),
        T::BinaryView => array.as_binary_view().iter().map(bytes).collect(),
        T::FixedSizeBinary(_) => array.as_fixed_size_binary().iter().map(bytes).collect(),
        T::Date32 => each!(array, Date32Type, Value::Date),
        T::Date64 => each!(array, Date64Type, |v| Value::Date(v.div_euclid(86_400_000) as i32)),
        T::Timestamp(unit, zone) => timestamps(array, *unit, zone.as_deref()),
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => shown(array, Value::Decimal)?,
        T::Time32(_) | T::Time64(_) => shown(array, Value::Time)?,
        T::Interval(IntervalUnit::YearMonth | IntervalUnit::DayTime | IntervalUnit::MonthDayNano) | T::Duration(_) => {
            shown(array, Value::Interval)?
        }
        T::Dictionary(..) | T::RunEndEncoded(..) => plain(array)?,
        T::List(_) | T::LargeList(_) | T::FixedSizeList(..) | T::ListView(_) | T::LargeListView(_) => lists(array)?,
        T::Struct(_) => structs(array)?,
        T::Map(..) => maps(array)?,
        T::Union(..) => return Err(format!("an answer of type {} is not supported", array.data_type())),
    })
}

fn timestamps(array: &ArrayRef, unit: TimeUnit, zone: Option<&str>) -> Vec<Value> {
    let make = |us: i64| match zone {
        None => Value::Timestamp(us),
        Some(zone) => Value::TimestampWithZone(us, zone.to_owned()),
    };
    match unit {
        TimeUnit::Second => each!(array, TimestampSecondType, |v| make(v.saturating_mul(1_000_000))),
        TimeUnit::Millisecond => each!(array, TimestampMillisecondType, |v| make(v.saturating_mul(1_000))),
        TimeUnit::Microsecond => each!(array, TimestampMicrosecondType, make),
        TimeUnit::Nanosecond => each!(array, TimestampNanosecondType, |v| make(v.div_euclid(1_000))),
    }
}

fn shown(array: &ArrayRef, make: fn(String) -> Value) -> Result<Vec<Value>, String> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options).map_err(|e| e.to_string())?;
    (0..array.len())
        .map(|row| {
            if array.is_null(row) {
                return Ok(Value::Null);
            }
            formatter.value(row).try_to_string().map(make).map_err(|e| e.to_string())
        })
        .collect()
}

/// Dictionaries and runs, as the values they stand for.
fn plain(array: &ArrayRef) -> Result<Vec<Value>, String> {
    let target = match array.data_type() {
        DataType::Dictionary(_, values) => values.as_ref().clone(),
        DataType::RunEndEncoded(_, values) => values.data_type().clone(),
        other => other.clone(),
    };
    let flat = arrow::compute::cast(array, &target).map_err(|e| e.to_string())?;
    column_values(&flat)
}

fn lists(array: &ArrayRef) -> Result<Vec<Value>, String> {
    let element = |values: ArrayRef| column_values(&values).map(Value::List);
    (0..array.len())
        .map(|row| {
            if array.is_null(row) {
                return Ok(Value::Null);
            }
            match array.data_type() {
                DataType::List(_) => element(array.as_list::<i32>().value(row)),
                DataType::LargeList(_) => element(array.as_list::<i64>().value(row)),
                DataType::ListView(_) => element(array.as_list_view::<i32>().value(row)),
                DataType::LargeListView(_) => element(array.as_list_view::<i64>().value(row)),
                _ => element(array.as_fixed_size_list().value(row)),
            }
        })
        .collect()
}

fn structs(array: &ArrayRef) -> Result<Vec<Value>, String> {
    let array = array.as_struct();
    let fields = array.columns().iter().map(column_values).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<&String> = array.fields().iter().map(|f| f.name()).collect();
    Ok((0..array.len())
        .map(|row| {
            if array.is_null(row) {
                return Value::Null;
            }
            let pairs = names.iter().zip(&fields).map(|(name, values)| ((*name).clone(), values[row].clone()));
            Value::Struct(pairs.collect())
        })
        .collect())
}

fn maps(array: &ArrayRef) -> Result<Vec<Value>, String> {
    let array = array.as_map();
    (0..array.len())
        .map(|row| {
            if array.is_null(row) {
                return Ok(Value::Null);
            }
            let entries = array.value(row);
            let keys = column_values(entries.column(0))?;
            Ok(Value::Map(keys.into_iter().zip(column_values(entries.column(1))?).collect()))
        })
        .collect()
}

/// The name Athena gives to a type: `varchar`, `bigint`, `timestamp(3)`, `array(varchar)`, `row(…)`.
pub(crate) fn type_name(data_type: &DataType) -> String {
    use DataType as T;
    match data_type {
        T::Null => "unknown".into(),
        T::Boolean => "boolean".into(),
        T::Int8 => "tinyint".into(),
        T::Int16 | T::UInt8 => "smallint".into(),
        T::Int32 | T::UInt16 => "integer".into(),
        T::Int64 | T::UInt32 | T::UInt64 => "bigint".into(),
        T::Float16 | T::Float32 => "real".into(),
        T::Float64 => "double".into(),
        T::Utf8 | T::LargeUtf8 | T::Utf8View => "varchar".into(),
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => "varbinary".into(),
        T::Date32 | T::Date64 => "date".into(),
        T::Timestamp(unit, zone) => {
            let digits = match unit {
                TimeUnit::Second => 0,
                TimeUnit::Millisecond => 3,
                TimeUnit::Microsecond => 6,
                TimeUnit::Nanosecond => 9,
            };
            format!("timestamp({digits}){}", if zone.is_some() { " with time zone" } else { "" })
        }
        T::Decimal32(p, s) | T::Decimal64(p, s) | T::Decimal128(p, s) | T::Decimal256(p, s) => {
            format!("decimal({p},{s})")
        }
        T::Time32(_) | T::Time64(_) => "time".into(),
        T::Interval(IntervalUnit::YearMonth) => "interval year to month".into(),
        T::Interval(_) | T::Duration(_) => "interval day to second".into(),
        T::List(f) | T::LargeList(f) | T::FixedSizeList(f, _) | T::ListView(f) | T::LargeListView(f) => {
            format!("array({})", type_name(f.data_type()))
        }
        T::Struct(fields) => {
            let fields: Vec<_> = fields.iter().map(|f| format!("{} {}", f.name(), type_name(f.data_type()))).collect();
            format!("row({})", fields.join(", "))
        }
        T::Map(entries, _) => match entries.data_type() {
            T::Struct(kv) if kv.len() == 2 => {
                format!("map({}, {})", type_name(kv[0].data_type()), type_name(kv[1].data_type()))
            }
            _ => "map".into(),
        },
        T::Dictionary(_, values) => type_name(values),
        T::RunEndEncoded(_, values) => type_name(values.data_type()),
        T::Union(..) => "union".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        Decimal128Array, DictionaryArray, Int32Array, ListArray, MapBuilder, StringArray, StringBuilder,
        StringViewArray, StructArray, TimestampSecondArray, UInt64Array,
    };
    use arrow::datatypes::Field;

    use super::*;

    fn check(array: ArrayRef, expected: &[Value]) {
        assert_eq!(column_values(&array).unwrap(), expected);
    }

    fn text(s: &str) -> Value {
        Value::Text(s.into())
    }

    #[test]
    fn every_kind_of_text_is_text() {
        check(Arc::new(StringArray::from(vec![Some("a"), None])), &[text("a"), Value::Null]);
        check(Arc::new(StringViewArray::from(vec![Some("a"), None])), &[text("a"), Value::Null]);
        let dictionary: DictionaryArray<Int32Type> = [Some("a"), None, Some("a")].into_iter().collect();
        check(Arc::new(dictionary), &[text("a"), Value::Null, text("a")]);
    }

    #[test]
    fn numbers_keep_their_value() {
        check(Arc::new(UInt64Array::from(vec![7, u64::MAX])), &[Value::Int(7), Value::UInt(u64::MAX)]);
        let decimal = Decimal128Array::from(vec![1250]).with_precision_and_scale(6, 2).unwrap();
        check(Arc::new(decimal), &[Value::Decimal("12.50".into())]);
    }

    #[test]
    fn times_are_microseconds() {
        check(Arc::new(TimestampSecondArray::from(vec![2])), &[Value::Timestamp(2_000_000)]);
        let zoned = TimestampSecondArray::from(vec![2]).with_timezone("Asia/Tokyo");
        check(Arc::new(zoned), &[Value::TimestampWithZone(2_000_000, "Asia/Tokyo".into())]);
    }

    #[test]
    fn nested_values_nest() {
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None]), None]);
        check(Arc::new(list), &[Value::List(vec![Value::Int(1), Value::Null]), Value::Null]);
        let field = Arc::new(Field::new("x", DataType::Int32, true));
        let pair = StructArray::from(vec![(field, Arc::new(Int32Array::from(vec![5])) as ArrayRef)]);
        check(Arc::new(pair), &[Value::Struct(vec![("x".into(), Value::Int(5))])]);
        let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        map.keys().append_value("k");
        map.values().append_value("v");
        map.append(true).unwrap();
        check(Arc::new(map.finish()), &[Value::Map(vec![(text("k"), text("v"))])]);
    }
}
