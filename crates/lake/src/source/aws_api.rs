//! One small client for the few read-only calls that an inventory needs, in place of an SDK crate for each service: a call is
//! an operation and its input as JSON, and is answered by the JSON that `aws … --output json` prints, all pages merged. The
//! SDK's own machinery resolves credentials, signs, retries and keeps time; `aws_account` says what to call.

mod aws_service;
mod failure;
mod json_answer;
pub mod operation;
mod pace;
mod time;
mod wire;
mod xml_answer;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

pub use aws_service::Service;
pub use failure::{ApiFailure, ApiFailureKind};

use super::aws_connection::{Connection, CredentialsFailureKind};
use operation::{Operation, Paging};
use pace::Pace;
use wire::Wire;

/// A call that was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub operation: Operation,
    pub region: String,
    /// Without what pages the answer.
    pub input: Value,
    /// All pages in one.
    pub output: Value,
}

/// Calls with one set of credentials.
#[derive(Debug)]
pub(super) struct AwsApi {
    connection: Connection,
    wires: Mutex<HashMap<(Service, String), Arc<Wire>>>,
    paces: Mutex<HashMap<Service, Arc<Pace>>>,
    requests: AtomicU64,
}

impl AwsApi {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, wires: Mutex::default(), paces: Mutex::default(), requests: AtomicU64::new(0) }
    }

    /// The region that is asked where none is named.
    pub(super) fn region(&self) -> &str {
        self.connection.region()
    }

    /// Requests sent so far; repetitions by the SDK are not counted.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Calls `operation` until its last page.
    pub(super) async fn call(&self, operation: Operation, region: &str, input: &Value) -> Result<Call, ApiFailure> {
        let failed = |kind: ApiFailureKind, detail: String| ApiFailure {
            kind,
            operation,
            region: region.to_owned(),
            resource: resource(input),
            code: String::new(),
            detail,
        };
        let wire = self.wire(operation.service, region).map_err(|what| failed(ApiFailureKind::Unsupported, what))?;
        let pace = self.pace(operation.service);
        let mut output = Map::new();
        let mut token: Option<String> = None;
        loop {
            pace.turn().await;
            self.requests.fetch_add(1, Ordering::Relaxed);
            let page_input = page_input(operation.paging, input, token.as_deref());
            let page = match wire.send(operation.name, &page_input).await {
                Ok(Value::Object(page)) => page,
                Ok(_) => Map::new(),
                Err(error) => return Err(self.explained(failed(error.kind, error.detail), error.code).await),
            };
            let next = absorb(&mut output, page, operation.paging);
            if next.is_some() && next == token {
                return Err(failed(
                    ApiFailureKind::Other,
                    "two pages have the same token, so there is no end".to_owned(),
                ));
            }
            token = next;
            if token.is_none() {
                break;
            }
        }
        Ok(Call { operation, region: region.to_owned(), input: input.clone(), output: Value::Object(output) })
    }

    /// The SDK reports missing credentials as one more way in which a request cannot be sent.
    async fn explained(&self, failure: ApiFailure, code: String) -> ApiFailure {
        let is_unsent = matches!(failure.kind, ApiFailureKind::Other) && code.is_empty();
        let Some(credentials) = (if is_unsent { self.connection.credentials_failure().await } else { None }) else {
            return ApiFailure { code, ..failure };
        };
        let (kind, resource) = match credentials.kind {
            CredentialsFailureKind::RoleDenied(role) => (ApiFailureKind::RoleDenied, role),
            CredentialsFailureKind::Expired => (ApiFailureKind::ExpiredCredentials, failure.resource),
            CredentialsFailureKind::None => (ApiFailureKind::NoCredentials, failure.resource),
        };
        ApiFailure { kind, resource, detail: credentials.detail, ..failure }
    }

    fn wire(&self, service: Service, region: &str) -> Result<Arc<Wire>, String> {
        let mut wires = self.wires.lock().expect("nobody panics with the lock");
        if let Some(wire) = wires.get(&(service, region.to_owned())) {
            return Ok(Arc::clone(wire));
        }
        let wire = Arc::new(Wire::new(&self.connection, service, region)?);
        wires.insert((service, region.to_owned()), Arc::clone(&wire));
        Ok(wire)
    }

    fn pace(&self, service: Service) -> Arc<Pace> {
        let mut paces = self.paces.lock().expect("nobody panics with the lock");
        Arc::clone(paces.entry(service).or_default())
    }
}

