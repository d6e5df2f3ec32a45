//! What Tadoru adds to a record: its dates, account, principal, outcome, copy, fingerprint and identity, and the
//! warnings about all of them. The rules stand in the documentation of `Record`'s fields.

use std::borrow::Cow;

use crate::event_time::{self, DAY_US, EventTime, day_of};
use crate::fingerprint;
use crate::outcome;
use crate::principal;
use crate::record::field::Field;
use crate::record::reader::FieldReader;
use crate::record::{Copy, Record, RecordContext};
use crate::reject::{Reason, Warning};
use crate::user_identity::{self, UserIdentity};

/// 2013-01-01: CloudTrail began in November of that year.
pub(super) const FIRST_DAY: i32 = 15_706;

/// The newest eventVersion whose fields are known here.
const NEWEST_VERSION: (u32, u32) = (1, 11);

pub(super) fn event_time_of(fields: &FieldReader<'_>) -> Result<EventTime, (Reason, String)> {
    let Some(value) = fields.value(Field::EventTime).filter(|value| *value != "null") else {
        return Err((Reason::NoEventTime, String::new()));
    };
    let text = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    text.and_then(event_time::parse).ok_or_else(|| (Reason::BadTime, value.chars().take(64).collect()))
}

/// userIdentity, and its text for the fingerprint.
pub(super) fn user_identity_of<'a>(
    fields: &mut FieldReader<'a>,
) -> Result<(UserIdentity<'a>, Option<&'a str>), (Reason, String)> {
    let Some(text) = fields.value(Field::UserIdentity).filter(|text| *text != "null") else {
        // An Insight event is about many calls and has no caller.
        let is_insight = fields.value(Field::EventCategory) == Some("\"Insight\"");
        fields.warn_if(!is_insight, Warning::FieldMissing);
        return Ok((UserIdentity::default(), None));
    };
    if !text.starts_with('{') {
        fields.warn_if(true, Warning::FieldType);
        return Ok((UserIdentity::default(), Some(text)));
    }
    let (identity, fault) = user_identity::read(text);
    if fault.duplicate_key {
        return Err((Reason::JsonDuplicateKey, "in userIdentity".to_owned()));
    }
    fields.warn_if(fault.odd_type, Warning::FieldType);
    Ok((identity, Some(text)))
}

impl<'a> Record<'a> {
    pub(super) fn warn_if(&mut self, odd: bool, warning: Warning) {
        if odd && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    pub(super) fn derive(&mut self, identity_text: Option<&str>, context: &RecordContext<'_>) {
        self.derive_dates(context);
        self.derive_account(context);
        self.derive_identity(identity_text);
        self.judge_version();
        let principal = principal::of(&self.user_identity);
        self.principal = principal.principal;
        self.principal_type = principal.principal_type;
        self.session_name = principal.session_name;
        self.outcome = outcome::of(
            self.event_source.as_deref(),
            self.event_name.as_deref(),
            self.error_code.as_deref(),
            self.error_message.as_deref(),
            self.response_elements.as_deref().or(self.service_event_details.as_deref()),
        );
        let caller = self.user_identity.account_id.as_deref();
        self.copy = match (&self.shared_event_id, self.recipient_account_id.as_deref(), caller) {
            (Some(_), Some(recipient), Some(caller)) if recipient != caller => Copy::Other,
            _ => Copy::Own,
        };
    }

    fn derive_dates(&mut self, context: &RecordContext<'_>) {
        let stamp = context.key.and_then(|key| key.delivered_at_us);
        // A stamp after the ingest is nobody's delivery time.
        let believed = stamp.filter(|stamp| *stamp <= context.ingested_at_us.saturating_add(DAY_US));
        let doubtful = context.key.is_some_and(|key| key.warning.is_some()) || believed != stamp;
        let delivered = day_of(believed.unwrap_or(context.ingested_at_us));
        let day = day_of(self.event_timestamp_us);
        let ancient = day < FIRST_DAY;
        let future = day > delivered.saturating_add(1);
        self.warn_if(doubtful, Warning::KeyTime);
        self.warn_if(ancient, Warning::AncientTime);
        self.warn_if(future, Warning::FutureTime);
        self.event_date_days = if ancient || future { delivered } else { day };
        self.delivery_date_days = believed.map(day_of);
    }

    fn derive_account(&mut self, context: &RecordContext<'_>) {
        let of_key = context.key.and_then(|key| key.account);
        if let Some(recipient) = self.recipient_account_id.clone().filter(|account| !account.is_empty()) {
            let well_formed = recipient.len() == 12 && recipient.bytes().all(|byte| byte.is_ascii_digit());
            self.warn_if(!well_formed, Warning::FieldFormat);
            self.warn_if(well_formed && of_key.is_some_and(|key| key != recipient), Warning::AccountMismatch);
            self.account = recipient;
            return;
        }
        let of_caller = self.user_identity.account_id.as_ref().filter(|account| !account.is_empty());
        self.account = match (of_key, of_caller) {
            (Some(account), _) => Cow::Owned(account.to_owned()),
            (None, Some(account)) => account.clone(),
            (None, None) => Cow::Borrowed("unknown"),
        };
    }

    fn derive_identity(&mut self, identity_text: Option<&str>) {
        let is_insight = self.event_category.as_deref() == Some("Insight");
        let is_nameless = self.event_source.is_none() || self.event_name.is_none();
        self.warn_if(!is_insight && is_nameless, Warning::FieldMissing);
        let Some(event_id) = self.event_id.as_deref().filter(|id| !id.is_empty()) else {
            (self.fingerprint, self.identity) = fingerprint::of_bytes(self.raw.as_bytes());
            return self.warn_if(true, Warning::NoEventId);
        };
        let is_odd = !is_insight && !is_uuid(event_id);
        self.identity =
            fingerprint::identity(event_id, self.recipient_account_id.as_deref(), self.event_category.as_deref());
        self.fingerprint = fingerprint::of_event(&fingerprint::Parts {
            event_timestamp_us: self.event_timestamp_us,
            event_source: self.event_source.as_deref(),
            event_name: self.event_name.as_deref(),
            aws_region: self.aws_region.as_deref(),
            source_ip_address: self.source_ip_address.as_deref(),
            error_code: self.error_code.as_deref(),
            user_identity: identity_text,
            request_parameters: self.request_parameters.as_deref(),
        });
        // An Insight event's id is not one of an API call and need not look like it.
        self.warn_if(is_odd, Warning::OddEventId);
    }

    fn judge_version(&mut self) {
        let Some(version) = self.event_version.as_deref() else {
            return self.warn_if(true, Warning::NoEventVersion);
        };
        // By parts: 1.10 is newer than 1.2.
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(u32::MAX));
        let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        self.warn_if(version > NEWEST_VERSION, Warning::NewEventVersion);
    }
}

fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Without early exits the loop becomes vector code; nearly every id is right.
    let hex_or_dash = bytes.iter().fold(true, |all, byte| all & (byte.is_ascii_hexdigit() | (*byte == b'-')));
    let dashes = bytes.iter().filter(|byte| **byte == b'-').count();
    bytes.len() == 36 && hex_or_dash && dashes == 4 && [8, 13, 18, 23].iter().all(|at| bytes[*at] == b'-')
}
