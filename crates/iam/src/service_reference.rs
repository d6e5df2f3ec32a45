//! AWS's services as IAM names them: service namespace (the prefix before the colon of an action), service name, actions
//! with access level, resource types and condition keys, and the ARN formats of those types.
//! The data are embedded (`data/service_reference.txt`, made by `cargo xtask reference-data`); a newer file in the same
//! form, or AWS's own JSON turned into it by `aws_json`, is read by `text` and laid over them. Services that AWS withdrew
//! stand in `retired`. What an event name means as an action is `event_action`'s matter.

pub mod aws_json;
pub mod retired;
mod text;

use std::sync::OnceLock;

use crate::permitted_actions::ActionIndex;
use crate::recording::{self, Recording};
use crate::similar_name::most_similar;
use retired::Retirement;
pub use text::TextError;

/// How many names are suggested for one that is not known.
const SIMILAR: usize = 5;

const EMBEDDED: &str = include_str!("../data/service_reference.txt");

/// Names that Access Advisor shows otherwise than the service authorization reference, as printed by
/// `get-service-last-accessed-details` for a policy that allows everything, in September 2026 (published by the
/// repository radkawar/stackd, `testdata/aws/iam/last_access_service_names_20260927.json`). Most are namespaces that
/// several services share there; the others it calls by an older name.
const ADVISOR_NAMES: [(&str, &str); 12] = [
    ("apigateway", "Manage - Amazon API Gateway"),
    ("aws-marketplace", "AWS Marketplace"),
    ("cloudformation", "AWS CloudFormation"),
    ("consoleapp", "AWS Console Mobile App"),
    ("elasticloadbalancing", "Elastic Load Balancing"),
    ("greengrass", "AWS IoT Greengrass"),
    ("iam", "AWS Identity and Access Management"),
    ("importexport", "AWS Import Export"),
    ("kinesisanalytics", "Amazon Kinesis Analytics"),
    ("lex", "Amazon Lex"),
    ("ses", "Amazon SES"),
    ("sms-voice", "Amazon Pinpoint SMS and Voice Service"),
];

/// What an action does to what it is called on, in the words of AWS's service authorization reference. An action that
/// AWS lists as *Tagging, Write* is `Tagging`, as *Permissions management, Write* is `PermissionsManagement`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessLevel {
    /// Lists resources.
    List,
    /// Reads content or attributes of a resource.
    Read,
    /// Creates, deletes or modifies a resource.
    Write,
    /// Grants or changes permissions.
    PermissionsManagement,
    /// Changes only tags.
    Tagging,
}

impl AccessLevel {
    /// The name as AWS prints it, as in `Permissions management`.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "List",
            Self::Read => "Read",
            Self::Write => "Write",
            Self::PermissionsManagement => "Permissions management",
            Self::Tagging => "Tagging",
        }
    }
}

/// One service of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// The service namespace, as in `access-analyzer`.
    pub namespace: &'static str,
    /// The name that Access Advisor shows, as in `AWS IAM Access Analyzer`.
    pub name: &'static str,
}

/// One action of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// The name in AWS's own letters, without the namespace: `GetObject`.
    pub name: &'static str,
    /// What it does.
    pub access_level: AccessLevel,
    /// Whether an operation of AWS's public API bears this name; where none does, events may bear other names.
    pub has_operation: bool,
    namespace: &'static str,
    resource_types: &'static str,
    condition_keys: &'static str,
    last_accessed: Option<bool>,
    policy_generation: Option<bool>,
}

impl Action {
    /// The resource types that a policy may name for this action, each with whether the action requires it.
    /// None: the action applies to `*` only.
    pub fn resource_types(&self) -> impl Iterator<Item = (&'static str, bool)> {
        parts(self.resource_types).map(|name| match name.strip_suffix('*') {
            Some(name) => (name, true),
            None => (name, false),
        })
    }

    /// The condition keys of the action itself, as policies write them: `s3:prefix`, `aws:RequestTag/${TagKey}`. Those of
    /// its resource types are `ServiceReference::resource_type_keys`, the global ones hold for every action.
    pub fn condition_keys(&self) -> impl Iterator<Item = String> {
        let namespace = self.namespace;
        parts(self.condition_keys).map(move |key| whole_key(namespace, key))
    }

