//! UTC dates without a clock or a time zone: seconds since 1970 to the three spellings that CloudTrail uses
//! (eventTime, the stamp and folders of an object key, the older dates inside responses) and weekdays for the stories.

use std::fmt::Write;

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 86_400;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Year, month and day of a day number counted from 1970-01-01.
fn civil(day: i64) -> (i64, i64, i64) {
    // Counted from 0000-03-01, so that the leap day ends a year and each 400-year era is alike.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, date)
}

/// Days since Monday.
pub(crate) fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

fn two(out: &mut String, number: i64) {
    out.push(char::from(b'0' + (number / 10 % 10) as u8));
    out.push(char::from(b'0' + (number % 10) as u8));
}

fn date(out: &mut String, time: i64, separator: &str) {
    let (year, month, day) = civil(time.div_euclid(DAY));
    two(out, year / 100);
    two(out, year % 100);
    out.push_str(separator);
    two(out, month);
    out.push_str(separator);
    two(out, day);
}

/// `2026-06-29T23:55:01Z`
pub(crate) fn event_time(out: &mut String, time: i64) {
    let second = time.rem_euclid(DAY);
    date(out, time, "-");
    out.push('T');
    two(out, second / HOUR);
    out.push(':');
    two(out, second / MINUTE % 60);
    out.push(':');
    two(out, second % 60);
    out.push('Z');
}

/// As [`event_time`], owned.
pub(crate) fn event_time_text(time: i64) -> String {
    let mut text = String::with_capacity(20);
    event_time(&mut text, time);
    text
}

/// `20260629T2355Z`
pub(crate) fn stamp(out: &mut String, time: i64) {
    let second = time.rem_euclid(DAY);
    date(out, time, "");
    out.push('T');
    two(out, second / HOUR);
    two(out, second / MINUTE % 60);
    out.push('Z');
}

/// `2026/06/29`
pub(crate) fn folder(out: &mut String, time: i64) {
    date(out, time, "/");
}

/// `Jun 29, 2026, 11:55:01 PM`, the spelling of dates inside many responses.
pub(crate) fn response_time(out: &mut String, time: i64) {
    let (year, month, day) = civil(time.div_euclid(DAY));
    let second = time.rem_euclid(DAY);
    let hour = second / HOUR;
    let (minute, second) = (second / MINUTE % 60, second % 60);
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
    let month = MONTHS[month as usize - 1];
    write!(out, "{month} {day}, {year}, {hour}:{minute:02}:{second:02} {half}").expect("a string takes any text");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_spelled_as_cloudtrail_does() {
        let check = |time: i64, expected: [&str; 4]| {
            let mut spelled = [const { String::new() }; 4];
            event_time(&mut spelled[0], time);
            stamp(&mut spelled[1], time);
            folder(&mut spelled[2], time);
            response_time(&mut spelled[3], time);
            assert_eq!(spelled, expected);
        };
        check(0, ["1970-01-01T00:00:00Z", "19700101T0000Z", "1970/01/01", "Jan 1, 1970, 12:00:00 AM"]);
        check(1_709_251_199, ["2024-02-29T23:59:59Z", "20240229T2359Z", "2024/02/29", "Feb 29, 2024, 11:59:59 PM"]);
        check(1_782_777_600, ["2026-06-30T00:00:00Z", "20260630T0000Z", "2026/06/30", "Jun 30, 2026, 12:00:00 AM"]);
    }

    #[test]
    fn weekdays_count_from_monday() {
        let check = |time: i64, expected| assert_eq!(weekday(time / DAY), expected);
        check(0, 3);
        check(1_782_777_600, 1);
    }
}
