//! Athena's functions over dates and times. An instant is microseconds in UTC; what has no zone is UTC, as everything in
//! a record is. Patterns are MySQL's (`%Y-%m-%d %H:%i:%s`), as `date_format` and `date_parse` take them.

use std::sync::Arc;

use arrow::array::cast::AsArray;
use arrow::array::{Array, ArrayRef, Date32Array, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit};

use super::Argument::{DateOrInstant, Double, Instant, Integer, Text};
use super::Function;
use crate::sql_error::SqlError;

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("from_iso8601_timestamp", &[Text], |_| utc(), from_iso8601_timestamp),
    Function::new("from_iso8601_date", &[Text], |_| DataType::Date32, from_iso8601_date),
    Function::new("to_iso8601", &[DateOrInstant], |_| DataType::Utf8, to_iso8601),
    Function::new("date_parse", &[Text, Text], |_| DataType::Timestamp(TimeUnit::Microsecond, None), date_parse),
    Function::new("date_format", &[Instant, Text], |_| DataType::Utf8, date_format),
    Function::new("date_add", &[Text, Integer, DateOrInstant], |types| types[2].clone(), date_add),
    Function::new("date_diff", &[Text, DateOrInstant, DateOrInstant], |_| DataType::Int64, date_diff),
    Function::new("from_unixtime", &[Double], |_| utc(), from_unixtime),
    Function::new("to_unixtime", &[Instant], |_| DataType::Float64, to_unixtime),
];

fn utc() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn texts(array: &ArrayRef) -> impl Iterator<Item = Option<&str>> {
    array.as_string::<i32>().iter()
}

fn invalid(text: &str) -> SqlError {
    SqlError::Execution(format!("INVALID_FUNCTION_ARGUMENT: Invalid format: \"{text}\""))
}

fn instant(text: &str) -> Result<i64, SqlError> {
    let text = text.trim();
    let local = |at: DateTime| at.to_zoned(TimeZone::UTC).map(|z| z.timestamp());
    text.parse::<Timestamp>()
        .or_else(|_| text.parse::<DateTime>().and_then(local))
        .map(|at| at.as_microsecond())
        .map_err(|_| invalid(text))
}

fn from_iso8601_timestamp(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let instants = texts(&arguments[0]).map(|text| text.map(instant).transpose());
    let instants = instants.collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(TimestampMicrosecondArray::from(instants).with_timezone("UTC")))
}

fn from_iso8601_date(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let days =
        texts(&arguments[0]).map(|text| text.map(|t| instant(t).map(|us| us.div_euclid(DAY_US) as i32)).transpose());
    Ok(Arc::new(Date32Array::from(days.collect::<Result<Vec<_>, _>>()?)))
}

/// The cells as microseconds, whether dates or instants.
fn instants(array: &ArrayRef) -> Vec<Option<i64>> {
    match array.data_type() {
        DataType::Date32 => {
            array.as_primitive::<Date32Type>().iter().map(|d| d.map(|d| i64::from(d) * DAY_US)).collect()
        }
        _ => array.as_primitive::<TimestampMicrosecondType>().iter().collect(),
    }
}

/// The zone in which the cells are shown.
fn zone(array: &ArrayRef) -> Result<TimeZone, SqlError> {
    let DataType::Timestamp(_, Some(name)) = array.data_type() else { return Ok(TimeZone::UTC) };
    match name.as_ref() {
        "UTC" | "Z" | "+00:00" => Ok(TimeZone::UTC),
        name => TimeZone::get(name)
            .or_else(|_| "2000-01-01T00:00:00".parse::<DateTime>().and_then(|_| fixed(name)))
            .map_err(|_| SqlError::Execution(format!("'{name}' is not a time zone"))),
    }
}

