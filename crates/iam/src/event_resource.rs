//! Which resources a call named, as policies name them: the ARNs that the record lists, else ARNs made of the formats of
//! the service reference and the call's requestParameters. A record tells less than AWS knew: the path of a role, the key
//! behind an alias and the id of what a call creates are not in it; such parts are `*`.

mod arn_format;
mod exception;
mod observed;
mod parameter;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::arn::Arn;
use crate::service_reference::{Action, ServiceReference};
use arn_format::{ArnFormat, formats};
pub use observed::{MOST_ARNS, Observed};
use parameter::{MOST_VALUES, Parameters, as_in_arn};

/// What a record tells of a call's resources.
#[derive(Debug, Clone, Copy)]
pub struct RecordedCall<'a> {
    /// The caller's ARN, as the lake names principals.
    pub principal: &'a str,
    /// Where it was recorded.
    pub region: &'a str,
    /// The account of the resources: that of the record.
    pub account: &'a str,
    /// `resources[].ARN`.
    pub recorded: &'a [String],
    /// requestParameters; Null where there are none.
    pub parameters: &'a Value,
}

/// One resource of a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventResource {
    /// The type of the service reference, as in `bucket`.
    pub resource_type: &'static str,
    /// The ARN, with wildcards for what the record does not tell.
    pub arn: String,
    /// Whether it has such wildcards.
    pub is_pattern: bool,
}

/// The resources of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventResources {
    /// The action takes none: policies allow it by `*` alone.
    NotTaken,
    /// At least one is named.
    Named(Vec<EventResource>),
    /// The action takes a resource, and the record does not say which.
    Unknown,
}

/// What every ARN of a call has.
struct Place<'a> {
    partition: &'a str,
    region: &'a str,
    account: &'a str,
}

/// The resources that a call of this action (`namespace:Action`) named.
pub fn of(reference: &ServiceReference, action: &str, call: &RecordedCall<'_>) -> EventResources {
    let (namespace, name) = action.split_once(':').unwrap_or((action, ""));
    let Some(action) = reference.find_action(namespace, name) else { return EventResources::Unknown };
    let types = types_of(reference, namespace, &action);
    if types.is_empty() {
        return EventResources::NotTaken;
    }
    if let Some(found) = exception::instead(namespace, action.name, call) {
        return EventResources::Named(found);
    }
    let mut found = Vec::new();
    let mut missing = Vec::new();
    let parameters = Parameters::of(call.parameters);
    for of_type in &types {
        let listed = arns_of(of_type, call.recorded.iter().map(String::as_str));
        let listed = if listed.is_empty() { arns_of(of_type, parameters.arns()) } else { listed };
        let built = if listed.is_empty() { of_type.built(namespace, call, &parameters) } else { listed };
        match built.is_empty() {
            true if of_type.is_required => missing.push(of_type.pattern(call)),
            true => {}
            false => found.extend(built),
        }
    }
    found.extend(exception::besides(namespace, action.name, call, !found.is_empty()));
    if found.is_empty() {
        return EventResources::Unknown;
    }
    found.extend(missing);
    if namespace == "logs" {
        found.iter_mut().for_each(|resource| with_log_group_suffix(resource, name));
    }
    found.sort();
    found.dedup();
    found.truncate(MOST_VALUES);
    EventResources::Named(found)
}

/// The ARN formats of an action, with `${Region}` and the like as they stand; what AWS calls resource placeholders. Of the
/// types that it requires and of those that its calls named; where there are neither, of all that it takes.
pub fn placeholders(reference: &ServiceReference, action: &str, named: &BTreeSet<&str>) -> Vec<&'static str> {
    let (namespace, name) = action.split_once(':').unwrap_or((action, ""));
    let Some(found) = reference.find_action(namespace, name) else { return Vec::new() };
    let types = types_of(reference, namespace, &found);
    let is_wanted = |of_type: &&ResourceType| of_type.is_required || named.contains(of_type.name);
    let is_any_wanted = types.iter().any(|of_type| is_wanted(&of_type));
    let wanted = types.iter().filter(|of_type| !is_any_wanted || is_wanted(of_type));
    wanted.flat_map(|of_type| of_type.format.split(", ")).collect()
}

/// A resource type of an action.
struct ResourceType {
    name: &'static str,
    format: &'static str,
    is_required: bool,
}

fn types_of(reference: &ServiceReference, namespace: &str, action: &Action) -> Vec<ResourceType> {
    let of_type = |(name, is_required)| {
        let format = reference.arn_format(namespace, name)?;
        Some(ResourceType { name, format, is_required })
    };
    action.resource_types().filter_map(of_type).collect()
}

