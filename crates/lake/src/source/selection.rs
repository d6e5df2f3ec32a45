//! Which objects of a source are wanted: accounts, regions and days of delivery, as their keys say. The objects of a bucket
//! and the files of a folder are judged by it one by one, by the date in their names; a bucket's folders of other days are
//! not even listed.

use cloudtrail::object_key::ObjectKey;

/// Why an object is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Its key says that it is another account's, region's or day's.
    NotWanted,
    /// Its key does not say what the selection asks about.
    Unknown,
}

/// The objects wanted. Empty lists and open ends leave nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    pub accounts: Vec<String>,
    pub regions: Vec<String>,
    /// First and last day of delivery, days since 1970-01-01 UTC.
    pub first_day: Option<i32>,
    pub last_day: Option<i32>,
}

impl Selection {
    /// The objects that may hold events from `since_us` on and before `until_us`: CloudTrail delivers after the event, mostly
    /// within a quarter of an hour, so one more day of delivery is read at the end.
    pub fn of_window(
        accounts: Vec<String>,
        regions: Vec<String>,
        since_us: Option<i64>,
        until_us: Option<i64>,
    ) -> Self {
        Self {
            accounts,
            regions,
            first_day: since_us.map(crate::timestamp::day_of),
            last_day: until_us.map(|us| crate::timestamp::day_of(us.saturating_sub(1)).saturating_add(1)),
        }
    }

    /// Whether it leaves nothing out.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn wants_account(&self, account: &str) -> bool {
        self.accounts.is_empty() || self.accounts.iter().any(|wanted| wanted == account)
    }

    pub(crate) fn wants_region(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|wanted| wanted == region)
    }

    pub(crate) fn wants_day(&self, day: i32) -> bool {
        self.first_day.is_none_or(|first| first <= day) && self.last_day.is_none_or(|last| day <= last)
    }

    /// Whether days are asked for.
    pub(crate) fn has_days(&self) -> bool {
        self.first_day.is_some() || self.last_day.is_some()
    }

    /// The folders of days that may hold what is wanted: a name is believed that is one day off its folder.
    pub(crate) fn listed_days(&self) -> (Option<i32>, Option<i32>) {
        (self.first_day.map(|day| day.saturating_sub(1)), self.last_day.map(|day| day.saturating_add(1)))
    }

    /// Whether an object with this key is wanted.
    pub fn judge(&self, key: Option<&ObjectKey<'_>>) -> Result<(), Refusal> {
        if self.is_everything() {
            return Ok(());
        }
        let key = key.ok_or(Refusal::Unknown)?;
        let day = key.delivered_at_us.map(crate::timestamp::day_of);
        let asked = [
            (!self.accounts.is_empty(), key.account.map(|account| self.wants_account(account))),
            (!self.regions.is_empty(), key.region.map(|region| self.wants_region(region))),
            (self.has_days(), day.map(|day| self.wants_day(day))),
        ];
        for (is_asked, is_wanted) in asked {
            match is_wanted {
                _ if !is_asked => {}
                Some(true) => {}
                Some(false) => return Err(Refusal::NotWanted),
                None => return Err(Refusal::Unknown),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloudtrail::object_key::{KeyVerdict, parse};

    fn judge(selection: &Selection, name: &str) -> Result<(), Refusal> {
        match parse(name) {
            KeyVerdict::CloudTrail(key) => selection.judge(Some(&key)),
            _ => selection.judge(None),
        }
    }

    #[test]
    fn a_key_is_judged_by_what_is_asked() {
        let day = |text| crate::timestamp::day_from_text(text);
        let name = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/02/111122223333_CloudTrail_eu-west-1_20260102T0005Z_A.json.gz";
        let check = |selection: Selection, expected: Result<(), Refusal>, loose: Result<(), Refusal>| {
            assert_eq!(judge(&selection, name), expected, "{selection:?}");
            assert_eq!(judge(&selection, "events.json"), loose, "{selection:?}");
        };
        let all = Selection::default;
        check(all(), Ok(()), Ok(()));
        check(Selection { accounts: vec!["111122223333".into()], ..all() }, Ok(()), Err(Refusal::Unknown));
        check(
            Selection { accounts: vec!["444455556666".into()], ..all() },
            Err(Refusal::NotWanted),
            Err(Refusal::Unknown),
        );
        check(Selection { regions: vec!["eu-west-1".into()], ..all() }, Ok(()), Err(Refusal::Unknown));
        check(Selection { last_day: day("2026-01-01"), ..all() }, Err(Refusal::NotWanted), Err(Refusal::Unknown));
        check(Selection { first_day: day("2026-01-02"), ..all() }, Ok(()), Err(Refusal::Unknown));
    }

    #[test]
    fn a_window_reads_one_more_day_of_delivery() {
        let us = |text: &str| i64::from(crate::timestamp::day_from_text(text).unwrap()) * crate::timestamp::DAY_US;
        let selection = Selection::of_window(Vec::new(), Vec::new(), Some(us("2026-01-02")), Some(us("2026-01-03")));
        let days = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"];
        let wanted: Vec<bool> =
            days.iter().map(|day| selection.wants_day(crate::timestamp::day_from_text(day).unwrap())).collect();
        assert_eq!(wanted, [false, true, true, false]);
    }
}