fn fixed(offset: &str) -> Result<TimeZone, jiff::Error> {
    let at: Timestamp = format!("2000-01-01T12:00:00{offset}").parse()?;
    let noon: Timestamp = "2000-01-01T12:00:00Z".parse()?;
    let seconds = noon.as_second() - at.as_second();
    Ok(TimeZone::fixed(jiff::tz::Offset::from_seconds(seconds as i32)?))
}

fn civil(us: i64, zone: &TimeZone) -> Result<DateTime, SqlError> {
    let at = Timestamp::from_microsecond(us).map_err(|_| SqlError::Execution("a time is out of range".into()))?;
    Ok(zone.to_datetime(at))
}

fn to_iso8601(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let is_date = arguments[0].data_type() == &DataType::Date32;
    let zoned = matches!(arguments[0].data_type(), DataType::Timestamp(_, Some(_)));
    let zone = zone(&arguments[0])?;
    let shown = instants(&arguments[0]).into_iter().map(|us| {
        let Some(us) = us else { return Ok(None) };
        let at = civil(us, &zone)?;
        Ok(Some(match (is_date, zoned) {
            (true, _) => at.date().to_string(),
            (_, false) => at.strftime("%Y-%m-%dT%H:%M:%S.%3f").to_string(),
            _ if zone == TimeZone::UTC => at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
            _ => {
                let stamp = Timestamp::from_microsecond(us).map_err(|_| invalid(""))?;
                stamp.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string()
            }
        }))
    });
    Ok(Arc::new(StringArray::from(shown.collect::<Result<Vec<_>, SqlError>>()?)))
}

/// MySQL's pattern in the words of strftime.
fn pattern(mysql: &str) -> Result<String, SqlError> {
    let mut out = String::with_capacity(mysql.len());
    let mut chars = mysql.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let letter = chars.next().ok_or_else(|| invalid(mysql))?;
        out.push_str(match letter {
            'Y' => "%Y",
            'y' => "%y",
            'm' => "%m",
            'c' => "%-m",
            'd' => "%d",
            'e' => "%-d",
            'H' => "%H",
            'k' => "%-H",
            'h' | 'I' => "%I",
            'l' => "%-I",
            'i' => "%M",
            's' | 'S' => "%S",
            'f' => "%6f",
            'p' => "%p",
            'M' => "%B",
            'b' => "%b",
            'W' => "%A",
            'a' => "%a",
            'j' => "%j",
            'T' => "%H:%M:%S",
            'r' => "%I:%M:%S %p",
            '%' => "%%",
            other => return Err(SqlError::NotSupported(format!("the date format %{other}"))),
        });
    }
    Ok(out)
}

fn date_format(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let zone = zone(&arguments[0])?;
    let mut known: Option<(String, String)> = None;
    let shown = instants(&arguments[0]).into_iter().zip(texts(&arguments[1])).map(|pair| {
        let (Some(us), Some(format)) = pair else { return Ok(None) };
        if known.as_ref().is_none_or(|(same, _)| same != format) {
            known = Some((format.to_owned(), pattern(format)?));
        }
        let (_, strftime) = known.as_ref().expect("just set");
        Ok(Some(civil(us, &zone)?.strftime(strftime).to_string()))
    });
    Ok(Arc::new(StringArray::from(shown.collect::<Result<Vec<_>, SqlError>>()?)))
}

fn date_parse(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let parsed = texts(&arguments[0]).zip(texts(&arguments[1])).map(|pair| {
        let (Some(text), Some(format)) = pair else { return Ok(None) };
        let parts =
            jiff::fmt::strtime::parse(pattern(format)?.replace("%6f", "%f"), text).map_err(|_| invalid(text))?;
        let date = parts.to_date().map_err(|_| invalid(text))?;
        let time = parts.to_time().unwrap_or_default();
        let at = date.to_datetime(time).to_zoned(TimeZone::UTC).map_err(|_| invalid(text))?;
        Ok(Some(at.timestamp().as_microsecond()))
    });
    Ok(Arc::new(TimestampMicrosecondArray::from(parsed.collect::<Result<Vec<_>, SqlError>>()?)))
}

