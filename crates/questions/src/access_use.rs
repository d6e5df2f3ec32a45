//! Use of actions, summed up from rows of (event, outcome, region): counts, first and last, with the last one's region and
//! event as evidence. A call recorded in two accounts counts once, by the caller's own record where there is one.

use iam::event_action::{self, ActionKind, EventActions};
use iam::service_reference::ServiceReference;
use lake::value::Value;

/// One row of `access_advisor.sql`, `who_accessed.sql` or `generate_policy.sql`, whose first columns are the same.
#[derive(Debug, Clone)]
pub struct UseRow {
    pub principal: String,
    pub event_source: String,
    pub event_name: String,
    pub variant: Option<String>,
    pub event_type: Option<String>,
    pub is_data_event: bool,
    pub is_own: bool,
    pub outcome: String,
    pub region: Option<String>,
    pub count: u64,
    pub first_us: i64,
    pub last_us: i64,
    pub last_event_id: Option<String>,
}

impl UseRow {
    /// Reads a row in the order of the SQL files' columns; `None` for an event without source or name, which no action
    /// can be told of.
    pub fn read(row: Vec<Value>) -> Option<Self> {
        let mut values = row.into_iter();
        let mut text = || match values.next() {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        };
        let (principal, event_source, event_name) = (text(), text(), text());
        let (variant, event_type, category, copy, outcome, region) = (text(), text(), text(), text(), text(), text());
        let count = match values.next()? {
            Value::Int(number) => number.unsigned_abs(),
            _ => return None,
        };
        let mut time = || match values.next() {
            Some(Value::Timestamp(us)) => Some(us),
            _ => None,
        };
        let (first_us, last_us) = (time()?, time()?);
        let last_event_id = match values.next() {
            Some(Value::Text(id)) => Some(id),
            _ => None,
        };
        Some(Self {
            principal: principal?,
            event_source: event_source?,
            event_name: event_name?,
            variant,
            event_type,
            is_data_event: category.as_deref() == Some("Data"),
            is_own: copy.as_deref() != Some("other"),
            outcome: outcome?,
            region,
            count,
            first_us,
            last_us,
            last_event_id,
        })
    }

    /// The actions the event stands for.
    pub fn actions(&self, reference: &ServiceReference) -> EventActions {
        let (source, name) = (&self.event_source, &self.event_name);
        event_action::map(reference, source, name, self.event_type.as_deref(), self.variant.as_deref())
    }

    /// Whether the event is one of a service's own, or a sign-in: no use of a service.
    pub fn is_no_use(actions: &EventActions) -> bool {
        matches!(actions.kind, ActionKind::NoAction(_))
    }
}

/// What is known of the use of one service or action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Authenticated attempts, denied ones included, as Access Advisor counts.
    pub event_count: u64,
    pub denied_count: u64,
    pub data_event_count: u64,
    pub first_us: i64,
    pub last_us: i64,
    pub last_region: Option<String>,
    pub last_event_id: Option<String>,
}

impl Use {
    /// Adds the use of the same by another.
    pub fn join(&mut self, other: &Self) {
        self.event_count += other.event_count;
        self.denied_count += other.denied_count;
        self.data_event_count += other.data_event_count;
        self.first_us = self.first_us.min(other.first_us);
        if (other.last_us, &other.last_event_id) > (self.last_us, &self.last_event_id) {
            self.last_us = other.last_us;
            self.last_region.clone_from(&other.last_region);
            self.last_event_id.clone_from(&other.last_event_id);
        }
    }
}

/// Own and foreign records of the same use while they are summed up.
#[derive(Debug, Clone, Default)]
pub struct UseSum {
    own: Option<Use>,
    other: Option<Use>,
}

impl UseSum {
    /// Adds a row.
    pub fn add(&mut self, row: &UseRow) {
        let side = if row.is_own { &mut self.own } else { &mut self.other };
        let used = Use {
            event_count: row.count,
            denied_count: if row.outcome == "denied" { row.count } else { 0 },
            data_event_count: if row.is_data_event { row.count } else { 0 },
            first_us: row.first_us,
            last_us: row.last_us,
            last_region: row.region.clone(),
            last_event_id: row.last_event_id.clone(),
        };
        match side {
            None => *side = Some(used),
            Some(known) => known.join(&used),
        }
    }

    /// The sum: the caller's own records, or the copies where only those were delivered.
    pub fn finish(self) -> Option<Use> {
        self.own.or(self.other)
    }
}