    /// How CloudTrail records its calls.
    pub fn recording(&self) -> Recording {
        recording::of_action(self.namespace, self)
    }

    /// Whether Access Advisor shows when this action was last used: as a loaded reference of AWS's says, else every
    /// action whose calls are management events. None where nothing is known.
    pub fn is_tracked(&self) -> Option<bool> {
        self.last_accessed.or_else(|| self.is_management())
    }

    /// Whether IAM Access Analyzer puts this action into the policies that it generates; as for `is_tracked`.
    pub fn is_generated(&self) -> Option<bool> {
        self.policy_generation.or_else(|| self.is_management())
    }

    /// Whether a loaded reference of AWS's says so; None where there is none.
    pub fn is_said_to_be_generated(&self) -> Option<bool> {
        self.policy_generation
    }

    fn is_management(&self) -> Option<bool> {
        match self.recording() {
            Recording::Management => Some(true),
            Recording::Data(_) | Recording::Never => Some(false),
            Recording::Unsure => None,
        }
    }
}

struct ResourceType {
    name: &'static str,
    arn_format: &'static str,
    condition_keys: &'static str,
}

struct Entry {
    service: Service,
    actions: Vec<Action>,
    resource_types: Vec<ResourceType>,
    condition_keys: Vec<(&'static str, &'static str)>,
}

/// All services, sorted by namespace. Building it costs a few milliseconds: build one and pass it along.
pub struct ServiceReference {
    entries: Vec<Entry>,
    /// Made when it is asked for first.
    action_index: OnceLock<ActionIndex>,
}

impl ServiceReference {
    /// The reference that was compiled into the program.
    pub fn embedded() -> Self {
        Self::read(EMBEDDED).expect("the committed reference is sound: a test reads it")
    }

    /// A reference in the form of `data/service_reference.txt`. The text is kept as long as the program runs, since names
    /// of services and actions are lent from it.
    pub fn read(text: &'static str) -> Result<Self, TextError> {
        Ok(Self { entries: text::entries(text)?, action_index: OnceLock::new() })
    }

    /// This reference with the services of `newer` in place of its own; where `newer` has no name for a service, that of
    /// this one, else its namespace.
    #[must_use]
    pub fn with(mut self, newer: Self) -> Self {
        for mut entry in newer.entries {
            let namespace = entry.service.namespace;
            let known = self.service_name(namespace);
            if entry.service.name.is_empty() {
                entry.service.name = known.unwrap_or(namespace);
            }
            match self.entries.binary_search_by(|known| compare_any_case(known.service.namespace, namespace)) {
                Ok(place) => self.entries[place] = entry,
                Err(place) => self.entries.insert(place, entry),
            }
        }
        self.action_index = OnceLock::new();
        self
    }

    /// All actions numbered, for policies over all of them.
    pub fn action_index(&self) -> &ActionIndex {
        self.action_index.get_or_init(|| ActionIndex::new(self))
    }

    /// Every service that has actions today, by namespace; for the others see `retired`.
    pub fn services(&self) -> impl ExactSizeIterator<Item = Service> {
        self.entries.iter().map(|entry| entry.service)
    }

