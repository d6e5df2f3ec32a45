//! Which IAM actions an event stands for. CloudTrail writes an API operation (`eventSource`, `eventName`), policies
//! speak of actions; 98 % bear the same name, the rest follow the rules and tables here.
//! At ingest `variant` keeps the little that the mapping needs from requestParameters; when a question is asked, `map`
//! turns the rollup's rows into actions. A name that no rule knows stays visible as unmapped.

pub mod api_operation;
mod rename;

use std::borrow::Cow;

use serde_json::Value;

use crate::service_reference::ServiceReference;

/// The actions of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventActions {
    /// The service namespace that the event counts for, as in Access Advisor: `s3`, `cloudwatch`. For an unknown event
    /// source its first label.
    pub service_namespace: String,
    /// `namespace:Action`, in AWS's letters; several where one operation needs several; the event name as it stands
    /// where it is unmapped; none where there is no action.
    pub actions: Vec<String>,
    /// How sure that is.
    pub kind: ActionKind,
}

/// What `EventActions::actions` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// Actions that the service reference knows.
    Mapped,
    /// The event name itself: no rule leads to a known action.
    Unmapped,
    /// Nothing was authorized by an IAM action.
    NoAction(NoAction),
}

/// Why an event has no action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAction {
    /// A sign-in; it counts as such, not as use of a service.
    SignIn,
    /// Done by the service, not asked for by a principal (`AwsServiceEvent`, or a name that only services write).
    ServiceEvent,
    /// Seen at a VPC endpoint (`AwsVpceEvent`); the call has its own record where it was allowed.
    NetworkActivity,
    /// CloudTrail's own observation (`AwsCloudTrailInsight`).
    Insight,
}

/// What `map` needs from the requestParameters of this event, as a short word: the state of a version id, the kind of
/// a PartiQL statement, the level of a public access block. None for nearly every event, after one comparison of names.
pub fn variant(event_source: &str, event_name: &str, request_parameters: Option<&str>) -> Option<Cow<'static, str>> {
    match event_source {
        "s3.amazonaws.com" => s3_variant(event_name, request_parameters),
        "dynamodb.amazonaws.com" => dynamodb_variant(event_name, request_parameters?),
        _ => None,
    }
}

const VERSION: &str = "version";
const ACCOUNT: &str = "account";

fn s3_variant(event_name: &str, request_parameters: Option<&str>) -> Option<Cow<'static, str>> {
    match event_name {
        "GetPublicAccessBlock" | "PutPublicAccessBlock" | "DeletePublicAccessBlock" => {
            let parameters: Option<Value> = request_parameters.and_then(|text| serde_json::from_str(text).ok());
            let bucket =
                parameters.as_ref().and_then(|value| value.get("bucketName")).is_some_and(|name| !name.is_null());
            (!bucket).then_some(Cow::Borrowed(ACCOUNT))
        }
        _ if rename::S3_VERSIONED.iter().any(|(name, _)| *name == event_name) => {
            let text = request_parameters.filter(|text| text.contains("\"versionId\""))?;
            let parameters: Value = serde_json::from_str(text).ok()?;
            let version = parameters.get("versionId")?.as_str()?;
            (!version.is_empty()).then_some(Cow::Borrowed(VERSION))
        }
        _ => None,
    }
}

fn dynamodb_variant(event_name: &str, request_parameters: &str) -> Option<Cow<'static, str>> {
    if !matches!(event_name, "ExecuteStatement" | "BatchExecuteStatement" | "ExecuteTransaction" | "TransactWriteItems")
    {
        return None;
    }
    let parameters: Value = serde_json::from_str(request_parameters).ok()?;
    let items = |name: &str| parameters.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut kinds: Vec<&'static str> = match event_name {
        "ExecuteStatement" => partiql_kind(&parameters).into_iter().collect(),
        "BatchExecuteStatement" => items("statements").iter().filter_map(partiql_kind).collect(),
        "ExecuteTransaction" => items("transactStatements").iter().filter_map(partiql_kind).collect(),
        _ => items("transactItems").iter().filter_map(write_kind).collect(),
    };
    kinds.sort_unstable();
    kinds.dedup();
    match kinds.as_slice() {
        [] => None,
        [one] => Some(Cow::Borrowed(one)),
        several => Some(Cow::Owned(several.join(","))),
    }
}

