//! What covers, what is a gap, and what a window may then be told.

use cloudtrail::object_key::{self, KeyVerdict};

use super::*;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

fn account(name: &str, regions: &[(&str, Vec<i64>)]) -> AccountCoverage {
    of_deliveries(name.to_owned(), regions.iter().map(|(r, stamps)| ((*r).to_owned(), stamps.clone())).collect())
}

fn every(step: i64, from: i64, until: i64) -> Vec<i64> {
    (0..).map(|n| from + n * step).take_while(|at| *at <= until).collect()
}

fn lake() -> Coverage {
    let silent: Vec<i64> = every(HOUR / 2, 0, 10 * DAY).into_iter().filter(|at| !(DAY..2 * DAY).contains(at)).collect();
    Coverage {
        accounts: vec![
            account("1", &[("a", every(HOUR / 2, 0, 10 * DAY)), ("b", silent)]),
            account("2", &[("a", every(HOUR, 2 * DAY, 5 * DAY))]),
        ],
        retired: RetiredTime::default(),
    }
}

#[test]
fn a_window_is_covered_only_without_gap_and_within_the_covered_time() {
    let lake = lake();
    let check = |account: Option<&str>, since: i64, until: i64, expected: &[&str]| {
        let reach = lake.reach(account, since, until);
        assert_eq!(reach.why, expected, "{account:?} {since} {until}");
        assert_eq!(reach.complete, expected.is_empty());
        assert_eq!(reach.basis, Basis::Presumed);
    };
    check(Some("1"), 3 * DAY, 10 * DAY, &[]);
    check(Some("1"), 3 * DAY, 10 * DAY + 6 * HOUR, &[]);
    check(Some("1"), 3 * DAY, 10 * DAY + 7 * HOUR, &["no logs of 1 after 1970-01-11T00:00:00Z"]);
    check(Some("1"), -1, 12 * HOUR, &["no logs of 1 before 1970-01-01T00:00:00Z"]);
    let gap = "gap in b from 1970-01-01T23:30:00Z to 1970-01-03T00:00:00Z of 1";
    check(Some("1"), 36 * HOUR, 37 * HOUR, &[gap]);
    check(Some("1"), 0, 5 * DAY, &[gap]);
    check(Some("3"), 0, 1, &["account 3 is unknown to the lake"]);
    check(None, 2 * DAY, 5 * DAY, &[]);
    check(None, DAY + HOUR, 5 * DAY, &[gap, "no logs of 2 before 1970-01-03T00:00:00Z"]);
    let empty = Coverage::default().reach(None, 0, 1);
    assert_eq!((empty.complete, empty.why), (false, vec!["the lake holds no logs".to_owned()]));
}

#[test]
fn the_gaps_of_a_window_are_those_that_touch_it() {
    let lake = lake();
    assert_eq!(lake.reach(Some("1"), 0, 10 * DAY).gaps.len(), 1);
    assert_eq!(lake.reach(Some("1"), 3 * DAY, 10 * DAY).gaps, []);
}

#[test]
fn the_sample_has_exactly_the_gap_that_was_planted() {
    let settings = sample::Settings { events: 20_000, ..sample::Settings::default() };
    let mut accounts: BTreeMap<String, BTreeMap<String, Vec<i64>>> = BTreeMap::new();
    for object in sample::Organization::new(settings).objects() {
        let KeyVerdict::CloudTrail(key) = object_key::parse(&object.key) else { panic!("{}", object.key) };
        let regions = accounts.entry(key.account.unwrap().to_owned()).or_default();
        regions.entry(key.region.unwrap().to_owned()).or_default().push(key.delivered_at_us.unwrap());
    }
    let covered = accounts.into_iter().map(|(account, regions)| of_deliveries(account, regions));
    let gaps: Vec<String> =
        covered.flat_map(|c| c.gaps.iter().map(|gap| format!("{} {gap}", c.account)).collect::<Vec<_>>()).collect();
    assert_eq!(gaps, ["222222222222 eu-west-1 from 2026-06-18T04:00:00Z to 2026-06-19T11:00:00Z"]);
}
