//! What a right answer to a question about the sample is: totals, each principal's use, the stories.
//! Counted while drawing the events, never read back from the records; tests compare a lake's answers with it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Organization;
use crate::account::ACCOUNTS;
use crate::calendar::event_time_text;
use crate::delivery::Portion;
use crate::event::{Event, Outcome};
use crate::record;

/// The sample's answers. Times are RFC 3339 UTC, whole seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    pub seed: u64,
    pub as_of: String,
    pub totals: Totals,
    /// By principal: a user's or role's ARN (with path), else `Type:id`.
    pub principals: BTreeMap<String, PrincipalUse>,
    pub stories: Vec<Story>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub events: u64,
    /// Records in all objects: `events` + `duplicates`.
    pub records: u64,
    /// `redelivered` + `second_trail`.
    pub duplicates: u64,
    /// Records that the organisation's trail delivered a second time.
    pub redelivered: u64,
    /// Records that the management account's second trail repeats.
    pub second_trail: u64,
    pub objects: u64,
    pub denied: u64,
    /// Failed for another reason than permission.
    pub errors: u64,
    /// Distinct events by account id.
    pub accounts: BTreeMap<String, u64>,
    /// Distinct events that robots made, by account id.
    pub robots: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrincipalUse {
    pub events: u64,
    pub denied: u64,
    /// Failed for another reason than permission.
    pub errors: u64,
    /// By event source.
    pub services: BTreeMap<String, EventSourceUse>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventSourceUse {
    pub count: u64,
    pub denied: u64,
    pub first: String,
    pub last: String,
}

/// A planted story: a question a person would ask and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    pub id: String,
    pub question: String,
    pub principals: Vec<String>,
    /// In order of time.
    pub event_ids: Vec<String>,
    /// Those of them that were denied.
    pub denied_event_ids: Vec<String>,
    /// Time of the first of `event_ids`; null where the story has no events.
    pub first: Option<String>,
    pub last: Option<String>,
    /// Numbers and names of the answer; the keys are the story's own.
    pub expected: BTreeMap<String, serde_json::Value>,
}

pub(crate) fn tell(organization: &Organization) -> Truth {
    let mut totals = Totals::default();
    let mut uses: BTreeMap<String, BTreeMap<&'static str, Counted>> = BTreeMap::new();
    let mut silence = Silence::default();
    for day in 0..organization.settings.days {
        for account in 0..ACCOUNTS.len() {
            for planned in organization.plan(day, account) {
                totals.objects += 1;
                silence.delivered(organization, planned.account(), planned.region(), planned.stamp);
                for event in organization.events_of(&planned) {
                    match planned.portion {
                        Portion::Whole => count(&mut totals, &mut uses, &event),
                        Portion::Again => totals.redelivered += 1,
                        Portion::SecondTrail => totals.second_trail += 1,
                    }
                }
            }
        }
    }
    totals.duplicates = totals.redelivered + totals.second_trail;
    totals.records = totals.events + totals.duplicates;
    let principals = uses.into_iter().map(|(principal, sources)| (principal, PrincipalUse::new(sources))).collect();
    let mut stories = organization.planted.stories.clone();
    for story in &mut stories {
        if story.id == "region_gap" {
            silence.complete(story);
        }
    }
    let as_of = event_time_text(organization.settings.end_us.div_euclid(1_000_000));
    Truth { seed: organization.settings.seed, as_of, totals, principals, stories }
}

#[derive(Clone, Copy)]
struct Counted {
    count: u64,
    denied: u64,
    errors: u64,
    first: i64,
    last: i64,
}

fn count(totals: &mut Totals, uses: &mut BTreeMap<String, BTreeMap<&'static str, Counted>>, event: &Event) {
    let account = ACCOUNTS[event.account].id;
    let (denied, error) = (event.outcome == Outcome::Denied, event.outcome == Outcome::Error);
    totals.events += 1;
    totals.denied += u64::from(denied);
    totals.errors += u64::from(error);
    bump(&mut totals.accounts, account);
    if event.caller.robot_weight > 0 {
        bump(&mut totals.robots, account);
    }
    let new = Counted { count: 0, denied: 0, errors: 0, first: i64::MAX, last: i64::MIN };
    let counted = uses.entry(record::principal(event)).or_default().entry(event.call.service).or_insert(new);
    counted.count += 1;
    counted.denied += u64::from(denied);
    counted.errors += u64::from(error);
    counted.first = counted.first.min(event.time);
    counted.last = counted.last.max(event.time);
}

fn bump(counts: &mut BTreeMap<String, u64>, account: &str) {
    match counts.get_mut(account) {
        Some(count) => *count += 1,
        None => {
            counts.insert(account.to_owned(), 1);
        }
    }
}

impl PrincipalUse {
    fn new(sources: BTreeMap<&'static str, Counted>) -> Self {
        let mut total = Self::default();
        for (service, counted) in sources {
            total.events += counted.count;
            total.denied += counted.denied;
            total.errors += counted.errors;
            let source = EventSourceUse {
                count: counted.count,
                denied: counted.denied,
                first: event_time_text(counted.first),
                last: event_time_text(counted.last),
            };
            total.services.insert(format!("{service}.amazonaws.com"), source);
        }
        total
    }
}

/// The region's last object before the gap and its first one after.
#[derive(Default)]
struct Silence {
    before: Option<i64>,
    after: Option<i64>,
}

impl Silence {
    fn delivered(&mut self, organization: &Organization, account: usize, region: &str, stamp: i64) {
        let gap = &organization.gap;
        if (account, region) != (gap.account, gap.region) {
            return;
        }
        if stamp < gap.from {
            self.before = self.before.max(Some(stamp));
        } else {
            self.after = Some(self.after.map_or(stamp, |after| after.min(stamp)));
        }
    }

    fn complete(&self, story: &mut Story) {
        let mut say = |name: &str, stamp: Option<i64>| {
            story.expected.insert(name.to_owned(), stamp.map(event_time_text).into());
        };
        say("last_object_before", self.before);
        say("first_object_after", self.after);
    }
}
