//! The query protocol of IAM and STS: a form in, XML out. Members of lists are numbered from 1 (`Names.member.1`), entries of maps
//! are pairs (`Map.entry.1.key`); policy documents go out as percent-encoded JSON, as AWS sends them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::error::AwsError;
use crate::model::{Kind, Operation, Service, Shape};
use crate::timestamp;

/// The fields of a form, by name; of one that is given twice the last counts.
pub type Form = BTreeMap<String, String>;

/// What RFC 3986 lets stand as it is.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The shape whose values AWS percent-encodes.
const POLICY_DOCUMENT: &str = "policyDocumentType";

/// Reads `application/x-www-form-urlencoded`.
///
/// # Errors
/// `MalformedQueryString` where a field is not UTF-8 in percent-encoding.
pub fn read_form(body: &[u8]) -> Result<Form, AwsError> {
    let malformed = || AwsError::with_status("MalformedQueryString", 404, "The query string contains a syntax error.");
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let decode = |part: &str| {
        let part = part.replace('+', " ");
        percent_decode_str(&part).decode_utf8().map(|text| text.into_owned()).map_err(|_| malformed())
    };
    let fields = text.split('&').filter(|field| !field.is_empty());
    fields
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

/// The input of an operation, by its shape; what the shape does not know is left out.
///
/// # Errors
/// `MalformedInput` where a value is not of its kind.
pub fn read_input(service: &Service, operation: &Operation, form: &Form) -> Result<Map<String, Value>, AwsError> {
    let Some(shape) = &operation.input else { return Ok(Map::new()) };
    let input = read(service, shape, form, "")?;
    Ok(match input {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    })
}

/// The value at `path`; `None` where the form has nothing there.
fn read(service: &Service, shape: &str, form: &Form, path: &str) -> Result<Option<Value>, AwsError> {
    let shape = service.shape(shape);
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match shape.kind {
        Kind::Structure => {
            let mut members = Map::new();
            for (name, reference) in &shape.members {
                let wire = below(Shape::wire_name(name, reference));
                if let Some(value) = read(service, &reference.shape, form, &wire)? {
                    members.insert(name.clone(), value);
                }
            }
            Ok((path.is_empty() || !members.is_empty()).then_some(Value::Object(members)))
        }
        Kind::List => {
            let reference = shape.member.as_ref().expect("a list has members");
            let prefix = if shape.flattened { path.to_owned() } else { below(Shape::wire_name("member", reference)) };
            let mut items = Vec::new();
            for index in indexes(form, &prefix) {
                items.extend(read(service, &reference.shape, form, &format!("{prefix}.{index}"))?);
            }
            // SDKs write an empty list as a field without a value.
            let is_empty_list = items.is_empty() && form.get(path).is_some_and(String::is_empty);
            Ok((!items.is_empty() || is_empty_list).then_some(Value::Array(items)))
        }
        Kind::Map => {
            let (key, value) = (shape.key.as_ref(), shape.value.as_ref());
            let (key, value) = (key.expect("a map has keys"), value.expect("a map has values"));
            let prefix = if shape.flattened { path.to_owned() } else { below("entry") };
            let mut entries = Map::new();
            for index in indexes(form, &prefix) {
                let name = form.get(&format!("{prefix}.{index}.{}", Shape::wire_name("key", key)));
                let wire = format!("{prefix}.{index}.{}", Shape::wire_name("value", value));
                if let (Some(name), Some(value)) = (name, read(service, &value.shape, form, &wire)?) {
                    entries.insert(name.clone(), value);
                }
            }
            Ok((!entries.is_empty()).then_some(Value::Object(entries)))
        }
        kind => {
            let malformed = || AwsError::new("MalformedInput", "Invalid Argument");
            form.get(path).map(|text| scalar(kind, text).ok_or_else(malformed)).transpose()
        }
    }
}

/// The numbers that follow `prefix`, ascending.
fn indexes(form: &Form, prefix: &str) -> Vec<u32> {
    let prefix = format!("{prefix}.");
    let names = form.range(prefix.clone()..).map(|(name, _)| name).take_while(|name| name.starts_with(&prefix));
    let number = |name: &String| name[prefix.len()..].split('.').next()?.parse::<u32>().ok();
    let mut indexes: Vec<u32> = names.filter_map(number).collect();
    indexes.sort_unstable();
    indexes.dedup();
    indexes
}

/// A single value from its text; `None` where it is not of that kind.
pub(crate) fn scalar(kind: Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Integer | Kind::Long => text.parse::<i64>().ok().map(Value::from),
        Kind::Float | Kind::Double => text.parse::<f64>().ok().map(Value::from),
        Kind::Boolean => match text {
            "true" | "True" => Some(Value::Bool(true)),
            "false" | "False" => Some(Value::Bool(false)),
            _ => None,
        },
        Kind::Timestamp => timestamp::of_text(text).map(Value::from),
        Kind::Blob => STANDARD.decode(text).ok().map(|_| Value::from(text)),
        _ => Some(Value::from(text)),
    }
}

