//! All actions of a service reference, numbered and sorted, so that a pattern of actions becomes a range and a policy a
//! set of bits; beside them the ARN formats of the resources that each action takes.

use std::ops::Range;

use super::ActionSet;
use crate::policy_document::pattern::{Pattern, Signs};
use crate::policy_document::{ActionPattern, Element};
use crate::service_reference::ServiceReference;

/// One action of an [`ActionIndex`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub(super) usize);

/// The numbered actions. Building it costs milliseconds: build one and pass it along.
pub struct ActionIndex {
    services: Vec<Service>,
    actions: Vec<Action>,
    formats: Vec<ResourceFormat>,
}

struct Service {
    namespace: String,
    actions: Range<usize>,
}

struct Action {
    name: String,
    lower_name: String,
    service: usize,
    /// Indices of the formats of the resources that it takes; empty if it takes none.
    formats: Vec<usize>,
}

/// The ARN format of a resource type, after `arn:`.
pub(super) struct ResourceFormat {
    /// Every ARN of the type: anything in the place of each placeholder.
    pub parts: [Pattern; 5],
    /// The ARN of one resource that nobody names, in parts: only wildcards match it.
    pub unnamed: [String; 5],
}

impl ActionIndex {
    /// Numbers the actions of a reference.
    pub fn new(reference: &ServiceReference) -> Self {
        let mut index = Self { services: Vec::new(), actions: Vec::new(), formats: Vec::new() };
        for service in reference.services() {
            let begin = index.actions.len();
            let mut types: Vec<(&str, usize)> = Vec::new();
            for action in reference.actions(service.namespace) {
                let mut formats = Vec::new();
                for (name, _) in action.resource_types() {
                    let known = types.iter().find(|(known, _)| *known == name).map(|(_, format)| *format);
                    let format = known.or_else(|| {
                        index.formats.push(ResourceFormat::read(reference.arn_format(service.namespace, name)?)?);
                        types.push((name, index.formats.len() - 1));
                        Some(index.formats.len() - 1)
                    });
                    formats.extend(format);
                }
                index.actions.push(Action {
                    name: action.name.to_owned(),
                    lower_name: action.name.to_ascii_lowercase(),
                    service: index.services.len(),
                    formats,
                });
            }
            let actions = begin..index.actions.len();
            index.services.push(Service { namespace: service.namespace.to_owned(), actions });
        }
        index
    }

    /// The empty set.
    pub fn none(&self) -> ActionSet {
        ActionSet::none(self.actions.len())
    }

    /// The number of actions.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// The action at this place among all, which are sorted by namespace and name.
    pub fn nth(&self, at: usize) -> Option<ActionId> {
        (at < self.actions.len()).then_some(ActionId(at))
    }

    /// Has the reference no action?
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Namespace and name of an action, in AWS's letters.
    pub fn action(&self, id: ActionId) -> (&str, &str) {
        let action = &self.actions[id.0];
        (&self.services[action.service].namespace, &action.name)
    }

    /// The action of that name, in any letter case.
    pub fn find(&self, namespace: &str, name: &str) -> Option<ActionId> {
        let lower_name = name.to_ascii_lowercase();
        let range = self.service(namespace)?.actions.clone();
        let within = &self.actions[range.clone()];
        let at = within.binary_search_by(|action| action.lower_name.as_str().cmp(&lower_name)).ok()?;
        Some(ActionId(range.start + at))
    }

    /// All actions of a service.
    pub fn actions_of(&self, namespace: &str) -> impl Iterator<Item = ActionId> + use<> {
        self.service(namespace).map_or(0..0, |service| service.actions.clone()).map(ActionId)
    }

    /// The namespaces of the services that have an action in the set, sorted.
    pub fn services_of(&self, actions: &ActionSet) -> Vec<&str> {
        let has_one = |service: &&Service| service.actions.clone().any(|at| actions.contains(ActionId(at)));
        self.services.iter().filter(has_one).map(|service| service.namespace.as_str()).collect()
    }

    /// The actions that Action or NotAction speaks of.
    pub(super) fn named_by(&self, element: &Element<ActionPattern>) -> ActionSet {
        let mut found = self.none();
        for pattern in &element.patterns {
            self.add_matching(pattern, &mut found);
        }
        if element.negated { found.complement() } else { found }
    }

    /// The formats of the resources that an action takes, by index.
    pub(super) fn formats_of(&self, id: ActionId) -> &[usize] {
        &self.actions[id.0].formats
    }

    pub(super) fn formats(&self) -> &[ResourceFormat] {
        &self.formats
    }

    fn add_matching(&self, pattern: &ActionPattern, found: &mut ActionSet) {
        let services = match pattern.one_service() {
            Some(namespace) => self.service(namespace).map(std::slice::from_ref).unwrap_or_default(),
            None => &self.services,
        };
        let name = pattern.name();
        let prefix = name.literal_prefix();
        for service in services {
            if !pattern.service().may_match(&service.namespace) {
                continue;
            }
            if name.is_any() {
                found.insert_range(service.actions.clone());
                continue;
            }
            let within = &self.actions[service.actions.clone()];
            let first = within.partition_point(|action| action.lower_name.as_str() < prefix);
            let candidates = within[first..].iter().take_while(|action| action.lower_name.starts_with(prefix));
            for (offset, _) in candidates.enumerate().filter(|(_, action)| name.may_match(&action.lower_name)) {
                found.insert(ActionId(service.actions.start + first + offset));
            }
        }
    }

    fn service(&self, namespace: &str) -> Option<&Service> {
        let lower = namespace.to_ascii_lowercase();
        let at = self.services.binary_search_by(|service| service.namespace.as_str().cmp(&lower)).ok()?;
        Some(&self.services[at])
    }
}

impl ResourceFormat {
    /// Reads a format as `arn:${Partition}:s3:::${BucketName}`; None if it is no ARN.
    fn read(format: &str) -> Option<Self> {
        let signs = Signs { wildcards: true, variables: false };
        let rest = format.strip_prefix("arn:")?;
        let with = |placeholder: &str| -> String {
            let mut text = String::new();
            let mut rest = rest;
            while let Some((before, after)) = rest.split_once("${") {
                text.push_str(before);
                text.push_str(placeholder);
                rest = after.split_once('}').map_or("", |(_, after)| after);
            }
            text + rest
        };
        let cut = |text: &str| -> Option<[String; 5]> {
            let parts: Vec<String> = text.splitn(5, ':').map(str::to_owned).collect();
            parts.try_into().ok()
        };
        let parts = cut(&with("*"))?.map(|part| Pattern::new(&part, signs));
        // No ARN has this character, so that only a wildcard matches it.
        Some(Self { parts, unnamed: cut(&with("\u{1}"))? })
    }
}