    /// The name of the service with this namespace (any letter case), also of one that has been withdrawn since.
    pub fn service_name(&self, namespace: &str) -> Option<&'static str> {
        let known = self.entry(namespace).map(|entry| entry.service.name);
        known.or_else(|| self.retirement(namespace).map(|retirement| retirement.name))
    }

    /// What is known of the end of a service.
    pub fn retirement(&self, namespace: &str) -> Option<&'static Retirement> {
        retired::RETIRED.iter().find(|retirement| retirement.namespace.eq_ignore_ascii_case(namespace))
    }

    /// The service with this namespace or name, in any letter case; a name may be one that AWS used formerly.
    pub fn find_service(&self, text: &str) -> Option<Service> {
        let former = || retired::FORMER_NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
        let gone = || {
            let mut retired = retired::RETIRED.iter();
            retired.find(|gone| gone.namespace.eq_ignore_ascii_case(text) || gone.name.eq_ignore_ascii_case(text))
        };
        self.entry(text)
            .map(|entry| entry.service)
            .or_else(|| self.services().find(|service| service.name.eq_ignore_ascii_case(text)))
            .or_else(|| self.entry(former()?.0).map(|entry| entry.service))
            .or_else(|| gone().map(|gone| Service { namespace: gone.namespace, name: gone.name }))
    }

    /// Namespaces of services that `text` may have meant, by namespace or by name.
    pub fn similar_services(&self, text: &str) -> Vec<&'static str> {
        let namespaces = || self.services().map(|service| service.namespace);
        let by_namespace = most_similar(text, namespaces(), SIMILAR);
        let by_name = most_similar(text, self.services().map(|service| service.name), SIMILAR);
        let of_name =
            |name: &str| self.services().find(|service| service.name == name).map(|service| service.namespace);
        let mut found = by_namespace;
        for namespace in by_name.into_iter().filter_map(of_name) {
            if !found.contains(&namespace) {
                found.push(namespace);
            }
        }
        found.truncate(SIMILAR);
        found
    }

    /// The actions of a service by lower-cased name; empty for an unknown namespace.
    pub fn actions(&self, namespace: &str) -> &[Action] {
        self.entry(namespace).map_or(&[], |entry| &entry.actions)
    }

    /// The action of that name in any letter case, as IAM compares them.
    pub fn find_action(&self, namespace: &str, name: &str) -> Option<Action> {
        let actions = &self.entry(namespace)?.actions;
        let found = actions.binary_search_by(|action| compare_any_case(action.name, name)).ok()?;
        Some(actions[found])
    }

    /// The ARN format of a resource type of a service, with `${Partition}`, `${Region}`, `${Account}` and the names of
    /// its own parts as placeholders.
    pub fn arn_format(&self, namespace: &str, resource_type: &str) -> Option<&'static str> {
        self.resource_type(namespace, resource_type).map(|found| found.arn_format)
    }

    /// The condition keys of a resource type of a service, as policies write them; empty for an unknown one.
    pub fn resource_type_keys(&self, namespace: &str, resource_type: &str) -> Vec<String> {
        let (found, service) = (self.resource_type(namespace, resource_type), self.entry(namespace));
        let (Some(found), Some(entry)) = (found, service) else { return Vec::new() };
        parts(found.condition_keys).map(|key| whole_key(entry.service.namespace, key)).collect()
    }

    /// The condition keys of a service, each with the type of its values (`String`, `ArrayOfString`, `ARN`, `Bool`,
    /// `Numeric`, `Date`, `IPAddress` …).
    pub fn condition_keys(&self, namespace: &str) -> Vec<(String, &'static str)> {
        let Some(entry) = self.entry(namespace) else { return Vec::new() };
        let keys = entry.condition_keys.iter();
        keys.map(|(key, value_type)| (whole_key(entry.service.namespace, key), *value_type)).collect()
    }

    fn resource_type(&self, namespace: &str, name: &str) -> Option<&ResourceType> {
        self.entry(namespace)?.resource_types.iter().find(|known| known.name.eq_ignore_ascii_case(name))
    }

    fn entry(&self, namespace: &str) -> Option<&Entry> {
        let found = self.entries.binary_search_by(|entry| compare_any_case(entry.service.namespace, namespace)).ok()?;
        Some(&self.entries[found])
    }
}

fn parts(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split(',').filter(|part| !part.is_empty())
}

/// A key as policies write it, from the short form of the file.
fn whole_key(namespace: &str, key: &str) -> String {
    match key {
        "aws:RequestTag" | "aws:ResourceTag" => format!("{key}/${{TagKey}}"),
        own if own.starts_with(':') => format!("{namespace}{own}"),
        other => other.to_owned(),
    }
}

fn compare_any_case(a: &str, b: &str) -> std::cmp::Ordering {
    a.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(b.bytes().map(|byte| byte.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests;
