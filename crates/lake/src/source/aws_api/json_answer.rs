//! Answers of the services that speak JSON 1.1, to the JSON that `aws … --output json` prints: times, which come as seconds
//! since 1970, become text, and members without a value are left out.

use serde_json::{Map, Value};

use super::time;

/// Members that are times, as botocore's models have them; `JoinedTimestamp` and others come as numbers.
const TIMES: [&str; 11] = [
    "AddedDate",
    "CreatedAt",
    "CreatedDate",
    "JoinedTimestamp",
    "LatestCloudWatchLogsDeliveryTime",
    "LatestDeliveryTime",
    "LatestDigestDeliveryTime",
    "LatestNotificationTime",
    "StartLoggingTime",
    "StopLoggingTime",
    "UpdatedAt",
];

/// The members of an answer.
///
/// # Errors
/// Not a JSON object; says why.
pub(super) fn parse(body: &[u8]) -> Result<Value, String> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(Value::Object(members.into_iter().filter_map(member).collect())),
        Ok(_) => Err("it is no JSON object".to_owned()),
        Err(_) if body.is_empty() => Ok(Value::Object(Map::new())),
        Err(error) => Err(error.to_string()),
    }
}

/// Code and message of an error; `None` where it is none of AWS's. The code may stand behind a namespace and before a URL.
pub(super) fn error(body: &[u8], header: Option<&str>) -> Option<(String, String)> {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |names: [&str; 2]| names.into_iter().find_map(|name| value[name].as_str());
    let code = text(["__type", "code"]).or(header)?;
    let code = code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default();
    Some((code.to_owned(), text(["message", "Message"]).unwrap_or_default().to_owned()))
}

fn member((name, value): (String, Value)) -> Option<(String, Value)> {
    let value = match value {
        Value::Null => return None,
        Value::Number(seconds) if TIMES.contains(&name.as_str()) => {
            seconds.as_f64().and_then(time::of_seconds).map_or(Value::Number(seconds), Value::from)
        }
        other => inner(other),
    };
    Some((name, value))
}

fn inner(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(members.into_iter().filter_map(member).collect()),
        Value::Array(elements) => Value::Array(elements.into_iter().map(inner).collect()),
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn times_become_text_and_null_nothing() {
        let check = |body: &str, expected: Value| assert_eq!(parse(body.as_bytes()), Ok(expected), "{body}");
        check("", json!({}));
        check(
            r#"{"Accounts":[{"Id":"1","JoinedTimestamp":1598320415.25,"Name":null}],"NextToken":null}"#,
            json!({ "Accounts": [{ "Id": "1", "JoinedTimestamp": "2020-08-25T01:53:35.250000+00:00" }] }),
        );
        check(
            r#"{"CreatedDate":"2020-08-25","Size":1598320415}"#,
            json!({ "CreatedDate": "2020-08-25", "Size": 1_598_320_415 }),
        );
        check(r#"{"CreatedAt":1e300}"#, json!({ "CreatedAt": 1e300 }));
        assert!(parse(b"[]").is_err() && parse(b"{").is_err() && parse(b"<html>").is_err());
    }

    #[test]
    fn errors_have_a_code_and_a_message() {
        let check = |body: &str, header: Option<&str>, expected: Option<(&str, &str)>| {
            let expected = expected.map(|(code, message)| (code.to_owned(), message.to_owned()));
            assert_eq!(error(body.as_bytes(), header), expected, "{body}");
        };
        check(r#"{"__type":"AccessDeniedException","Message":"no"}"#, None, Some(("AccessDeniedException", "no")));
        check(r#"{"__type":"com.amazonaws#X","message":"m"}"#, None, Some(("X", "m")));
        check("", Some("X:http://internal.amazon.com/"), Some(("X", "")));
        check("<html>", None, None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            // Whatever it says, it says it.
            drop((parse(&body), error(&body, None)));
        }
    }
}
