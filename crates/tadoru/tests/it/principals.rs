//! What each principal did, as `aws/cases/truth` has it, from the lake's rollup and the mapping of events to actions:
//! services, actions, counts, refusals, first and last use, regions, sessions.

use std::collections::{BTreeMap, BTreeSet};

use iam::event_action::{ActionKind, NoAction, map};
use iam::service_reference::ServiceReference;
use serde_json::{Value, json};

use crate::reference::shared;
use crate::test_lake::TestLake;

/// How often and when something was done.
#[derive(Debug, Default)]
struct Use {
    count: u64,
    denied: u64,
    errors: u64,
    data_events: u64,
    unmapped: bool,
    event_names: BTreeSet<String>,
    first: String,
    last: String,
    last_region: String,
    last_management: Option<String>,
    regions: BTreeSet<String>,
}

impl Use {
    fn add(&mut self, row: &Value) {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let count = row["n"].as_u64().unwrap();
        let is_data = row["eventcategory"] == "Data";
        self.count += count;
        self.denied += if row["outcome"] == "denied" { count } else { 0 };
        self.errors += if row["outcome"] != "ok" { count } else { 0 };
        self.data_events += if is_data { count } else { 0 };
        self.event_names.insert(text("eventname"));
        self.regions.insert(text("awsregion"));
        let (first, last) = (text("first"), text("last"));
        if self.first.is_empty() || first < self.first {
            self.first = first;
        }
        if !is_data {
            self.last_management = self.last_management.take().max(Some(last.clone()));
        }
        if last > self.last {
            (self.last, self.last_region) = (last, text("awsregion"));
        }
    }
}

#[derive(Debug, Default)]
struct Principal {
    services: BTreeMap<String, (Use, BTreeMap<String, Use>)>,
    api: Use,
    sign_ins: u64,
}