fn partiql_kind(statement: &Value) -> Option<&'static str> {
    let text = statement.get("statement")?.as_str()?.trim_start();
    let verb: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    match verb.to_ascii_lowercase().as_str() {
        "select" => Some("PartiQLSelect"),
        "insert" => Some("PartiQLInsert"),
        "update" => Some("PartiQLUpdate"),
        "delete" => Some("PartiQLDelete"),
        _ => None,
    }
}

fn write_kind(item: &Value) -> Option<&'static str> {
    let name = item.as_object()?.keys().next()?;
    match name.to_ascii_lowercase().as_str() {
        "put" => Some("PutItem"),
        "update" => Some("UpdateItem"),
        "delete" => Some("DeleteItem"),
        "conditioncheck" => Some("ConditionCheckItem"),
        _ => None,
    }
}

/// The actions of an event: `event_type` as the record has it (None counts as `AwsApiCall`), `variant` what the function
/// of that name gave. The rules, in order: no action by event type or sign-in; the namespace from the event source; the
/// tables of renamed operations; the same name in any letter case; without a version suffix; API Gateway's HTTP verbs.
pub fn map(
    reference: &ServiceReference,
    event_source: &str,
    event_name: &str,
    event_type: Option<&str>,
    variant: Option<&str>,
) -> EventActions {
    let namespace = service_namespace(event_source);
    if let Some(reason) = no_action(event_source, event_name, event_type) {
        let kind = ActionKind::NoAction(reason);
        return EventActions { service_namespace: namespace.to_owned(), actions: Vec::new(), kind };
    }
    let found = renamed(namespace, event_name, variant)
        .and_then(|names| in_reference(reference, namespace, &names))
        .or_else(|| same_name(reference, namespace, event_name))
        .or_else(|| http_verb(namespace, event_name).map(|verb| vec![(namespace, verb)]));
    match found {
        Some(actions) => EventActions {
            service_namespace: actions[0].0.to_owned(),
            actions: actions.iter().map(|(namespace, name)| format!("{namespace}:{name}")).collect(),
            kind: ActionKind::Mapped,
        },
        None => EventActions {
            service_namespace: namespace.to_owned(),
            actions: vec![format!("{namespace}:{event_name}")],
            kind: ActionKind::Unmapped,
        },
    }
}

/// The service namespace of an event source: `monitoring.amazonaws.com` → `cloudwatch`. Where no other is known it is
/// the first label.
pub fn service_namespace(event_source: &str) -> &str {
    let host = event_source.strip_suffix(".cn").unwrap_or(event_source);
    let label = host.strip_suffix(".amazonaws.com").unwrap_or(host);
    match rename::SOURCE_NAMESPACE.iter().find(|(source, _)| *source == label) {
        Some((_, namespace)) => namespace,
        None => label.split('.').next().unwrap_or(label),
    }
}

fn no_action(event_source: &str, event_name: &str, event_type: Option<&str>) -> Option<NoAction> {
    let sign_in = event_source == "signin.amazonaws.com"
        || (event_source == "sso.amazonaws.com" && matches!(event_name, "Federate" | "Authenticate"));
    let namespace = service_namespace(event_source);
    let service_event = rename::SERVICE_EVENT.iter().any(|(of, names)| *of == namespace && names.contains(&event_name));
    match event_type {
        _ if sign_in => Some(NoAction::SignIn),
        _ if service_event => Some(NoAction::ServiceEvent),
        Some("AwsConsoleSignIn") => Some(NoAction::SignIn),
        Some("AwsServiceEvent") => Some(NoAction::ServiceEvent),
        Some("AwsVpceEvent") => Some(NoAction::NetworkActivity),
        Some("AwsCloudTrailInsight") => Some(NoAction::Insight),
        _ => None,
    }
}

