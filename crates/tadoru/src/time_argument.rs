//! Times as people type them for `--since`, `--until` and `--as-of`: `30d`, `2024-06-01`, `yesterday`, RFC 3339.
//! Dates and times without an offset are UTC, as everywhere in the lake; a window includes its since and not its until.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::clock::Now;

/// A time that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeArgumentError {
    /// No known form.
    #[error("`{0}` is no time")]
    Unknown(String),
    /// A date that no calendar has, or one too far away.
    #[error("`{text}` is no time: {reason}")]
    Impossible {
        /// As written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl TimeArgumentError {
    /// The forms there are, for the `try:` of an error.
    pub const FORMS: &str = "30d, 12h, 90m, 2w (that long ago), now, today, yesterday, 2024-06-01, 2024-06-01T10:00, 2024-06-01T10:00:00+09:00";
}

/// Microseconds since 1970 for what somebody typed. `30d` is n × 24 hours before `now`; `today` and `yesterday` begin at
/// midnight UTC.
pub fn parse(text: &str, now: Now) -> Result<i64, TimeArgumentError> {
    let trimmed = text.trim();
    let impossible =
        |error: jiff::Error| TimeArgumentError::Impossible { text: text.into(), reason: error.to_string() };
    match trimmed.to_ascii_lowercase().as_str() {
        "now" => return Ok(now.us),
        "today" => return Ok(midnight_us(now.us, 0)),
        "yesterday" => return Ok(midnight_us(now.us, 1)),
        _ => {}
    }
    if let Some(length_us) = relative_us(trimmed) {
        let past = length_us
            .and_then(|length| now.us.checked_sub(length))
            .filter(|us| Timestamp::from_microsecond(*us).is_ok());
        return past
            .ok_or_else(|| TimeArgumentError::Impossible { text: text.into(), reason: "it is too long ago".into() });
    }
    if !looks_like_date(trimmed) {
        return Err(TimeArgumentError::Unknown(text.into()));
    }
    let zoned = |civil: DateTime| civil.to_zoned(TimeZone::UTC).map(|time: Zoned| time.timestamp());
    let has_time = trimmed.len() > 10;
    let has_offset = trimmed.get(10..).is_some_and(|time| time.contains(['Z', 'z', '+', '-']));
    let time = match (has_time, has_offset) {
        (false, _) => trimmed.parse::<Date>().and_then(|date| zoned(date.at(0, 0, 0, 0))),
        (true, true) => trimmed.parse::<Timestamp>(),
        (true, false) => trimmed.parse::<DateTime>().and_then(zoned),
    };
    time.map(Timestamp::as_microsecond).map_err(impossible)
}

/// None: not of the form `<number><unit>`; Some(None): of that form, but too large.
fn relative_us(text: &str) -> Option<Option<i64>> {
    let unit = text.chars().last()?;
    let seconds: i64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let number = &text[..text.len() - 1];
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(number.parse::<i64>().ok().and_then(|number| number.checked_mul(seconds * 1_000_000)))
}

fn looks_like_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' && bytes[7] == b'-'
}

fn midnight_us(us: i64, days_ago: i64) -> i64 {
    const DAY_US: i64 = 86_400_000_000;
    (us.div_euclid(DAY_US) - days_ago) * DAY_US
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::NowSource;

    fn now() -> Now {
        let us = "2024-06-15T10:20:30Z".parse::<Timestamp>().unwrap().as_microsecond();
        Now { us, source: NowSource::AsOf }
    }

    #[test]
    fn times_as_people_type_them() {
        let check = |text: &str, expected: &str| {
            let found = parse(text, now()).map(|us| Timestamp::from_microsecond(us).unwrap().to_string());
            assert_eq!(found.as_deref(), Ok(expected), "{text}");
        };
        check("now", "2024-06-15T10:20:30Z");
        check(" Today", "2024-06-15T00:00:00Z");
        check("yesterday", "2024-06-14T00:00:00Z");
        check("30d", "2024-05-16T10:20:30Z");
        check("12h", "2024-06-14T22:20:30Z");
        check("90m", "2024-06-15T08:50:30Z");
        check("2w", "2024-06-01T10:20:30Z");
        check("2024-06-01", "2024-06-01T00:00:00Z");
        check("2024-06-01T10:00", "2024-06-01T10:00:00Z");
        check("2024-06-01 10:00:05", "2024-06-01T10:00:05Z");
        check("2024-06-01T10:00:00.5Z", "2024-06-01T10:00:00.5Z");
        check("2024-06-01T10:00:00+09:00", "2024-06-01T01:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_named() {
        let check = |text: &str, expected: &str| {
            let message = parse(text, now()).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{text}: {message}");
        };
        check("", "`` is no time");
        check("tomorrow", "`tomorrow` is no time");
        check("-3d", "`-3d` is no time");
        check("3y", "`3y` is no time");
        check("日", "`日` is no time");
        check("2024-02-30", "`2024-02-30` is no time: ");
        check("2024-06-01T25:00Z", "`2024-06-01T25:00Z` is no time: ");
        check("99999999999999999d", "`99999999999999999d` is no time: it is too long ago");
        check("9999999w", "`9999999w` is no time: it is too long ago");
    }
}
