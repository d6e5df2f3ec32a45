//! The newest events that fit, found without looking at all that fit: window by window backwards from the end, the first of an
//! hour, each further one longer. What a window answers is whole, so the order is that of one statement.

use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::value::Value;

use super::{Input, Selection, statement};
use crate::question_error::QuestionError;

const HOUR_US: i64 = 3_600_000_000;

/// Rows of the newest events that fit `input`, as many as its limit says; without a limit all.
///
/// # Errors
/// A column that does not exist, a filter that cannot be said in SQL.
pub fn newest(snapshot: &Snapshot, input: &Input, now_us: i64) -> Result<Vec<Vec<Value>>, QuestionError> {
    let selection = &input.selection;
    let mut found = Vec::new();
    for (since_us, until_us) in windows(snapshot.event_span(), input) {
        let limit = selection.limit.map(|limit| limit - found.len() as u64);
        let window = Selection { since_us: Some(since_us), until_us: Some(until_us), limit, ..selection.clone() };
        let sql = statement(&Input { selection: window, ..input.clone() })?;
        found.extend(snapshot.query(&sql, now_us, Mode::Trusted)?.rows);
        if selection.limit.is_some_and(|limit| limit <= found.len() as u64) {
            break;
        }
    }
    Ok(found)
}

/// Since and until of each window over the part of `span` that is asked for, the newest first.
fn windows(span: Option<(i64, i64)>, input: &Input) -> impl Iterator<Item = (i64, i64)> {
    let (oldest, newest) = span.unwrap_or((0, -1));
    let since = input.selection.since_us.map_or(oldest, |since| since.max(oldest));
    let ends = [input.selection.until_us, input.from.as_ref().map(|place| place.time_us.saturating_add(1))];
    let end = ends.into_iter().flatten().fold(newest.saturating_add(1), i64::min);
    let (mut until, mut lengths) = (end, lengths());
    std::iter::from_fn(move || {
        if until <= since {
            return None;
        }
        let from = until.saturating_sub(lengths.next()?).max(since);
        Some((from, std::mem::replace(&mut until, from)))
    })
}

/// 1 h, 6 h, a day, three days, and doubled from there on.
fn lengths() -> impl Iterator<Item = i64> {
    let doubled = std::iter::successors(Some(72 * HOUR_US), |length| Some(length.saturating_mul(2)));
    [HOUR_US, 6 * HOUR_US, 24 * HOUR_US].into_iter().chain(doubled)
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;

    fn check(span: (i64, i64), since: Option<i64>, until: Option<i64>, from: Option<i64>, expected: &[(i64, i64)]) {
        let hours = |hours: i64| hours * HOUR_US;
        let input = Input {
            selection: Selection { since_us: since.map(hours), until_us: until.map(hours), ..Selection::default() },
            from: from.map(|time| Place { time_us: hours(time) - 1, event_id: None }),
            ..Input::default()
        };
        let found: Vec<_> = windows(Some((hours(span.0), hours(span.1) - 1)), &input).collect();
        let expected: Vec<_> = expected.iter().map(|(since, until)| (hours(*since), hours(*until))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn windows_grow_backwards_and_cover_what_is_asked_once() {
        check((0, 500), None, None, None, &[(499, 500), (493, 499), (469, 493), (397, 469), (253, 397), (0, 253)]);
        check((0, 500), Some(495), None, None, &[(499, 500), (495, 499)]);
        check((0, 500), Some(10), Some(12), None, &[(11, 12), (10, 11)]);
        check((0, 500), None, Some(900), Some(2), &[(1, 2), (0, 1)]);
        check((0, 500), Some(600), Some(900), None, &[]);
        assert_eq!(windows(None, &Input::default()).count(), 0, "an empty lake");
    }
}
