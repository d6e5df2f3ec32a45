//! Of which resource types and services data events would be in the logs: where some were delivered, or where a trail of the
//! inventory asks for all of them. Only there the absence of a data event says that nothing was called.

use std::collections::BTreeSet;

use iam::event_action;
use iam::inventory::{Entity, EntityKind};
use iam::recording::Recording;
use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::value::Value;
use serde_json::Value as Json;

use crate::access_window::AccessWindow;
use crate::inventory::Inventory;
use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind};

const SQL: &str = include_str!("access_advisor/data_events.sql");

/// What is known of the data events of each account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataEvents {
    /// Account and service namespace.
    delivered: BTreeSet<(String, String)>,
    /// Resource types that trails ask for whole, with the account; none is every account of the organization.
    selected: BTreeSet<(Option<String>, String)>,
}

impl DataEvents {
    /// What was delivered in the window, and what the trails of the inventory ask for.
    pub fn read(
        snapshot: &Snapshot,
        inventory: &Inventory<'_>,
        window: AccessWindow,
        now_us: i64,
    ) -> Result<Self, QuestionError> {
        let whole_days = window.whole_days();
        let sql = bind(SQL, &[("whole_days", Parameter::Sql(&whole_days))]);
        let mut known = Self::default();
        for row in snapshot.query(&sql, now_us, Mode::Trusted)?.rows {
            if let [Value::Text(account), Value::Text(source)] = row.as_slice() {
                known.delivered.insert((account.clone(), event_action::service_namespace(source).to_owned()));
            }
        }
        inventory.entities(EntityKind::Trail)?.iter().for_each(|trail| known.selected.extend(selected_by(trail)));
        Ok(known)
    }

    /// Whether data events of a service, of this resource type, would be in the logs of the account.
    pub fn come(&self, account: &str, namespace: &str, recording: Recording) -> bool {
        let is_selected = recording.data_event_type().is_some_and(|resource_type| {
            let of =
                |account: Option<&str>| self.selected.contains(&(account.map(str::to_owned), resource_type.to_owned()));
            of(None) || of(Some(account))
        });
        is_selected || self.delivered.contains(&(account.to_owned(), namespace.to_owned()))
    }
}

/// The resource types of which a trail asks for every data event, in every region.
fn selected_by(trail: &Entity) -> Vec<(Option<String>, String)> {
    let is_true = |member: &str| trail.document.get(member) == Some(&Json::Bool(true));
    // A trail of one region says nothing of the others; one whose status is not known may be stopped.
    if !is_true("IsMultiRegionTrail") || !is_true("IsLogging") {
        return Vec::new();
    }
    let own = trail.extent.scope.split('/').next().map(str::to_owned);
    let account = if is_true("IsOrganizationTrail") { None } else { own };
    let list = |member: &str| trail.document.get(member).and_then(Json::as_array).into_iter().flatten();
    let basic = list("EventSelectors").filter(|selector| selector.get("ReadWriteType") == Some(&Json::from("All")));
    let basic = basic.flat_map(|selector| selector.get("DataResources").and_then(Json::as_array).into_iter().flatten());
    let basic = basic.filter(|resource| names_all(resource)).filter_map(|resource| resource.get("Type")?.as_str());
    let advanced = list("AdvancedEventSelectors").filter_map(whole_type);
    basic.chain(advanced).map(|resource_type| (account.clone(), resource_type.to_owned())).collect()
}

/// Whether a resource of a basic selector is every one of its type: `arn:aws:s3`, `arn:aws:lambda`, `arn:aws:dynamodb`.
fn names_all(resource: &Json) -> bool {
    let values = resource.get("Values").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    values.map(|value| value.trim_end_matches(':')).any(|value| value.split(':').count() == 3)
}

/// The resource type of an advanced selector that asks for data events and for nothing narrower.
fn whole_type(selector: &Json) -> Option<&str> {
    let mut resource_type = None;
    for field in selector.get("FieldSelectors")?.as_array()? {
        let equals = || field.get("Equals")?.as_array()?.first()?.as_str();
        match field.get("Field")?.as_str()? {
            "eventCategory" => equals().filter(|category| *category == "Data").map(drop)?,
            "resources.type" => resource_type = equals(),
            _ => return None,
        }
    }
    resource_type
}

#[cfg(test)]
mod tests {
    use iam::inventory::Extent;
    use serde_json::json;

    use super::*;

    fn trail(further: Json) -> Entity {
        let mut document = json!({"IsMultiRegionTrail": true, "IsLogging": true, "IsOrganizationTrail": false});
        if let (Some(known), Json::Object(further)) = (document.as_object_mut(), further) {
            known.extend(further);
        }
        let Json::Object(document) = document else { panic!("not an object") };
        let extent = Extent { kind: EntityKind::Trail, scope: "111111111111/eu-west-1".to_owned() };
        Entity { extent, key: "arn".to_owned(), name: "t".to_owned(), document }
    }

    #[test]
    fn a_trail_counts_for_what_it_asks_for_whole() {
        let check = |further: Json, expected: &[&str]| {
            let found = selected_by(&trail(further.clone()));
            let types: Vec<&str> = found.iter().map(|(_, resource_type)| resource_type.as_str()).collect();
            assert_eq!(types, expected, "{further}");
        };
        let basic = |values: Json, read_write: &str| json!({"EventSelectors": [{"ReadWriteType": read_write, "DataResources": [{"Type": "AWS::S3::Object", "Values": values}]}]});
        check(basic(json!(["arn:aws:s3"]), "All"), &["AWS::S3::Object"]);
        check(basic(json!(["arn:aws-cn:s3:::"]), "All"), &["AWS::S3::Object"]);
        check(basic(json!(["arn:aws:s3:::bucket/"]), "All"), &[]);
        check(basic(json!(["arn:aws:s3"]), "WriteOnly"), &[]);
        let advanced = |narrower: Json| {
            let mut fields = vec![
                json!({"Field": "eventCategory", "Equals": ["Data"]}),
                json!({"Field": "resources.type", "Equals": ["AWS::DynamoDB::Table"]}),
            ];
            fields.extend(narrower.as_array().unwrap().clone());
            json!({"AdvancedEventSelectors": [{"Name": "all", "FieldSelectors": fields}]})
        };
        check(advanced(json!([])), &["AWS::DynamoDB::Table"]);
        check(advanced(json!([{"Field": "readOnly", "Equals": ["false"]}])), &[]);
        let stopped =
            json!({"IsLogging": false, "EventSelectors": basic(json!(["arn:aws:s3"]), "All")["EventSelectors"]});
        check(stopped, &[]);
    }

    #[test]
    fn an_organization_trail_speaks_for_every_account() {
        let selectors =
            json!([{"ReadWriteType": "All", "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]);
        let come = |is_organization: bool, account: &str| {
            let trail = trail(json!({"IsOrganizationTrail": is_organization, "EventSelectors": selectors}));
            let known = DataEvents { delivered: BTreeSet::new(), selected: selected_by(&trail).into_iter().collect() };
            known.come(account, "s3", Recording::Data("AWS::S3::Object"))
        };
        assert!(come(false, "111111111111") && !come(false, "222222222222") && come(true, "222222222222"));
    }
}
