//! Why no event fits: an empty lake, a window without logs, a global service asked for in another region, a name that the
//! logs never have, data events that no trail recorded, or a field that these events lack. Asked only after an empty answer.

use std::collections::BTreeSet;

use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::value::Value;
use query_syntax::event_filter::{EventFilter, Field, Operator, Pattern, Piece, Term};

use super::{Input, condition, count, counted};
use crate::principal_name::naming::{short, similar};
use crate::question_error::QuestionError;
use crate::statement::bind;

const SPELLING: &str = include_str!("spelling.sql");

/// The reason for an empty answer, the most telling first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyEmpty {
    /// Nothing was ingested.
    EmptyLake,
    /// The window lies outside of all events, or between them; µs UTC.
    NoLogsThen {
        /// The oldest event of the lake.
        oldest_us: i64,
        /// The newest event of the lake.
        newest_us: i64,
    },
    /// CloudTrail records this service in one region only.
    GlobalService {
        /// As asked for: `iam.amazonaws.com`.
        event_source: String,
        /// `IAM`.
        service: &'static str,
        /// As asked for.
        region: String,
        /// Where its events are.
        recorded_in: &'static str,
    },
    /// A data event, which trails record only where they are told to.
    DataEvent {
        /// The event's name.
        event_name: String,
    },
    /// CloudTrail never records it.
    NotLogged {
        /// The event's name.
        event_name: String,
    },
    /// The lake has no such event source, event name, account, region, user, role or key.
    UnknownName {
        /// The field of the filter: `source`.
        field: String,
        /// What it is: `event source`.
        kind: &'static str,
        /// As asked for.
        name: String,
        /// What the lake has that looks like it.
        similar: Vec<String>,
    },
    /// Events fit, but none in the window.
    OutsideWindow {
        /// How many fit at other times.
        event_count: u64,
    },
    /// The events that fit the rest of the filter never have this field.
    FieldAbsent {
        /// As in the filter.
        field: String,
        /// How many fit the rest.
        event_count: u64,
    },
    /// There are such events, but none fits everything.
    NothingFits,
}

/// Services that CloudTrail records in us-east-1 alone.
const GLOBAL_SERVICES: &[(&str, &str)] = &[
    ("iam.amazonaws.com", "IAM"),
    ("organizations.amazonaws.com", "AWS Organizations"),
    ("cloudfront.amazonaws.com", "CloudFront"),
    ("route53.amazonaws.com", "Route 53"),
];
const GLOBAL_REGION: &str = "us-east-1";

/// The data events that people look for most; a trail records none of them by default.
const DATA_EVENTS: &[&str] = &[
    "GetObject",
    "PutObject",
    "DeleteObject",
    "DeleteObjects",
    "HeadObject",
    "CopyObject",
    "ListObjects",
    "ListObjectsV2",
    "Invoke",
    "InvokeFunction",
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchGetItem",
    "BatchWriteItem",
    "Query",
    "Scan",
];

/// Permissions that are no calls of their own.
const NEVER_LOGGED: &[&str] = &["PassRole"];

/// Why `list` of this input has no event.
pub fn why_empty(snapshot: &Snapshot, input: &Input, now_us: i64) -> Result<WhyEmpty, QuestionError> {
    let Some((oldest_us, newest_us)) = snapshot.event_span() else { return Ok(WhyEmpty::EmptyLake) };
    let selection = &input.selection;
    let too_late = selection.since_us.is_some_and(|since| since > newest_us);
    let too_early = selection.until_us.is_some_and(|until| until <= oldest_us);
    if too_late || too_early {
        return Ok(WhyEmpty::NoLogsThen { oldest_us, newest_us });
    }
    if let Some(why) = global_service(input) {
        return Ok(why);
    }
    if let Some(why) = unknown_name(snapshot, input, now_us)? {
        return Ok(why);
    }
    if selection.since_us.is_some() || selection.until_us.is_some() {
        let mut always = input.clone();
        (always.selection.since_us, always.selection.until_us) = (None, None);
        let event_count = counted(snapshot, &super::conditions(&always)?, now_us)?;
        if event_count > 0 {
            return Ok(WhyEmpty::OutsideWindow { event_count });
        }
        if counted(snapshot, &selection.window_conditions(), now_us)? == 0 {
            return Ok(WhyEmpty::NoLogsThen { oldest_us, newest_us });
        }
    }
    Ok(absent_field(snapshot, input, now_us)?.unwrap_or(WhyEmpty::NothingFits))
}

/// The plain values that the filter demands of a field.
fn demanded<'f>(filter: &'f EventFilter, field: &'f Field) -> impl Iterator<Item = &'f str> {
    let terms = filter.terms.iter().filter(move |term| term.field == *field && term.operator == Operator::Equal);
    let whole = terms.filter(|term| term.values.iter().all(|value| value.as_literal().is_some()));
    whole.flat_map(|term| &term.values).filter_map(Pattern::as_literal)
}

