//! What differs between two inventories: entities added and removed, and of the changed ones each field, down to the statement of
//! a policy and the action in it. Order means nothing where AWS gives lists no order; what changes by mere use is left out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::inventory::{Entity, Extent};

/// What happened to an entity or to a field of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Added,
    Removed,
    Changed,
}

impl Change {
    /// As answers print it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    pub change: Change,
    pub extent: Extent,
    pub key: String,
    pub name: String,
    /// The field, as in `RolePolicyList[deploy].PolicyDocument.Statement[Sid=Read].Action`; empty for a whole entity.
    pub path: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// Fields that say how an entity was used, not what it is.
const USE: [&str; 21] = [
    "RoleLastUsed",
    "PasswordLastUsed",
    "AttachmentCount",
    "PermissionsBoundaryUsageCount",
    "password_last_used",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "LatestDeliveryTime",
    "LatestDeliveryAttemptTime",
    "LatestDeliveryAttemptSucceeded",
    "LatestNotificationTime",
    "LatestNotificationAttemptTime",
    "LatestNotificationAttemptSucceeded",
    "LatestDigestDeliveryTime",
    "LatestCloudWatchLogsDeliveryTime",
    "TimeLoggingStarted",
    "ResponseMetadata",
];

/// The differences between two sets of entities, by extent, key and path.
pub fn diff(before: &[Entity], after: &[Entity]) -> Vec<Difference> {
    let by_key = |entities: &'_ [Entity]| -> BTreeMap<(Extent, String), Entity> {
        entities.iter().map(|entity| ((entity.extent.clone(), entity.key.clone()), entity.clone())).collect()
    };
    let (before, after) = (by_key(before), by_key(after));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) => {
                let mut fields = Fields { entity: new, found: &mut found };
                fields.objects("", &old.document, &new.document);
            }
            (Some(old), None) => found.push(whole(Change::Removed, old)),
            (None, Some(new)) => found.push(whole(Change::Added, new)),
            (None, None) => {}
        }
    }
    found
}

fn whole(change: Change, entity: &Entity) -> Difference {
    let document = Some(Value::Object(entity.document.clone()));
    let (before, after) = if change == Change::Added { (None, document) } else { (document, None) };
    Difference {
        change,
        extent: entity.extent.clone(),
        key: entity.key.clone(),
        name: entity.name.clone(),
        path: String::new(),
        before,
        after,
    }
}

/// Compares the fields of one entity.
struct Fields<'a> {
    entity: &'a Entity,
    found: &'a mut Vec<Difference>,
}

impl Fields<'_> {
    fn differs(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>) {
        let change = match (before, after) {
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Changed,
        };
        self.found.push(Difference {
            change,
            extent: self.entity.extent.clone(),
            key: self.entity.key.clone(),
            name: self.entity.name.clone(),
            path: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        });
    }

    fn objects(&mut self, path: &str, before: &Map<String, Value>, after: &Map<String, Value>) {
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            if path.is_empty() && USE.contains(&name.as_str()) {
                continue;
            }
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            self.values(&path, before.get(name), after.get(name));
        }
    }

    fn values(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>) {
        let (Some(old), Some(new)) = (before, after) else {
            if before.is_some_and(|value| !is_nothing(value)) || after.is_some_and(|value| !is_nothing(value)) {
                self.differs(path, before, after);
            }
            return;
        };
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => self.objects(path, old, new),
            // A policy says one action as text or as a list of one.
            (Value::Array(_), _) | (_, Value::Array(_)) => self.lists(path, &as_list(old), &as_list(new)),
            _ if old == new => {}
            _ => self.differs(path, before, after),
        }
    }

    fn lists(&mut self, path: &str, before: &[Value], after: &[Value]) {
        let gone: Vec<&Value> = only_in(before, after);
        let come: Vec<&Value> = only_in(after, before);
        let named = |items: &[&Value]| items.iter().all(|item| identity(item).is_some());
        if !named(&gone) || !named(&come) {
            // Statements without a Sid: one that went and one that came are the same statement, changed.
            let is_pair = gone.len() == 1 && come.len() == 1 && gone[0].is_object() && come[0].is_object();
            if is_pair {
                let position = after.iter().position(|item| item == come[0]).unwrap_or_default();
                return self.values(&format!("{path}[{position}]"), Some(gone[0]), Some(come[0]));
            }
            gone.into_iter().for_each(|item| self.differs(path, Some(item), None));
            come.into_iter().for_each(|item| self.differs(path, None, Some(item)));
            return;
        }
        let by_identity = |items: Vec<&Value>| -> BTreeMap<String, Value> {
            items.into_iter().filter_map(|item| Some((identity(item)?, item.clone()))).collect()
        };
        let (gone, come) = (by_identity(gone), by_identity(come));
        let identities: BTreeSet<&String> = gone.keys().chain(come.keys()).collect();
        for name in identities {
            self.values(&format!("{path}[{name}]"), gone.get(name), come.get(name));
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Null) || value.as_array().is_some_and(Vec::is_empty)
}

