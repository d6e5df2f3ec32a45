//! Times as the lake keeps them: microseconds and days since 1970-01-01, UTC, and their text forms. Calendar arithmetic is
//! jiff's; the formats here are those that DuckDB, Athena and the catalog read.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Microseconds of a day.
pub const DAY_US: i64 = 86_400_000_000;

fn civil(us: i64) -> jiff::civil::DateTime {
    let clamped = us.clamp(Timestamp::MIN.as_microsecond(), Timestamp::MAX.as_microsecond());
    TimeZone::UTC.to_datetime(Timestamp::from_microsecond(clamped).expect("clamped to what jiff holds"))
}

/// The UTC day a time lies in, as days since 1970-01-01.
pub fn day_of(us: i64) -> i32 {
    us.div_euclid(DAY_US) as i32
}

/// `YYYY-MM-DD`.
pub fn date_text(day: i32) -> String {
    civil(i64::from(day) * DAY_US).date().to_string()
}

/// The day of a `YYYY-MM-DD` text.
pub fn day_from_text(text: &str) -> Option<i32> {
    let date: Date = text.parse().ok()?;
    let midnight = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond();
    Some(day_of(midnight))
}

/// The first day of the month that `day` lies in.
pub fn month_of(day: i32) -> i32 {
    day - i32::from(civil(i64::from(day) * DAY_US).day()) + 1
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff]`, as DuckDB prints a TIMESTAMP.
pub fn duckdb_timestamp(us: i64) -> String {
    let time = civil(us);
    let mut text = time.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let fraction = us.rem_euclid(1_000_000);
    if fraction != 0 {
        text.push_str(format!(".{fraction:06}").trim_end_matches('0'));
    }
    text
}

/// Reads [`duckdb_timestamp`]'s form back.
pub fn from_duckdb_timestamp(text: &str) -> Option<i64> {
    let time: jiff::civil::DateTime = text.parse().ok()?;
    Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

/// `YYYY-MM-DDTHH:MM:SSZ`: CloudTrail's own spelling, whole seconds.
pub fn rfc3339_seconds(us: i64) -> String {
    civil(us).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_go_there_and_back() {
        for us in [0, 1, -1, 1_719_792_000_000_000, 1_719_792_000_123_456, 1_719_792_000_100_000] {
            assert_eq!(from_duckdb_timestamp(&duckdb_timestamp(us)), Some(us), "{us}");
        }
        assert_eq!(duckdb_timestamp(1_719_792_000_100_000), "2024-07-01 00:00:00.1");
        assert_eq!(rfc3339_seconds(1_719_792_000_100_000), "2024-07-01T00:00:00Z");
        assert_eq!(day_from_text("2024-07-01"), Some(19905));
        assert_eq!(date_text(19905), "2024-07-01");
        assert_eq!(date_text(month_of(19920)), "2024-07-01");
        assert_eq!(day_of(-1), -1);
    }
}
