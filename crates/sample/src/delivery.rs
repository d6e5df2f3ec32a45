//! What CloudTrail puts into the bucket: which events share a file, when it arrives, what it is called, and what
//! arrives twice. A day of an account is planned from names and numbers only; records are written when its turn comes.
//! From here the sample leaves the crate as (key, bytes).

use crate::account::{ACCOUNTS, GLOBAL_REGION, MANAGEMENT, ORGANIZATION_ID, PRODUCTION};
use crate::calendar::{self, DAY, HOUR, MINUTE};
use crate::event::Event;
use crate::gzip;
use crate::random::{ALNUM, Random, name_seed};
use crate::record;
use crate::{Organization, SampleObject};

/// Minutes between two stamps of a region's files.
const CYCLE: i64 = 5 * MINUTE;
/// Redelivered files arrive up to three hours late.
const LATEST_REDELIVERY: u32 = 36;
const REDELIVERED_FILES_PERMILLE: u32 = 305;
const REDELIVERED_RECORDS_PERMILLE: u32 = 900;
/// Busyness of each UTC hour: Japan's working day leads.
const HOURS: [i64; 24] = [13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 10, 10, 10, 10, 10, 7, 7, 7, 7, 7, 7, 7, 7, 7];

/// The stretch in which one region delivers nothing (the gap story).
pub(crate) struct Gap {
    pub account: usize,
    pub region: &'static str,
    pub from: i64,
    pub until: i64,
}

impl Gap {
    pub fn new(end: i64) -> Self {
        let from = end - 12 * DAY + 5 * HOUR;
        Self { account: PRODUCTION, region: "eu-west-1", from, until: from + 30 * HOUR }
    }

    pub fn covers(&self, account: usize, region: &str, stamp: i64) -> bool {
        account == self.account && region == self.region && (self.from..self.until).contains(&stamp)
    }
}

/// One file's first delivery.
#[derive(Debug, Clone)]
struct Delivery {
    account: usize,
    region: &'static str,
    stamp: i64,
    /// Names the file among all; its events' places begin with it.
    place: [u64; 4],
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Background(u32),
    Planted(std::ops::Range<usize>),
}

/// Which of a delivery's records an object carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Portion {
    Whole,
    /// Delivered again by the same trail.
    Again,
    /// The IAM records, as a second trail of the management account delivers them.
    SecondTrail,
}

/// An object to be written.
pub(crate) struct Planned {
    pub key: String,
    pub portion: Portion,
    /// When it arrives; a redelivery comes later than its delivery.
    pub stamp: i64,
    delivery: Delivery,
}

impl Planned {
    fn new(delivery: Delivery, portion: Portion, stamp: i64) -> Self {
        let account = ACCOUNTS[delivery.account].id;
        let region = delivery.region;
        let mut key = String::from("AWSLogs/");
        if portion != Portion::SecondTrail {
            key.push_str(ORGANIZATION_ID);
            key.push('/');
        }
        key.push_str(&format!("{account}/CloudTrail/{region}/"));
        calendar::folder(&mut key, stamp);
        key.push_str(&format!("/{account}_CloudTrail_{region}_"));
        calendar::stamp(&mut key, stamp);
        key.push('_');
        let [seed, day, cell, file] = delivery.place;
        Random::new(&[name_seed("key"), portion as u64, seed, day, cell, file]).text(&mut key, ALNUM, 16);
        key.push_str(".json.gz");
        Self { key, portion, stamp, delivery }
    }

    pub fn account(&self) -> usize {
        self.delivery.account
    }

    pub fn region(&self) -> &'static str {
        self.delivery.region
    }
}

/// The part of `amount` that falls to `before..after` of `total`; adjoining parts add up to the whole.
fn share(amount: u64, before: u64, after: u64, total: u64) -> u64 {
    let until = |bound: u64| (u128::from(amount) * u128::from(bound) / u128::from(total)) as u64;
    until(after) - until(before)
}

