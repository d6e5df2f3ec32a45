//! Parts of a window with so many calls at most, so that grouping them by their parameters takes bounded memory however many
//! there are in all.

use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::timestamp::{DAY_US, date_text, day_of};
use lake::value::Value;

use crate::access_window::AccessWindow;
use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind};

const SQL: &str = include_str!("../test_policy/call_days.sql");
/// Calls of one slice. Their parameters have some kilobytes at most.
const MOST_CALLS: u64 = 100_000;
/// No log is older.
const FIRST_DAY: i32 = 0;

/// The slices of a window for the principals that `who` says; together they are the window.
pub(super) fn slices(
    snapshot: &Snapshot,
    who: &str,
    window: AccessWindow,
    now_us: i64,
) -> Result<Vec<AccessWindow>, QuestionError> {
    let date = |day: i32| format!("DATE '{}'", date_text(day));
    let (since, until) = (date(window.since_us.map_or(FIRST_DAY, day_of)), date(day_of(window.until_us)));
    let sql = bind(
        SQL,
        &[("who", Parameter::Sql(who)), ("since", Parameter::Sql(&since)), ("until", Parameter::Sql(&until))],
    );
    let days = snapshot.query(&sql, now_us, Mode::Trusted)?.rows.into_iter().filter_map(|row| match row.as_slice() {
        [Value::Date(day), Value::Int(calls)] => Some((*day, calls.unsigned_abs())),
        _ => None,
    });
    Ok(cut(window, days, MOST_CALLS))
}

fn cut(window: AccessWindow, days: impl Iterator<Item = (i32, u64)>, most: u64) -> Vec<AccessWindow> {
    let mut cuts = Vec::new();
    let mut gathered = 0;
    for (day, calls) in days {
        let midnight = i64::from(day) * DAY_US;
        if gathered + calls > most && gathered > 0 {
            cuts.push(midnight);
            gathered = 0;
        }
        gathered += calls;
        if calls > most {
            let parts = i64::try_from(calls.div_ceil(most)).unwrap_or(i64::MAX).min(24 * 60);
            cuts.extend((1..=parts).map(|part| midnight + DAY_US / parts * part));
            gathered = 0;
        }
    }
    let mut slices = Vec::new();
    let mut since_us = window.since_us;
    for cut in cuts {
        if since_us.is_none_or(|since| since < cut) && cut < window.until_us {
            slices.push(AccessWindow { since_us, until_us: cut });
            since_us = Some(cut);
        }
    }
    slices.push(AccessWindow { since_us, until_us: window.until_us });
    slices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_the_window_and_none_holds_too_many() {
        let check = |days: &[(i32, u64)], expected: &[(Option<i64>, i64)]| {
            let window = AccessWindow { since_us: None, until_us: 10 * DAY_US };
            let found: Vec<_> = cut(window, days.iter().copied(), 100)
                .iter()
                .map(|slice| (slice.since_us.map(|since| since * 4 / DAY_US), slice.until_us * 4 / DAY_US))
                .collect();
            assert_eq!(found, expected, "{days:?}");
        };
        check(&[], &[(None, 40)]);
        check(&[(1, 60), (2, 40), (3, 1)], &[(None, 12), (Some(12), 40)]);
        check(&[(1, 60), (2, 200), (3, 1)], &[(None, 8), (Some(8), 10), (Some(10), 12), (Some(12), 40)]);
        check(&[(9, 400)], &[(None, 37), (Some(37), 38), (Some(38), 39), (Some(39), 40)]);
        check(&[(20, 400)], &[(None, 40)]);
    }
}