fn renamed<'a>(namespace: &str, event_name: &str, variant: Option<&'a str>) -> Option<Vec<&'a str>> {
    match (namespace, variant) {
        ("s3", Some(VERSION)) => {
            let (_, names) = rename::S3_VERSIONED.iter().find(|(name, _)| *name == event_name)?;
            return Some(names.to_vec());
        }
        ("s3", Some(ACCOUNT)) if event_name.starts_with("Get") => return Some(vec!["GetAccountPublicAccessBlock"]),
        ("s3", Some(ACCOUNT)) => return Some(vec!["PutAccountPublicAccessBlock"]),
        ("dynamodb", Some(kinds)) => return Some(kinds.split(',').collect()),
        _ => {}
    }
    let (_, _, names) = rename::OPERATION.iter().find(|(of, name, _)| *of == namespace && *name == event_name)?;
    Some(names.to_vec())
}

type Named<'a> = (&'a str, &'static str);

/// All of `names`, or None if the reference lacks one: then the other rules decide.
fn in_reference<'a>(reference: &ServiceReference, namespace: &'a str, names: &[&'a str]) -> Option<Vec<Named<'a>>> {
    let find = |name: &&'a str| {
        let (namespace, name) = name.split_once(':').unwrap_or((namespace, name));
        reference.find_action(namespace, name).map(|action| (namespace, action.name))
    };
    names.iter().map(find).collect::<Option<Vec<_>>>().filter(|actions| !actions.is_empty())
}

fn same_name<'a>(reference: &ServiceReference, namespace: &'a str, event_name: &str) -> Option<Vec<Named<'a>>> {
    let dated = without_version_date(event_name);
    let candidates = [event_name, dated, event_name.strip_suffix("V2").unwrap_or(dated)];
    let action = candidates.iter().find_map(|name| reference.find_action(namespace, name))?;
    Some(vec![(namespace, action.name)])
}

/// `ListFunctions20150331`, `GetFunction20150331v2`, `CreateDistribution2020_05_31` without their last part: digits and
/// underscores from the first digit on, then perhaps `v` and digits.
fn without_version_date(event_name: &str) -> &str {
    let digits = |text: &str| text.len() - text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let version = digits(event_name);
    let body = match event_name[..event_name.len() - version].strip_suffix('v') {
        Some(body) if version > 0 && body.ends_with(|c: char| c.is_ascii_digit()) => body,
        _ => event_name,
    };
    let stem = body.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let suffix = &body[stem.len()..];
    if suffix.trim_start_matches('_').is_empty() || stem.is_empty() { event_name } else { stem }
}

/// Whether an event of some other name than the action's stands for it, by the tables: then its own name need not be one
/// of the API. API Gateway's verbs are among them.
pub(crate) fn is_named_by_an_event(namespace: &str, action: &str) -> bool {
    let versioned = rename::S3_VERSIONED.iter().map(|(_, names)| ("s3", *names));
    let named =
        rename::OPERATION.iter().map(|(of, _, names)| (*of, *names)).chain(versioned).any(|(of, names)| {
            names.iter().any(|name| name.split_once(':').unwrap_or((of, name)) == (namespace, action))
        });
    let by_variant = matches!(
        (namespace, action),
        ("s3", "GetAccountPublicAccessBlock" | "PutAccountPublicAccessBlock")
            | ("apigateway", "GET" | "PUT" | "POST" | "PATCH" | "DELETE")
    );
    named || by_variant
}

/// API Gateway's management API is authorized by the HTTP verb of the request, which CloudTrail does not record; the
/// operation's name tells it.
fn http_verb(namespace: &str, event_name: &str) -> Option<&'static str> {
    if namespace != "apigateway" {
        return None;
    }
    let begins = |words: &[&str]| words.iter().any(|word| event_name.starts_with(word));
    match event_name {
        "ImportDocumentationParts" | "ImportApi" => Some("PUT"),
        _ if begins(&["Get", "Export"]) => Some("GET"),
        _ if begins(&["Create", "Generate", "Import", "Test", "TagResource"]) => Some("POST"),
        _ if begins(&["Put", "Reimport"]) => Some("PUT"),
        _ if begins(&["Update"]) => Some("PATCH"),
        _ if begins(&["Delete", "Flush", "Reset", "UntagResource"]) => Some("DELETE"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
