//! The other way round: which principals used an action such as `s3:DeleteBucket` or `iam:Create*`, when and how often.
//! Principals of every type are listed, services and foreign accounts too.

use std::collections::BTreeMap;

use iam::event_action::{ActionKind, api_operation};
use iam::service_reference::ServiceReference;
use iam::similar_name::most_similar;
use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::value::Value;
use query_syntax::event_filter::Pattern;

use crate::access_use::{Use, UseRow, UseSum};
use crate::access_window::AccessWindow;
use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind, quote};

const SQL: &str = include_str!("who_accessed.sql");

/// The question.
#[derive(Debug, Clone)]
pub struct Input {
    /// `namespace:Action`, with `*` and `?` as in policies; letter case does not count, as in policies.
    pub action: String,
    pub window: AccessWindow,
}

/// One line of the answer.
#[derive(Debug, Clone)]
pub struct Line {
    pub principal: String,
    /// `namespace:Action`.
    pub action: String,
    pub is_unmapped: bool,
    pub seen: Use,
}

/// The answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Newest use first.
    pub lines: Vec<Line>,
    /// Event names that stand for the action, seen in the logs: `s3.amazonaws.com DeleteBucket`.
    pub events: Vec<String>,
    /// The statement that was run; none where no event of the logs stands for the action.
    pub sql: Option<String>,
}

/// Answers the question.
pub fn ask(
    snapshot: &Snapshot,
    reference: &ServiceReference,
    input: &Input,
    now_us: i64,
) -> Result<Answer, QuestionError> {
    let pattern = action_pattern(reference, &input.action)?;
    let pairs = snapshot.query(
        "SELECT DISTINCT eventsource, eventname, variant, eventtype FROM access_daily",
        now_us,
        Mode::Trusted,
    )?;
    let mut events = Vec::new();
    for row in pairs.rows {
        let [source, name, variant, event_type] = row.as_slice() else { continue };
        let (Value::Text(source), Value::Text(name)) = (source, name) else { continue };
        let actions = iam::event_action::map(reference, source, name, text(event_type), text(variant));
        if actions.actions.iter().any(|action| pattern.matches(&action.to_ascii_lowercase())) {
            events.push((source.clone(), name.clone()));
        }
    }
    events.sort();
    events.dedup();
    let seen_events = events.iter().map(|(source, name)| format!("{source} {name}")).collect();
    if events.is_empty() {
        return Ok(Answer { lines: Vec::new(), events: seen_events, sql: None });
    }
    let what: Vec<String> = events
        .iter()
        .map(|(source, name)| format!("(eventsource = {} AND eventname = {})", quote(source), quote(name)))
        .collect();
    let what = format!("({})", what.join(" OR "));
    let (whole_days, cut_days) = (input.window.whole_days(), input.window.cut_days());
    let sql = bind(
        SQL,
        &[
            ("what", Parameter::Sql(&what)),
            ("whole_days", Parameter::Sql(&whole_days)),
            ("cut_days", Parameter::Sql(&cut_days)),
        ],
    );
    let mut sums: BTreeMap<(String, String), (UseSum, bool)> = BTreeMap::new();
    for row in snapshot.query(&sql, now_us, Mode::Trusted)?.rows.into_iter().filter_map(UseRow::read) {
        let actions = row.actions(reference);
        let unmapped = actions.kind == ActionKind::Unmapped;
        for action in actions.actions.into_iter().filter(|action| pattern.matches(&action.to_ascii_lowercase())) {
            let sum = sums.entry((row.principal.clone(), action)).or_default();
            sum.0.add(&row);
            sum.1 = unmapped;
        }
    }
    let mut lines: Vec<Line> = sums
        .into_iter()
        .filter_map(|((principal, action), (sum, is_unmapped))| {
            Some(Line { principal, action, is_unmapped, seen: sum.finish()? })
        })
        .collect();
    lines.sort_by(|a, b| b.seen.last_us.cmp(&a.seen.last_us).then_with(|| a.principal.cmp(&b.principal)));
    Ok(Answer { lines, events: seen_events, sql: Some(sql) })
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// The action as a pattern in lower case, checked against the service reference: a typing error must not look like
/// "nobody".
fn action_pattern(reference: &ServiceReference, action: &str) -> Result<Pattern, QuestionError> {
    let Some((namespace, name)) = action.split_once(':') else {
        return Err(QuestionError::Input {
            what: format!("`{action}` is no action"),
            try_this: "an action has its service's namespace: s3:DeleteBucket, iam:Create*".to_owned(),
        });
    };
    let pattern = Pattern::of(&action.to_ascii_lowercase());
    let is_wild = |text: &str| text.contains(['*', '?']);
    if !is_wild(namespace) && reference.service_name(namespace).is_none() {
        return Err(QuestionError::Input {
            what: format!("no service has the namespace `{namespace}`"),
            try_this: match reference.similar_services(namespace).as_slice() {
                [] => "tadoru services, which lists the prefixes that policies use".to_owned(),
                near => format!("{}, or tadoru services", near.join(", ")),
            },
        });
    }
    if !is_wild(action) && reference.find_action(namespace, name).is_none() {
        let hint = hint(reference, namespace, name);
        return Err(QuestionError::Input { what: format!("there is no action `{action}`"), try_this: hint });
    }
    Ok(pattern)
}

/// What somebody may have meant by an action that does not exist: the actions that the operation of this name needs, or
/// actions of a similar name.
fn hint(reference: &ServiceReference, namespace: &str, name: &str) -> String {
    let source = format!("{namespace}.amazonaws.com");
    if let Some(operation) = api_operation::find(reference, &source, name) {
        let needs = iam::event_action::map(reference, &source, operation, None, None);
        return match needs.kind {
            ActionKind::Mapped => format!("{}, which the operation {operation} needs", needs.actions.join(", ")),
            _ => format!("tadoru events 'event={operation}', since no action is known for this operation"),
        };
    }
    match most_similar(name, reference.actions(namespace).iter().map(|action| action.name), 3).as_slice() {
        [] => format!("{namespace}:* lists what was used"),
        near => format!("{namespace}:{}", near.join(&format!(", {namespace}:"))),
    }
}
