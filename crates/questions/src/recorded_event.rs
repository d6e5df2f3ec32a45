//! Which events would be in the logs, by the trails of the inventory: management events of reads and writes, and data events of
//! the types that a trail asks for whole. Only what would be there says something by its absence. Where no trail is known,
//! management events are presumed to be recorded and data events are not: one that was delivered says nothing of the others.

use std::collections::{BTreeMap, BTreeSet};

use iam::event_action;
use iam::inventory::{Entity, EntityKind};
use iam::recording::Recording;
use iam::service_reference::AccessLevel;
use serde_json::Value;

use crate::inventory::Inventory;
use crate::question_error::QuestionError;

/// What the trails of an account record together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvents {
    reads: bool,
    writes: bool,
    /// Namespaces whose management events no trail records.
    left_out: BTreeSet<String>,
    data_types: BTreeSet<String>,
}

impl RecordedEvents {
    /// What is presumed where no trail is known.
    fn presumed() -> Self {
        Self { reads: true, writes: true, left_out: BTreeSet::new(), data_types: BTreeSet::new() }
    }

    /// Whether calls of an action would be in the logs.
    pub fn hold(&self, namespace: &str, recording: Recording, access_level: AccessLevel) -> bool {
        match recording {
            Recording::Management => {
                let is_read = matches!(access_level, AccessLevel::List | AccessLevel::Read);
                (if is_read { self.reads } else { self.writes }) && !self.left_out.contains(namespace)
            }
            Recording::Data(resource_type) => self.data_types.contains(resource_type),
            Recording::Never | Recording::Unsure => false,
        }
    }

    /// Whether every management event would be there, those of assuming a role among them.
    pub fn hold_management(&self) -> bool {
        self.reads && self.writes
    }

    fn join(&mut self, other: &Self) {
        // What one trail leaves out another may record.
        self.left_out = match (self.reads || self.writes, other.reads || other.writes) {
            (true, true) => self.left_out.intersection(&other.left_out).cloned().collect(),
            (false, true) => other.left_out.clone(),
            _ => std::mem::take(&mut self.left_out),
        };
        self.reads |= other.reads;
        self.writes |= other.writes;
        self.data_types.extend(other.data_types.iter().cloned());
    }
}

/// What the trails of every account record.
#[derive(Debug, Clone)]
pub struct AccountTrails {
    by_account: BTreeMap<String, RecordedEvents>,
    /// By trails of the organization, of every account that has none of its own.
    other: RecordedEvents,
}

impl AccountTrails {
    /// What the trails of the inventory record.
    pub fn read(inventory: &Inventory<'_>) -> Result<Self, QuestionError> {
        Ok(Self::of(&inventory.entities(EntityKind::Trail)?))
    }

    fn of(trails: &[Entity]) -> Self {
        let is_organization = |trail: &&Entity| is_true(trail, "IsOrganizationTrail");
        let joined = |trails: Vec<&Entity>| {
            let recorded = trails.into_iter().filter_map(recorded_by);
            recorded.reduce(|mut all, one| {
                all.join(&one);
                all
            })
        };
        let organization = joined(trails.iter().filter(is_organization).collect());
        let mut own: BTreeMap<String, Vec<&Entity>> = BTreeMap::new();
        for trail in trails.iter().filter(|trail| !is_organization(trail)) {
            own.entry(trail.extent.scope.split('/').next().unwrap_or_default().to_owned()).or_default().push(trail);
        }
        let by_account = own.into_iter().filter_map(|(account, trails)| {
            let mut recorded = joined(trails)?;
            organization.iter().for_each(|further| recorded.join(further));
            Some((account, recorded))
        });
        Self { by_account: by_account.collect(), other: organization.unwrap_or_else(RecordedEvents::presumed) }
    }

    /// What is recorded of an account.
    pub fn of_account(&self, account: &str) -> &RecordedEvents {
        self.by_account.get(account).unwrap_or(&self.other)
    }
}

