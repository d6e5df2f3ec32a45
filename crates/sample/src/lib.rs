//! The sample organisation: four accounts, a dozen people, their robots and planted stories, as CloudTrail would deliver
//! them. `tadoru demo`, the tests and the benchmarks all use this one.
//! Pure: yields (key, bytes) and the truth about them; writing files or filling a lake is for others. The same
//! settings give the same bytes on every machine, and a day can be made without the days before it.

mod account;
mod background;
mod calendar;
mod call;
mod caller;
mod delivery;
mod event;
mod gzip;
mod inventory;
mod random;
mod record;
mod story;
mod template;
mod truth;

pub use inventory::InventoryFile;
pub use truth::{EventSourceUse, PrincipalUse, Story, Totals, Truth};

use background::Background;
use calendar::DAY;
use delivery::Gap;
use story::Planted;

/// What to make. The stories need `days` of at least 60 and are all there from 20,000 events on;
/// more events make more background and leave the stories as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Another seed makes another background and other ids; names, times and numbers of the stories stay.
    pub seed: u64,
    /// Distinct events. What is delivered twice is not counted twice.
    pub events: u64,
    /// Days of deliveries, up to the day that ends at `end_us`.
    pub days: u32,
    /// The sample's *now*, in microseconds since 1970, UTC. Deliveries end at the last midnight not after it.
    pub end_us: i64,
}

impl Default for Settings {
    /// 200,000 events in the 60 days before 2026-06-30T00:00:00Z.
    fn default() -> Self {
        Self { seed: 20_240_601, events: 200_000, days: 60, end_us: 1_782_777_600_000_000 }
    }
}

/// The organisation for one set of settings. Cheap to build: it holds the stories, not the background.
pub struct Organization {
    settings: Settings,
    first_day: i64,
    background: Background,
    planted: Planted,
    gap: Gap,
}

/// One object of the trail's bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleObject {
    /// `AWSLogs/<organisation>/<account>/CloudTrail/<region>/YYYY/MM/DD/<account>_CloudTrail_<region>_<stamp>_<16>.json.gz`,
    /// without the organisation for the management account's second trail.
    pub key: String,
    /// Gzip of `{"Records":[…]}`.
    pub bytes: Vec<u8>,
}

impl Organization {
    /// Lays out the stories for these settings.
    pub fn new(settings: Settings) -> Self {
        let end_day = settings.end_us.div_euclid(1_000_000).div_euclid(DAY);
        let first_day = end_day - i64::from(settings.days);
        let gap = Gap::new(end_day * DAY);
        let planted = story::plant(settings.seed, first_day, settings.days);
        Self { settings, first_day, background: Background::new(), planted, gap }
    }

    /// The sample's *now*, in microseconds since 1970, UTC.
    pub fn as_of_us(&self) -> i64 {
        self.settings.end_us
    }

    /// Days for [`Self::objects_of_day`].
    pub fn days(&self) -> u32 {
        self.settings.days
    }

    /// Every object in (day, account, key) order, made as it is asked for.
    pub fn objects(&self) -> impl Iterator<Item = SampleObject> + '_ {
        (0..self.settings.days).flat_map(|day| self.objects_of_day(day))
    }

    /// The objects of one day of the key, counted from 0, in (account, key) order. Days may be made in parallel.
    pub fn objects_of_day(&self, day: u32) -> impl Iterator<Item = SampleObject> + '_ {
        (0..account::ACCOUNTS.len())
            .flat_map(move |account| self.plan(day, account))
            .map(|planned| self.write(&planned))
    }

    /// What is true of the sample: totals, each principal's use, and the stories with their answers.
    /// Draws every event without writing it: a second for a few million.
    pub fn truth(&self) -> Truth {
        truth::tell(self)
    }

    /// The day of the sample on which `stamp` falls.
    fn day_of(&self, stamp: i64) -> Option<u32> {
        let day = stamp.div_euclid(DAY) - self.first_day;
        u32::try_from(day).ok().filter(|day| *day < self.settings.days)
    }

    fn background_total(&self) -> u64 {
        self.settings.events.saturating_sub(self.planted.events.len() as u64)
    }
}
