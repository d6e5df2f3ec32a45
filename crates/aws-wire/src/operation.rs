//! Which operation of which service a request asks for. All services share one port, so a request tells it itself: by
//! `X-Amz-Target` (JSON 1.1), by its path (rest-json), or by the fields `Action` and `Version` of its form (query).

use crate::error::AwsError;
use crate::model::{Model, Operation, Protocol, Service};
use crate::query_protocol::{self, Form};
use crate::rest_json_protocol;
use crate::sigv4::Authorization;

/// A request's first line, headers and body, as they came.
#[derive(Debug, Clone, Copy)]
pub struct WireRequest<'r> {
    pub method: &'r str,
    /// Percent-encoded.
    pub path: &'r str,
    /// Percent-encoded, without the question mark.
    pub query: &'r str,
    /// Names in lower case, in the order in which they came.
    pub headers: &'r [(String, String)],
    pub body: &'r [u8],
}

impl<'r> WireRequest<'r> {
    /// The first header of that name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&'r str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What a request asks for.
#[derive(Debug, Clone)]
pub struct Target<'m> {
    pub service: Option<&'m Service>,
    pub protocol: Protocol,
    /// The operation's name, known or not.
    pub operation: Option<String>,
    /// The fields of a query request.
    pub form: Form,
    version: String,
}

/// What belongs to access analyzer, by the first part of the path.
const ACCESS_ANALYZER: &[&str] =
    &["policy", "analyzer", "finding", "findingv2", "recommendation", "archive-rule", "access-preview"];

impl<'m> Target<'m> {
    /// Reads what a request asks for.
    ///
    /// # Errors
    /// A form that cannot be read.
    pub fn of(model: &'m Model, request: &WireRequest<'_>) -> Result<Self, AwsError> {
        let empty = |service, protocol, operation| Self {
            service,
            protocol,
            operation,
            form: Form::new(),
            version: String::new(),
        };
        if let Some(target) = request.header("x-amz-target") {
            let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
            let service = model.services().find(|service| is_target_prefix(service, prefix));
            return Ok(empty(service, Protocol::Json, Some(operation.to_owned())));
        }
        if let Some(service) = rest_service(model, request) {
            let operation = rest_json_protocol::operation_at(service, request.method, request.path);
            return Ok(empty(Some(service), Protocol::RestJson, operation.map(str::to_owned)));
        }
        let form = match request.method {
            "POST" => query_protocol::read_form(request.body)?,
            _ => query_protocol::read_form(request.query.as_bytes())?,
        };
        let version = form.get("Version").cloned().unwrap_or_default();
        let is_asked = |service: &&Service| {
            service.metadata.protocol == Protocol::Query && service.metadata.api_version == version
        };
        let operation = form.get("Action").filter(|action| !action.is_empty()).cloned();
        Ok(Self { service: model.services().find(is_asked), protocol: Protocol::Query, operation, form, version })
    }

    /// The protocol that a request speaks, as far as its head tells.
    pub fn protocol_of_head(model: &Model, request: &WireRequest<'_>) -> Protocol {
        match () {
            () if request.header("x-amz-target").is_some() => Protocol::Json,
            () if rest_service(model, request).is_some() => Protocol::RestJson,
            () => Protocol::Query,
        }
    }

    /// The operation's name and model, if the service has it.
    pub fn known(&self) -> Option<(&'m Service, &'m str, &'m Operation)> {
        let service = self.service?;
        let (name, operation) = service.operations.get_key_value(self.operation.as_deref()?)?;
        Some((service, name, operation))
    }

    /// What AWS answers where there is no such operation.
    pub fn unknown(&self) -> AwsError {
        match (self.protocol, &self.operation) {
            (Protocol::Query, None) => {
                AwsError::new("MissingAction", "The request is missing an action or a required parameter.")
            }
            (Protocol::Query, Some(action)) => {
                let version = &self.version;
                AwsError::new("InvalidAction", format!("Could not find operation {action} for version {version}"))
            }
            (Protocol::Json, _) => AwsError::new("UnknownOperationException", ""),
            (Protocol::RestJson, _) => AwsError::with_status("UnknownOperationException", 404, ""),
        }
    }
}