/// What a call asks about, for people: its first member.
fn resource(input: &Value) -> String {
    let members = input.as_object().into_iter().flatten();
    let named = members.filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?)));
    let named: Vec<String> = named.collect();
    if named.is_empty() { "*".to_owned() } else { named.join(", ") }
}

/// The input of one page.
fn page_input(paging: Paging, input: &Value, token: Option<&str>) -> Value {
    let mut input = input.clone();
    match paging {
        Paging::None => {}
        Paging::Marker { most } => {
            input["MaxItems"] = most.into();
            if let Some(token) = token {
                input["Marker"] = token.into();
            }
        }
        Paging::NextToken { most } => {
            if let Some(most) = most {
                input["MaxResults"] = most.into();
            }
            if let Some(token) = token {
                input["NextToken"] = token.into();
            }
        }
    }
    input
}

/// Adds a page to what came before: lists grow, anything else is the page's. The token of the next page.
fn absorb(output: &mut Map<String, Value>, mut page: Map<String, Value>, paging: Paging) -> Option<String> {
    let mut text = |name: &str| page.remove(name).and_then(|value| Some(value.as_str()?.to_owned()));
    let token = match paging {
        Paging::None => None,
        Paging::Marker { .. } => text("Marker"),
        Paging::NextToken { .. } => text("NextToken"),
    };
    let is_last = match paging {
        Paging::Marker { .. } => page.remove("IsTruncated") != Some(Value::Bool(true)),
        _ => false,
    };
    for (name, value) in page {
        match (output.get_mut(&name), value) {
            (Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
            (_, value) => {
                output.insert(name, value);
            }
        }
    }
    token.filter(|token| !is_last && !token.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_become_one() {
        let mut output = Map::new();
        let mut check = |paging: Paging, page: Value, token: Option<&str>, expected: Value| {
            let Value::Object(page) = page else { panic!("a page is an object") };
            assert_eq!(absorb(&mut output, page, paging).as_deref(), token);
            assert_eq!(Value::Object(output.clone()), expected);
        };
        let marker = Paging::Marker { most: 1000 };
        check(marker, json!({ "A": [1], "IsTruncated": true, "Marker": "m" }), Some("m"), json!({ "A": [1] }));
        check(marker, json!({ "A": [2], "B": [], "Marker": "n" }), None, json!({ "A": [1, 2], "B": [] }));
        let token = Paging::NextToken { most: None };
        check(token, json!({ "A": [3], "NextToken": "t" }), Some("t"), json!({ "A": [1, 2, 3], "B": [] }));
        check(token, json!({ "NextToken": "" }), None, json!({ "A": [1, 2, 3], "B": [] }));
        let plain = json!({ "A": [1, 2, 3], "B": [], "NextToken": "kept" });
        check(Paging::None, json!({ "NextToken": "kept" }), None, plain);
    }

    #[test]
    fn a_page_is_asked_for_beside_the_input() {
        let input = json!({ "UserName": "alice" });
        let found = page_input(Paging::Marker { most: 1000 }, &input, Some("m"));
        assert_eq!(found, json!({ "UserName": "alice", "MaxItems": 1000, "Marker": "m" }));
        let found = page_input(Paging::NextToken { most: Some(100) }, &json!({}), None);
        assert_eq!(found, json!({ "MaxResults": 100 }));
        assert_eq!(resource(&input), "UserName=alice");
        assert_eq!(resource(&json!({})), "*");
    }
}
