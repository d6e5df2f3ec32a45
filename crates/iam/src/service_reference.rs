//! AWS's services as IAM names them: service namespace (the prefix before the colon of an action), service name, actions
//! with access level and resource types, and the ARN formats of those types.
//! The data are embedded (`data/service_reference.txt`, made by `cargo xtask reference-data`); this file only indexes
//! them. What an event name means as an action is `event_action`'s matter.

const EMBEDDED: &str = include_str!("../data/service_reference.txt");

/// Names that Access Advisor shows otherwise than the service authorization reference, as seen in real reports; and the
/// namespace that two services share there, under the one that everybody means.
const ADVISOR_NAMES: [(&str, &str); 3] = [
    ("apigateway", "Manage - Amazon API Gateway"),
    ("cloudformation", "AWS CloudFormation"),
    ("iam", "AWS Identity and Access Management"),
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
    resource_types: &'static str,
}

impl Action {
    /// The resource types that a policy may name for this action, each with whether the action requires it.
    /// None: the action applies to `*` only.
    pub fn resource_types(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.resource_types.split(',').filter(|name| !name.is_empty()).map(|name| match name.strip_suffix('*') {
            Some(name) => (name, true),
            None => (name, false),
        })
    }
}

struct Entry {
    service: Service,
    actions: Vec<Action>,
    arn_formats: Vec<(&'static str, &'static str)>,
}

/// All services, sorted by namespace. Building it costs a few milliseconds: build one and pass it along.
pub struct ServiceReference {
    entries: Vec<Entry>,
}

impl ServiceReference {
    /// The reference that was compiled into the program.
    pub fn embedded() -> Self {
        let mut entries: Vec<Entry> = Vec::with_capacity(512);
        for line in EMBEDDED.lines() {
            let (first, rest) = line.split_once('\t').unwrap_or((line, ""));
            match first.as_bytes().first() {
                None | Some(b'#') => {}
                Some(b'@') => entries.push(entry(&first[1..], rest)),
                Some(b'%') => last(&mut entries).arn_formats.push((&first[1..], rest)),
                Some(_) => last(&mut entries).actions.push(action(first, rest)),
            }
        }
        Self { entries }
    }

    /// Every service, by namespace.
    pub fn services(&self) -> impl ExactSizeIterator<Item = Service> {
        self.entries.iter().map(|entry| entry.service)
    }

    /// The name of the service with this namespace (any letter case).
    pub fn service_name(&self, namespace: &str) -> Option<&'static str> {
        self.entry(namespace).map(|entry| entry.service.name)
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
        let formats = &self.entry(namespace)?.arn_formats;
        formats.iter().find(|(name, _)| name.eq_ignore_ascii_case(resource_type)).map(|(_, format)| *format)
    }

    fn entry(&self, namespace: &str) -> Option<&Entry> {
        let found = self.entries.binary_search_by(|entry| compare_any_case(entry.service.namespace, namespace)).ok()?;
        Some(&self.entries[found])
    }
}

fn entry(namespace: &'static str, name: &'static str) -> Entry {
    let name = ADVISOR_NAMES.iter().find(|(known, _)| *known == namespace).map_or(name, |(_, name)| name);
    Entry { service: Service { namespace, name }, actions: Vec::new(), arn_formats: Vec::new() }
}

fn last(entries: &mut [Entry]) -> &mut Entry {
    entries.last_mut().expect("the reference begins with a service")
}

fn action(name: &'static str, rest: &'static str) -> Action {
    let (level, resource_types) = rest.split_once('\t').unwrap_or((rest, ""));
    let access_level = match level {
        "L" => AccessLevel::List,
        "R" => AccessLevel::Read,
        "P" => AccessLevel::PermissionsManagement,
        "T" => AccessLevel::Tagging,
        _ => AccessLevel::Write,
    };
    Action { name, access_level, resource_types }
}

fn compare_any_case(a: &str, b: &str) -> std::cmp::Ordering {
    a.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(b.bytes().map(|byte| byte.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_and_action_is_found_again() {
        let reference = ServiceReference::embedded();
        let mut actions = 0;
        for service in reference.services() {
            assert_eq!(reference.service_name(service.namespace), Some(service.name));
            for action in reference.actions(service.namespace) {
                actions += 1;
                assert_eq!(reference.find_action(service.namespace, &action.name.to_uppercase()), Some(*action));
                for (resource_type, _) in action.resource_types() {
                    assert!(reference.arn_format(service.namespace, resource_type).is_some(), "{resource_type}");
                }
            }
        }
        assert_eq!((reference.services().len(), actions), (456, 22_091));
        assert_eq!(reference.service_name("iam"), Some("AWS Identity and Access Management"));
    }

    #[test]
    fn an_action_in_any_case_gives_awss_letters() {
        let check = |namespace: &str, name: &str, expected: Option<(&str, AccessLevel)>| {
            let found = ServiceReference::embedded().find_action(namespace, name);
            assert_eq!(found.map(|action| (action.name, action.access_level)), expected, "{namespace}:{name}");
        };
        check("s3", "getbucketcors", Some(("GetBucketCORS", AccessLevel::Read)));
        check("S3", "ListBucket", Some(("ListBucket", AccessLevel::List)));
        check("iam", "PutUserPolicy", Some(("PutUserPolicy", AccessLevel::PermissionsManagement)));
        check("iam", "TagRole", Some(("TagRole", AccessLevel::Tagging)));
        check("s3", "HeadBucket", None);
        check("nothing", "GetObject", None);
        check("", "", None);
    }
}
