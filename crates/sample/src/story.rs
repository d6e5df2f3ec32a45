//! What is planted among the noise: stories with known answers, and the daily routine around them.
//! Each story is a file under `story/`; it acts its events out and says what a right answer is. Scale does not touch them.

mod bucket_deletion;
mod console_login;
mod contractor;
mod cross_account;
mod friday_change;
mod leaked_key;
mod least_privilege;
mod masked_secret;
mod routine;
mod same_name;
mod silence;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::calendar::{DAY, MINUTE, event_time_text, weekday};
use crate::call::{self, Call};
use crate::caller;
use crate::event::{Detail, Event, Outcome};
use crate::random::{Random, name_seed};
use crate::truth::Story;

pub(crate) use friday_change::documents as nightly_export_policy;
pub(crate) use least_privilege::document as granted_to_report_builder;

/// All planted events in order of delivery (day, account, region, stamp), and the stories they tell.
#[derive(Debug)]
pub(crate) struct Planted {
    pub events: Vec<PlantedEvent>,
    pub stories: Vec<Story>,
}

#[derive(Debug, Clone)]
pub(crate) struct PlantedEvent {
    /// Day of the sample on which it is delivered.
    pub day: u32,
    pub account: usize,
    pub region: &'static str,
    time: i64,
    caller: usize,
    call: &'static Call,
    outcome: Outcome,
    key: u64,
    detail: Detail,
}

impl PlantedEvent {
    /// When its file arrives: five to ten minutes after it happened.
    pub fn stamp(&self) -> i64 {
        stamp(self.time)
    }

    pub fn event(&self) -> Event<'_> {
        Event {
            account: self.account,
            region: self.region,
            time: self.time,
            caller: &caller::all()[self.caller],
            call: self.call,
            outcome: self.outcome,
            key: self.key,
            detail: Some(&self.detail),
        }
    }

    fn denied(&mut self) -> &mut Self {
        self.outcome = Outcome::Denied;
        self
    }

    fn parameters(&mut self, parameters: impl Into<String>) -> &mut Self {
        self.detail.parameters = Some(parameters.into());
        self
    }

    fn response(&mut self, response: impl Into<String>) -> &mut Self {
        self.detail.response = Some(response.into());
        self
    }

    fn resources(&mut self, resources: impl Into<String>) -> &mut Self {
        self.detail.resources = Some(resources.into());
        self
    }

    fn service_event_details(&mut self, details: impl Into<String>) -> &mut Self {
        self.detail.service_event_details = Some(details.into());
        self
    }

    /// Acts in the session that an AssumeRole `since` handed the key of.
    fn access_key(&mut self, access_key_id: &str, since: i64) -> &mut Self {
        self.detail.session_start = Some(since);
        self.detail.access_key_id = Some(access_key_id.to_owned());
        self
    }
}

fn stamp(time: i64) -> i64 {
    (time.div_euclid(5 * MINUTE) + 2) * 5 * MINUTE
}

/// Acts out all stories for a period of days.
pub(crate) fn plant(seed: u64, first_day: i64, days: u32) -> Planted {
    let mut script = Script { seed, first_day, days, acts: Vec::new(), drafts: Vec::new() };
    contractor::act(&mut script);
    least_privilege::act(&mut script);
    friday_change::act(&mut script);
    leaked_key::act(&mut script);
    console_login::act(&mut script);
    silence::act(&mut script);
    cross_account::act(&mut script);
    same_name::act(&mut script);
    bucket_deletion::act(&mut script);
    masked_secret::act(&mut script);
    routine::act(&mut script);
    script.finish()
}

/// Collects what the stories act out.
struct Script {
    seed: u64,
    first_day: i64,
    days: u32,
    acts: Vec<PlantedEvent>,
    drafts: Vec<(std::ops::Range<usize>, Story)>,
}

impl Script {
    /// The midnight with which the sample ends.
    fn end(&self) -> i64 {
        (self.first_day + i64::from(self.days)) * DAY
    }

    /// Midnights of the sample's days from Monday to Friday.
    fn workdays(&self) -> Vec<i64> {
        let last = self.first_day + i64::from(self.days);
        (self.first_day..last).filter(|day| weekday(*day) < 5).map(|day| day * DAY).collect()
    }

    /// Chance for what varies from day to day in a story.
    fn random(&self, what: &str, time: i64) -> Random {
        Random::new(&[self.seed, name_seed(what), time as u64])
    }

    /// Adds an event: `caller` as in `caller::find`, `call` as in `call::find`.
    fn act(
        &mut self,
        (account, region): (usize, &'static str),
        time: i64,
        caller: (usize, &str),
        call: &str,
    ) -> &mut PlantedEvent {
        let key = Random::new(&[self.seed, name_seed("planted"), self.acts.len() as u64]).next();
        // Outside the period it falls on no day and is dropped at the end.
        let day = u32::try_from(stamp(time).div_euclid(DAY) - self.first_day).unwrap_or(u32::MAX);
        self.acts.push(PlantedEvent {
            day,
            account,
            region,
            time,
            caller: caller::find(caller.0, caller.1),
            call: call::find(call),
            outcome: Outcome::Ok,
            key,
            detail: Detail::default(),
        });
        self.acts.last_mut().expect("just pushed")
    }

    /// The story told by the events acted since `from`.
    fn tell<const N: usize>(&mut self, from: usize, id: &str, question: &str, expected: [(&str, Value); N]) {
        let story = Story {
            id: id.to_owned(),
            question: question.to_owned(),
            principals: Vec::new(),
            event_ids: Vec::new(),
            denied_event_ids: Vec::new(),
            first: None,
            last: None,
            expected: BTreeMap::from(expected.map(|(name, value)| (name.to_owned(), value))),
        };
        self.drafts.push((from..self.acts.len(), story));
    }

    fn finish(self) -> Planted {
        let stories =
            self.drafts.iter().map(|(acts, story)| complete(story, &self.acts[acts.clone()], self.days)).collect();
        let mut events = self.acts;
        events.retain(|event| event.day < self.days);
        events.sort_by_key(|event| (event.day, event.account, event.region, event.stamp(), event.time));
        Planted { events, stories }
    }
}

/// Fills in what follows from the story's events.
fn complete(story: &Story, acts: &[PlantedEvent], days: u32) -> Story {
    let mut story = story.clone();
    let mut acts: Vec<&PlantedEvent> = acts.iter().filter(|act| act.day < days).collect();
    acts.sort_by_key(|act| act.time);
    story.event_ids = acts.iter().map(|act| act.event().id()).collect();
    let denied = acts.iter().filter(|act| act.outcome == Outcome::Denied);
    story.denied_event_ids = denied.map(|act| act.event().id()).collect();
    story.first = acts.first().map(|act| event_time_text(act.time));
    story.last = acts.last().map(|act| event_time_text(act.time));
    for act in acts {
        let principal = crate::record::principal(&act.event());
        if !story.principals.contains(&principal) {
            story.principals.push(principal);
        }
    }
    story
}

/// JSON text for use inside a JSON string.
fn escaped(json: &str) -> String {
    json.replace('\\', r"\\").replace('"', "\\\"")
}
