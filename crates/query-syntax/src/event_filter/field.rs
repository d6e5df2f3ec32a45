//! The fields that a filter may name, their other names, and which values they can have.

use std::fmt;

use super::{Operator, Pattern};

/// What a term compares. Each is a field of the event, or one of the lake's own columns beside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// The user's name; for a role session the session name, for Identity Center the user's name.
    User,
    /// The principal that the event counts for, an ARN or `Type:id`.
    Principal,
    /// `userIdentity.arn` as the record has it.
    Arn,
    /// The name of the role of an assumed-role session.
    Role,
    /// The name of the session.
    Session,
    /// `userIdentity.accessKeyId`.
    AccessKey,
    /// `eventSource`.
    Source,
    /// `eventName`.
    Event,
    /// `awsRegion`.
    Region,
    /// The account that the record belongs to.
    Account,
    /// `sourceIPAddress`.
    Ip,
    /// `userAgent`.
    Agent,
    /// `errorCode`.
    Error,
    /// `ok`, `denied` or `error`.
    Outcome,
    /// `eventType`.
    Type,
    /// `eventCategory`.
    Category,
    /// An ARN in `resources`.
    Resource,
    /// `eventID`.
    Id,
    /// `readOnly`.
    ReadOnly,
    /// `userIdentity.type`.
    PrincipalType,
    /// `vpcEndpointId`.
    VpcEndpoint,
    /// A value inside `requestParameters`, by its path.
    Request(Vec<String>),
    /// A value inside `responseElements`, by its path.
    Response(Vec<String>),
}

/// Name, other names, field.
const NAMED: &[(&str, &[&str], Field)] = &[
    ("user", &["username", "user-name", "user_name"], Field::User),
    ("principal", &[], Field::Principal),
    ("arn", &["useridentity.arn"], Field::Arn),
    ("role", &["role-name", "rolename"], Field::Role),
    ("session", &["session-name", "sessionname"], Field::Session),
    ("key", &["access-key", "accesskey", "accesskeyid", "access_key", "access-key-id"], Field::AccessKey),
    ("source", &["eventsource", "event-source"], Field::Source),
    ("event", &["eventname", "event-name"], Field::Event),
    ("region", &["awsregion", "aws-region"], Field::Region),
    ("account", &["account-id", "accountid", "recipientaccountid"], Field::Account),
    ("ip", &["sourceip", "source-ip", "sourceipaddress"], Field::Ip),
    ("agent", &["useragent", "user-agent"], Field::Agent),
    ("error", &["errorcode", "error-code"], Field::Error),
    ("outcome", &[], Field::Outcome),
    ("type", &["eventtype", "event-type"], Field::Type),
    ("category", &["eventcategory", "event-category"], Field::Category),
    ("resource", &["resources", "resource-arn"], Field::Resource),
    ("id", &["eventid", "event-id"], Field::Id),
    ("readonly", &["read-only"], Field::ReadOnly),
    ("principal-type", &["principaltype", "useridentity.type"], Field::PrincipalType),
    ("vpc-endpoint", &["vpcendpoint", "vpcendpointid"], Field::VpcEndpoint),
];

const REQUEST: &[&str] = &["request", "requestparameters"];
const RESPONSE: &[&str] = &["response", "responseelements"];

impl Field {
    /// The names to show to somebody who used another one.
    pub fn names() -> Vec<&'static str> {
        NAMED.iter().map(|(name, _, _)| *name).chain(["request.<path>", "response.<path>"]).collect()
    }

    /// The field of that name, in any letter case. The path behind `request.` keeps its letters.
    pub(super) fn parse(name: &str) -> Option<Self> {
        if let Some((root, path)) = name.split_once('.') {
            let of = |roots: &[&str]| roots.iter().any(|other| other.eq_ignore_ascii_case(root));
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            let sound = path.iter().all(|part| !part.is_empty());
            if of(REQUEST) && sound {
                return Some(Self::Request(path));
            }
            if of(RESPONSE) && sound {
                return Some(Self::Response(path));
            }
        }
        NAMED
            .iter()
            .find(|(main, others, _)| [main].into_iter().chain(*others).any(|other| other.eq_ignore_ascii_case(name)))
            .map(|(_, _, field)| field.clone())
    }

    /// The known name that is at most two edits away from `name`, or begins with it or it with that.
    pub(super) fn nearest(name: &str) -> Option<&'static str> {
        let name = name.to_ascii_lowercase();
        let root = name.split('.').next().unwrap_or(&name);
        if REQUEST.iter().chain(RESPONSE).any(|known| distance(root, known) <= 2) {
            return Some(if distance(root, "request") < distance(root, "response") {
                "request.<path>"
            } else {
                "response.<path>"
            });
        }
        NAMED
            .iter()
            .flat_map(|(main, others, _)| [main].into_iter().chain(*others).map(move |known| (*main, *known)))
            .map(|(main, known)| {
                let close =
                    name.len() >= 3 && (known.starts_with(&name) || name.starts_with(known) && known.len() >= 3);
                (if close { 1 } else { distance(&name, known) }, main)
            })
            .filter(|(edits, _)| *edits <= 2 && *edits < name.len())
            .min_by_key(|(edits, _)| *edits)
            .map(|(_, main)| main)
    }

    /// What is wrong with this value for this field, if anything is.
    pub(super) fn objection(&self, operator: Operator, value: &Pattern) -> Option<&'static str> {
        let any_of = |known: &[&str]| match value.as_literal() {
            Some(text) => known.iter().any(|name| name.eq_ignore_ascii_case(text)),
            None => known.iter().any(|name| value.matches(name)),
        };
        let literal = value.as_literal();
        match self {
            Self::ReadOnly if literal.is_none() || !any_of(&["true", "false"]) => Some("it is true or false"),
            Self::Outcome if !any_of(&["ok", "denied", "error"]) => Some("it is ok, denied or error"),
            Self::Account if literal.is_some_and(|text| text != "unknown" && !is_account(text)) => {
                Some("an account id has 12 digits; * and ? are accepted")
            }
            Self::Ip if literal.is_some_and(|text| text.contains('/')) => {
                Some("address ranges are not supported; write 10.0.* for 10.0.0.0/16")
            }
            Self::Id if operator == Operator::Equal && literal.is_none() => Some("an event id is given whole"),
            _ => None,
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(path) => write!(formatter, "request.{}", path.join(".")),
            Self::Response(path) => write!(formatter, "response.{}", path.join(".")),
            named => {
                let name = NAMED.iter().find(|(_, _, field)| field == named).map(|(name, _, _)| *name);
                formatter.write_str(name.expect("every other field stands in the table"))
            }
        }
    }
}

/// Levenshtein's distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, to) in b.bytes().enumerate() {
            let kept = corner + usize::from(from != to);
            corner = row[j + 1];
            row[j + 1] = kept.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
