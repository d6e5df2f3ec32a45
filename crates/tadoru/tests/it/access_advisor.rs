//! Access Advisor against answers computed by others: `truth/` of the shared cases, through the binary's own command.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::reference::shared;
use crate::test_lake::{TestLake, text};

/// The lake of the shared cases, with their inventory; its *now* is theirs.
struct Cases {
    lake: TestLake,
    now: String,
}

impl Cases {
    fn of(cases: &Path) -> Self {
        let manifest: Value =
            serde_json::from_slice(&std::fs::read(cases.join("events/MANIFEST.json")).unwrap()).unwrap();
        let now = manifest["config"]["now"].as_str().unwrap().to_owned();
        let found = Self { lake: TestLake::of(&[&cases.join("events")]), now };
        found.ask(&["inventory", "import", cases.join("inventory").to_str().unwrap()]);
        found
    }

    fn ask(&self, arguments: &[&str]) -> Vec<Value> {
        let output =
            self.lake.command(&["--quiet", "--as-of", &self.now, "-o", "json"]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What is permitted, by subject; AWS lists nothing else.
    fn advise(&self, arns: &[&str], flags: &[&str]) -> BTreeMap<String, Vec<Value>> {
        let mut lines: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for line in self.ask(&[&["access-advisor"], arns, flags].concat()) {
            if line["permitted"] == true {
                lines.entry(line["principal"].as_str().unwrap().to_owned()).or_default().push(line);
            }
        }
        lines
    }
}

fn arns<'a>(truth: &'a [Value], field: &str) -> Vec<&'a str> {
    truth.iter().map(|case| case[field].as_str().unwrap()).collect()
}

fn truth(cases: &Path, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(cases.join("truth").join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The fields of `names` that have a value.
fn only(line: &Value, names: &[(&str, &str)]) -> Value {
    let fields = names.iter().filter(|(from, _)| !line[from].is_null());
    Value::Object(fields.map(|(from, to)| ((*to).to_owned(), line[from].clone())).collect())
}

fn is_tracked(line: &Value) -> bool {
    line["data_event_count"] == 0
}

#[test]
fn services_last_accessed_are_those_of_truth() {
    let Some(cases) = shared("aws/cases", "services_last_accessed_are_those_of_truth") else { return };
    let lake = Cases::of(&cases);
    let mut wrong = Vec::new();
    let truth = truth(&cases, "last_accessed.jsonl");
    let by_service = lake.advise(&arns(&truth, "arn"), &[]);
    let by_action = lake.advise(&arns(&truth, "arn"), &["--used", "--granularity", "action"]);
    for case in &truth {
        let arn = case["arn"].as_str().unwrap();
        let services: Vec<Value> = by_service
            .get(arn)
            .into_iter()
            .flatten()
            .map(|line| {
                only(
                    line,
                    &[
                        ("service_namespace", "ServiceNamespace"),
                        ("total_authenticated_entities", "TotalAuthenticatedEntities"),
                        ("last_authenticated", "LastAuthenticated"),
                        ("last_authenticated_entity", "LastAuthenticatedEntity"),
                        ("last_authenticated_region", "LastAuthenticatedRegion"),
                    ],
                )
            })
            .collect();
        let mut expected = case["ServicesLastAccessed"].as_array().unwrap().clone();
        let mut tracked = Vec::new();
        for service in &mut expected {
            let namespace = service["ServiceNamespace"].clone();
            let service = service.as_object_mut().unwrap();
            let actions = service.remove("used_tracked_actions").unwrap_or_default();
            tracked.extend(actions.as_array().into_iter().flatten().map(|action| json!([namespace, action])));
            service.retain(|name, _| name != "management_only");
        }
        if services != expected {
            wrong.push(format!("{arn}:\n  found {}\n  truth {}", json!(services), json!(expected)));
        }
        let actions: Vec<Value> = by_action
            .get(arn)
            .into_iter()
            .flatten()
            .filter(|line| is_tracked(line))
            .map(|line| {
                json!([
                    line["service_namespace"],
                    only(
                        line,
                        &[
                            ("action_name", "ActionName"),
                            ("last_authenticated_entity", "LastAccessedEntity"),
                            ("last_authenticated", "LastAccessedTime"),
                            ("last_authenticated_region", "LastAccessedRegion"),
                        ]
                    )
                ])
            })
            .collect();
        if actions != tracked {
            wrong.push(format!("{arn} actions:\n  found {}\n  truth {}", json!(actions), json!(tracked)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn entities_and_granting_policies_are_those_of_truth() {
    let Some(cases) = shared("aws/cases", "entities_and_granting_policies_are_those_of_truth") else { return };
    let lake = Cases::of(&cases);
    let mut wrong = Vec::new();
    let with_entities = truth(&cases, "last_accessed_with_entities.jsonl");
    let lines = lake.advise(&arns(&with_entities, "policy"), &["--with-entities"]);
    for case in &with_entities {
        let of_service = lines[case["policy"].as_str().unwrap()]
            .iter()
            .filter(|line| line["service_namespace"] == case["ServiceNamespace"]);
        let found: Vec<Value> =
            of_service.map(|line| json!([line["last_authenticated_entity"], line["last_authenticated"]])).collect();
        let entities = case["EntityDetailsList"].as_array().unwrap();
        let expected: Vec<Value> = entities.iter().map(|e| json!([e["Arn"], e["LastAuthenticated"]])).collect();
        if found != expected {
            wrong.push(format!("{}: {} instead of {}", case["id"], json!(found), json!(expected)));
        }
    }
    let granting = truth(&cases, "policies_granting_service_access.jsonl");
    let lines = lake.advise(&arns(&granting, "arn"), &["--granted-by"]);
    for case in &granting {
        let line = lines[case["arn"].as_str().unwrap()]
            .iter()
            .find(|line| line["service_namespace"] == case["ServiceNamespace"]);
        let granted_by = line.map(|line| line["granted_by"].as_array().unwrap().clone()).unwrap_or_default();
        let names = [
            ("policy_name", "PolicyName"),
            ("policy_type", "PolicyType"),
            ("policy_arn", "PolicyArn"),
            ("entity_type", "EntityType"),
            ("entity_name", "EntityName"),
        ];
        let found: Vec<Value> = granted_by.iter().map(|policy| only(policy, &names)).collect();
        if json!(found) != case["Policies"] {
            wrong.push(format!("{}: {} instead of {}", case["id"], json!(found), case["Policies"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
