//! Permissions that no log shows and that calls suggest: `iam:PassRole` for roles that were passed, and the data keys of KMS for
//! what was written under a key of one's own. They are proposed, never added unasked.

use std::collections::{BTreeMap, BTreeSet};

use iam::arn::Arn;
use iam::event_resource::{self, EventResource, Observed};
use iam::least_privilege::Companion;
use serde_json::Value;

use crate::recorded_call::{CallCount, CallGroup};

/// Parameters that pass a role to a service, in lower case
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>).
const ROLE_PARAMETERS: [&str; 14] = [
    "role",
    "rolearn",
    "executionrolearn",
    "taskrolearn",
    "servicerole",
    "servicerolearn",
    "jobrolearn",
    "iamrolearn",
    "cloudwatchlogsrolearn",
    "instanceprofilearn",
    "executionrole",
    "autoscalingrole",
    "noderole",
    "autoscalingrolearn",
];

/// Parameters that name the KMS key under which something is written, in lower case.
const KEY_PARAMETERS: [&str; 7] = [
    "kmskeyid",
    "kmskeyarn",
    "kmsmasterkeyid",
    "ssekmskeyid",
    "kmskey",
    "kmsmasterkeyarn",
    "x-amz-server-side-encryption-aws-kms-key-id",
];

/// Deeper than this no call passes a role.
const DEEPEST: usize = 6;
/// The names of the statements.
pub(super) const PASS_ROLE: &str = "CompanionPassRole";
pub(super) const KMS: &str = "CompanionKms";

/// What calls suggest.
pub(super) struct Suggestions {
    roles: Observed<CallCount>,
    keys: Observed<CallCount>,
}

impl Default for Suggestions {
    fn default() -> Self {
        Self { roles: Observed::new(CallCount::join), keys: Observed::new(CallCount::join) }
    }
}

impl Suggestions {
    pub fn add(&mut self, group: &CallGroup) {
        if matches!(group.actions.service_namespace.as_str(), "iam" | "sts" | "kms") {
            return;
        }
        let mut texts = Vec::new();
        collect(&group.parameters, 0, "", &mut texts);
        for (name, text) in texts {
            let (suggested, arn) = if ROLE_PARAMETERS.contains(&name.as_str()) {
                let arn = Arn::parse(text).filter(|arn| arn.service == "iam" && arn.role_name().is_some());
                (&mut self.roles, arn.map(|_| text.to_owned()))
            } else if KEY_PARAMETERS.contains(&name.as_str()) {
                (&mut self.keys, key_arn(text, group))
            } else {
                continue;
            };
            if let Some(arn) = arn {
                suggested.add(&EventResource { resource_type: "", arn, is_pattern: false }, CallCount::of(group));
            }
        }
    }

    /// The statements, and by their names the calls that suggest them.
    pub fn finish(self) -> (Vec<Companion>, BTreeMap<&'static str, CallCount>) {
        let (mut companions, mut seen) = (Vec::new(), BTreeMap::new());
        let kms = vec!["kms:Decrypt", "kms:GenerateDataKey"];
        for (sid, actions, suggested) in [(PASS_ROLE, vec!["iam:PassRole"], self.roles), (KMS, kms, self.keys)] {
            let (resources, counts): (BTreeSet<String>, Vec<CallCount>) = suggested.finish().into_iter().unzip();
            let sum = counts.into_iter().reduce(|mut sum, more| {
                sum.join(more);
                sum
            });
            if let Some(sum) = sum {
                companions.push(Companion { sid, actions, resources });
                seen.insert(sid, sum);
            }
        }
        (companions, seen)
    }
}

/// The texts of a call's parameters, each with the lower-cased name of its member.
fn collect<'v>(value: &'v Value, depth: usize, name: &str, found: &mut Vec<(String, &'v str)>) {
    match value {
        _ if depth > DEEPEST => {}
        Value::String(text) if !text.is_empty() => found.push((name.to_owned(), text)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, depth + 1, name, found)),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| collect(value, depth + 1, &name.to_ascii_lowercase(), found));
        }
        _ => {}
    }
}

