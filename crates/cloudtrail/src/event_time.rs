//! CloudTrail's times: RFC 3339 text to microseconds since 1970 and days, without a calendar library in the hot path.
//! `record` reads eventTime here, `object_key` its stamps; how a time is shown is the lake's and the faces' business.

/// Microseconds in a day.
pub const DAY_US: i64 = 86_400_000_000;
/// 1678-01-01, and 2262-01-01: whole years within what 64 bits of nanoseconds hold, in which many readers of a lake count.
pub const EARLIEST_US: i64 = -9_214_560_000_000_000;
/// See [`EARLIEST_US`].
pub const LATEST_US: i64 = 9_214_646_400_000_000;

/// A time read from text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTime {
    /// Microseconds since 1970-01-01T00:00:00Z; further digits are cut.
    pub timestamp_us: i64,
    /// The text named second 60; the timestamp is that of second 59.
    pub leap_second: bool,
}

/// Reads `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`; `None` for anything else.
pub fn parse(text: &str) -> Option<EventTime> {
    let bytes = text.as_bytes();
    let fixed: &[u8; 19] = bytes.get(..19)?.try_into().ok()?;
    if fixed[4] != b'-' || fixed[7] != b'-' || fixed[13] != b':' || fixed[16] != b':' {
        return None;
    }
    if !matches!(fixed[10], b'T' | b't' | b' ') {
        return None;
    }
    let days = days_of(number(&fixed[..4])?, number(&fixed[5..7])?, number(&fixed[8..10])?)?;
    let (hour, minute, second) = (number(&fixed[11..13])?, number(&fixed[14..16])?, number(&fixed[17..19])?);
    let leap_second = second == 60 && minute == 59;
    if hour > 23 || minute > 59 || (second > 59 && !leap_second) {
        return None;
    }
    let (fraction_us, zone) = fraction(&bytes[19..])?;
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second.min(59));
    let timestamp_us = i64::from(days) * DAY_US + seconds * 1_000_000 + fraction_us - zone_seconds(zone)? * 1_000_000;
    Some(EventTime { timestamp_us, leap_second })
}

/// Days since 1970-01-01 of a moment.
pub fn day_of(timestamp_us: i64) -> i32 {
    i32::try_from(timestamp_us.div_euclid(DAY_US)).unwrap_or(if timestamp_us < 0 { i32::MIN } else { i32::MAX })
}

/// Days since 1970-01-01 of a date of the Gregorian calendar; `None` for a date that does not exist.
pub fn days_of(year: u32, month: u32, day: u32) -> Option<i32> {
    const MONTH_DAYS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if year > 9999 || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let leap_day = u32::from(month == 2 && is_leap_year(year));
    if day > MONTH_DAYS[month as usize - 1] + leap_day {
        return None;
    }
    // Counted in years that begin in March, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year + 400, month - 3) } else { (year + 399, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    // 719,468 days lie between 0000-03-01 and 1970-01-01, 146,097 in the 400 years added above.
    i32::try_from(days).ok().map(|days| days - 719_468 - 146_097)
}

fn is_leap_year(year: u32) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// The number that ASCII digits spell; `None` if one is no digit.
pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |sum, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then(|| sum * 10 + u32::from(digit))
    })
}

/// Microseconds of an optional `.digits`, and what follows it.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', digits)) = rest.split_first() else {
        return Some((0, rest));
    };
    let count = digits.iter().take_while(|digit| digit.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let used = count.min(6);
    let scale = 10i64.pow(6 - u32::try_from(used).ok()?);
    Some((i64::from(number(&digits[..used])?) * scale, &digits[count..]))
}

fn zone_seconds(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = i64::from(hours * 3600 + minutes * 60);
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_as_trails_write_them() {
        fn check(text: &str, expected: Option<i64>) {
            assert_eq!(parse(text).map(|time| time.timestamp_us), expected, "{text}");
        }
        check("1970-01-01T00:00:00Z", Some(0));
        check("2026-01-02T00:01:02Z", Some(1_767_312_062_000_000));
        check("2026-01-02T09:01:02.123456789+09:00", Some(1_767_312_062_123_456));
        check("2026-01-02T00:01:02.5Z", Some(1_767_312_062_500_000));
        check("2026-01-01T19:01:02-05:00", Some(1_767_312_062_000_000));
        check("2016-12-31T23:59:60Z", Some(1_483_228_799_000_000));
        check("2024-02-29T00:00:00Z", Some(1_709_164_800_000_000));
        for bad in [
            "",
            "yesterday",
            "2026-02-30T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T00:30:60Z",
            "9999999-01-01T00:00:00Z",
            "2026-01-02T00:01:02",
            "2026-01-02T00:01:02.Z",
            "2026-01-02T00:01:02+9:00",
            "2026-01-02T00:01:02Zjunk",
            "2026-13-01T00:00:00Z",
            "2026-01-02T0 :01:02Z",
        ] {
            check(bad, None);
        }
        assert!(parse("2016-12-31T23:59:60Z").unwrap().leap_second);
    }

    #[test]
    fn dates_agree_with_jiff() {
        let first = jiff::civil::date(1970, 1, 1);
        let mut date = jiff::civil::date(1, 1, 1);
        while date.year() < 2500 {
            let (year, month, day) = (date.year() as u32, date.month() as u32, date.day() as u32);
            assert_eq!(days_of(year, month, day), Some((date - first).get_days()), "{date}");
            date = date.checked_add(jiff::Span::new().days(11)).unwrap();
        }
    }

    proptest! {
        #[test]
        fn moments_agree_with_jiff(seconds in -62_000_000_000i64..253_000_000_000, us in 0i64..1_000_000) {
            let moment = jiff::Timestamp::from_microsecond(seconds * 1_000_000 + us).unwrap();
            let text = format!("{moment:.6}");
            prop_assert_eq!(parse(&text).map(|time| time.timestamp_us), Some(moment.as_microsecond()), "{}", text);
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
