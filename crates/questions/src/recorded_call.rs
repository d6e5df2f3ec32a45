//! Calls of the log as policies are evaluated against: grouped in SQL by what decides and no more, so that a million calls
//! are as many rows as there are different ones. First the kinds of events are read from the rollup, and asked what of
//! them matters (`Needs`); then the events themselves, with those columns. `test_policy` replays them, `generate_policy` takes
//! their resources.

mod context;
mod slice;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::rc::Rc;

use iam::event_action::{self, EventActions};
use iam::event_resource::{self, EventResources};
use iam::policy_evaluation::Needs;
use iam::service_reference::ServiceReference;
use lake::engine::{Cancellation, Mode};
use lake::snapshot::Snapshot;
use lake::timestamp::duckdb_timestamp;
use lake::value::Value;

use crate::access_window::AccessWindow;
use crate::events::condition::{equals_any_of, is_any_of};
use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind};

pub use context::Recorded;

const KINDS_SQL: &str = include_str!("test_policy/event_kinds.sql");
const CALLS_SQL: &str = include_str!("test_policy.sql");

/// Whose calls, when.
#[derive(Debug, Clone)]
pub struct Calls {
    /// As the lake names them.
    pub principals: Vec<String>,
    pub window: AccessWindow,
    /// Only calls recorded in these regions, with `*` and `?`; empty: all.
    pub regions: Vec<String>,
    /// Only calls recorded in these accounts, with `*` and `?`; empty: all.
    pub accounts: Vec<String>,
}

/// Calls that nothing that was asked for tells apart.
#[derive(Debug, Clone)]
pub struct CallGroup {
    pub principal: String,
    pub event_source: String,
    pub event_name: String,
    pub event_type: Option<String>,
    pub is_data_event: bool,
    pub actions: Rc<EventActions>,
    pub region: String,
    pub account: String,
    /// *ok*, *error* or *denied*.
    pub outcome: String,
    /// `resources[].ARN`, where resources matter.
    pub recorded_arns: Vec<String>,
    /// requestParameters, where resources matter; else Null.
    pub parameters: serde_json::Value,
    /// What the record tells of condition keys, where they matter.
    pub recorded: Recorded,
    pub count: u64,
    pub first_us: i64,
    pub last_us: i64,
    pub first_event_id: Option<String>,
    pub last_event_id: Option<String>,
}

impl CallGroup {
    /// The resources that the calls named, as those of an action of theirs.
    pub fn resources(&self, reference: &ServiceReference, action: &str) -> EventResources {
        let call = event_resource::RecordedCall {
            principal: &self.principal,
            region: &self.region,
            account: &self.account,
            recorded: &self.recorded_arns,
            parameters: &self.parameters,
        };
        event_resource::of(reference, action, &call)
    }
}

/// A kind of event: its source, name, variant and type.
type Kind = (String, String, Option<String>, Option<String>);

/// Calls that can be read: what of them matters is settled.
pub struct CallReader<'r> {
    reference: &'r ServiceReference,
    calls: Calls,
    /// Events whose resources matter.
    with_resources: BTreeSet<String>,
    /// Condition keys that matter.
    keys: BTreeSet<String>,
    reads_resources: bool,
    actions: HashMap<Kind, Rc<EventActions>>,
    /// Principals' events of which their own account has records; the copies of others then do not count again.
    owned: HashSet<(String, String, String)>,
}

impl Calls {
    /// The condition on the principal.
    pub fn principal_condition(&self) -> String {
        equals_any_of("principal", &self.principals)
    }

    fn who(&self) -> String {
        let mut conditions = vec![self.principal_condition()];
        for (column, wanted) in [("awsregion", &self.regions), ("account", &self.accounts)] {
            if !wanted.is_empty() {
                conditions.push(is_any_of(column, wanted));
            }
        }
        conditions.join(" AND ")
    }

