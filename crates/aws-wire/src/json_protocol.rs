//! JSON 1.1: a JSON object in, one out; times are seconds since 1970 where the model does not say otherwise. Services tell the
//! operation in `X-Amz-Target`. The bodies of `rest_json_protocol` are the same.

use serde_json::{Map, Value};

use crate::error::AwsError;
use crate::model::{Kind, Operation, Reference, Service, Shape, TimestampFormat};
use crate::timestamp;

/// The input of an operation, by its shape; what the shape does not know is left out. Times become microseconds.
///
/// # Errors
/// `SerializationException` for what is not JSON, or a value that is not of its kind.
pub fn read_input(service: &Service, operation: &Operation, body: &[u8]) -> Result<Map<String, Value>, AwsError> {
    let Some(shape) = &operation.input else { return Ok(Map::new()) };
    let text = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { body };
    let value: Value = serde_json::from_slice(text).map_err(|_| refused("the body is no JSON"))?;
    match read(service, shape, &value)? {
        Value::Object(members) => Ok(members),
        _ => Err(refused("the body is no JSON object")),
    }
}

pub(crate) fn refused(why: &str) -> AwsError {
    AwsError::new("SerializationException", why)
}

pub(crate) fn not_of_its_kind() -> AwsError {
    refused("a value is not of the kind that its member has")
}

fn read(service: &Service, shape: &str, value: &Value) -> Result<Value, AwsError> {
    let shape = service.shape(shape);
    let converted = match (shape.kind, value) {
        // A document: any JSON.
        (Kind::Structure, value) if shape.members.is_empty() => Some(value.clone()),
        (Kind::Structure, Value::Object(members)) => {
            let mut known = Map::new();
            let in_body = shape.members.iter().filter(|(_, reference)| reference.location.is_none());
            for (name, reference) in in_body {
                let wire = Shape::wire_name(name, reference);
                if let Some(value) = members.get(wire).filter(|value| !value.is_null()) {
                    known.insert(name.clone(), read(service, &reference.shape, value)?);
                }
            }
            Some(Value::Object(known))
        }
        (Kind::List, Value::Array(items)) => {
            let reference = shape.member.as_ref().expect("a list has members");
            let items = items.iter().map(|item| read(service, &reference.shape, item));
            Some(Value::Array(items.collect::<Result<_, _>>()?))
        }
        (Kind::Map, Value::Object(entries)) => {
            let reference = shape.value.as_ref().expect("a map has values");
            let entries = entries.iter().map(|(key, value)| Ok((key.clone(), read(service, &reference.shape, value)?)));
            Some(Value::Object(entries.collect::<Result<_, AwsError>>()?))
        }
        (Kind::Timestamp, Value::Number(number)) => number.as_f64().and_then(timestamp::of_seconds).map(Value::from),
        (Kind::Timestamp, Value::String(text)) => timestamp::of_text(text).map(Value::from),
        (Kind::Integer | Kind::Long, Value::Number(number)) => number.as_i64().map(Value::from),
        (Kind::Float | Kind::Double, Value::Number(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::String | Kind::Blob, Value::String(_)) => Some(value.clone()),
        _ => None,
    };
    converted.ok_or_else(not_of_its_kind)
}

/// The answer of an operation. Members that the shape does not know, and those that are null, are left out.
pub fn write_answer(service: &Service, operation: &Operation, output: &Map<String, Value>) -> Value {
    match &operation.output {
        Some(shape) => write_members(service, service.shape(shape), output),
        None => Value::Object(Map::new()),
    }
}

fn write_members(service: &Service, shape: &Shape, members: &Map<String, Value>) -> Value {
    let known = shape.members.iter().filter_map(|(name, reference)| {
        let value = members.get(name).filter(|value| !value.is_null())?;
        Some((Shape::wire_name(name, reference).to_owned(), write(service, reference, value)))
    });
    Value::Object(known.collect())
}

fn write(service: &Service, reference: &Reference, value: &Value) -> Value {
    let shape = service.shape(&reference.shape);
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(members)) => write_members(service, shape, members),
        (Kind::List, Value::Array(items)) => {
            let reference = shape.member.as_ref().expect("a list has members");
            items.iter().map(|item| write(service, reference, item)).collect()
        }
        (Kind::Map, Value::Object(entries)) => {
            let reference = shape.value.as_ref().expect("a map has values");
            let entries = entries.iter().map(|(key, value)| (key.clone(), write(service, reference, value)));
            Value::Object(entries.collect())
        }
        (Kind::Timestamp, value) => {
            let spelled = timestamp::of_value(value).map(|us| match service.timestamp_format(reference) {
                TimestampFormat::Iso8601 => Value::from(timestamp::iso8601(us)),
                TimestampFormat::UnixTimestamp => timestamp::seconds(us),
            });
            spelled.unwrap_or_else(|| value.clone())
        }
        (_, value) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Model;

    #[test]
    fn times_are_seconds_and_unknown_members_are_left_out() {
        let model = Model::embedded();
        let cloudtrail = model.service("cloudtrail").unwrap();
        let operation = &cloudtrail.operations["LookupEvents"];
        let check = |body: &str, expected: Result<Value, &str>| {
            let found = read_input(cloudtrail, operation, body.as_bytes()).map(Value::Object);
            assert_eq!(found.map_err(|error| error.code), expected.map_err(str::to_owned), "{body}");
        };
        check(
            r#"{"StartTime": 1709287200.5, "MaxResults": 3, "Other": 1, "NextToken": null}"#,
            Ok(json!({"StartTime": 1_709_287_200_500_000_i64, "MaxResults": 3})),
        );
        check("", Ok(json!({})));
        check(
            r#"{"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}]}"#,
            Ok(json!({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}]})),
        );
        for broken in
            ["{", "[]", "1", r#"{"MaxResults": "3"}"#, r#"{"StartTime": "soon"}"#, r#"{"LookupAttributes": {}}"#]
        {
            check(broken, Err("SerializationException"));
        }
        let Value::Object(output) =
            json!({"Events": [{"EventId": "1", "EventTime": 1_709_287_200_000_000_i64, "Own": 2}]})
        else {
            panic!("an output is an object")
        };
        let answer = write_answer(cloudtrail, operation, &output);
        assert_eq!(answer, json!({"Events": [{"EventId": "1", "EventTime": 1_709_287_200}]}));
    }

    #[test]
    fn times_are_spelled_as_the_model_says() {
        let model = Model::embedded();
        let service = model.service("accessanalyzer").unwrap();
        let generation = json!({"jobId": "1", "startedOn": 1_709_287_200_347_000_i64});
        let output = Map::from_iter([("policyGenerations".to_owned(), json!([generation]))]);
        let answer = write_answer(service, &service.operations["ListPolicyGenerations"], &output);
        assert_eq!(answer, json!({"policyGenerations": [{"jobId": "1", "startedOn": "2024-03-01T10:00:00.347Z"}]}));
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_reading_panic(body: Vec<u8>, text in r#"(\{|\}|\[|\]|"StartTime"|"LookupAttributes"|:|,|1e400|-1|null){0,20}"#) {
            let model = Model::embedded();
            let cloudtrail = model.service("cloudtrail").unwrap();
            for body in [body.as_slice(), text.as_bytes()] {
                let _ = read_input(cloudtrail, &cloudtrail.operations["LookupEvents"], body);
            }
        }
    }
}
