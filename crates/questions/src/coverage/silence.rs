//! Silences in deliveries that mean missing logs. A quiet hour means nothing, so a silence counts only where the account
//! itself says otherwise: by its other regions, or by delivering on every other day.

use std::collections::BTreeSet;

use super::{Gap, GapRule};
use lake::timestamp::{DAY_US, day_of};

/// No silence below six hours is a gap.
pub(super) const SHORTEST_SILENCE_US: i64 = DAY_US / 4;
/// How many times the median distance between a region's objects a silence must last.
const MEDIAN_DISTANCES: i64 = 20;
/// An account delivers every day if it does on at least this share of the days outside the silence. Below one, so that
/// two outages do not hide each other; above 5/7, so that an account at rest on weekends is not taken for silent.
const DAILY_PERCENT: usize = 80;
/// Fewer days with deliveries say nothing about a habit.
const DAYS_OF_HABIT: usize = 3;

/// Rule (b): the gaps of one region. `stamps` are the region's, `all` the account's deliveries, both ascending and
/// distinct. The silence at the end, until the account's last delivery, counts too.
pub(super) fn silent_regions(region: &str, stamps: &[i64], all: &[i64]) -> Vec<Gap> {
    let (Some(last), Some(last_of_all)) = (stamps.last(), all.last()) else { return Vec::new() };
    let mut distances: Vec<i64> = stamps.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if distances.is_empty() {
        return Vec::new();
    }
    distances.sort_unstable();
    let shortest = (MEDIAN_DISTANCES * distances[distances.len() / 2]).max(SHORTEST_SILENCE_US);
    let within = stamps.windows(2).map(|pair| (pair[0], pair[1], pair[1]));
    let at_end = std::iter::once((*last, *last_of_all, last_of_all + 1));
    within
        .chain(at_end)
        .filter(|(from, until, _)| until - from >= shortest)
        // The region itself delivers nothing within, so whatever is delivered there is another region's.
        .filter(|(from, _, end)| all.partition_point(|at| at <= from) < all.partition_point(|at| at < end))
        .map(|(from_us, until_us, _)| Gap {
            region: Some(region.to_owned()),
            from_us,
            until_us,
            rule: GapRule::SilentRegion,
            files: Vec::new(),
        })
        .collect()
}

