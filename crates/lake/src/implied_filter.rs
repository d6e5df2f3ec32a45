//! What a filter on Athena's columns implies about columns that the lake prunes by: a comparison of `eventtime`, in the
//! many ways people write it, bounds `eventtimestamp`; a comparison of a leaf of `useridentity` holds for its top-level
//! copy too. The table adds the implied filter to a scan beside the filter as written, so a form that is not known here
//! answers rightly, only slower. Every bound must truly follow: it may be loose, it must never lose a row.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::{Between, BinaryExpr, Cast, Expr, Like, Operator, TryCast, col, lit};
use jiff::civil::{Date, Time};
use jiff::{ToSpan, tz};

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;
/// `eventtime` has whole seconds, `eventtimestamp` microseconds, and a leap second is one or the other minute's.
const SLACK_US: i64 = 2 * SECOND_US;

/// The strongest filter known to be true wherever `filter` is true, on `eventtimestamp` and the copies alone.
pub(crate) fn implied_filter(filter: &Expr) -> Option<Expr> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            match (implied_filter(left), implied_filter(right)) {
                (Some(a), Some(b)) => Some(a.and(b)),
                (a, b) => a.or(b),
            }
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            Some(implied_filter(left)?.or(implied_filter(right)?))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (left.as_ref(), right.as_ref()) {
            (subject, Expr::Literal(value, _)) => of_comparison(subject, *op, value),
            (Expr::Literal(value, _), subject) => of_comparison(subject, op.swap()?, value),
            _ => None,
        },
        Expr::Between(Between { expr, negated: false, low, high }) => {
            let low = literal(low).and_then(|v| of_comparison(expr, Operator::GtEq, v));
            let high = literal(high).and_then(|v| of_comparison(expr, Operator::LtEq, v));
            match (low, high) {
                (Some(a), Some(b)) => Some(a.and(b)),
                (a, b) => a.or(b),
            }
        }
        Expr::InList(InList { expr, list, negated: false }) => of_list(expr, list),
        Expr::Like(Like { negated: false, expr, pattern, escape_char: None, case_insensitive: false }) => {
            of_like(expr, literal(pattern)?)
        }
        _ => None,
    }
}

fn literal(expr: &Expr) -> Option<&ScalarValue> {
    if let Expr::Literal(value, _) = expr { Some(value) } else { None }
}

fn of_comparison(subject: &Expr, op: Operator, value: &ScalarValue) -> Option<Expr> {
    if let Some(copy) = copy_of(subject) {
        let text = text_of(value)?;
        return (op == Operator::Eq && !text.is_empty()).then(|| col(copy).eq(lit(text)));
    }
    let span = span_of(subject, value)?;
    bounds(match op {
        Operator::Eq => (Some(span.0), Some(span.1)),
        Operator::Gt | Operator::GtEq => (Some(span.0), None),
        Operator::Lt | Operator::LtEq => (None, Some(if ends_before(subject, value) { span.0 } else { span.1 })),
        _ => return None,
    })
}

/// A text that goes on after `value` sorts after it, so what is not larger than '2024-06-02' is before that day.
fn ends_before(subject: &Expr, value: &ScalarValue) -> bool {
    let (Some(letters), Some(text)) = (text_letters(subject), text_of(value)) else { return false };
    ENDS.contains(&text.len()) && text.len() < letters && prefix_span(&text).is_some()
}

fn of_list(subject: &Expr, list: &[Expr]) -> Option<Expr> {
    let values = list.iter().map(literal).collect::<Option<Vec<_>>>()?;
    if let Some(copy) = copy_of(subject) {
        let texts = values.into_iter().filter(|v| !v.is_null()).map(text_of).collect::<Option<Vec<_>>>()?;
        return (!texts.iter().any(|t| t.is_empty()))
            .then(|| col(copy).in_list(texts.into_iter().map(lit).collect(), false));
    }
    let spans = values.into_iter().map(|v| span_of(subject, v)).collect::<Option<Vec<_>>>()?;
    bounds((spans.iter().map(|s| s.0).min(), spans.iter().map(|s| s.1).max()))
}

fn of_like(subject: &Expr, pattern: &ScalarValue) -> Option<Expr> {
    let pattern = text_of(pattern)?;
    let prefix: String = pattern.chars().take_while(|c| !matches!(c, '%' | '_' | '\\')).collect();
    if let Some(copy) = copy_of(subject) {
        return (!prefix.is_empty()).then(|| col(copy).like(lit(pattern)));
    }
    let letters = text_letters(subject)?;
    let span = text_span(&prefix, letters)?;
    bounds((Some(span.0), Some(span.1)))
}