/// Those of the ARNs that have the type's form.
fn arns_of<'a>(of_type: &ResourceType, arns: impl Iterator<Item = &'a str>) -> Vec<EventResource> {
    let fits = |arn: &&str| {
        let arn = arn.strip_suffix(":*").unwrap_or(arn);
        formats(of_type.format).any(|format| format.own_parts().next().is_some() && format.read(arn).is_some())
    };
    let named = |arn: &str| EventResource {
        resource_type: of_type.name,
        arn: arn.to_owned(),
        is_pattern: arn.contains(['*', '?']),
    };
    arns.filter(fits).take(MOST_VALUES).map(named).collect()
}

impl ResourceType {
    /// The type as a whole, in the call's account and region.
    fn pattern(&self, call: &RecordedCall<'_>) -> EventResource {
        let format = formats(self.format).next().expect("a split yields at least one");
        self.resource(&format, &call.place(), &[])
    }

    fn resource(&self, format: &ArnFormat<'_>, place: &Place<'_>, own: &[Option<String>]) -> EventResource {
        let arn = format.write(place, own);
        EventResource { resource_type: self.name, is_pattern: arn.contains(['*', '?']), arn }
    }

    /// The ARNs that the parameters give: of a type that the action may also do without, only whole ones.
    fn built(&self, namespace: &str, call: &RecordedCall<'_>, parameters: &Parameters<'_>) -> Vec<EventResource> {
        // API Gateway's actions are HTTP verbs over every type; which one a call was about, its parameters do not tell.
        if namespace == "apigateway" {
            return Vec::new();
        }
        let mut found = Vec::new();
        for format in formats(self.format) {
            let parts: Vec<&str> = format.own_parts().collect();
            let mut values: Vec<Vec<String>> = Vec::new();
            for part in &parts {
                let texts = parameters.values(namespace, part).into_iter();
                values.push(texts.filter_map(|text| as_in_arn(namespace, part, text, parameters)).collect());
            }
            let known = values.iter().filter(|values| !values.is_empty()).count();
            let place = call.place_of(namespace, parameters);
            let is_self = namespace == "iam" && parts == ["UserNameWithPath"] && known == 0;
            if is_self && let Some(arn) = Arn::parse(call.principal).filter(|arn| arn.user_name().is_some()) {
                // Without a user name such calls are about the caller.
                let arn = arn.to_string();
                found.push(EventResource { resource_type: self.name, arn, is_pattern: false });
            } else if known > 0 && (known == parts.len() || self.is_required) {
                found.extend(combinations(&values).into_iter().map(|own| self.resource(&format, &place, &own)));
            }
            if !found.is_empty() {
                break;
            }
        }
        found
    }
}

/// Of the parts that have one value that value, of the last one that has several each.
fn combinations(values: &[Vec<String>]) -> Vec<Vec<Option<String>>> {
    let several = values.iter().rposition(|values| values.len() > 1);
    let count = several.map_or(1, |at| values[at].len()).min(MOST_VALUES);
    let one = |turn: usize| {
        let pick = |(at, values): (usize, &Vec<String>)| match several {
            Some(which) if which == at => values.get(turn).cloned(),
            // Which of them belongs to which is not told.
            _ if values.len() > 1 => None,
            _ => values.first().cloned(),
        };
        values.iter().enumerate().map(pick).collect()
    };
    (0..count).map(one).collect()
}

impl<'a> RecordedCall<'a> {
    fn place(&self) -> Place<'a> {
        Place { partition: partition(self.principal, self.region), region: self.region, account: self.account }
    }

    /// The place that the parameters name, as a queue's URL does, else the record's.
    fn place_of<'p>(&'p self, namespace: &str, parameters: &Parameters<'p>) -> Place<'p> {
        let own = self.place();
        let url = if namespace == "sqs" { parameters.named("queueUrl") } else { Vec::new() };
        let Some(url) = url.first().and_then(|url| url.strip_prefix("https://")) else { return own };
        let mut parts = url.split('/');
        let host = parts.next().unwrap_or_default();
        let region = host.strip_prefix("sqs.").and_then(|rest| rest.split('.').next()).unwrap_or(own.region);
        Place { region, account: parts.next().filter(|account| !account.is_empty()).unwrap_or(own.account), ..own }
    }
}

/// The partition of the caller, else that of the region.
pub fn partition<'a>(principal: &'a str, region: &str) -> &'a str {
    match Arn::parse(principal) {
        Some(arn) => arn.partition,
        None if region.starts_with("cn-") => "aws-cn",
        None if region.starts_with("us-gov-") => "aws-us-gov",
        None => "aws",
    }
}

/// CloudWatch Logs matches log groups by an ARN that ends in `:*`, but for what concerns tags
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html>).
fn with_log_group_suffix(resource: &mut EventResource, action: &str) {
    let is_tagging = action.eq_ignore_ascii_case("TagResource")
        || action.eq_ignore_ascii_case("UntagResource")
        || action.eq_ignore_ascii_case("ListTagsForResource");
    if resource.resource_type == "log-group" && !is_tagging && !resource.arn.ends_with('*') {
        resource.arn.push_str(":*");
    }
}

#[cfg(test)]
mod tests;