fn as_list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

fn only_in<'a>(items: &'a [Value], others: &[Value]) -> Vec<&'a Value> {
    items.iter().filter(|item| !others.contains(item)).collect()
}

/// What tells an item of a list apart from the others, where AWS gives it a name.
fn identity(item: &Value) -> Option<String> {
    let text = |member: &str| item.get(member).and_then(Value::as_str);
    if let Some(sid) = text("Sid").filter(|sid| !sid.is_empty()) {
        return Some(format!("Sid={sid}"));
    }
    ["PolicyArn", "PolicyName", "VersionId", "Arn", "InstanceProfileName", "Key", "Value"]
        .into_iter()
        .find_map(text)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::inventory::EntityKind;

    fn role(name: &str, document: Value) -> Entity {
        let extent = Extent { kind: EntityKind::Role, scope: "111111111111".to_owned() };
        let Value::Object(document) = document else { panic!("not an object") };
        Entity { extent, key: format!("arn:aws:iam::111111111111:role/{name}"), name: name.to_owned(), document }
    }

    fn check(before: Value, after: Value, expected: &[(&str, &str, Value, Value)]) {
        let found = diff(&[role("r", before)], &[role("r", after)]);
        let found: Vec<_> = found
            .iter()
            .map(|d| {
                (
                    d.change.name(),
                    d.path.as_str(),
                    d.before.clone().unwrap_or_default(),
                    d.after.clone().unwrap_or_default(),
                )
            })
            .collect();
        assert_eq!(found, expected);
    }

    fn inline(statements: Value) -> Value {
        json!({"RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}]})
    }

    #[test]
    fn entities_come_and_go() {
        let found = diff(
            &[role("old", json!({})), role("same", json!({}))],
            &[role("new", json!({})), role("same", json!({}))],
        );
        let found: Vec<_> = found.iter().map(|d| (d.change, d.name.as_str())).collect();
        assert_eq!(found, [(Change::Added, "new"), (Change::Removed, "old")]);
    }

    #[test]
    fn an_action_more_in_a_statement_is_that_action() {
        check(
            inline(json!([{"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}])),
            inline(
                json!([{"Sid": "Read", "Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": "*"}]),
            ),
            &[(
                "added",
                "RolePolicyList[p].PolicyDocument.Statement[Sid=Read].Action",
                json!(null),
                json!("s3:PutObject"),
            )],
        );
    }

    #[test]
    fn a_statement_without_sid_is_compared_with_the_one_that_went() {
        let kept = json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"});
        check(
            inline(json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}, kept])),
            inline(json!([kept, {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}])),
            &[("changed", "RolePolicyList[p].PolicyDocument.Statement[1].Effect", json!("Allow"), json!("Deny"))],
        );
    }

    #[test]
    fn order_one_or_list_and_last_use_are_no_difference() {
        check(
            json!({"RoleLastUsed": {"Region": "a"}, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], "Path": "/"}),
            json!({"RoleLastUsed": {"Region": "b"}, "Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}], "Path": "/"}),
            &[],
        );
        check(json!({"Action": "a"}), json!({"Action": ["a"]}), &[]);
        check(json!({"Tags": []}), json!({}), &[]);
    }

    #[test]
    fn tags_and_attachments_are_known_by_name() {
        check(
            json!({"Tags": [{"Key": "team", "Value": "old"}], "AttachedManagedPolicies": []}),
            json!({"Tags": [{"Key": "team", "Value": "new"}], "AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": "arn:p"}]}),
            &[
                (
                    "added",
                    "AttachedManagedPolicies[arn:p]",
                    json!(null),
                    json!({"PolicyName": "p", "PolicyArn": "arn:p"}),
                ),
                ("changed", "Tags[team].Value", json!("old"), json!("new")),
            ],
        );
    }
}