fn global_service(input: &Input) -> Option<WhyEmpty> {
    let source = demanded(&input.filter, &Field::Source).next()?;
    let (_, service) = GLOBAL_SERVICES.iter().find(|(known, _)| *known == source)?;
    let regions: Vec<&str> =
        demanded(&input.filter, &Field::Region).chain(input.selection.regions.iter().map(String::as_str)).collect();
    if regions.is_empty() || regions.contains(&GLOBAL_REGION) {
        return None;
    }
    Some(WhyEmpty::GlobalService {
        event_source: source.to_owned(),
        service,
        region: regions.join(", "),
        recorded_in: GLOBAL_REGION,
    })
}

/// The names that a filter may ask for in vain: field, what it is, column of `spelling.sql`.
const SPELLED: &[(Field, &str, usize)] = &[
    (Field::Source, "event source", 0),
    (Field::Event, "event name", 1),
    (Field::Account, "account", 2),
    (Field::Region, "region", 3),
];

fn unknown_name(snapshot: &Snapshot, input: &Input, now_us: i64) -> Result<Option<WhyEmpty>, QuestionError> {
    let answer = snapshot.query(&bind(SPELLING, &[]), now_us, Mode::Trusted)?;
    let known = |position: usize| {
        let texts = answer.rows.iter().filter_map(|row| match &row[position] {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        });
        texts.collect::<BTreeSet<_>>().into_iter().collect::<Vec<String>>()
    };
    for (field, kind, column) in SPELLED {
        let flags = match field {
            Field::Account => input.selection.accounts.as_slice(),
            Field::Region => input.selection.regions.as_slice(),
            _ => &[],
        };
        let wanted: Vec<&str> = demanded(&input.filter, field).chain(flags.iter().map(String::as_str)).collect();
        let known = known(*column);
        let Some(first) = wanted.first() else { continue };
        if wanted.iter().any(|wanted| known.iter().any(|known| known == wanted)) {
            continue;
        }
        let event_name = (*first).to_owned();
        return Ok(Some(match field {
            Field::Event if NEVER_LOGGED.contains(first) => WhyEmpty::NotLogged { event_name },
            Field::Event if DATA_EVENTS.contains(first) => WhyEmpty::DataEvent { event_name },
            _ => {
                let similar = similar(first, &known);
                WhyEmpty::UnknownName { field: field.to_string(), kind, name: event_name, similar }
            }
        }));
    }
    for (field, kind) in [(Field::User, "user name"), (Field::Role, "role name"), (Field::AccessKey, "access key")] {
        let Some(name) = demanded(&input.filter, &field).next() else { continue };
        let terms = input.filter.terms.iter().filter(|term| term.field == field && term.operator == Operator::Equal);
        let conditions = terms.map(condition::of_term).collect::<Result<Vec<_>, _>>()?;
        if counted(snapshot, &conditions, now_us)? == 0 {
            let names: BTreeSet<String> = similar(name, &known(4)).iter().map(|p| short(p).to_owned()).collect();
            let similar = names.into_iter().collect();
            return Ok(Some(WhyEmpty::UnknownName { field: field.to_string(), kind, name: name.to_owned(), similar }));
        }
    }
    Ok(None)
}

/// A term on a field that no event has of those that fit the other terms.
fn absent_field(snapshot: &Snapshot, input: &Input, now_us: i64) -> Result<Option<WhyEmpty>, QuestionError> {
    let may_lack = |term: &&Term| term.operator == Operator::Equal && may_be_absent(&term.field);
    let terms: Vec<&Term> = input.filter.terms.iter().filter(may_lack).collect();
    let mut base = input.selection.conditions();
    base.extend(input.flag_conditions());
    for term in input.filter.terms.iter().filter(|term| !may_lack(term)) {
        base.push(condition::of_term(term)?);
    }
    let conditions = terms.iter().map(|term| condition::of_term(term)).collect::<Result<Vec<_>, _>>()?;
    let mut sums = Vec::new();
    for (position, term) in terms.iter().enumerate() {
        let mut others = conditions.clone();
        others.remove(position);
        let others = if others.is_empty() { "TRUE".to_owned() } else { others.join(" AND ") };
        let any = Term { values: vec![Pattern { pieces: vec![Piece::AnyRun] }], ..(*term).clone() };
        sums.push(format!("count_if({others})"));
        sums.push(format!("count_if({others} AND {})", condition::of_term(&any)?));
    }
    if sums.is_empty() {
        return Ok(None);
    }
    let counts = count(snapshot, &base, &sums, now_us)?;
    let absent = terms.iter().zip(counts.chunks(2)).find(|(_, counts)| matches!(counts, [others, 0] if *others > 0));
    Ok(absent.map(|(term, counts)| WhyEmpty::FieldAbsent { field: term.field.to_string(), event_count: counts[0] }))
}

fn may_be_absent(field: &Field) -> bool {
    matches!(
        field,
        Field::User
            | Field::Arn
            | Field::Role
            | Field::Session
            | Field::AccessKey
            | Field::Ip
            | Field::Agent
            | Field::Error
            | Field::Resource
            | Field::VpcEndpoint
            | Field::Request(_)
            | Field::Response(_)
    )
}