/// A unit by its name: microseconds of it, or months.
enum Step {
    Micros(i64),
    Months(i64),
}

fn step(unit: &str) -> Result<Step, SqlError> {
    Ok(match unit.to_lowercase().trim_end_matches('s') {
        "millisecond" => Step::Micros(1_000),
        "second" => Step::Micros(SECOND_US),
        "minute" => Step::Micros(60 * SECOND_US),
        "hour" => Step::Micros(3_600 * SECOND_US),
        "day" => Step::Micros(DAY_US),
        "week" => Step::Micros(7 * DAY_US),
        "month" => Step::Months(1),
        "quarter" => Step::Months(3),
        "year" => Step::Months(12),
        _ => return Err(SqlError::Execution(format!("'{unit}' is not a valid TIMESTAMP field"))),
    })
}

fn added(us: i64, unit: &str, count: i64) -> Result<i64, SqlError> {
    let out = || SqlError::Execution("a time is out of range".into());
    match step(unit)? {
        Step::Micros(width) => width.checked_mul(count).and_then(|d| us.checked_add(d)).ok_or_else(out),
        Step::Months(months) => {
            let span = months.checked_mul(count).and_then(|m| 0.months().try_months(m).ok()).ok_or_else(out)?;
            let at = civil(us, &TimeZone::UTC)?.checked_add(span).map_err(|_| out())?;
            at.to_zoned(TimeZone::UTC).map(|z| z.timestamp().as_microsecond()).map_err(|_| out())
        }
    }
}

fn date_add(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let counts = arguments[1].as_primitive::<Int64Type>();
    let rows = texts(&arguments[0]).zip(counts.iter()).zip(instants(&arguments[2]));
    let moved = rows.map(|((unit, count), us)| {
        let (Some(unit), Some(count), Some(us)) = (unit, count, us) else { return Ok(None) };
        added(us, unit, count).map(Some)
    });
    let moved = moved.collect::<Result<Vec<_>, SqlError>>()?;
    Ok(match arguments[2].data_type() {
        DataType::Date32 => {
            Arc::new(moved.into_iter().map(|us| us.map(|us| us.div_euclid(DAY_US) as i32)).collect::<Date32Array>())
        }
        DataType::Timestamp(_, zone) => {
            Arc::new(TimestampMicrosecondArray::from(moved).with_timezone_opt(zone.clone()))
        }
        _ => Arc::new(TimestampMicrosecondArray::from(moved)),
    })
}

/// Whole units from the first to the second, towards zero.
fn date_diff(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let rows = texts(&arguments[0]).zip(instants(&arguments[1])).zip(instants(&arguments[2]));
    let units = rows.map(|((unit, from), to)| {
        let (Some(unit), Some(from), Some(to)) = (unit, from, to) else { return Ok(None) };
        Ok(Some(match step(unit)? {
            Step::Micros(width) => to.saturating_sub(from) / width,
            Step::Months(months) => {
                let (from, to) = (civil(from, &TimeZone::UTC)?, civil(to, &TimeZone::UTC)?);
                let span = from.until((Unit::Month, to)).map_err(|e| SqlError::Execution(e.to_string()))?;
                i64::from(span.get_months()) / months
            }
        }))
    });
    Ok(Arc::new(Int64Array::from(units.collect::<Result<Vec<_>, SqlError>>()?)))
}

fn from_unixtime(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let seconds = arguments[0].as_primitive::<Float64Type>();
    let instants = seconds.iter().map(|s| s.map(|s| (s * 1e6).round() as i64));
    Ok(Arc::new(instants.collect::<TimestampMicrosecondArray>().with_timezone("UTC")))
}

fn to_unixtime(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    Ok(Arc::new(instants(&arguments[0]).into_iter().map(|us| us.map(|us| us as f64 / 1e6)).collect::<Float64Array>()))
}
