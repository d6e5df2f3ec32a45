//! The event history: events that fit a filter and a window, newest first, or one event whole. An empty answer comes with
//! the reason why it is empty (`why_empty`). The faces print it and hide the secrets in it.

pub mod condition;
mod newest;
pub mod why_empty;

pub use newest::newest;

use lake::engine::{Answer, Mode};
use lake::snapshot::Snapshot;
use lake::value::Value;
use query_syntax::event_filter::EventFilter;

use crate::coverage::{Coverage, Gap};
use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind, quote};

const EVENTS: &str = include_str!("events.sql");
const COUNT: &str = include_str!("events/count.sql");
const BY_ID: &str = include_str!("events/by_id.sql");

/// What can be asked of each event: name in the answer, column of the lake.
const COLUMNS: &[(&str, &str)] = &[
    ("time", "eventtimestamp"),
    ("event_source", "eventsource"),
    ("event_name", "eventname"),
    ("principal", "principal"),
    ("session_name", "sessionname"),
    ("account", "account"),
    ("region", "awsregion"),
    ("source_ip", "sourceipaddress"),
    ("error_code", "errorcode"),
    ("read_only", "readonly = 'true'"),
    ("event_id", "eventid"),
    ("outcome", "outcome"),
    ("error_message", "errormessage"),
    ("user_name", "username"),
    ("user_identity_arn", "useridentityarn"),
    ("principal_type", "principaltype"),
    ("access_key_id", "accesskeyid"),
    ("user_agent", "useragent"),
    ("event_type", "eventtype"),
    ("event_category", "eventcategory"),
    ("request_id", "requestid"),
    ("shared_event_id", "sharedeventid"),
    ("vpc_endpoint_id", "vpcendpointid"),
    ("resources", "resources"),
    ("request_parameters", "requestparameters"),
    ("response_elements", "responseelements"),
    ("additional_event_data", "additionaleventdata"),
    ("service_event_details", "serviceeventdetails"),
    ("object_key", "objectkey"),
    ("warnings", "warnings"),
    ("raw", "raw"),
];

/// So many of `COLUMNS` are answered if nobody asked for others.
const USUAL_COLUMNS: usize = 11;

/// When, where, and how much of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Columns by name; empty: the usual ones.
    pub columns: Vec<String>,
    /// From this time on, µs UTC.
    pub since_us: Option<i64>,
    /// Before this time, µs UTC.
    pub until_us: Option<i64>,
    /// Any of these; empty: all.
    pub accounts: Vec<String>,
    /// Any of these; empty: all.
    pub regions: Vec<String>,
    /// The newest so many; `None`: all.
    pub limit: Option<u64>,
}

/// Which events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    /// What must hold for an event.
    pub filter: EventFilter,
    /// Window, accounts, regions, columns, limit.
    pub selection: Selection,
    /// Only events that change something: `readOnly` is false.
    pub writes: bool,
    /// Without the calls of AWS services on their own behalf.
    pub no_services: bool,
    /// Only events on a resource of each of these types, as `AWS::IAM::Role`.
    pub resource_types: Vec<String>,
    /// Only events on a resource of each of these names: its ARN, or the last part of it.
    pub resource_names: Vec<String>,
    /// Only events from this place on, newest first.
    pub from: Option<Place>,
}

/// A place in the order of events, newest first, which stays where it is while others are ingested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// µs UTC.
    pub time_us: i64,
    /// Of events of that time, those of this id and the smaller ones; `None`: all.
    pub event_id: Option<String>,
}

/// Events, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Events {
    /// Columns and rows.
    pub answer: Answer,
    /// How many events fit, of which `answer` has the newest.
    pub event_count: u64,
}

/// The statement that `list` runs.
///
/// # Errors
/// A column that does not exist, a filter that cannot be said in SQL.
pub fn statement(input: &Input) -> Result<String, QuestionError> {
    let conditions = join(&conditions(input)?);
    Ok(bind(
        EVENTS,
        &[
            ("columns", Parameter::Sql(&input.selection.column_list()?)),
            ("conditions", Parameter::Sql(&conditions)),
            ("limit", Parameter::Sql(&input.selection.limit_clause())),
        ],
    ))
}

/// The newest events that fit.
pub fn list(snapshot: &Snapshot, input: &Input, now_us: i64) -> Result<Events, QuestionError> {
    let answer = snapshot.query(&statement(input)?, now_us, Mode::Trusted)?;
    let shown = answer.rows.len() as u64;
    let event_count = match input.selection.limit {
        Some(limit) if shown == limit => counted(snapshot, &conditions(input)?, now_us)?,
        _ => shown,
    };
    Ok(Events { answer, event_count })
}

/// One record as the lake keeps it, secrets and all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeEvent {
    /// The record's own bytes.
    pub raw: String,
}

/// The statement that `by_id` runs.
pub fn statement_by_id(event_id: &str) -> String {
    bind(BY_ID, &[("id", Parameter::Text(event_id))])
}

/// All records with that event id: none, one, or several where two accounts have it or two records claim it.
pub fn by_id(snapshot: &Snapshot, event_id: &str, now_us: i64) -> Result<Vec<WholeEvent>, QuestionError> {
    let answer = snapshot.query(&statement_by_id(event_id), now_us, Mode::Trusted)?;
    let raw = answer.rows.into_iter().filter_map(|mut row| row.pop());
    Ok(raw.filter_map(|value| if let Value::Text(raw) = value { Some(WholeEvent { raw }) } else { None }).collect())
}

