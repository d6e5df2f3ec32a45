//! Generated policies beside those of trailscraper, another generator: the same files give the same sets of actions, but
//! for what is known to be wrong there. Every difference is explained by a rule of this file, and every rule is needed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use iam::service_reference::ServiceReference;
use lake::engine::EngineLimits;
use lake::snapshot::Snapshot;
use questions::access_window::AccessWindow;
use questions::coverage::Coverage;
use questions::generate_policy::{self, Answer, Input, Place, Resources};
use questions::recorded_call::Calls;

use crate::reference::{python, shared, skip, workspace};
use crate::test_lake::TestLake;

const DENIED: &str = "denied calls are granted";
const SIGN_INS: &str = "sign-ins are granted as if they were actions";
const NO_ACTION: &str = "names of events are granted that are no actions";
const REPLICATION: &str = "PutBucketReplication is taken for DeleteReplicationConfiguration";
const OPERATION: &str = "an operation is granted in place of its action";
const CALLER_IDENTITY: &str = "GetCallerIdentity is left out";
const NO_ISSUER: &str = "sessions whose record has no sessionIssuer are left out";

type ActionSets = BTreeMap<String, BTreeSet<String>>;

fn trailscraper(folder: &Path) -> Option<ActionSets> {
    let Some(python) = python() else {
        skip("comparison with trailscraper", "TADORU_TEST_PYTHON is not set: no python that has it");
        return None;
    };
    let script = workspace().join("tests/trailscraper/action_sets.py");
    let output = Command::new(python).arg("-B").arg(script).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// What trailscraper alone grants.
fn why_more(reference: &ServiceReference, action: &str, ours: &Answer) -> Option<&'static str> {
    let (namespace, name) = action.split_once(':').unwrap();
    let name_of = |action: &str| action.split_once(':').map(|(_, name)| name.to_ascii_lowercase());
    let is_unmapped = ours.of(Place::Unmapped).any(|line| name_of(&line.action) == name_of(action));
    match action {
        _ if ours.of(Place::Denied).any(|line| line.action == action) => Some(DENIED),
        "s3:DeleteReplicationConfiguration" => Some(REPLICATION),
        "sso:Federate" | "sso:Authenticate" => Some(SIGN_INS),
        _ if namespace == "signin" => Some(SIGN_INS),
        _ if is_unmapped => Some(NO_ACTION),
        _ if reference.find_action(namespace, name).is_none() => Some(OPERATION),
        _ => None,
    }
}

/// What only we grant.
fn why_less(action: &str, principal: &str, theirs: &ActionSets) -> Option<&'static str> {
    let role = principal.rsplit('/').next().unwrap();
    let is_session = |arn: &String| arn.contains(&format!(":assumed-role/{role}/"));
    match action {
        "s3:PutReplicationConfiguration" => Some(REPLICATION),
        "sts:GetCallerIdentity" => Some(CALLER_IDENTITY),
        "lambda:InvokeFunction" => Some(OPERATION),
        _ if theirs.keys().any(is_session) => Some(NO_ISSUER),
        _ => None,
    }
}

/// The rules that explain the differences over a folder of files.
fn compare(folder: &Path) -> Option<BTreeSet<&'static str>> {
    let theirs = trailscraper(folder)?;
    let lake = TestLake::of(&[folder]);
    let snapshot = Snapshot::open(&lake.folder(), EngineLimits::default()).unwrap();
    let (reference, coverage) = (ServiceReference::embedded(), Coverage::read(&snapshot).unwrap());
    let now_us = 4_102_444_800_000_000;
    let (mut rules, mut unexplained, mut compared) = (BTreeSet::new(), Vec::new(), 0);
    for (principal, actions) in theirs.iter().filter(|(arn, _)| arn.contains(":user/") || arn.contains(":role/")) {
        let calls = Calls {
            principals: vec![principal.clone()],
            window: AccessWindow { since_us: None, until_us: now_us },
            regions: Vec::new(),
            accounts: Vec::new(),
        };
        let input = Input {
            calls,
            resources: Resources::None,
            companions: false,
            exclude_denied: true,
            exclude_data_events: false,
        };
        let ours = generate_policy::ask(&snapshot, &reference, &coverage, &input, now_us).unwrap();
        let granted: BTreeSet<String> = ours.of(Place::InPolicy).map(|line| line.action.clone()).collect();
        compared += granted.intersection(actions).count();
        let more = actions.difference(&granted).map(|action| (action, why_more(&reference, action, &ours)));
        let less = granted.difference(actions).map(|action| (action, why_less(action, principal, &theirs)));
        for (action, why) in more.chain(less) {
            match why {
                Some(rule) => drop(rules.insert(rule)),
                None => unexplained.push(format!("{principal}: {action}")),
            }
        }
    }
    assert!(unexplained.is_empty(), "differences that no rule explains:\n{}", unexplained.join("\n"));
    assert!(compared > 0, "there are actions that both grant");
    Some(rules)
}

#[test]
fn action_sets_are_those_of_trailscraper_but_for_its_known_errors() {
    if let Some(cases) = shared("aws/cases/events", "trailscraper over the cases")
        && let Some(rules) = compare(&cases)
    {
        let needed = BTreeSet::from([DENIED, SIGN_INS, NO_ACTION, OPERATION, CALLER_IDENTITY, NO_ISSUER]);
        assert_eq!(rules, needed, "every rule is needed");
    }
    if let Some(rules) = compare(&workspace().join("tests/trailscraper")) {
        assert_eq!(rules, BTreeSet::from([DENIED, SIGN_INS, REPLICATION]));
    }
}
