//! From JSON to statements: what may stand where in a policy, in all the forms that IAM takes, and where the first thing
//! stands that may not (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>).
//! Names of elements are taken in any letter case; the values of Effect and Version are not.

use std::fmt;

use serde_json::{Map, Value};

use super::action_pattern::ActionPattern;
use super::condition::Condition;
use super::resource_pattern::ResourcePattern;
use super::{Effect, Element, PolicyDocument, Principal, Statement, Version};

/// Why a text is no policy document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The place in the document, as in `Statement[2].Action`; empty for the document as a whole.
    pub place: String,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.place.is_empty() { "document" } else { &self.place };
        write!(formatter, "{place}: {}", self.problem)
    }
}

impl std::error::Error for PolicyError {}

pub(super) fn error<T>(place: &str, problem: impl Into<String>) -> Result<T, PolicyError> {
    Err(PolicyError { place: place.to_owned(), problem: problem.into() })
}

pub(super) fn document(value: &Value) -> Result<PolicyDocument, PolicyError> {
    let object = members("", value)?;
    let (mut version, mut id, mut statement) = (None, None, None);
    for (name, value) in object {
        match name.to_ascii_lowercase().as_str() {
            "version" => version = once("Version", version, value)?,
            "id" => id = once("Id", id, value)?,
            "statement" => statement = once("Statement", statement, value)?,
            _ => return error(name, "IAM has no such element; a document has Version, Id and Statement"),
        }
    }
    let version = match version.map(|version| text("Version", version)).transpose()? {
        None | Some("2008-10-17") => Version::V2008,
        Some("2012-10-17") => Version::V2012,
        Some(other) => return error("Version", format!("'{other}' is neither 2012-10-17 nor 2008-10-17")),
    };
    let id = id.map(|id| text("Id", id)).transpose()?.map(str::to_owned);
    let statements = match statement {
        None => return error("", "the element Statement is missing"),
        Some(Value::Array(list)) if list.is_empty() => return error("Statement", "the list is empty"),
        Some(Value::Array(list)) => list
            .iter()
            .enumerate()
            .map(|(index, value)| read_statement(&format!("Statement[{index}]"), value, version))
            .collect::<Result<_, _>>()?,
        Some(single) => vec![read_statement("Statement", single, version)?],
    };
    Ok(PolicyDocument { version, id, statements })
}