/// Rule (c): the gaps of a whole account: 24 hours without an object that also break its habit, by a whole day without
/// any where the others have one, or by 20 × the median distance. (An account of a few objects a day may well leave 25
/// hours between one morning's and the next day's noon.) `spans` are the times of its objects: of a delivery its moment, of a loose file
/// the time of its events.
pub(super) fn silent_account(spans: &[(i64, i64)]) -> Vec<Gap> {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let days: BTreeSet<i32> = spans.iter().flat_map(|(first, last)| day_of(*first)..=day_of(*last)).collect();
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return Vec::new() };
    let all_days = (last - first + 1).unsigned_abs() as usize;
    let mut distances: Vec<i64> = spans.windows(2).map(|pair| pair[1].0 - pair[0].0).filter(|us| *us > 0).collect();
    distances.sort_unstable();
    let rare = distances.get(distances.len() / 2).map_or(i64::MAX, |median| MEDIAN_DISTANCES.saturating_mul(*median));
    let mut gaps = Vec::new();
    let mut until_now = spans[0].1;
    for (from, until) in spans {
        if from - until_now >= DAY_US {
            let silent_days = (day_of(from) - day_of(until_now) - 1).unsigned_abs() as usize;
            let habit = days.len() * 100 >= DAILY_PERCENT * (all_days - silent_days.min(all_days));
            let breaks_it = silent_days > 0 || from - until_now >= rare;
            if habit && breaks_it && days.len() >= DAYS_OF_HABIT {
                let rule = GapRule::SilentAccount;
                gaps.push(Gap { region: None, from_us: until_now, until_us: from, rule, files: Vec::new() });
            }
        }
        until_now = until_now.max(until);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = DAY_US / 24;

    fn hours(hours: &[i64]) -> Vec<i64> {
        hours.iter().map(|hour| hour * HOUR).collect()
    }

    fn check_region(own: &[i64], others: &[i64], expected: &[(i64, i64)]) {
        let (own, others) = (hours(own), hours(others));
        let mut all = [own.clone(), others].concat();
        all.sort_unstable();
        all.dedup();
        let found: Vec<_> =
            silent_regions("r", &own, &all).iter().map(|g| (g.from_us / HOUR, g.until_us / HOUR)).collect();
        assert_eq!(found, expected, "{own:?}");
    }

    #[test]
    fn a_region_is_silent_after_twenty_median_distances_while_others_deliver() {
        let busy: Vec<i64> = (0..100).collect();
        let without =
            |range: std::ops::Range<i64>| busy.iter().copied().filter(|h| !range.contains(h)).collect::<Vec<_>>();
        check_region(&without(10..30), &busy, &[(9, 30)]);
        check_region(&without(10..28), &busy, &[]);
        // Nobody delivered meanwhile: the account was quiet.
        check_region(&without(10..30), &without(10..30), &[]);
        // At the end it counts until the account's last delivery.
        check_region(&without(70..100), &busy, &[(69, 99)]);
        check_region(&without(90..100), &busy, &[]);
        // A region that seldom delivers is not silent between its deliveries.
        check_region(&[0, 24, 48, 96], &busy, &[]);
        check_region(&[5], &busy, &[]);
        check_region(&[], &busy, &[]);
    }

    #[test]
    fn below_six_hours_no_region_is_silent() {
        let minute = HOUR / 60;
        let own: Vec<i64> = (0..600).filter(|m| !(100..400).contains(m)).map(|m| m * minute).collect();
        let all: Vec<i64> = (0..600).map(|m| m * minute).collect();
        assert_eq!(silent_regions("r", &own, &all), []);
        let own: Vec<i64> = (0..600).filter(|m| !(100..460).contains(m)).map(|m| m * minute).collect();
        assert_eq!(silent_regions("r", &own, &all).len(), 1);
    }

    #[test]
    fn an_account_that_delivers_every_day_is_silent_after_a_day() {
        let check = |step: i64, silent: &[(i64, i64)], expected: &[(i64, i64)]| {
            let spans: Vec<_> = (0..30 * 24 / step)
                .map(|n| n * step)
                .filter(|hour| !silent.iter().any(|(from, until)| (from..until).contains(&hour)))
                .map(|hour| (hour * HOUR, hour * HOUR))
                .collect();
            let found: Vec<_> = silent_account(&spans).iter().map(|g| (g.from_us / HOUR, g.until_us / HOUR)).collect();
            assert_eq!(found, expected, "{silent:?}");
        };
        check(1, &[], &[]);
        check(1, &[(55, 78)], &[(54, 78)]);
        check(1, &[(55, 77)], &[]);
        check(6, &[(48, 96), (240, 288)], &[(42, 96), (234, 288)]);
        // A few objects a day, and a long morning.
        check(6, &[(54, 78)], &[]);
        // Weekends off.
        let weekends: Vec<_> = (0..5).map(|week| (week * 168 + 120, week * 168 + 168)).collect();
        check(6, &weekends, &[]);
    }

    #[test]
    fn loose_files_cover_the_time_of_their_events() {
        let day = |from: i64, until: i64| (from * DAY_US, until * DAY_US);
        assert_eq!(silent_account(&[day(0, 5), day(5, 9)]), []);
        assert_eq!(silent_account(&[day(0, 9), day(2, 3), day(9, 12)]), []);
        let found = silent_account(&[day(10, 15), day(0, 5)]);
        assert_eq!(found.iter().map(|g| (g.from_us / DAY_US, g.until_us / DAY_US)).collect::<Vec<_>>(), [(5, 10)]);
        assert_eq!(silent_account(&[]), []);
        // Two files say nothing about a habit.
        assert_eq!(silent_account(&[day(0, 0), day(40, 40)]), []);
    }
}