/// The second of the day at which `part` of `whole` of a day's business is done.
fn busy_second(part: i64, whole: i64) -> i64 {
    let mut passed = part * HOURS.iter().sum::<i64>();
    for (hour, weight) in HOURS.iter().enumerate() {
        if passed < weight * whole {
            return hour as i64 * HOUR + passed * HOUR / (weight * whole);
        }
        passed -= weight * whole;
    }
    DAY - 1
}

/// Redelivery picks records, not whole files; the second trail covers one service.
fn carries(portion: Portion, event: &Event) -> bool {
    match portion {
        Portion::Whole => true,
        Portion::Again => Random::new(&[name_seed("again"), event.key]).permille(REDELIVERED_RECORDS_PERMILLE),
        Portion::SecondTrail => event.call.service == "iam",
    }
}

impl Organization {
    /// The objects of one day and account, in key order.
    pub(crate) fn plan(&self, day: u32, account: usize) -> Vec<Planned> {
        let mut planned = Vec::new();
        let yesterday = day.checked_sub(1).map_or_else(Vec::new, |before| self.deliveries(before, account));
        for delivery in yesterday {
            planned.extend(self.redelivery(&delivery).filter(|again| self.day_of(again.stamp) == Some(day)));
        }
        for delivery in self.deliveries(day, account) {
            planned.extend(self.redelivery(&delivery).filter(|again| self.day_of(again.stamp) == Some(day)));
            planned.extend(self.second_trail(&delivery));
            let stamp = delivery.stamp;
            planned.push(Planned::new(delivery, Portion::Whole, stamp));
        }
        planned.sort_by(|one, other| one.key.cmp(&other.key));
        planned
    }

    /// Writes a planned object.
    pub(crate) fn write(&self, planned: &Planned) -> SampleObject {
        let mut json = String::with_capacity(40_000);
        json.push_str(r#"{"Records":["#);
        for (position, event) in self.events_of(planned).enumerate() {
            if position > 0 {
                json.push(',');
            }
            record::write(&mut json, &event);
        }
        json.push_str("]}");
        SampleObject { key: planned.key.clone(), bytes: gzip::member(json.as_bytes()) }
    }

    /// The events of a planned object.
    pub(crate) fn events_of<'a>(&'a self, planned: &'a Planned) -> impl Iterator<Item = Event<'a>> + 'a {
        let portion = planned.portion;
        self.events(&planned.delivery).filter(move |event| carries(portion, event))
    }