    /// Reads which events there are; `needs` says of an action what of its calls matters.
    pub fn reader<'r>(
        &self,
        snapshot: &Snapshot,
        reference: &'r ServiceReference,
        now_us: i64,
        needs: &dyn Fn(&str) -> Needs,
    ) -> Result<CallReader<'r>, QuestionError> {
        let who = self.who();
        let (whole_days, cut_days) = (self.window.whole_days(), self.window.cut_days());
        let sql = bind(
            KINDS_SQL,
            &[
                ("who", Parameter::Sql(&who)),
                ("whole_days", Parameter::Sql(&whole_days)),
                ("cut_days", Parameter::Sql(&cut_days)),
            ],
        );
        let mut actions: HashMap<Kind, Rc<EventActions>> = HashMap::new();
        let (mut owned, mut all) = (HashSet::new(), Needs::default());
        let mut with_resources = BTreeSet::new();
        for row in snapshot.query(&sql, now_us, Mode::Trusted)?.rows {
            let mut texts = row.into_iter().map(text);
            let mut next = || texts.next().flatten();
            let (principal, source, name) = (next(), next(), next());
            let (Some(principal), Some(source), Some(name)) = (principal, source, name) else { continue };
            let (variant, event_type, copy) = (next(), next(), next());
            if copy.as_deref() != Some("other") {
                owned.insert((principal, source.clone(), name.clone()));
            }
            let found = event_action::map(reference, &source, &name, event_type.as_deref(), variant.as_deref());
            let mut of_kind = Needs::default();
            found.actions.iter().for_each(|action| of_kind.join(needs(action)));
            if of_kind.resources {
                with_resources.insert(name.clone());
            }
            all.join(of_kind);
            actions.insert((source, name, variant, event_type), Rc::new(found));
        }
        let (calls, keys) = (self.clone(), all.keys);
        Ok(CallReader { reference, calls, with_resources, keys, reads_resources: all.resources, actions, owned })
    }

    fn statement(&self, window: AccessWindow, with_resources: &BTreeSet<String>, keys: &BTreeSet<String>) -> String {
        let who = self.who();
        let until = duckdb_timestamp(window.until_us);
        let since = window.since_us;
        let mut window = format!("eventtimestamp < TIMESTAMP '{until}'");
        if let Some(since) = since {
            window = format!("eventtimestamp >= TIMESTAMP '{}' AND {window}", duckdb_timestamp(since));
        }
        let names: Vec<String> = with_resources.iter().cloned().collect();
        let where_wanted = |column: &str| match names.is_empty() {
            true => "NULL".to_owned(),
            false => {
                let wanted = bind("eventname IN (:names)", &[("names", Parameter::Texts(&names))]);
                format!("CASE WHEN {} THEN {column} END", wanted.trim())
            }
        };
        let (resources, parameters) = (where_wanted("resources"), where_wanted("requestparameters"));
        let mut parameters = vec![
            ("who", Parameter::Sql(&who)),
            ("window", Parameter::Sql(&window)),
            ("resources", Parameter::Sql(&resources)),
            ("parameters", Parameter::Sql(&parameters)),
        ];
        let columns = context::columns(keys);
        parameters.extend(columns.iter().map(|(name, column)| (*name, Parameter::Sql(column))));
        bind(CALLS_SQL, &parameters)
    }
}