/// CloudTrail's clients write a long and a short prefix.
fn is_target_prefix(service: &Service, prefix: &str) -> bool {
    let Some(known) = service.metadata.target_prefix.as_deref() else { return false };
    known == prefix || known.rsplit('.').next() == Some(prefix)
}

/// The rest-json service that a request is for: it has one's path, or is signed for it.
fn rest_service<'m>(model: &'m Model, request: &WireRequest<'_>) -> Option<&'m Service> {
    let first = request.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    if ACCESS_ANALYZER.contains(&first) {
        return model.service("accessanalyzer");
    }
    let scope = Authorization::of(request).ok()?.service;
    let mut services = model.services();
    services.find(|service| service.metadata.protocol == Protocol::RestJson && service.signing_name() == scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_itself_what_it_asks_for() {
        let model = Model::embedded();
        let check =
            |method: &str, path: &str, target: Option<&str>, body: &str, expected: Result<(&str, &str), &str>| {
                let headers: Vec<(String, String)> =
                    target.map(|target| ("x-amz-target".to_owned(), target.to_owned())).into_iter().collect();
                let (path, query) = path.split_once('?').unwrap_or((path, ""));
                let request = WireRequest { method, path, query, headers: &headers, body: body.as_bytes() };
                let target = Target::of(&model, &request).unwrap();
                let found = target.known().map(|(service, name, _)| (service.name.as_str(), name));
                let error = target.unknown();
                assert_eq!(found.ok_or(error.to_string().as_str()), expected, "{method} {path} {body}");
            };
        check("POST", "/", None, "Action=ListUsers&Version=2010-05-08", Ok(("iam", "ListUsers")));
        check("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", None, "", Ok(("sts", "GetCallerIdentity")));
        check(
            "POST",
            "/",
            Some("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"),
            "{}",
            Ok(("cloudtrail", "LookupEvents")),
        );
        check("POST", "/", Some("CloudTrail_20131101.LookupEvents"), "{}", Ok(("cloudtrail", "LookupEvents")));
        check("POST", "/", Some("SWBExternalService.ListInstances"), "{}", Ok(("sso-admin", "ListInstances")));
        check("PUT", "/policy/generation", None, "{}", Ok(("accessanalyzer", "StartPolicyGeneration")));
        check("GET", "/policy/generation/1234", None, "", Ok(("accessanalyzer", "GetGeneratedPolicy")));
        check("PUT", "/policy/generation/1234/", None, "", Ok(("accessanalyzer", "CancelPolicyGeneration")));
        check("DELETE", "/analyzer/x", None, "", Err("UnknownOperationException: "));
        check("POST", "/", Some("DynamoDB_20120810.Scan"), "{}", Err("UnknownOperationException: "));
        check(
            "POST",
            "/",
            None,
            "Action=CreateUser&Version=2010-05-08",
            Err("InvalidAction: Could not find operation CreateUser for version 2010-05-08"),
        );
        check(
            "POST",
            "/",
            None,
            "Action=ListUsers",
            Err("InvalidAction: Could not find operation ListUsers for version "),
        );
        check("GET", "/", None, "", Err("MissingAction: The request is missing an action or a required parameter."));
    }

    proptest::proptest! {
        #[test]
        fn no_request_makes_reading_panic(method in "GET|POST|PUT", path in "/?[a-z/{}%?=&A-Z]{0,30}", target in "[A-Za-z.0-9_]{0,40}", body: Vec<u8>) {
            let model = Model::embedded();
            for headers in [vec![], vec![("x-amz-target".to_owned(), target.clone())]] {
                let request = WireRequest { method: &method, path: &path, query: &path, headers: &headers, body: &body };
                let _ = Target::of(&model, &request).map(|target| (target.known().is_some(), target.unknown()));
            }
        }
    }
}