    fn events<'a>(&'a self, delivery: &'a Delivery) -> impl Iterator<Item = Event<'a>> + 'a {
        let (count, planted) = match &delivery.content {
            Content::Background(count) => (*count, 0..0),
            Content::Planted(range) => (0, range.clone()),
        };
        let [seed, day, cell, file] = delivery.place;
        let drawn = (0..count).map(move |position| {
            let place = [seed, day, cell, file, u64::from(position)];
            self.background.draw(delivery.account, delivery.region, delivery.stamp, &place)
        });
        drawn.chain(self.planted.events[planted].iter().map(|planted| planted.event()))
    }

    /// First deliveries of one day and account.
    fn deliveries(&self, day: u32, account: usize) -> Vec<Delivery> {
        let mut deliveries = self.planted_deliveries(day, account);
        let events = self.background_events(day, account);
        let regions = ACCOUNTS[account].regions;
        let total: u64 = regions.iter().map(|region| u64::from(region.weight)).sum();
        let mut before = 0;
        for region in regions {
            let after = before + u64::from(region.weight);
            let count = share(events, before, after, total);
            before = after;
            let wanted = if region.steady { count } else { count / 10 };
            let files = count.div_ceil(24).max(wanted.min(24)).max(u64::from(count > 0));
            self.spread(&mut deliveries, day, account, region.name, count, files);
        }
        deliveries
    }

    /// Cuts a region's events of a day into files, one in each of `files` equally busy stretches of the day.
    fn spread(
        &self,
        deliveries: &mut Vec<Delivery>,
        day: u32,
        account: usize,
        region: &'static str,
        events: u64,
        files: u64,
    ) {
        let midnight = (self.first_day + i64::from(day)) * DAY;
        let cell = name_seed(region) ^ account as u64;
        let mut random = Random::new(&[self.settings.seed, u64::from(day), cell]);
        let sizes: Vec<u64> = (0..files).map(|_| 6 + u64::from(random.below(37))).collect();
        let total: u64 = sizes.iter().sum();
        let mut before = 0;
        for (file, size) in sizes.into_iter().enumerate() {
            let count = share(events, before, before + size, total);
            before += size;
            let part = (file as u64 * 1000 + u64::from(random.below(1000))) as i64;
            let stamp = midnight + busy_second(part, files as i64 * 1000) / CYCLE * CYCLE;
            // What the silent region would have said, its neighbour says.
            let silent = self.gap.covers(account, region, stamp);
            let region = if silent { ACCOUNTS[account].regions[0].name } else { region };
            if count > 0 {
                let place = [self.settings.seed, u64::from(day), cell, file as u64];
                deliveries.push(Delivery { account, region, stamp, place, content: Content::Background(count as u32) });
            }
        }
    }

    fn planted_deliveries(&self, day: u32, account: usize) -> Vec<Delivery> {
        let events = &self.planted.events;
        let begin = events.partition_point(|event| (event.day, event.account) < (day, account));
        let end = events.partition_point(|event| (event.day, event.account) <= (day, account));
        let mut deliveries = Vec::new();
        let mut from = begin;
        while from < end {
            let first = &events[from];
            let alike = |at: &usize| (events[*at].region, events[*at].stamp()) == (first.region, first.stamp());
            let until = (from..end).find(|at| !alike(at)).unwrap_or(end);
            let stamp = first.stamp();
            let cell = name_seed(first.region) ^ account as u64;
            deliveries.push(Delivery {
                account,
                region: first.region,
                stamp,
                place: [self.settings.seed, u64::from(day), cell, 1 << 40 | stamp as u64],
                content: Content::Planted(from..until),
            });
            from = until;
        }
        deliveries
    }

    fn redelivery(&self, delivery: &Delivery) -> Option<Planned> {
        let [seed, day, cell, file] = delivery.place;
        let mut random = Random::new(&[name_seed("again"), seed, day, cell, file]);
        let again = random.permille(REDELIVERED_FILES_PERMILLE);
        let stamp = delivery.stamp + CYCLE * i64::from(1 + random.below(LATEST_REDELIVERY));
        let silent = self.gap.covers(delivery.account, delivery.region, stamp);
        let arrives = again && !silent && self.day_of(stamp).is_some();
        let any = arrives && self.events(delivery).any(|event| carries(Portion::Again, &event));
        any.then(|| Planned::new(delivery.clone(), Portion::Again, stamp))
    }

    fn second_trail(&self, delivery: &Delivery) -> Option<Planned> {
        let here = delivery.account == MANAGEMENT && delivery.region == GLOBAL_REGION;
        let any = here && self.events(delivery).any(|event| carries(Portion::SecondTrail, &event));
        any.then(|| Planned::new(delivery.clone(), Portion::SecondTrail, delivery.stamp))
    }

    /// Background events of one day and account. Sums to the wanted number over all days, whatever the rounding.
    fn background_events(&self, day: u32, account: usize) -> u64 {
        let weight_until = |day: u32| -> u64 {
            (0..day).map(|day| if calendar::weekday(self.first_day + i64::from(day)) < 5 { 10 } else { 7 }).sum()
        };
        let of_day =
            share(self.background_total(), weight_until(day), weight_until(day + 1), weight_until(self.settings.days));
        let weight =
            |accounts: &[crate::account::Account]| -> u64 { accounts.iter().map(|of| u64::from(of.weight)).sum() };
        share(of_day, weight(&ACCOUNTS[..account]), weight(&ACCOUNTS[..=account]), weight(&ACCOUNTS))
    }
}