/// The key's ARN; of an alias, which no policy's resource names, every key of the account and region. AWS's own keys need no
/// permission of the caller's.
fn key_arn(text: &str, group: &CallGroup) -> Option<String> {
    let place = || {
        let partition = event_resource::partition(&group.principal, &group.region);
        format!("arn:{partition}:kms:{}:{}:", group.region, group.account)
    };
    if text.contains("alias/aws/") {
        return None;
    }
    match Arn::parse(text) {
        Some(arn) if arn.service == "kms" && arn.resource.starts_with("key/") => Some(text.to_owned()),
        Some(arn) if arn.service == "kms" => {
            Some(format!("arn:{}:kms:{}:{}:key/*", arn.partition, arn.region, arn.account))
        }
        Some(_) => None,
        None if text.starts_with("alias/") => Some(format!("{}key/*", place())),
        None => Some(format!("{}key/{text}", place())),
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use iam::event_action::{ActionKind, EventActions};
    use serde_json::json;

    use super::*;
    use crate::recorded_call::Recorded;

    fn suggested(namespace: &str, parameters: Value) -> Vec<(&'static str, Vec<String>)> {
        let actions = EventActions {
            service_namespace: namespace.to_owned(),
            actions: vec![format!("{namespace}:Do")],
            kind: ActionKind::Mapped,
        };
        let group = CallGroup {
            principal: "arn:aws:iam::111111111111:role/R".to_owned(),
            event_source: format!("{namespace}.amazonaws.com"),
            event_name: "Do".to_owned(),
            event_type: None,
            is_data_event: false,
            actions: Rc::new(actions),
            region: "eu-west-1".to_owned(),
            account: "111111111111".to_owned(),
            outcome: "ok".to_owned(),
            recorded_arns: Vec::new(),
            parameters,
            recorded: Recorded::default(),
            count: 1,
            first_us: 0,
            last_us: 0,
            first_event_id: None,
            last_event_id: None,
        };
        let mut suggestions = Suggestions::default();
        suggestions.add(&group);
        let (companions, _) = suggestions.finish();
        companions.into_iter().map(|found| (found.sid, found.resources.into_iter().collect())).collect()
    }

    #[test]
    fn roles_that_are_passed_and_keys_that_are_named_are_suggested() {
        let check = |namespace: &str, parameters: Value, expected: &[(&str, &str)]| {
            let found = suggested(namespace, parameters.clone());
            let found: Vec<(&str, String)> = found.into_iter().map(|(sid, arns)| (sid, arns.join(" "))).collect();
            let expected: Vec<(&str, String)> = expected.iter().map(|(sid, arn)| (*sid, (*arn).to_owned())).collect();
            assert_eq!(found, expected, "{namespace} {parameters}");
        };
        let role = "arn:aws:iam::111111111111:role/service/Worker";
        check("lambda", json!({"role": role, "functionName": "f"}), &[(PASS_ROLE, role)]);
        check("ecs", json!({"overrides": {"taskRoleArn": role}}), &[(PASS_ROLE, role)]);
        check("lambda", json!({"role": "Worker"}), &[]);
        check("sts", json!({"roleArn": role}), &[]);
        check("iam", json!({"role": role}), &[]);
        let key = "arn:aws:kms:eu-west-1:111111111111:key/1";
        check("s3", json!({"x-amz-server-side-encryption-aws-kms-key-id": key}), &[(KMS, key)]);
        check("sqs", json!({"attributes": {"KmsMasterKeyId": "1"}}), &[(KMS, key)]);
        check("sns", json!({"kmsKeyId": "alias/app"}), &[(KMS, "arn:aws:kms:eu-west-1:111111111111:key/*")]);
        check("rds", json!({"kmsKeyId": "alias/aws/rds"}), &[]);
        check("kms", json!({"keyId": key}), &[]);
    }
}
