//! REST-JSON: the operation is told by method and path; members of the input stand in labels of the path, in the query string and,
//! the rest of them, in a JSON body. Bodies are those of `json_protocol`.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::error::AwsError;
use crate::json_protocol;
use crate::model::{Location, Operation, Service, Shape};
use crate::operation::WireRequest;
use crate::query_protocol::{self, Form};

/// The operation that lives at a method and path; of several the one whose path says more.
pub fn operation_at<'m>(service: &'m Service, method: &str, path: &str) -> Option<&'m str> {
    let literal_parts = |operation: &Operation| {
        let http = operation.http.as_ref().filter(|http| http.method == method)?;
        let labels = labels(&http.request_uri, path)?;
        Some(parts(&http.request_uri).count() - labels.len())
    };
    let found = service.operations.iter().filter_map(|(name, operation)| Some((literal_parts(operation)?, name)));
    found.max_by_key(|(literal, _)| *literal).map(|(_, name)| name.as_str())
}

/// The input of an operation, by its shape; what the shape does not know is left out. Times become microseconds.
///
/// # Errors
/// `SerializationException` for a label, a parameter or a body that is not of its kind.
pub fn read_input(
    service: &Service,
    operation: &Operation,
    request: &WireRequest<'_>,
) -> Result<Map<String, Value>, AwsError> {
    let Some(shape) = &operation.input else { return Ok(Map::new()) };
    let shape = service.shape(shape);
    let uri = operation.http.as_ref().map_or("", |http| http.request_uri.as_str());
    let labels = labels(uri, request.path).unwrap_or_default();
    let query = query_protocol::read_form(request.query.as_bytes())
        .map_err(|_| json_protocol::refused("the query string is no text in percent-encoding"))?;
    let is_in_body = shape.members.values().any(|reference| reference.location.is_none());
    let mut input = if is_in_body { json_protocol::read_input(service, operation, request.body)? } else { Map::new() };
    for (name, reference) in &shape.members {
        let wire = Shape::wire_name(name, reference);
        let text = match reference.location {
            None => continue,
            Some(Location::Uri) => label(&labels, wire)?,
            Some(Location::QueryString) => parameter(&query, wire),
        };
        if let Some(text) = text {
            let value = query_protocol::scalar(service.shape(&reference.shape).kind, &text);
            input.insert(name.clone(), value.ok_or_else(json_protocol::not_of_its_kind)?);
        }
    }
    Ok(input)
}

fn parameter(query: &Form, name: &str) -> Option<String> {
    query.get(name).cloned()
}

fn label(labels: &[(&str, &str)], name: &str) -> Result<Option<String>, AwsError> {
    let Some((_, text)) = labels.iter().find(|(known, _)| *known == name) else { return Ok(None) };
    let text = percent_decode_str(text).decode_utf8();
    text.map(|text| Some(text.into_owned()))
        .map_err(|_| json_protocol::refused("the path is no text in percent-encoding"))
}

/// The labels of a path with what stands for them, as `/a/{label}` has them; `None` where the path is another.
fn labels<'a>(uri: &'a str, path: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut found = Vec::new();
    let (mut given, mut wanted) = (parts(path), parts(uri));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(found),
            (Some(wanted), Some(given)) => match wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                Some(label) if !given.is_empty() => found.push((label, given)),
                None if wanted == given => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// The parts of a path; a slash at its end says nothing.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.strip_suffix('/').unwrap_or(path).split('/')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Kind, Model};

    fn read(method: &str, path: &str, body: &str) -> Result<Value, String> {
        let model = Model::embedded();
        let service = model.service("accessanalyzer").unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = WireRequest { method, path, query, headers: &[], body: body.as_bytes() };
        let name = operation_at(service, method, path).ok_or("no operation")?;
        let input = read_input(service, &service.operations[name], &request).map_err(|error| error.code)?;
        Ok(json!({name: input}))
    }

    #[test]
    fn members_stand_in_path_query_and_body() {
        let check = |method: &str, path: &str, body: &str, expected: Result<Value, &str>| {
            assert_eq!(read(method, path, body), expected.map_err(str::to_owned), "{method} {path} {body}");
        };
        check(
            "GET",
            "/policy/generation/a%2Fb%20c?includeResourcePlaceholders=true&other=1",
            "not read",
            Ok(json!({"GetGeneratedPolicy": {"jobId": "a/b c", "includeResourcePlaceholders": true}})),
        );
        check("PUT", "/policy/generation/a", "", Ok(json!({"CancelPolicyGeneration": {"jobId": "a"}})));
        check(
            "GET",
            "/policy/generation/?maxResults=7&nextToken=a%2Bb+c",
            "",
            Ok(json!({"ListPolicyGenerations": {"maxResults": 7, "nextToken": "a+b c"}})),
        );
        check(
            "PUT",
            "/policy/generation",
            r#"{"clientToken": "t", "cloudTrailDetails": {"startTime": "2021-02-01T00:00:00Z", "trails": [{"allRegions": false}]}}"#,
            Ok(json!({"StartPolicyGeneration": {"clientToken": "t", "cloudTrailDetails": {
                "startTime": 1_612_137_600_000_000_i64, "trails": [{"allRegions": false}]}}})),
        );
        check("PUT", "/policy/generation", "", Ok(json!({"StartPolicyGeneration": {}})));
        check("GET", "/policy/generation?maxResults=many", "", Err("SerializationException"));
        check("GET", "/policy/generation?nextToken=%FF", "", Err("SerializationException"));
        check("GET", "/policy/generation/%FF", "", Err("SerializationException"));
        check("GET", "/policy/generation/a?includeServiceLevelTemplate=1", "", Err("SerializationException"));
        check("PUT", "/policy/generation", "{", Err("SerializationException"));
        check("PUT", "/policy/generation", r#"{"cloudTrailDetails": {"trails": {}}}"#, Err("SerializationException"));
        for (method, path) in [
            ("GET", "/policy/generation/a/b"),
            ("GET", "/policy/generation//"),
            ("GET", "/policy"),
            ("DELETE", "/policy/generation"),
        ] {
            check(method, path, "", Err("no operation"));
        }
    }

    #[test]
    fn what_stands_outside_of_bodies_is_one_value() {
        for service in Model::embedded().services() {
            for shape in service.operations.values().filter_map(|operation| operation.input.as_deref()) {
                let outside = service.shape(shape).members.values().filter(|member| member.location.is_some());
                for member in outside {
                    let kind = service.shape(&member.shape).kind;
                    assert!(!matches!(kind, Kind::Structure | Kind::List | Kind::Map), "{shape} {}", member.shape);
                }
            }
        }
    }
}
