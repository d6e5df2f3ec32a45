//! Times of answers in the form that `aws` prints: RFC 3339 with `+00:00`, and microseconds only where there are some.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time that was sent as text; `None` where it is none.
pub(super) fn of_text(text: &str) -> Option<String> {
    text.parse().ok().map(print)
}

/// A time that was sent as seconds since 1970; `None` where no calendar has it.
pub(super) fn of_seconds(seconds: f64) -> Option<String> {
    // Larger numbers would be cut silently by the cast.
    let us = Some((seconds * 1e6).round()).filter(|us| us.abs() < 9e18)?;
    Timestamp::from_microsecond(us as i64).ok().map(print)
}

fn print(time: Timestamp) -> String {
    let form =
        if time.as_microsecond() % 1_000_000 == 0 { "%Y-%m-%dT%H:%M:%S+00:00" } else { "%Y-%m-%dT%H:%M:%S.%6f+00:00" };
    time.to_zoned(TimeZone::UTC).strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_as_aws_does() {
        let check = |found: Option<String>, expected: Option<&str>| assert_eq!(found.as_deref(), expected);
        check(of_text("2020-08-25T01:53:35Z"), Some("2020-08-25T01:53:35+00:00"));
        check(of_text("2020-08-25T01:53:35.347Z"), Some("2020-08-25T01:53:35.347000+00:00"));
        check(of_text("N/A"), None);
        check(of_seconds(1_598_320_415.0), Some("2020-08-25T01:53:35+00:00"));
        check(of_seconds(1_598_320_415.347), Some("2020-08-25T01:53:35.347000+00:00"));
        check(of_seconds(f64::NAN), None);
        check(of_seconds(1e18), None);
    }
}