fn bounds(range: (Option<i64>, Option<i64>)) -> Option<Expr> {
    let at = |us: i64| lit(ScalarValue::TimestampMicrosecond(Some(us), None));
    let low = range.0.map(|us| col("eventtimestamp").gt_eq(at(us.saturating_sub(SLACK_US))));
    let high = range.1.map(|us| col("eventtimestamp").lt_eq(at(us.saturating_add(SLACK_US))));
    match (low, high) {
        (Some(a), Some(b)) => Some(a.and(b)),
        (a, b) => a.or(b),
    }
}

/// The top-level copy of a leaf of `useridentity`. The session issuer's ARN has none: `principal` is the issuer only for
/// the identity types that DESIGN lists, and a record of another type may carry an issuer too.
fn copy_of(expr: &Expr) -> Option<&'static str> {
    let path = field_path(uncast(expr))?;
    match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["useridentity", "accesskeyid"] => Some("accesskeyid"),
        ["useridentity", "username"] => Some("username"),
        ["useridentity", "arn"] => Some("useridentityarn"),
        _ => None,
    }
}

fn field_path(expr: &Expr) -> Option<Vec<String>> {
    match expr {
        Expr::Column(column) => Some(vec![column.name.clone()]),
        Expr::ScalarFunction(call) if call.name() == "get_field" => {
            let (root, names) = call.args.split_first()?;
            let mut path = field_path(root)?;
            for name in names {
                path.push(text_of(literal(name)?)?);
            }
            Some(path)
        }
        _ => None,
    }
}