fn is_true(trail: &Entity, member: &str) -> bool {
    trail.document.get(member) == Some(&Value::Bool(true))
}

/// What a trail records in every region; None for one that is stopped, or of one region, which says nothing of the others.
fn recorded_by(trail: &Entity) -> Option<RecordedEvents> {
    if !is_true(trail, "IsMultiRegionTrail") || trail.document.get("IsLogging") == Some(&Value::Bool(false)) {
        return None;
    }
    let selectors = |member: &str| trail.document.get(member).and_then(Value::as_array).cloned().unwrap_or_default();
    let (basic, advanced) = (selectors("EventSelectors"), selectors("AdvancedEventSelectors"));
    if basic.is_empty() && advanced.is_empty() {
        return Some(RecordedEvents::presumed());
    }
    let nothing = RecordedEvents { reads: false, writes: false, ..RecordedEvents::presumed() };
    let each = basic.iter().map(by_basic).chain(advanced.iter().map(by_advanced));
    Some(each.fold(nothing, |mut all, one| {
        all.join(&one);
        all
    }))
}

fn texts<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v str> {
    value.get(member).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn namespaces<'v>(sources: impl Iterator<Item = &'v str>) -> BTreeSet<String> {
    sources.map(|source| event_action::service_namespace(source).to_owned()).collect()
}

fn by_basic(selector: &Value) -> RecordedEvents {
    let kind = selector.get("ReadWriteType").and_then(Value::as_str).unwrap_or("All");
    let management = selector.get("IncludeManagementEvents") != Some(&Value::Bool(false));
    let resources = selector.get("DataResources").and_then(Value::as_array).into_iter().flatten();
    let whole = resources.filter(|resource| kind == "All" && names_all(resource));
    RecordedEvents {
        reads: management && kind != "WriteOnly",
        writes: management && kind != "ReadOnly",
        left_out: namespaces(texts(selector, "ExcludeManagementEventSources")),
        data_types: whole.filter_map(|resource| Some(resource.get("Type")?.as_str()?.to_owned())).collect(),
    }
}

/// Whether a resource of a basic selector is every one of its type: `arn:aws:s3`, `arn:aws:lambda`, `arn:aws:dynamodb`.
fn names_all(resource: &Value) -> bool {
    texts(resource, "Values").map(|value| value.trim_end_matches(':')).any(|value| value.split(':').count() == 3)
}

/// A selector by fields; one that is narrower than a category and a type, or than reads and sources, counts for nothing.
fn by_advanced(selector: &Value) -> RecordedEvents {
    let mut recorded = RecordedEvents { reads: false, writes: false, ..RecordedEvents::presumed() };
    let (mut category, mut data_type, mut read_only) = (None, None, None);
    for field in selector.get("FieldSelectors").and_then(Value::as_array).into_iter().flatten() {
        let equals = texts(field, "Equals").next();
        match field.get("Field").and_then(Value::as_str) {
            Some("eventCategory") => category = equals,
            Some("resources.type") => data_type = equals,
            Some("readOnly") => read_only = equals,
            Some("eventSource") if equals.is_none() => recorded.left_out = namespaces(texts(field, "NotEquals")),
            _ => return recorded,
        }
    }
    match category {
        Some("Management") => {
            recorded.reads = read_only != Some("false");
            recorded.writes = read_only != Some("true");
        }
        Some("Data") if read_only.is_none() => recorded.data_types.extend(data_type.map(str::to_owned)),
        _ => {}
    }
    recorded
}

#[cfg(test)]
mod tests {
    use iam::inventory::Extent;
    use serde_json::json;

    use super::*;

    const ACCOUNT: &str = "111111111111";

    fn trail(further: Value) -> Entity {
        let mut document = json!({"IsMultiRegionTrail": true, "IsLogging": true, "IsOrganizationTrail": false});
        if let (Some(known), Value::Object(further)) = (document.as_object_mut(), further) {
            known.extend(further);
        }
        let Value::Object(document) = document else { panic!("not an object") };
        let extent = Extent { kind: EntityKind::Trail, scope: format!("{ACCOUNT}/eu-west-1") };
        Entity { extent, key: "arn".to_owned(), name: "t".to_owned(), document }
    }