#[test]
fn each_principal_used_what_truth_says() {
    let Some(cases) = shared("aws/cases", "each_principal_used_what_truth_says") else { return };
    let lake = TestLake::of(&[&cases.join("events")]);
    let reference = ServiceReference::embedded();
    let mut found: BTreeMap<String, Principal> = BTreeMap::new();
    for row in lake.rows(
        "SELECT principal, eventsource, eventname, eventtype, variant, outcome, awsregion, eventcategory,
                sum(eventcount) AS n, min(firsteventtimestamp) AS first, max(lasteventtimestamp) AS last
         FROM access_daily WHERE copy = 'own' GROUP BY 1, 2, 3, 4, 5, 6, 7, 8",
    ) {
        let text = |name: &str| row[name].as_str();
        let event = (text("eventsource").unwrap(), text("eventname").unwrap());
        let actions = map(&reference, event.0, event.1, text("eventtype"), text("variant"));
        let principal = found.entry(text("principal").unwrap().to_owned()).or_default();
        match actions.kind {
            ActionKind::NoAction(NoAction::SignIn) => principal.sign_ins += row["n"].as_u64().unwrap(),
            ActionKind::NoAction(_) => {}
            kind => {
                principal.api.add(&row);
                let (service, by_action) = principal.services.entry(actions.service_namespace).or_default();
                service.add(&row);
                for action in actions.actions {
                    let action = by_action.entry(action).or_default();
                    action.add(&row);
                    action.unmapped = kind == ActionKind::Unmapped;
                }
            }
        }
    }
    let truth: Value = serde_json::from_slice(&std::fs::read(cases.join("truth/principals.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for (arn, expected) in truth["principals"].as_object().unwrap() {
        let said = told(&found.remove(arn).unwrap_or_default(), sessions(&lake, arn));
        for (name, expected) in expected.as_object().unwrap().iter().filter(|(name, _)| *name != "kind") {
            differences(&format!("{arn} {name}"), &said[name], expected, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unknown: Vec<&String> = found.keys().filter(|name| name.starts_with("arn:")).collect();
    assert!(unknown.is_empty(), "principals that truth does not know: {unknown:?}");
}

/// The question itself: every action of every principal, as the command prints it.
#[test]
fn access_advisor_says_what_truth_says() {
    let Some(cases) = shared("aws/cases", "access_advisor_says_what_truth_says") else { return };
    let lake = TestLake::of(&[&cases.join("events")]);
    let flags = ["-q", "access-advisor", "--all", "--granularity", "action", "--as-of", "2025-04-01", "-o", "json"];
    let rows: Vec<Value> = serde_json::from_slice(&lake.run(&flags).stdout).unwrap();
    let mut found: BTreeMap<String, serde_json::Map<String, Value>> = BTreeMap::new();
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap();
        let action = format!("{}:{}", text("service_namespace"), text("action_name").trim_end_matches(" (unmapped)"));
        let used = json!({
            "count": row["event_count"], "denied": row["denied_count"], "first": row["first_authenticated"],
            "last": row["last_authenticated"], "last_region": row["last_authenticated_region"],
        });
        found.entry(text("principal").to_owned()).or_default().insert(action, used);
    }
    let truth: Value = serde_json::from_slice(&std::fs::read(cases.join("truth/principals.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for (arn, truth) in truth["principals"].as_object().unwrap() {
        let services = truth["services"].as_object().unwrap().values();
        let expected = services.flat_map(|service| service["actions"].as_object().unwrap()).map(|(action, used)| {
            let part = |name: &str| (name.to_owned(), used[name].clone());
            let parts = ["count", "denied", "first", "last", "last_region"].into_iter().map(part);
            (action.clone(), Value::Object(parts.collect()))
        });
        let said = Value::Object(found.remove(arn).unwrap_or_default());
        differences(arn, &said, &Value::Object(expected.collect()), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Adds where two values differ; lists are sets of texts.
fn differences(path: &str, found: &Value, truth: &Value, wrong: &mut Vec<String>) {
    let texts = |list: &Value| list.as_array().map(|list| list.iter().map(Value::to_string).collect::<BTreeSet<_>>());
    match (found, truth) {
        (Value::Object(found), Value::Object(truth)) => {
            for name in found.keys().chain(truth.keys()).collect::<BTreeSet<_>>() {
                let member = |of: &serde_json::Map<String, Value>| of.get(name).cloned().unwrap_or_default();
                differences(&format!("{path} {name}"), &member(found), &member(truth), wrong);
            }
        }
        (Value::Array(_), Value::Array(_)) if texts(found) == texts(truth) => {}
        _ if found == truth => {}
        _ => wrong.push(format!("{path}: {found} instead of {truth}")),
    }
}

fn sessions(lake: &TestLake, arn: &str) -> Vec<Value> {
    let statement = format!(
        "SELECT DISTINCT sessionname FROM events WHERE principal = '{arn}' AND principaltype = 'AssumedRole'
         AND copy = 'own' AND sessionname IS NOT NULL ORDER BY 1"
    );
    lake.rows(&statement).into_iter().map(|row| row["sessionname"].clone()).collect()
}

/// In the form of the truth file.
fn told(principal: &Principal, sessions: Vec<Value>) -> Value {
    let or_null = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
    let action = |used: &Use| {
        json!({
            "count": used.count, "denied": used.denied, "errors": used.errors, "data_event": used.data_events > 0,
            "unmapped": used.unmapped, "event_names": used.event_names, "first": used.first, "last": used.last,
            "last_region": used.last_region, "regions": used.regions,
        })
    };
    let service = |(used, actions): &(Use, BTreeMap<String, Use>)| {
        let actions: BTreeMap<&String, Value> = actions.iter().map(|(name, used)| (name, action(used))).collect();
        json!({
            "count": used.count, "denied": used.denied, "data_events": used.data_events, "last": used.last,
            "last_region": used.last_region, "last_management": used.last_management, "actions": actions,
        })
    };
    let services: BTreeMap<&String, Value> =
        principal.services.iter().map(|(namespace, used)| (namespace, service(used))).collect();
    json!({
        "api_events": principal.api.count, "sign_in_events": principal.sign_ins,
        "first": or_null(&principal.api.first), "last": or_null(&principal.api.last), "sessions": sessions,
        "regions": principal.api.regions, "error_events": principal.api.errors, "services": services,
    })
}