/// The answer of an operation as XML. Members that the shape does not know, and those that are null, are left out.
pub fn write_answer(
    service: &Service,
    (name, operation): (&str, &Operation),
    output: &Map<String, Value>,
    request_id: &str,
) -> String {
    let namespace = service.metadata.xml_namespace.as_deref().unwrap_or_default();
    let mut xml = format!("<{name}Response xmlns=\"{}\">", escape(namespace));
    if let (Some(wrapper), Some(shape)) = (&operation.result_wrapper, &operation.output) {
        let _ = write!(xml, "<{wrapper}>");
        write_members(service, service.shape(shape), output, &mut xml);
        let _ = write!(xml, "</{wrapper}>");
    }
    let request_id = escape(request_id);
    let _ = write!(xml, "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>");
    xml
}

fn write_members(service: &Service, shape: &Shape, members: &Map<String, Value>, xml: &mut String) {
    for (name, reference) in &shape.members {
        if let Some(value) = members.get(name).filter(|value| !value.is_null()) {
            write_value(service, &reference.shape, Shape::wire_name(name, reference), value, xml);
        }
    }
}

fn write_value(service: &Service, shape_name: &str, name: &str, value: &Value, xml: &mut String) {
    let shape = service.shape(shape_name);
    let element = |xml: &mut String, content: &str| {
        let _ = write!(xml, "<{name}>{}</{name}>", escape(content));
    };
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(members)) => {
            let _ = write!(xml, "<{name}>");
            write_members(service, shape, members, xml);
            let _ = write!(xml, "</{name}>");
        }
        (Kind::List, Value::Array(items)) => {
            let reference = shape.member.as_ref().expect("a list has members");
            let item_name = if shape.flattened { name } else { Shape::wire_name("member", reference) };
            if !shape.flattened {
                let _ = write!(xml, "<{name}>");
            }
            for item in items.iter().filter(|item| !item.is_null()) {
                write_value(service, &reference.shape, item_name, item, xml);
            }
            if !shape.flattened {
                let _ = write!(xml, "</{name}>");
            }
        }
        (Kind::Map, Value::Object(entries)) => {
            let (key, value) = (shape.key.as_ref(), shape.value.as_ref());
            let (key, value) = (key.expect("a map has keys"), value.expect("a map has values"));
            let _ = write!(xml, "<{name}>");
            for (entry, of_entry) in entries {
                xml.push_str("<entry>");
                write_value(service, &key.shape, Shape::wire_name("key", key), &Value::from(entry.as_str()), xml);
                write_value(service, &value.shape, Shape::wire_name("value", value), of_entry, xml);
                xml.push_str("</entry>");
            }
            let _ = write!(xml, "</{name}>");
        }
        (Kind::Timestamp, value) => {
            let text = timestamp::of_value(value).map(timestamp::iso8601);
            element(xml, text.as_deref().or(value.as_str()).unwrap_or_default());
        }
        _ if shape_name == POLICY_DOCUMENT => element(xml, &policy_document(value)),
        (_, Value::String(text)) => element(xml, text),
        (_, scalar) => element(xml, &scalar.to_string()),
    }
}

/// A policy document as AWS sends it; AWS's own answers, kept as they came, are encoded already.
fn policy_document(value: &Value) -> String {
    match value {
        Value::String(text) if text.starts_with("%7B") => text.clone(),
        Value::String(text) => utf8_percent_encode(text, RESERVED).to_string(),
        document => utf8_percent_encode(&document.to_string(), RESERVED).to_string(),
    }
}

