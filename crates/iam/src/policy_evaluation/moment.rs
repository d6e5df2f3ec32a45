//! Moments as conditions write them: the W3C's profile of ISO 8601 from `2026` to `2026-01-02T03:04:05.678+09:00`, or
//! seconds since 1970 (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>).

use cloudtrail::event_time;

/// Seconds since 1970 and nanoseconds of the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(i64, u32);

/// Reads a moment; what it leaves out is the beginning, in UTC.
pub(super) fn parse(text: &str) -> Option<Moment> {
    // Four digits are a year, more are seconds.
    if text.len() != 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(|seconds| Moment(seconds, 0));
    }
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut fields = date.split('-');
    let year = digits(fields.next()?, 4)?;
    let month = fields.next().map_or(Some(1), |month| digits(month, 2))?;
    let day = fields.next().map_or(Some(1), |day| digits(day, 2))?;
    if fields.next().is_some() || time.is_some() && date.len() != 10 {
        return None;
    }
    let days = i64::from(event_time::days_of(year, month, day)?);
    let (second_of_day, nanoseconds) = time.map_or(Some((0, 0)), second_of_day)?;
    Some(Moment(days * 86_400 + second_of_day, nanoseconds))
}

/// Seconds since midnight in UTC, possibly negative, and nanoseconds.
fn second_of_day(text: &str) -> Option<(i64, u32)> {
    let (clock, zone) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => text.split_at(at),
        None => (text, "Z"),
    };
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(clock, fraction)| (clock, Some(fraction)));
    let mut fields = clock.split(':');
    let hour = digits(fields.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(fields.next()?, 2).filter(|minute| *minute < 60)?;
    let second = fields.next().map_or(Some(0), |second| digits(second, 2)).filter(|second| *second < 61)?;
    let nanoseconds = fraction.map_or(Some(0), |fraction| {
        let used = fraction.get(..fraction.len().min(9))?;
        digits(used, used.len()).filter(|_| !used.is_empty()).map(|value| value * 10u32.pow(9 - used.len() as u32))
    })?;
    if fields.next().is_some() {
        return None;
    }
    Some((i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second) - offset_seconds(zone)?, nanoseconds))
}

fn offset_seconds(zone: &str) -> Option<i64> {
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return (zone.len() == 1).then_some(0),
    };
    let rest = &zone[1..];
    let (hours, minutes) = rest.split_once(':').or_else(|| rest.split_at_checked(2))?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours < 24 && minutes < 60).then(|| sign * i64::from(hours * 3600 + minutes * 60))
}

fn digits(text: &str, length: usize) -> Option<u32> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_every_form() {
        let check = |text: &str, expected: Option<(i64, u32)>| {
            assert_eq!(parse(text), expected.map(|(seconds, nanoseconds)| Moment(seconds, nanoseconds)), "{text}");
        };
        let midnight = Some((1_609_459_200, 0));
        for text in [
            "2021",
            "2021-01",
            "2021-01-01",
            "2021-01-01T00:00Z",
            "2021-01-01T00:00:00Z",
            "2021-01-01t00:00:00.000z",
            "2021-01-01T09:00:00+09:00",
            "2020-12-31T19:00-0500",
            "2021-01-01T00:00:00",
            "1609459200",
        ] {
            check(text, midnight);
        }
        check("2021-01-01T00:00:00.25Z", Some((1_609_459_200, 250_000_000)));
        check("2021-01-01T00:00:00.1234567891Z", Some((1_609_459_200, 123_456_789)));
        for text in [
            "",
            "x",
            "2021-13",
            "2021-02-30",
            "2021-01-01T24:00Z",
            "2021-01-01T00",
            "2021-1-1",
            "2021T00:00Z",
            "-1",
            "2021-01-01T00:00:00.Z",
            "2021-01-01T00:00:00+9",
            "2021-01-01T00:00:00.日",
            "2021-01-01-01",
            "99999999999999999999",
        ] {
            check(text, None);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([0-9]{1,4}|[-T:.+Z日])*") {
            let _ = parse(&text);
        }
    }
}