/// The elements of a statement as they stand there; each at most once.
#[derive(Default)]
struct Elements<'a> {
    sid: Option<&'a Value>,
    effect: Option<&'a Value>,
    action: Option<(bool, &'a Value)>,
    resource: Option<(bool, &'a Value)>,
    principal: Option<(bool, &'a Value)>,
    condition: Option<&'a Value>,
}

impl<'a> Elements<'a> {
    fn read(place: &str, value: &'a Value) -> Result<Self, PolicyError> {
        let mut found = Self::default();
        for (name, value) in members(place, value)? {
            let at = format!("{place}.{name}");
            match name.to_ascii_lowercase().as_str() {
                "sid" => found.sid = once(&at, found.sid, value)?,
                "effect" => found.effect = once(&at, found.effect, value)?,
                "action" => found.action = either(&at, found.action, (false, value))?,
                "notaction" => found.action = either(&at, found.action, (true, value))?,
                "resource" => found.resource = either(&at, found.resource, (false, value))?,
                "notresource" => found.resource = either(&at, found.resource, (true, value))?,
                "principal" => found.principal = either(&at, found.principal, (false, value))?,
                "notprincipal" => found.principal = either(&at, found.principal, (true, value))?,
                "condition" => found.condition = once(&at, found.condition, value)?,
                _ => return error(&at, "IAM has no such element of a statement"),
            }
        }
        Ok(found)
    }
}

fn read_statement(place: &str, value: &Value, version: Version) -> Result<Statement, PolicyError> {
    let found = Elements::read(place, value)?;
    let at = |name: &str| format!("{place}.{name}");
    let has_variables = version == Version::V2012;
    let effect = match found.effect.map(|effect| text(&at("Effect"), effect)).transpose()? {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        Some(other) => return error(&at("Effect"), format!("'{other}' is neither Allow nor Deny")),
        None => return error(place, "the element Effect is missing"),
    };
    let Some((negated, actions)) = found.action else {
        return error(place, "neither Action nor NotAction is there");
    };
    let actions = element(&at(if negated { "NotAction" } else { "Action" }), negated, actions, |at, text| {
        ActionPattern::parse(text)
            .map_or_else(|| error(at, format!("'{text}' is neither '*' nor 'service:Action'")), Ok)
    })?;
    let resources = found.resource.map(|(negated, resources)| {
        element(&at(if negated { "NotResource" } else { "Resource" }), negated, resources, |_, text| {
            Ok(ResourcePattern::new(text, has_variables))
        })
    });
    let principals = found
        .principal
        .map(|(negated, value)| principals(&at(if negated { "NotPrincipal" } else { "Principal" }), negated, value));
    Ok(Statement {
        sid: found.sid.map(|sid| text(&at("Sid"), sid)).transpose()?.map(str::to_owned),
        effect,
        actions,
        resources: resources.transpose()?,
        principals: principals.transpose()?,
        conditions: found
            .condition
            .map_or(Ok(Vec::new()), |value| conditions(&at("Condition"), value, has_variables))?,
    })
}

fn element<P>(
    place: &str,
    negated: bool,
    value: &Value,
    read: impl Fn(&str, &str) -> Result<P, PolicyError>,
) -> Result<Element<P>, PolicyError> {
    let patterns: Vec<P> = match value {
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(index, value)| {
                let at = format!("{place}[{index}]");
                read(&at, text(&at, value)?)
            })
            .collect::<Result<_, _>>()?,
        single => vec![read(place, text(place, single)?)?],
    };
    if patterns.is_empty() {
        return error(place, "the list is empty");
    }
    Ok(Element { negated, patterns })
}

fn principals(place: &str, negated: bool, value: &Value) -> Result<Element<Principal>, PolicyError> {
    let mut patterns = Vec::new();
    match value {
        Value::String(all) if all == "*" => patterns.push(Principal { kind: "*".to_owned(), name: "*".to_owned() }),
        Value::Object(kinds) => {
            for (kind, names) in kinds {
                let at = format!("{place}.{kind}");
                let names = element(&at, negated, names, |_, name| Ok(name.to_owned()))?;
                patterns.extend(names.patterns.into_iter().map(|name| Principal { kind: kind.clone(), name }));
            }
        }
        _ => return error(place, "it is neither '*' nor an object as {\"AWS\": …}"),
    }
    if patterns.is_empty() {
        return error(place, "it names nobody");
    }
    Ok(Element { negated, patterns })
}

fn conditions(place: &str, value: &Value, has_variables: bool) -> Result<Vec<Condition>, PolicyError> {
    let mut found = Vec::new();
    for (operator, keys) in members(place, value)? {
        let at = format!("{place}.{operator}");
        for (key, values) in members(&at, keys)? {
            let at_key = format!("{at}.{key}");
            let values = match values {
                Value::Array(list) => {
                    list.iter().map(|value| condition_value(&at_key, value)).collect::<Result<_, _>>()?
                }
                single => vec![condition_value(&at_key, single)?],
            };
            match Condition::new(operator, key, values, has_variables) {
                Some(condition) => found.push(condition),
                None => return error(&at, "IAM has no such condition operator"),
            }
        }
    }
    Ok(found)
}

fn condition_value(place: &str, value: &Value) -> Result<String, PolicyError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(value) => Ok(value.to_string()),
        _ => error(place, format!("{} is no value of a condition", kind_of(value))),
    }
}

fn once<'a>(place: &str, before: Option<&Value>, value: &'a Value) -> Result<Option<&'a Value>, PolicyError> {
    if before.is_some() { error(place, "it is there twice") } else { Ok(Some(value)) }
}

fn either<'a>(
    place: &str,
    before: Option<(bool, &Value)>,
    found: (bool, &'a Value),
) -> Result<Option<(bool, &'a Value)>, PolicyError> {
    match before {
        None => Ok(Some(found)),
        Some((negated, _)) if negated == found.0 => error(place, "it is there twice"),
        Some(_) => error(place, "a statement has it or its Not… form, never both"),
    }
}

fn members<'a>(place: &str, value: &'a Value) -> Result<&'a Map<String, Value>, PolicyError> {
    value.as_object().map_or_else(|| error(place, format!("{} is no object", kind_of(value))), Ok)
}

fn text<'a>(place: &str, value: &'a Value) -> Result<&'a str, PolicyError> {
    value.as_str().map_or_else(|| error(place, format!("{} is no text", kind_of(value))), Ok)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
