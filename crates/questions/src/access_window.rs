//! The window of a question about use, and how it is read: whole days from the rollup, the days that the window cuts from
//! the events themselves. The questions about use read through it.

use lake::timestamp::{DAY_US, date_text, day_of, duckdb_timestamp, month_of};

use crate::coverage::{Coverage, Reach};

/// From `since` (inclusive) to `until` (exclusive), µs UTC; no `since` is the beginning of the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessWindow {
    pub since_us: Option<i64>,
    pub until_us: i64,
}

impl AccessWindow {
    /// What the logs of `account` reach of the window. A side that nobody named reaches as far as those logs do.
    pub fn reach(&self, coverage: &Coverage, account: Option<&str>, now_us: i64) -> Reach {
        let known = coverage.accounts.iter().find(|known| Some(known.account.as_str()) == account);
        let (from_us, until_us) = known.map_or((0, now_us), |known| (known.from_us, known.until_us));
        let until_us = if self.until_us == now_us { now_us.min(until_us) } else { self.until_us };
        coverage.reach(account, self.since_us.unwrap_or(from_us), until_us)
    }

    /// The condition on `access_daily`: the days that lie whole inside the window.
    pub fn whole_days(&self) -> String {
        let last = day_of(self.until_us) - 1;
        let upper = format!("eventdate <= DATE '{0}' AND eventmonth <= DATE '{0}'", date_text(last));
        match self.since_us {
            None => upper,
            Some(since) => {
                let first = first_whole_day(since);
                let (day, month) = (date_text(first), date_text(month_of(first)));
                format!("eventdate >= DATE '{day}' AND eventmonth >= DATE '{month}' AND {upper}")
            }
        }
    }

    /// The condition on `events`: what of the window is left over, at most two days.
    pub fn cut_days(&self) -> String {
        let between = |from: i64, until: i64, day: i32| {
            format!(
                "(eventtimestamp >= TIMESTAMP '{}' AND eventtimestamp < TIMESTAMP '{}' AND eventdate = DATE '{}')",
                duckdb_timestamp(from),
                duckdb_timestamp(until),
                date_text(day)
            )
        };
        let last_day = day_of(self.until_us);
        let last_midnight = i64::from(last_day) * DAY_US;
        let since = self.since_us.unwrap_or(i64::MIN);
        let mut parts = Vec::new();
        if since < self.until_us && self.until_us > last_midnight {
            parts.push(between(since.max(last_midnight), self.until_us, last_day));
        }
        if let Some(since) = self.since_us
            && since.rem_euclid(DAY_US) != 0
            && day_of(since) < last_day
        {
            let next_midnight = (i64::from(day_of(since)) + 1) * DAY_US;
            parts.push(between(since, next_midnight, day_of(since)));
        }
        if parts.is_empty() { "false".to_owned() } else { format!("({})", parts.join(" OR ")) }
    }
}

fn first_whole_day(since_us: i64) -> i32 {
    day_of(since_us) + i32::from(since_us.rem_euclid(DAY_US) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_and_cut_days_share_no_time_and_leave_none_out() {
        let noon = 19_905 * DAY_US + DAY_US / 2;
        let check = |since_us, until_us, whole: &str, cut: &str| {
            let window = AccessWindow { since_us, until_us };
            assert_eq!((window.whole_days().as_str(), window.cut_days().as_str()), (whole, cut));
        };
        check(
            None,
            noon,
            "eventdate <= DATE '2024-06-30' AND eventmonth <= DATE '2024-06-30'",
            "((eventtimestamp >= TIMESTAMP '2024-07-01 00:00:00' AND eventtimestamp < TIMESTAMP '2024-07-01 12:00:00' AND eventdate = DATE '2024-07-01'))",
        );
        check(
            Some(noon - 2 * DAY_US),
            19_905 * DAY_US,
            "eventdate >= DATE '2024-06-30' AND eventmonth >= DATE '2024-06-01' AND eventdate <= DATE '2024-06-30' AND eventmonth <= DATE '2024-06-30'",
            "((eventtimestamp >= TIMESTAMP '2024-06-29 12:00:00' AND eventtimestamp < TIMESTAMP '2024-06-30 00:00:00' AND eventdate = DATE '2024-06-29'))",
        );
        let within_a_day = AccessWindow { since_us: Some(noon), until_us: noon + 1 };
        assert!(within_a_day.cut_days().matches("eventtimestamp >=").count() == 1);
    }
}