/// The gaps in the logs that the selected window, accounts and regions overlap, each with its account.
pub fn gaps(snapshot: &Snapshot, selection: &Selection, now_us: i64) -> Result<Vec<(String, Gap)>, QuestionError> {
    let (since_us, until_us) = (selection.since_us.unwrap_or(i64::MIN), selection.until_us.unwrap_or(now_us));
    let mut gaps = Vec::new();
    for coverage in Coverage::read(snapshot)?.accounts {
        if !selection.accounts.is_empty() && !selection.accounts.contains(&coverage.account) {
            continue;
        }
        let touches = |gap: &Gap| {
            let region = gap.region.as_ref();
            let is_selected = selection.regions.is_empty() || region.is_none_or(|r| selection.regions.contains(r));
            is_selected && gap.from_us < until_us && gap.until_us > since_us
        };
        let touched = coverage.gaps.into_iter().filter(touches);
        gaps.extend(touched.map(|gap| (coverage.account.clone(), gap)));
    }
    Ok(gaps)
}

/// Each condition that an event must fulfil.
fn conditions(input: &Input) -> Result<Vec<String>, QuestionError> {
    let mut all = input.selection.conditions();
    for term in &input.filter.terms {
        all.push(condition::of_term(term)?);
    }
    all.extend(input.flag_conditions());
    Ok(all)
}

impl Input {
    fn flag_conditions(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.writes {
            all.push("readonly = 'false'".to_owned());
        }
        if self.no_services {
            all.push("principaltype <> 'AWSService'".to_owned());
        }
        for resource_type in &self.resource_types {
            all.push(format!("any_match(resources, r -> r.type = {})", quote(resource_type)));
        }
        for name in &self.resource_names {
            let last_part = "regexp_extract(r.arn, '[^/:]+$')";
            all.push(format!("any_match(resources, r -> r.arn = {0} OR {last_part} = {0})", quote(name)));
        }
        all.extend(self.from.iter().flat_map(Place::conditions));
        all
    }
}

impl Place {
    fn conditions(&self) -> Vec<String> {
        let at = |sql: &str| bind(sql, &[("at", Parameter::Timestamp(self.time_us))]).trim_end().to_owned();
        let mut all = vec![at("eventtimestamp <= :at")];
        if let Some(id) = &self.event_id {
            all.push(format!("({} OR eventid <= {})", at("eventtimestamp < :at"), quote(id)));
        }
        all
    }
}

impl Selection {
    /// `eventtimestamp AS time, …`.
    pub(crate) fn column_list(&self) -> Result<String, QuestionError> {
        let usual: Vec<String> = COLUMNS[..USUAL_COLUMNS].iter().map(|(name, _)| (*name).to_owned()).collect();
        let wanted = if self.columns.is_empty() { &usual } else { &self.columns };
        let selected = wanted.iter().map(|wanted| {
            let (name, column) =
                COLUMNS.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).ok_or_else(|| {
                    let known: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
                    QuestionError::Input {
                        what: format!("there is no column `{wanted}`"),
                        try_this: format!("--columns with some of {}", known.join(", ")),
                    }
                })?;
            Ok(if name == column { (*name).to_owned() } else { format!("{column} AS {name}") })
        });
        Ok(selected.collect::<Result<Vec<_>, QuestionError>>()?.join(", "))
    }

    /// Is `name` one that can be asked for?
    pub fn is_column(name: &str) -> bool {
        COLUMNS.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    pub(crate) fn limit_clause(&self) -> String {
        self.limit.map_or_else(String::new, |limit| format!("LIMIT {limit}"))
    }

    pub(crate) fn conditions(&self) -> Vec<String> {
        let mut all = self.window_conditions();
        if !self.accounts.is_empty() {
            all.push(condition::is_any_of("account", &self.accounts));
        }
        if !self.regions.is_empty() {
            all.push(condition::is_any_of("awsregion", &self.regions));
        }
        all
    }

    fn window_conditions(&self) -> Vec<String> {
        let at = |operator: &str, us: i64| {
            bind(&format!("eventtimestamp {operator} :at"), &[("at", Parameter::Timestamp(us))])
        };
        let since = self.since_us.map(|us| at(">=", us));
        let until = self.until_us.map(|us| at("<", us));
        since.into_iter().chain(until).map(|condition| condition.trim_end().to_owned()).collect()
    }
}

/// All of them, on lines of their own.
pub(crate) fn join(conditions: &[String]) -> String {
    if conditions.is_empty() { "TRUE".to_owned() } else { conditions.join("\n  AND ") }
}

/// The values of `sums` over the events that fulfil `conditions`.
pub(crate) fn count(
    snapshot: &Snapshot,
    conditions: &[String],
    sums: &[String],
    now_us: i64,
) -> Result<Vec<u64>, QuestionError> {
    let conditions = join(conditions);
    let sums = sums.join(", ");
    let sql = bind(COUNT, &[("sums", Parameter::Sql(&sums)), ("conditions", Parameter::Sql(&conditions))]);
    let answer = snapshot.query(&sql, now_us, Mode::Trusted)?;
    let number = |value: &Value| match value {
        Value::Int(number) => u64::try_from(*number).unwrap_or(0),
        Value::UInt(number) => *number,
        _ => 0,
    };
    Ok(answer.rows.first().map(|row| row.iter().map(number).collect()).unwrap_or_default())
}

/// How many events fulfil `conditions`.
pub(crate) fn counted(snapshot: &Snapshot, conditions: &[String], now_us: i64) -> Result<u64, QuestionError> {
    Ok(count(snapshot, conditions, &["count(*)".to_owned()], now_us)?.first().copied().unwrap_or(0))
}