/// Text for XML. What XML 1.0 has no character for becomes U+FFFD.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#xD;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control < ' ' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Model;

    fn input(operation: &str, body: &str) -> Result<Value, String> {
        let model = Model::embedded();
        let iam = model.service("iam").unwrap();
        let form = read_form(body.as_bytes()).map_err(|error| error.code)?;
        read_input(iam, &iam.operations[operation], &form).map(Value::Object).map_err(|error| error.code)
    }

    #[test]
    fn lists_numbers_and_flags_are_read_by_the_shape() {
        let check = |operation: &str, body: &str, expected: Result<Value, &str>| {
            assert_eq!(input(operation, body), expected.map_err(str::to_owned), "{body}");
        };
        check(
            "ListPoliciesGrantingServiceAccess",
            "Action=X&Arn=arn%3Aaws&ServiceNamespaces.member.10=s3&ServiceNamespaces.member.2=ec2&ServiceNamespaces.member.1=iam",
            Ok(json!({"Arn": "arn:aws", "ServiceNamespaces": ["iam", "ec2", "s3"]})),
        );
        check("GetAccountAuthorizationDetails", "Filter=", Ok(json!({"Filter": []})));
        check(
            "ListUsers",
            "MaxItems=5&PathPrefix=%2Fa+b%2F&Unknown=1",
            Ok(json!({"MaxItems": 5, "PathPrefix": "/a b/"})),
        );
        check("ListPolicies", "OnlyAttached=true", Ok(json!({"OnlyAttached": true})));
        check("ListUsers", "MaxItems=many", Err("MalformedInput"));
        check("ListUsers", "PathPrefix=%FF", Err("MalformedQueryString"));
        check(
            "CreatePolicy",
            "Tags.member.1.Key=a&Tags.member.1.Value=b&Tags.member.2.Key=c",
            Ok(json!({"Tags": [{"Key": "a", "Value": "b"}, {"Key": "c"}]})),
        );
    }

    #[test]
    fn an_answer_is_written_by_the_shape() {
        let model = Model::embedded();
        let iam = model.service("iam").unwrap();
        let check = |name: &str, output: Value, expected: &str| {
            let Value::Object(output) = output else { panic!("an output is an object") };
            let xml = write_answer(iam, (name, &iam.operations[name]), &output, "id");
            let rest =
                xml.strip_prefix(&format!("<{name}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">"));
            let end = format!("<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></{name}Response>");
            assert_eq!(rest.and_then(|rest| rest.strip_suffix(&end)), Some(expected));
        };
        check(
            "GetServiceLastAccessedDetails",
            json!({"JobStatus": "COMPLETED", "JobCreationDate": 1_709_287_200_347_000_i64, "IsTruncated": false,
                   "ServicesLastAccessed": [{"ServiceName": "A & B", "TotalAuthenticatedEntities": 0, "LastAuthenticated": null}]}),
            "<GetServiceLastAccessedDetailsResult><IsTruncated>false</IsTruncated>\
             <JobCreationDate>2024-03-01T10:00:00.347Z</JobCreationDate><JobStatus>COMPLETED</JobStatus>\
             <ServicesLastAccessed><member><ServiceName>A &amp; B</ServiceName>\
             <TotalAuthenticatedEntities>0</TotalAuthenticatedEntities></member></ServicesLastAccessed>\
             </GetServiceLastAccessedDetailsResult>",
        );
        check(
            "GetPolicyVersion",
            json!({"PolicyVersion": {"Document": {"Statement": [{"Action": "s3:*"}]}, "CreateDate": "2024-03-01T11:00:00+01:00"}}),
            "<GetPolicyVersionResult><PolicyVersion><CreateDate>2024-03-01T10:00:00Z</CreateDate><Document>\
             %7B%22Statement%22%3A%5B%7B%22Action%22%3A%22s3%3A%2A%22%7D%5D%7D</Document></PolicyVersion></GetPolicyVersionResult>",
        );
        check("DeleteRole", json!({}), "");
        assert_eq!(escape("a\u{0}\r<日>"), "a\u{fffd}&#xD;&lt;日&gt;");
    }

    proptest::proptest! {
        #[test]
        fn no_form_makes_reading_panic(body: Vec<u8>, text in "([A-Za-z.]|member|Tags|Key|[0-9]{1,12}|=|&|%){0,30}") {
            let model = Model::embedded();
            let iam = model.service("iam").unwrap();
            for body in [body.as_slice(), text.as_bytes()] {
                if let Ok(form) = read_form(body) {
                    for name in ["CreatePolicy", "GetAccountAuthorizationDetails", "ListUsers"] {
                        let _ = read_input(iam, &iam.operations[name], &form);
                    }
                }
            }
        }
    }
}