impl CallReader<'_> {
    /// The statement that reads the calls; where there are many it is asked for one part of the window after the other.
    pub fn sql(&self) -> String {
        self.statement(self.calls.window)
    }

    fn statement(&self, window: AccessWindow) -> String {
        self.calls.statement(window, &self.with_resources, &self.keys)
    }

    /// Do the resources of any call matter?
    pub fn reads_resources(&self) -> bool {
        self.reads_resources
    }

    /// Hands over every group of calls, as they come; one group may come in several parts.
    pub fn each(
        &self,
        snapshot: &Snapshot,
        now_us: i64,
        on_group: &mut dyn FnMut(CallGroup),
    ) -> Result<(), QuestionError> {
        let window = self.calls.window;
        let tells_calls_apart = !self.with_resources.is_empty() || !self.keys.is_empty();
        let slices = match tells_calls_apart {
            true => slice::slices(snapshot, &self.calls.who(), window, now_us)?,
            false => vec![window],
        };
        for slice in slices {
            let sql = self.statement(slice);
            snapshot.query_stream(&sql, now_us, Mode::Trusted, &Cancellation::default(), &mut |_, rows| {
                rows.into_iter().filter_map(|row| self.group(row)).for_each(&mut *on_group);
                ControlFlow::Continue(())
            })?;
        }
        Ok(())
    }

    /// The group of a row; None for a copy of what the caller's own account recorded.
    fn group(&self, row: Vec<Value>) -> Option<CallGroup> {
        let mut values = row.into_iter();
        let mut next = || values.next().unwrap_or(Value::Null);
        let principal = text(next())?;
        let (event_source, event_name) = (text(next())?, text(next())?);
        let (variant, event_type) = (text(next()), text(next()));
        let is_data_event = text(next()).as_deref() == Some("Data");
        let (region, account, copy) = (text(next()), text(next()), text(next()));
        let owner = (principal, event_source, event_name);
        if copy.as_deref() == Some("other") && self.owned.contains(&owner) {
            return None;
        }
        let (principal, event_source, event_name) = owner;
        let outcome = text(next()).unwrap_or_default();
        let recorded_arns = arns(next());
        let parameters = text(next()).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let recorded = Recorded::read(&mut next);
        let Value::Int(count) = next() else { return None };
        let (Value::Timestamp(first_us), Value::Timestamp(last_us)) = (next(), next()) else { return None };
        let kind = (event_source, event_name, variant, event_type);
        let actions = match self.actions.get(&kind) {
            Some(known) => Rc::clone(known),
            // The rollup knows every event of the snapshot; one that it lacks is mapped all the same.
            None => {
                let (source, name, variant, event_type) = &kind;
                let found = event_action::map(self.reference, source, name, event_type.as_deref(), variant.as_deref());
                Rc::new(found)
            }
        };
        let (event_source, event_name, _, event_type) = kind;
        Some(CallGroup {
            principal,
            event_source,
            event_name,
            event_type,
            is_data_event,
            actions,
            region: region.unwrap_or_default(),
            account: account.unwrap_or_default(),
            outcome,
            recorded_arns,
            parameters,
            recorded,
            count: count.unsigned_abs(),
            first_us,
            last_us,
            first_event_id: text(next()),
            last_event_id: text(next()),
        })
    }
}

/// `resources[].ARN` of the column.
fn arns(resources: Value) -> Vec<String> {
    let Value::List(items) = resources else { return Vec::new() };
    let arn = |item: Value| match item {
        Value::Struct(fields) => fields.into_iter().find(|(name, _)| name == "arn").and_then(|(_, arn)| text(arn)),
        _ => None,
    };
    items.into_iter().filter_map(arn).collect()
}

/// A cell's text.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// What is counted of calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallCount {
    pub calls: u64,
    pub first_us: i64,
    pub last_us: i64,
    pub first_event_id: Option<String>,
    pub last_event_id: Option<String>,
}

impl CallCount {
    /// Of one group.
    pub fn of(group: &CallGroup) -> Self {
        Self {
            calls: group.count,
            first_us: group.first_us,
            last_us: group.last_us,
            first_event_id: group.first_event_id.clone(),
            last_event_id: group.last_event_id.clone(),
        }
    }

    /// Adds further calls.
    pub fn join(&mut self, other: Self) {
        self.calls += other.calls;
        if (other.first_us, &other.first_event_id) < (self.first_us, &self.first_event_id) {
            (self.first_us, self.first_event_id) = (other.first_us, other.first_event_id);
        }
        if (other.last_us, &other.last_event_id) > (self.last_us, &self.last_event_id) {
            (self.last_us, self.last_event_id) = (other.last_us, other.last_event_id);
        }
    }
}

/// Counts by name, for what is left out.
pub type Counts = BTreeMap<String, u64>;
