//! `cloudtrail:LookupEvents`: the management events of the caller's account in the caller's region, newest first, by at most one
//! attribute; what of that is AWS's limit can be lifted. A page begins at a place in the order of events, so pages stand still while logs
//! are ingested. Secrets in records are hidden, as wherever Tadoru shows a record.

use aws_wire::error::AwsError;
use aws_wire::pagination_token;
use lake::value::Value as LakeValue;
use query_syntax::event_filter::{EventFilter, Field, Operator, Pattern, Piece, Term};
use questions::events::{Input, Place, Selection, newest};
use serde_json::{Map, Value, json};

use crate::aws::{OperationError, Request, answer};

/// AWS tells the times of events in whole seconds.
const SECOND_US: i64 = 1_000_000;
/// CloudTrail's event history reaches so far back.
const HISTORY_US: i64 = 90 * 86_400_000_000;
const USUAL_PAGE: u64 = 50;
/// Of events that nothing tells apart no more are counted through: a token is easily made up.
const MOST_ALIKE: u64 = 10_000;

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
    let start = match request.text("NextToken") {
        None => None,
        Some(token) => Some(
            pagination_token::open(token, &bound_to)
                .and_then(|bytes| Start::read(&bytes))
                .ok_or_else(|| AwsError::new("InvalidNextTokenException", "The token is not one of this request."))?,
        ),
    };
    let count = request.number("MaxResults").and_then(|count| u64::try_from(count).ok()).unwrap_or(USUAL_PAGE);
    let given = start.as_ref().map_or(0, |start| start.given);
    let limit = given.saturating_add(count).saturating_add(1);
    let page = Input {
        selection: Selection { limit: Some(limit), ..input.selection.clone() },
        from: start.as_ref().map(|start| start.place.clone()),
        ..input
    };
    let mut rows = newest(&*request.snapshot()?, &page, request.now.us)?;
    let is_more = rows.len() as u64 == limit;
    rows.truncate(usize::try_from(limit - 1).unwrap_or(usize::MAX));
    let next = is_more.then(|| Start::behind(&rows)).flatten();
    let shown = rows.into_iter().skip(usize::try_from(given).unwrap_or(usize::MAX));
    let mut found = answer(json!({"Events": shown.map(event).collect::<Vec<_>>()}));
    if let Some(next) = next {
        found.insert("NextToken".to_owned(), json!(pagination_token::seal(&next.written(), &bound_to)));
    }
    Ok(found)
}

/// Where a page begins: at an event that was given before, and behind so many that no id tells apart from it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Start {
    place: Place,
    given: u64,
}

impl Start {
    /// Behind the last of `rows`, of which the first were given before where there was a start.
    fn behind(rows: &[Vec<LakeValue>]) -> Option<Self> {
        let place = place_of(rows.last()?)?;
        let alike = rows.iter().rev().take_while(|row| place_of(row).as_ref() == Some(&place)).count() as u64;
        Some(Self { place, given: alike })
    }

    fn written(&self) -> Vec<u8> {
        let id = self.place.event_id.as_ref().map(|id| [b"=", id.as_bytes()].concat()).unwrap_or_default();
        [&self.place.time_us.to_be_bytes()[..], &self.given.to_be_bytes(), &id].concat()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (time, rest) = bytes.split_first_chunk()?;
        let (given, id) = rest.split_first_chunk()?;
        let event_id = match id.split_first() {
            None => None,
            Some((b'=', id)) => Some(String::from_utf8(id.to_vec()).ok()?),
            Some(_) => return None,
        };
        let given = u64::from_be_bytes(*given);
        let place = Place { time_us: i64::from_be_bytes(*time), event_id };
        (given <= MOST_ALIKE).then_some(Self { place, given })
    }
}

/// By the first and the fifth of `COLUMNS`.
fn place_of(row: &[LakeValue]) -> Option<Place> {
    let LakeValue::Timestamp(time_us) = row.get(4)? else { return None };
    let event_id = if let LakeValue::Text(id) = row.first()? { Some(id.clone()) } else { None };
    Some(Place { time_us: *time_us, event_id })
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
        None if request.limits.data_events => {
            term(Field::Category, Operator::NotEqual, &["Data", "Insight", "NetworkActivity"])
        }
        None => term(Field::Category, Operator::NotEqual, &["Insight"]),
    };
    let region = request.limits.regions.then(|| request.caller.region.clone());
    let mut input = Input {
        filter: EventFilter { terms: vec![category] },
        selection: Selection {
            columns: COLUMNS.map(str::to_owned).to_vec(),
            since_us: start_us.max(oldest_us),
            // The end is a second that still counts.
            until_us: Some(end_us.unwrap_or(request.now.us).min(request.now.us).saturating_add(1)),
            accounts: vec![request.caller.account.clone()],
            regions: region.into_iter().collect(),
            limit: None,
        },
        ..Input::default()
    };
    let attributes = request.input.get("LookupAttributes").and_then(Value::as_array).map(Vec::as_slice);
    let attributes = attributes.unwrap_or_default();
    if request.limits.attributes && attributes.len() > 1 {
        let text = "You can only specify one attribute key value pair when looking up events.";
        return Err(AwsError::new("InvalidLookupAttributesException", text).into());
    }
    for attribute in attributes {
        let text = |name: &str| attribute[name].as_str().unwrap_or_default();
        add_attribute(&mut input, text("AttributeKey"), text("AttributeValue"));
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
            input.resource_types.push(value.to_owned());
            return;
        }
        _ => {
            input.resource_names.push(value.to_owned());
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
        "EventTime": if let LakeValue::Timestamp(us) = time { Some(us - us.rem_euclid(SECOND_US)) } else { None },
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(time_us: i64, id: Option<&str>) -> Vec<LakeValue> {
        let mut row = vec![LakeValue::Null; COLUMNS.len()];
        row[0] = id.map_or(LakeValue::Null, |id| LakeValue::Text(id.to_owned()));
        row[4] = LakeValue::Timestamp(time_us);
        row
    }

    #[test]
    fn a_page_ends_behind_its_last_event() {
        let check = |rows: &[(i64, Option<&str>)], time_us: i64, id: Option<&str>, given: u64| {
            let rows: Vec<_> = rows.iter().map(|(time, id)| row(*time, *id)).collect();
            let expected = Start { place: Place { time_us, event_id: id.map(str::to_owned) }, given };
            let found = Start::behind(&rows).unwrap();
            assert_eq!(found, expected);
            assert_eq!(Start::read(&found.written()), Some(expected));
        };
        check(&[(9, Some("b")), (9, Some("a"))], 9, Some("a"), 1);
        check(&[(9, Some("a")), (8, Some("a")), (8, Some("a"))], 8, Some("a"), 2);
        check(&[(9, None), (-8, None), (-8, None)], -8, None, 2);
        check(&[(9, Some(""))], 9, Some(""), 1);
        assert_eq!(Start::behind(&[]), None);
    }

    #[test]
    fn a_start_that_nobody_wrote_is_none() {
        let start = Start { place: Place { time_us: 1, event_id: Some("é".to_owned()) }, given: 1 };
        let written = start.written();
        for bytes in [&[][..], &written[..9], &[&written[..16], b"x"].concat(), &written[..written.len() - 1]] {
            assert_eq!(Start::read(bytes), None, "{bytes:?}");
        }
        assert_eq!(Start::read(&Start { given: u64::MAX, ..start }.written()), None);
    }
}
