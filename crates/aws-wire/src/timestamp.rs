//! Times as the protocols spell them. Inside, a time is a number of microseconds since 1970, UTC; the fields of the inventory
//! are AWS's own text and are read on the way out.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

/// The time that a value stands for, µs UTC: a number of microseconds, or RFC 3339.
pub fn of_value(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => of_text(text),
        _ => None,
    }
}

/// Reads ISO 8601 as clients and AWS's answers write it; a time without a zone is UTC.
pub fn of_text(text: &str) -> Option<i64> {
    let zoned = text.parse::<Timestamp>().ok();
    let time =
        zoned.or_else(|| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp()));
    time.map(Timestamp::as_microsecond)
}

/// Reads seconds since 1970, as JSON clients send them.
pub fn of_seconds(seconds: f64) -> Option<i64> {
    let us = (seconds * 1e6).round();
    (us.is_finite() && us.abs() < 9e18).then_some(us as i64)
}

/// `2020-08-25T01:53:35Z`, with milliseconds where there are some.
pub fn iso8601(us: i64) -> String {
    let time = time(us);
    let form = if us.rem_euclid(1_000_000) < 1_000 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S.%3fZ" };
    time.strftime(form).to_string()
}

/// Seconds since 1970; whole ones without a point.
pub fn seconds(us: i64) -> Value {
    if us.rem_euclid(1_000_000) < 1_000 {
        Value::from(us.div_euclid(1_000_000))
    } else {
        Value::from(us.div_euclid(1_000) as f64 / 1e3)
    }
}

/// `20240301T100000Z`, the form of `x-amz-date`.
pub fn basic(seconds: i64) -> String {
    time(seconds.saturating_mul(1_000_000)).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Reads [`basic`]'s form, in seconds since 1970.
pub fn of_basic(text: &str) -> Option<i64> {
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    (text.len() == 16).then_some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

fn time(us: i64) -> DateTime {
    let clamped = us.clamp(Timestamp::MIN.as_second() * 1_000_000, Timestamp::MAX.as_second() * 1_000_000);
    TimeZone::UTC.to_datetime(Timestamp::from_microsecond(clamped).expect("clamped to what jiff holds"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_in_every_spelling_of_clients() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(of_text(text), expected, "{text}");
        check("2024-03-01T10:00:00Z", Some(1_709_287_200_000_000));
        check("2024-03-01T10:00:00+00:00", Some(1_709_287_200_000_000));
        check("2024-03-01T11:00:00.5+01:00", Some(1_709_287_200_500_000));
        check("2024-03-01T10:00:00", Some(1_709_287_200_000_000));
        check("2024-03-01", Some(1_709_251_200_000_000));
        check("yesterday", None);
    }

    #[test]
    fn a_fraction_is_written_only_where_there_is_one() {
        let check = |us, iso: &str, number: Value| assert_eq!((iso8601(us).as_str(), seconds(us)), (iso, number));
        check(1_709_287_200_000_000, "2024-03-01T10:00:00Z", json!(1_709_287_200));
        check(1_709_287_200_347_000, "2024-03-01T10:00:00.347Z", json!(1_709_287_200.347));
        assert_eq!(of_basic(&basic(1_709_287_200)), Some(1_709_287_200));
        assert_eq!(of_basic("20240301T100000"), None);
        assert_eq!(of_seconds(1_709_287_200.5), Some(1_709_287_200_500_000));
        assert_eq!(of_seconds(f64::NAN), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_and_no_number_makes_reading_panic(text in "\\PC{0,24}", us: i64, number: f64) {
            let _ = (of_text(&text), of_basic(&text), of_seconds(number));
            let _ = (iso8601(us), seconds(us), basic(us));
        }
    }
}
