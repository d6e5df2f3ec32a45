//! Times as the two versions of `aws` print them: version 1 as they were sent (`2026-06-30T00:00:00Z`, or seconds since 1970 where
//! the protocol has numbers), version 2 always as `2026-06-30T00:00:00+00:00`.

use jiff::Timestamp;

/// The text with each time, quoted or not, as seconds since 1970.
pub fn with_one_form_of_time(text: &str) -> String {
    let (mut found, mut rest) = (String::new(), text);
    while let Some(next) = rest.chars().next() {
        let quote = if next == '"' { 1 } else { 0 };
        let length = time_length(&rest[quote..]);
        let is_quoted = quote == 1 && rest[quote + length..].starts_with('"');
        match rest[quote..quote + length].parse::<Timestamp>() {
            Ok(time) if quote == 0 || is_quoted => {
                found.push_str(&seconds(time));
                rest = &rest[length + 2 * quote..];
            }
            _ => {
                found.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    found
}

fn seconds(time: Timestamp) -> String {
    match time.subsec_millisecond() {
        0 => time.as_second().to_string(),
        rest => format!("{}.{rest:03}", time.as_second()).trim_end_matches('0').to_owned(),
    }
}

/// How much of the text's beginning could be a time with its zone.
fn time_length(text: &str) -> usize {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let fits =
        |(expected, found): (&u8, u8)| if *expected == b'0' { found.is_ascii_digit() } else { *expected == found };
    if text.len() < FORM.len() || !FORM.iter().zip(text.bytes()).all(fits) {
        return 0;
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let after = &text[FORM.len()..];
    let fraction = after.strip_prefix('.').map_or(0, |fraction| 1 + digits(fraction));
    let zone = match after.as_bytes().get(fraction) {
        Some(b'Z') => 1,
        Some(b'+' | b'-') => "+00:00".len(),
        _ => 0,
    };
    let length = FORM.len() + fraction + zone;
    if zone > 0 && text.is_char_boundary(length) { length } else { 0 }
}

#[test]
fn times_of_both_versions_become_one() {
    let check = |text: &str, expected: &str| assert_eq!(with_one_form_of_time(text), expected, "{text}");
    check("\"2026-06-30T00:00:00Z\",", "1782777600,");
    check("\"2026-06-30T00:00:00+00:00\",", "1782777600,");
    check("at 2026-06-30T09:00:00.250000+09:00 é", "at 1782777600.25 é");
    check("1782777600.25", "1782777600.25");
    check("2026-06-30T00:00:00 2026-06-30", "2026-06-30T00:00:00 2026-06-30");
    check("\"2026-06-30T00:00:00Z is late\"", "\"1782777600 is late\"");
}
