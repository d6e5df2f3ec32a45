//! One event before it is written: who called what, where, when and with which outcome.
//! Everything else in its record follows from `key`. `background` and `story` make events, `record` writes them,
//! `truth` counts them.

use crate::call::Call;
use crate::caller::Caller;
use crate::random::{Random, name_seed};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    /// Index of the account whose trail records it.
    pub account: usize,
    pub region: &'a str,
    /// Seconds since 1970.
    pub time: i64,
    pub caller: &'a Caller,
    pub call: &'static Call,
    pub outcome: Outcome,
    /// Seeds the event id and every blank of its templates.
    pub key: u64,
    pub detail: Option<&'a Detail>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Ok,
    Denied,
    /// Permitted, and failed for another reason.
    Error,
}

/// What a planted event says in place of its call's or caller's own words. Texts are templates.
#[derive(Debug, Clone, Default)]
pub(crate) struct Detail {
    pub parameters: Option<String>,
    pub response: Option<String>,
    pub additional: Option<String>,
    pub resources: Option<String>,
    pub service_event_details: Option<String>,
    /// Seeds the sharedEventID that both accounts' records carry.
    pub shared: Option<u64>,
    pub access_key_id: Option<String>,
    /// Seconds since 1970.
    pub session_start: Option<i64>,
    pub ip: Option<&'static str>,
    pub agent: Option<&'static str>,
    pub error_message: Option<&'static str>,
}

impl Event<'_> {
    pub fn id(&self) -> String {
        let mut id = String::with_capacity(36);
        self.write_id(&mut id);
        id
    }

    pub fn write_id(&self, out: &mut String) {
        Random::new(&[self.key, 0x1d]).uuid(out);
    }

    /// The access key of the caller's session: a session lasts an hour and has one key.
    pub fn session(&self) -> Random {
        let caller = self.caller;
        let who = [name_seed(caller.name), name_seed(caller.session), caller.account as u64];
        Random::new(&[who[0], who[1], who[2], self.session_start() as u64])
    }

    pub fn session_start(&self) -> i64 {
        if let Some(start) = self.detail.and_then(|detail| detail.session_start) {
            return start;
        }
        let offset = (name_seed(self.caller.session) % 3600) as i64;
        self.time - (self.time + offset).rem_euclid(3600)
    }
}
