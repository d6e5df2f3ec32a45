//! AWS's own service reference, one JSON document a service
//! (<https://docs.aws.amazon.com/service-authorization/latest/reference/service-reference.html>), as the text form of
//! `service_reference`. It says what the embedded reference cannot: which actions Access Advisor tracks and which Access
//! Analyzer generates. Service names and required resource types are not in it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

/// Why a document is not what AWS publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsJsonError {
    /// AWS's list of services: it has no actions.
    Index,
    /// What is wrong, and where.
    Malformed(String),
}

impl std::fmt::Display for AwsJsonError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Index => formatter.write_str("this is AWS's list of services, which has no actions"),
            Self::Malformed(reason) => formatter.write_str(reason),
        }
    }
}

impl std::error::Error for AwsJsonError {}

type Parsed<T> = Result<T, AwsJsonError>;

/// The document of one service as the lines of one service in the text form.
pub fn to_text(json: &str) -> Parsed<String> {
    let document: Value = serde_json::from_str(json).map_err(|error| AwsJsonError::Malformed(error.to_string()))?;
    let is_index = |list: &Vec<Value>| list.iter().all(|service| service.get("url").is_some());
    if document.as_array().is_some_and(is_index) {
        return Err(AwsJsonError::Index);
    }
    let namespace = word_of(&document, "", "Name")?;
    let mut text = format!("@{namespace}\t\n");
    let operations = authorized_actions(&document, namespace)?;
    for (action, place) in objects(&document, "", "Actions", true)? {
        let name = word_of(action, &place, "Name")?;
        let marks = marks(action, operations.as_ref(), name);
        let mut types = Vec::new();
        for (resource, place) in objects(action, &place, "Resources", false)? {
            types.push(text_of(resource, &place, "Name")?);
        }
        let keys = keys(action, &place, "ActionConditionKeys", namespace)?;
        writeln!(text, "{name}\t{marks}\t{}\t{keys}", types.join(",")).expect("a String takes every line");
    }
    for (resource, place) in objects(&document, "", "Resources", false)? {
        let name = text_of(resource, &place, "Name")?;
        let keys = keys(resource, &place, "ConditionKeys", namespace)?;
        for format in texts(resource, &place, "ARNFormats")? {
            writeln!(text, "%{name}\t{format}\t{keys}").expect("a String takes every line");
        }
    }
    for (key, place) in objects(&document, "", "ConditionKeys", false)? {
        let name = short_key(namespace, word_of(key, &place, "Name")?);
        let types = texts(key, &place, "Types")?;
        writeln!(text, "?{name}\t{}", types.first().unwrap_or(&"")).expect("a String takes every line");
    }
    Ok(text)
}

/// The actions of this service that some operation needs; None where the document lists no operations.
fn authorized_actions(document: &Value, namespace: &str) -> Parsed<Option<BTreeSet<String>>> {
    let operations = objects(document, "", "Operations", false)?;
    if operations.is_empty() {
        return Ok(None);
    }
    let mut actions = BTreeSet::new();
    for (operation, place) in operations {
        for (action, place) in objects(operation, &place, "AuthorizedActions", false)? {
            let of_this = action.get("Service").and_then(Value::as_str).is_none_or(|service| service == namespace);
            if of_this {
                actions.insert(text_of(action, &place, "Name")?.to_ascii_lowercase());
            }
        }
    }
    Ok(Some(actions))
}

/// Access level and marks. AWS's properties do not exclude each other: who changes permissions also writes.
fn marks(action: &Value, operations: Option<&BTreeSet<String>>, name: &str) -> String {
    let flag = |group: &[&str], name: &str| {
        group.iter().try_fold(action, |value, part| value.get(part))?.get(name).and_then(Value::as_bool)
    };
    let is = |name: &str| flag(&["Annotations", "Properties"], name).unwrap_or(false);
    let level = match () {
        () if is("IsPermissionManagement") => 'P',
        () if is("IsTaggingOnly") => 'T',
        () if is("IsWrite") => 'W',
        () if is("IsList") => 'L',
        () => 'R',
    };
    let mut marks = String::from(level);
    if operations.is_some_and(|known| !known.contains(&name.to_ascii_lowercase())) {
        marks.push('-');
    }
    let supported = [("IAM Action Last Accessed", ['a', 'A']), ("IAM Access Analyzer Policy Generation", ['g', 'G'])];
    for (feature, [no, yes]) in supported {
        match flag(&["SupportedBy"], feature) {
            Some(true) => marks.push(yes),
            Some(false) => marks.push(no),
            None => {}
        }
    }
    marks
}

fn keys(of: &Value, place: &str, name: &str, namespace: &str) -> Parsed<String> {
    let keys = texts(of, place, name)?;
    Ok(keys.iter().map(|key| short_key(namespace, key)).collect::<Vec<_>>().join(","))
}

fn short_key<'k>(namespace: &str, key: &'k str) -> &'k str {
    key.strip_prefix(namespace).filter(|rest| rest.starts_with(':')).unwrap_or(key)
}

/// The list `name` of a value, each element with its place in the document; empty where it may be missing and is.
fn objects<'v>(of: &'v Value, place: &str, name: &str, is_required: bool) -> Parsed<Vec<(&'v Value, String)>> {
    let path = path(place, name);
    match of.get(name) {
        None | Some(Value::Null) if !is_required => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            Ok(list.iter().enumerate().map(|(index, value)| (value, format!("{path}[{index}]"))).collect())
        }
        Some(_) => Err(AwsJsonError::Malformed(format!("{path} is no list"))),
        None => Err(AwsJsonError::Malformed(format!("{path} is missing"))),
    }
}

fn texts<'v>(of: &'v Value, place: &str, name: &str) -> Parsed<Vec<&'v str>> {
    let list = objects(of, place, name, false)?;
    list.into_iter().map(|(value, place)| checked(value.as_str(), &place)).collect()
}

fn text_of<'v>(of: &'v Value, place: &str, name: &str) -> Parsed<&'v str> {
    checked(of.get(name).and_then(Value::as_str), &path(place, name))
}

/// A text without blanks.
fn word_of<'v>(of: &'v Value, place: &str, name: &str) -> Parsed<&'v str> {
    match text_of(of, place, name)? {
        text if text.contains(char::is_whitespace) => Err(no_name(text, &path(place, name))),
        text => Ok(text),
    }
}

/// A text that the text form can hold.
fn checked<'v>(text: Option<&'v str>, path: &str) -> Parsed<&'v str> {
    match text {
        None => Err(AwsJsonError::Malformed(format!("{path} is missing or no text"))),
        Some(text) if text.is_empty() || text.contains([',', '\t', '\n', '\r']) => Err(no_name(text, path)),
        Some(text) => Ok(text),
    }
}

fn no_name(text: &str, path: &str) -> AwsJsonError {
    AwsJsonError::Malformed(format!("{path} is `{}`, which is no name", text.escape_debug()))
}

fn path(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}