    /// Reads, writes, and the types of data events.
    fn check(trails: &[Entity], expected: (bool, bool, &[&str])) {
        let trails = AccountTrails::of(trails);
        let found = trails.of_account(ACCOUNT);
        let types: Vec<&str> = found.data_types.iter().map(String::as_str).collect();
        assert_eq!((found.reads, found.writes, types.as_slice()), expected);
    }

    fn basic(kind: &str, values: Value) -> Value {
        json!({"EventSelectors": [{"ReadWriteType": kind, "IncludeManagementEvents": true,
            "DataResources": [{"Type": "AWS::S3::Object", "Values": values}]}]})
    }

    #[test]
    fn a_trail_records_what_it_asks_for_whole() {
        check(&[], (true, true, &[]));
        check(&[trail(json!({}))], (true, true, &[]));
        check(&[trail(basic("All", json!(["arn:aws:s3"])))], (true, true, &["AWS::S3::Object"]));
        check(&[trail(basic("All", json!(["arn:aws-cn:s3:::"])))], (true, true, &["AWS::S3::Object"]));
        check(&[trail(basic("All", json!(["arn:aws:s3:::bucket/"])))], (true, true, &[]));
        check(&[trail(basic("WriteOnly", json!(["arn:aws:s3"])))], (false, true, &[]));
        let advanced = |fields: Value| trail(json!({"AdvancedEventSelectors": [{"FieldSelectors": fields}]}));
        let field = |name: &str, value: &str| json!({"Field": name, "Equals": [value]});
        let (data, table) = (field("eventCategory", "Data"), field("resources.type", "AWS::DynamoDB::Table"));
        check(&[advanced(json!([data, table]))], (false, false, &["AWS::DynamoDB::Table"]));
        check(&[advanced(json!([data, table, field("readOnly", "false")]))], (false, false, &[]));
        check(&[advanced(json!([data, table, field("eventName", "GetItem")]))], (false, false, &[]));
        let management = field("eventCategory", "Management");
        check(&[advanced(json!([management, field("readOnly", "false")]))], (false, true, &[]));
    }

    #[test]
    fn trails_add_up_and_a_stopped_one_counts_for_nothing() {
        let (writes, reads) = (trail(basic("WriteOnly", json!([]))), trail(basic("ReadOnly", json!([]))));
        check(&[writes.clone(), reads], (true, true, &[]));
        let stopped = trail(json!({"IsLogging": false}));
        check(&[writes, stopped], (false, true, &[]));
    }

    #[test]
    fn an_organization_trail_speaks_for_every_account() {
        let organization = trail(
            json!({"IsOrganizationTrail": true, "EventSelectors": basic("All", json!(["arn:aws:s3"]))["EventSelectors"]}),
        );
        let trails = AccountTrails::of(&[organization]);
        let hold = |recording| trails.of_account("222222222222").hold("s3", recording, AccessLevel::Read);
        assert!(hold(Recording::Data("AWS::S3::Object")) && hold(Recording::Management));
        assert!(!hold(Recording::Data("AWS::Lambda::Function")) && !hold(Recording::Never));
    }

    #[test]
    fn sources_that_are_left_out_are_not_recorded() {
        let without_kms = trail(
            json!({"EventSelectors": [{"ReadWriteType": "All", "ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}),
        );
        let hold = |trails: &[Entity], namespace: &str| {
            AccountTrails::of(trails).of_account(ACCOUNT).hold(namespace, Recording::Management, AccessLevel::Read)
        };
        assert!(!hold(std::slice::from_ref(&without_kms), "kms") && hold(std::slice::from_ref(&without_kms), "sqs"));
        assert!(hold(&[without_kms, trail(json!({}))], "kms"), "another trail records them");
    }
}