/// Without casts from one kind of text to another.
fn uncast(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast(Cast { expr, field }) | Expr::TryCast(TryCast { expr, field }) if is_text(field.data_type()) => {
            uncast(expr)
        }
        Expr::Alias(alias) => uncast(&alias.expr),
        other => other,
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn text_of(value: &ScalarValue) -> Option<String> {
    value.try_as_str().flatten().map(str::to_owned)
}

/// The instants, first and last, at which `subject` can equal `value`; a comparison bounds by one of the two ends.
fn span_of(subject: &Expr, value: &ScalarValue) -> Option<(i64, i64)> {
    if let Some(letters) = text_letters(subject) {
        return text_span(&text_of(value)?, letters);
    }
    let width = instant_width(subject)?;
    let at = instant_of(value)?;
    Some((at, at.checked_add(width)?))
}

/// How many letters of `eventtime` the expression shows, if it shows its text from the start.
fn text_letters(expr: &Expr) -> Option<usize> {
    match uncast(expr) {
        Expr::Column(column) if column.name == "eventtime" => Some(usize::MAX),
        Expr::ScalarFunction(call) => match (call.name(), &call.args[..]) {
            ("substr" | "substring", [text, start, length]) if number(start)? == 1 => {
                Some(text_letters(text)?.min(usize::try_from(number(length)?).ok()?))
            }
            ("left", [text, length]) => Some(text_letters(text)?.min(usize::try_from(number(length)?).ok()?)),
            _ => None,
        },
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<i64> {
    match literal(expr)?.cast_to(&DataType::Int64).ok()? {
        ScalarValue::Int64(value) => value,
        _ => None,
    }
}

/// The instants of all texts that begin as `text` does, as far as it is a time. Texts of `eventtime` sort as their
/// instants do, and a text that sorts after `text` has no smaller beginning than it.
fn text_span(text: &str, letters: usize) -> Option<(i64, i64)> {
    let text: String = text.chars().take(letters).take(19).collect();
    ENDS.into_iter().filter_map(|end| text.get(..end)).find_map(prefix_span)
}

/// Where a time may be cut: after its second, minute, hour, day, month, year.
const ENDS: [usize; 6] = [19, 16, 13, 10, 7, 4];

fn prefix_span(prefix: &str) -> Option<(i64, i64)> {
    const FIRST: &str = "0000-01-01T00:00:00";
    let fits =
        prefix.bytes().zip(FIRST.bytes()).all(|(c, f)| if f.is_ascii_digit() { c.is_ascii_digit() } else { c == f });
    if !fits {
        return None;
    }
    let whole = format!("{prefix}{}", &FIRST[prefix.len()..]);
    let part = |range: std::ops::Range<usize>| whole[range].parse::<i16>().ok();
    let date = Date::new(part(0..4)?, part(5..7)? as i8, part(8..10)? as i8).ok()?;
    let time = Time::new(part(11..13)? as i8, part(14..16)? as i8, part(17..19)? as i8, 0).ok()?;
    let first = date.to_datetime(time);
    let width = match prefix.len() {
        4 => 1.year(),
        7 => 1.month(),
        10 => 1.day(),
        13 => 1.hour(),
        16 => 1.minute(),
        _ => 1.second(),
    };
    let us = |at: jiff::civil::DateTime| Some(at.to_zoned(tz::TimeZone::UTC).ok()?.timestamp().as_microsecond());
    Some((us(first)?, us(first.checked_add(width).ok()?)?))
}

/// How long after the value of the expression the event may have happened: 1 s for the time itself, a day for its date.
/// None where the expression is not a UTC time made from `eventtime`.
fn instant_width(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Alias(alias) => instant_width(&alias.expr),
        Expr::Cast(Cast { expr, field }) | Expr::TryCast(TryCast { expr, field }) => {
            let inner = || if text_letters(expr) == Some(usize::MAX) { Some(SECOND_US) } else { instant_width(expr) };
            match field.data_type() {
                DataType::Timestamp(_, zone) if is_utc(zone.as_deref()) => inner(),
                DataType::Date32 | DataType::Date64 => inner()?.checked_add(DAY_US),
                _ => None,
            }
        }
        Expr::ScalarFunction(call) => call_width(call),
        _ => None,
    }
}

fn call_width(call: &ScalarFunction) -> Option<i64> {
    let whole = |expr: &Expr| (text_letters(expr) == Some(usize::MAX)).then_some(SECOND_US);
    match (call.name(), &call.args[..]) {
        (
            "from_iso8601_timestamp"
            | "to_timestamp"
            | "to_timestamp_seconds"
            | "to_timestamp_millis"
            | "to_timestamp_micros"
            | "to_timestamp_nanos",
            [text],
        ) => whole(text),
        ("date_parse", [text, format]) => {
            let format = text_of(literal(format)?)?;
            let is_whole = matches!(
                format.as_str(),
                "%Y-%m-%dT%H:%i:%sZ" | "%Y-%m-%dT%H:%i:%SZ" | "%Y-%m-%dT%TZ" | "%Y-%m-%dT%k:%i:%sZ"
            );
            is_whole.then(|| whole(text)).flatten()
        }
        ("to_date" | "date" | "from_iso8601_date", [text]) => {
            whole(text).or_else(|| instant_width(text))?.checked_add(DAY_US)
        }
        ("date_trunc", [unit, inner]) => {
            let width = match text_of(literal(unit)?)?.to_lowercase().as_str() {
                "second" => SECOND_US,
                "minute" => 60 * SECOND_US,
                "hour" => 3_600 * SECOND_US,
                "day" => DAY_US,
                "week" => 7 * DAY_US,
                "month" => 31 * DAY_US,
                "quarter" => 92 * DAY_US,
                "year" => 366 * DAY_US,
                _ => return None,
            };
            instant_width(inner)?.checked_add(width)
        }
        _ => None,
    }
}

fn is_utc(zone: Option<&str>) -> bool {
    zone.is_none_or(|z| matches!(z, "UTC" | "Z" | "+00:00" | "Etc/UTC"))
}

/// The instant of a constant, µs.
fn instant_of(value: &ScalarValue) -> Option<i64> {
    match value {
        ScalarValue::TimestampSecond(Some(v), zone) if is_utc(zone.as_deref()) => v.checked_mul(SECOND_US),
        ScalarValue::TimestampMillisecond(Some(v), zone) if is_utc(zone.as_deref()) => v.checked_mul(1_000),
        ScalarValue::TimestampMicrosecond(Some(v), zone) if is_utc(zone.as_deref()) => Some(*v),
        ScalarValue::TimestampNanosecond(Some(v), zone) if is_utc(zone.as_deref()) => Some(v.div_euclid(1_000)),
        ScalarValue::Date32(Some(days)) => i64::from(*days).checked_mul(DAY_US),
        ScalarValue::Date64(Some(ms)) => ms.checked_mul(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
