//! `cloudtrail:LookupEvents`: the management events of the caller's account in the caller's region, newest first, by at most one
//! attribute. Secrets in records are hidden, as wherever Tadoru shows a record.

use aws_wire::error::AwsError;
use aws_wire::pagination_token;
use lake::engine::Mode;
use lake::value::Value as LakeValue;
use query_syntax::event_filter::{EventFilter, Field, Operator, Pattern, Piece, Term};
use questions::events::{self, Input, Selection};
use serde_json::{Map, Value, json};

use crate::aws::{OperationError, Request, answer};

/// CloudTrail's event history reaches so far back.
const HISTORY_US: i64 = 90 * 86_400_000_000;
const USUAL_PAGE: u64 = 50;

const COLUMNS: [&str; 11] = [
    "event_id",
    "event_name",
    "read_only",
    "access_key_id",
    "time",
    "event_source",
    "user_name",
    "session_name",
    "principal_type",
    "resources",
    "raw",
];

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let input = input(request)?;
    let asked = json!([
        request.input.get("LookupAttributes"),
        request.input.get("StartTime"),
        request.input.get("EndTime"),
        request.input.get("EventCategory")
    ]);
    let bound_to = [request.operation, &request.caller.arn, &request.caller.region, &asked.to_string()];
    let from = match request.text("NextToken") {
        None => 0,
        Some(token) => pagination_token::read(token, &bound_to)
            .ok_or_else(|| AwsError::new("InvalidNextTokenException", "The token is not one of this request."))?,
    };
    let count = request.number("MaxResults").and_then(|count| u64::try_from(count).ok()).unwrap_or(USUAL_PAGE);
    let until = from.saturating_add(count);
    let selection = Selection { limit: Some(until.saturating_add(1)), ..input.selection.clone() };
    let snapshot = request.snapshot()?;
    let sql = events::statement(&Input { selection, ..input })?;
    let rows = snapshot
        .query(&sql, request.now.us, Mode::Trusted)
        .map_err(questions::question_error::QuestionError::from)?
        .rows;
    let is_more = rows.len() as u64 > until;
    let skipped = usize::try_from(from).unwrap_or(usize::MAX);
    let shown = rows.into_iter().skip(skipped).take(usize::try_from(count).unwrap_or(usize::MAX));
    let mut found = answer(json!({"Events": shown.map(event).collect::<Vec<_>>()}));
    if is_more {
        found.insert("NextToken".to_owned(), json!(pagination_token::write(until, &bound_to)));
    }
    Ok(found)
}

/// What the lake is asked, but for the page.
fn input(request: &Request<'_>) -> Result<Input, OperationError> {
    let (start_us, end_us) = (request.number("StartTime"), request.number("EndTime"));
    if let (Some(start), Some(end)) = (start_us, end_us)
        && start > end
    {
        return Err(AwsError::new("InvalidTimeRangeException", "The start time occurs after the end time.").into());
    }
    let oldest_us = request.limits.history.then_some(request.now.us - HISTORY_US);
    let category = match request.text("EventCategory") {
        Some(_) => term(Field::Category, Operator::Equal, &["Insight"]),
        None => term(Field::Category, Operator::NotEqual, &["Data", "Insight", "NetworkActivity"]),
    };
    let mut input = Input {
        filter: EventFilter { terms: vec![category] },
        selection: Selection {
            columns: COLUMNS.map(str::to_owned).to_vec(),
            since_us: start_us.max(oldest_us),
            // The end is a second that still counts.
            until_us: Some(end_us.unwrap_or(request.now.us).min(request.now.us).saturating_add(1)),
            accounts: vec![request.caller.account.clone()],
            regions: vec![request.caller.region.clone()],
            limit: None,
        },
        ..Input::default()
    };
    let attributes = request.input.get("LookupAttributes").and_then(Value::as_array).map(Vec::as_slice);
    match attributes.unwrap_or_default() {
        [] => {}
        [attribute] => {
            let text = |name: &str| attribute[name].as_str().unwrap_or_default();
            add_attribute(&mut input, text("AttributeKey"), text("AttributeValue"));
        }
        _ => {
            let text = "You can only specify one attribute key value pair when looking up events.";
            return Err(AwsError::new("InvalidLookupAttributesException", text).into());
        }
    }
    Ok(input)
}

fn add_attribute(input: &mut Input, key: &str, value: &str) {
    let field = match key {
        "EventId" => Field::Id,
        "EventName" => Field::Event,
        "ReadOnly" => Field::ReadOnly,
        "Username" => Field::User,
        "EventSource" => Field::Source,
        "AccessKeyId" => Field::AccessKey,
        "ResourceType" => {
            input.resource_type = Some(value.to_owned());
            return;
        }
        _ => {
            input.resource_name = Some(value.to_owned());
            return;
        }
    };
    input.filter.terms.push(term(field, Operator::Equal, &[value]));
}

/// A term whose values stand for themselves: AWS's have no wildcards.
fn term(field: Field, operator: Operator, values: &[&str]) -> Term {
    let literal = |value: &&str| Pattern { pieces: vec![Piece::Literal((*value).to_owned())] };
    Term { field, operator, values: values.iter().map(literal).collect() }
}

/// A row of `COLUMNS` as an item of `Events`.
fn event(row: Vec<LakeValue>) -> Value {
    let mut row = row.into_iter();
    let mut next = || row.next().unwrap_or(LakeValue::Null);
    let (id, name, read_only, key, time) = (text(next()), text(next()), next(), text(next()), next());
    let (source, user, session, kind) = (text(next()), text(next()), text(next()), text(next()));
    let (resources, raw) = (next(), text(next()));
    let root = (kind.as_deref() == Some("Root")).then(|| "root".to_owned());
    let resources = match resources {
        LakeValue::List(resources) => resources.into_iter().map(resource).collect(),
        _ => Vec::new(),
    };
    json!({
        "EventId": id,
        "EventName": name,
        "ReadOnly": if let LakeValue::Bool(flag) = read_only { Some(flag.to_string()) } else { None },
        "AccessKeyId": key.filter(|key| !key.is_empty()),
        "EventTime": if let LakeValue::Timestamp(us) = time { Some(us) } else { None },
        "EventSource": source,
        "Username": user.or(session).or(root),
        "Resources": resources,
        "CloudTrailEvent": raw.map(|raw| cloudtrail::secret::mask(&raw).into_owned()),
    })
}

fn resource(resource: LakeValue) -> Value {
    let LakeValue::Struct(fields) = resource else { return Value::Null };
    let mut named = Map::new();
    for (name, value) in fields {
        match name.as_str() {
            "type" => named.insert("ResourceType".to_owned(), json!(text(value))),
            "arn" => named.insert("ResourceName".to_owned(), json!(text(value))),
            _ => None,
        };
    }
    Value::Object(named)
}

fn text(value: LakeValue) -> Option<String> {
    match value {
        LakeValue::Text(text) => Some(text),
        _ => None,
    }
}
