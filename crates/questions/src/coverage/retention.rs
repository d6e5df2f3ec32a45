//! What retention has taken out of the lake bounds what may be said: before the oldest month that the rollup keeps nothing is
//! known any more, and of a day whose events are gone only the whole, not the part that a window cuts off.

use std::collections::BTreeSet;

use lake::catalog::Retired;
use lake::timestamp::{DAY_US, date_text, day_of, month_of, rfc3339_seconds};

use super::{AccountCoverage, Reach};

/// The time that retention took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetiredTime {
    /// The end of the last retired month of the rollup, µs UTC.
    rollup_from_us: Option<i64>,
    /// Days whose events are gone.
    days: BTreeSet<i32>,
}

impl RetiredTime {
    pub(super) fn of(retired: &Retired) -> Self {
        let last = retired.months.keys().next_back();
        Self {
            rollup_from_us: last.map(|month| i64::from(month_of(month + 31)) * DAY_US),
            days: retired.days.keys().copied().collect(),
        }
    }

    /// Whether events are gone of a day from `since_us` on.
    pub fn holds_day_from(&self, since_us: i64) -> bool {
        self.days.range(day_of(since_us)..).next().is_some()
    }

    /// An account is covered from where the rollup begins at the earliest.
    pub(super) fn shorten(&self, coverage: &mut AccountCoverage) {
        coverage.from_us = coverage.from_us.max(self.rollup_from_us.unwrap_or(i64::MIN));
    }

    pub(super) fn bound(&self, since_us: i64, until_us: i64, reach: &mut Reach) {
        if let Some(from_us) = self.rollup_from_us.filter(|from_us| since_us < *from_us) {
            reach.complete = false;
            reach.why.push(format!("retention: the lake no longer holds what was before {}", rfc3339_seconds(from_us)));
        }
        for edge_us in [since_us, until_us] {
            if edge_us.rem_euclid(DAY_US) != 0 && self.days.contains(&day_of(edge_us)) {
                reach.complete = false;
                let day = date_text(day_of(edge_us));
                reach.why.push(format!("retention: of {day} only the sums of the whole day are kept"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Basis;

    #[test]
    fn a_window_may_not_reach_into_retired_months_nor_cut_a_retired_day() {
        let day = |text: &str| lake::timestamp::day_from_text(text).unwrap();
        let retired = Retired {
            days: [(day("2024-03-10"), 5)].into(),
            months: [(day("2024-01-01"), 7), (day("2023-12-01"), 7)].into(),
        };
        let time = RetiredTime::of(&retired);
        let check = |since: i64, until: i64, expected: &[&str]| {
            let mut reach = Reach { complete: true, why: Vec::new(), gaps: Vec::new(), basis: Basis::Presumed };
            time.bound(since, until, &mut reach);
            assert_eq!(reach.why, expected);
            assert_eq!(reach.complete, expected.is_empty());
        };
        let at = |text: &str| i64::from(day(text)) * DAY_US;
        check(at("2024-02-01"), at("2024-04-01"), &[]);
        check(
            at("2024-01-31"),
            at("2024-04-01"),
            &["retention: the lake no longer holds what was before 2024-02-01T00:00:00Z"],
        );
        check(at("2024-03-10"), at("2024-03-11"), &[]);
        check(
            at("2024-03-10") + 1,
            at("2024-03-12") + 1,
            &["retention: of 2024-03-10 only the sums of the whole day are kept"],
        );
    }
}
