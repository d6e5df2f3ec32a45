//! `aws/cases`: every principal's counts, sessions, regions and times, against truth computed by another program from
//! the same two trails. Redeliveries count once, and so does the copy for the other account.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cloudtrail::outcome::Outcome;
use cloudtrail::record::{self, Record};
use serde_json::Value;

use crate::reference;

#[derive(Default, Debug, PartialEq)]
struct Activity {
    api_events: u64,
    sign_in_events: u64,
    error_events: u64,
    sessions: BTreeSet<String>,
    regions: BTreeSet<String>,
    first: Option<i64>,
    last: Option<i64>,
}

impl Activity {
    fn add(&mut self, record: &Record<'_>) {
        match record.event_type.as_deref() {
            Some("AwsConsoleSignIn") => {
                self.sign_in_events += 1;
                return;
            }
            Some("AwsApiCall") => self.api_events += 1,
            _ => return,
        }
        // Truth counts as errors what is no refusal too: any errorCode.
        self.error_events += u64::from(record.outcome != Outcome::Ok);
        // Truth lists the sessions of roles; a federated session counts for its IAM user without being named.
        let is_role = record.principal_type == "AssumedRole";
        self.sessions.extend(record.session_name.as_deref().filter(|_| is_role).map(str::to_owned));
        self.regions.extend(record.aws_region.as_deref().map(str::to_owned));
        let time = record.event_timestamp_us;
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
        self.last = Some(self.last.map_or(time, |last| last.max(time)));
    }
}

#[test]
fn each_principal_did_what_truth_says() {
    let Some(cases) = reference::shared("aws/cases", "principals") else {
        return;
    };
    let mut seen = HashSet::new();
    let mut fingerprints = BTreeMap::new();
    let mut found: BTreeMap<String, Activity> = BTreeMap::new();
    let mut records = 0;
    for path in reference::files(&cases.join("events"), &[".json.gz"]) {
        reference::each_record(&path, |record| {
            let record = record.unwrap();
            assert_eq!(record.warnings, [], "{}", record.raw);
            records += 1;
            let first = *fingerprints.entry(record.identity).or_insert(record.fingerprint);
            assert_eq!(first, record.fingerprint, "a redelivery has the same fingerprint: {}", record.raw);
            if seen.insert(record.identity) && record.copy == record::Copy::Own {
                found.entry(record.principal.to_string()).or_default().add(&record);
            }
        })
        .unwrap();
    }
    let dedup: Value = read_json(&cases.join("truth/dedup.json"));
    assert_eq!(records, dedup["records_in_files"]);
    assert_eq!(seen.len(), dedup["unique_events"]);

    let truth: Value = read_json(&cases.join("truth/principals.json"));
    let mut wrong = Vec::new();
    for (arn, truth) in truth["principals"].as_object().unwrap() {
        let expected = expected(truth);
        let activity = found.remove(arn).unwrap_or_default();
        if activity != expected {
            wrong.push(format!("{arn}\n  found {activity:?}\n  truth {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What is left has no ARN: services, foreign accounts, Identity Center users.
    let named: Vec<&String> = found.keys().filter(|name| name.starts_with("arn:")).collect();
    assert!(named.is_empty(), "principals that truth does not know: {named:?}");
}

fn expected(truth: &Value) -> Activity {
    let texts = |name: &str| truth[name].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect();
    let time = |name: &str| truth[name].as_str().map(|text| cloudtrail::event_time::parse(text).unwrap().timestamp_us);
    Activity {
        api_events: truth["api_events"].as_u64().unwrap(),
        sign_in_events: truth["sign_in_events"].as_u64().unwrap(),
        error_events: truth["error_events"].as_u64().unwrap(),
        sessions: texts("sessions"),
        regions: texts("regions"),
        first: time("first"),
        last: time("last"),
    }
}

fn read_json(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
