//! Unused access against `truth/` of the shared cases; exceptions, and what `--fail-on-findings` ends with.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::reference::shared;
use crate::test_lake::{TestLake, text};

const NOW: &str = "2025-04-01T00:00:00Z";

fn lake(test: &str) -> Option<(TestLake, Value)> {
    let cases = shared("aws/cases", test)?;
    let lake = TestLake::of(&[&cases.join("events")]);
    let inventory = cases.join("inventory");
    let output = lake.run(&["--as-of", NOW, "inventory", "import", inventory.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    Some((lake, serde_json::from_slice(&std::fs::read(cases.join("truth/unused_access.json")).unwrap()).unwrap()))
}

fn find(lake: &TestLake, arguments: &[&str]) -> Vec<Value> {
    let output =
        lake.command(&["--quiet", "--as-of", NOW, "-o", "json", "unused-access"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn names(findings: &[Value], kind: &str) -> BTreeSet<String> {
    let of_kind = findings.iter().filter(|finding| finding["finding"] == kind);
    of_kind.map(|finding| finding["principal"].as_str().unwrap().to_owned()).collect()
}

fn expected(list: &Value) -> BTreeSet<String> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn findings_are_those_of_truth() {
    let Some((lake, truth)) = lake("findings_are_those_of_truth") else { return };
    for (days, found) in truth["ages"].as_object().unwrap() {
        let findings = find(&lake, &["--days", days, "--kind", "role", "--kind", "user"]);
        assert_eq!(names(&findings, "unused_role"), expected(&found["unused_roles"]), "{days} days");
        assert_eq!(names(&findings, "unused_user"), expected(&found["unused_users_by_api"]), "{days} days");
    }
    let mut services: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut whole = BTreeSet::new();
    for finding in find(&lake, &["--days", "29"]) {
        let principal = finding["principal"].as_str().unwrap().to_owned();
        match finding["finding"].as_str().unwrap() {
            "unused_permission" => {
                services.entry(principal).or_default().insert(finding["detail"].as_str().unwrap().to_owned());
            }
            "unused_role" | "unused_user" => drop(whole.insert(principal)),
            _ => {}
        }
    }
    for (principal, unused) in truth["unused_permitted_services"].as_object().unwrap() {
        // Of what is unused as a whole the permissions are not listed again.
        if !whole.contains(principal) {
            assert_eq!(services.remove(principal).unwrap_or_default(), expected(unused), "{principal}");
        }
    }
    assert_eq!(services, BTreeMap::new(), "nobody else");
    assert_eq!(whole, expected(&truth["never_used"]));
}

#[test]
fn a_longer_window_than_the_logs_is_unknown() {
    let Some((lake, _)) = lake("a_longer_window_than_the_logs_is_unknown") else { return };
    let findings = find(&lake, &["--days", "90"]);
    assert!(findings.iter().all(|finding| finding["verdict"] == "unknown"), "{findings:?}");
    assert!(!findings.is_empty());
    let output = lake.run(&["--as-of", NOW, "unused-access", "--days", "90", "--fail-on-findings"]);
    assert_eq!(output.status.code(), Some(0), "what is unknown is no finding");
}

/// A role that may only read objects, and is assumed three days before *now*; a trail if one is given.
fn lake_of_a_reader(trail: Option<Value>) -> TestLake {
    let lake = TestLake::new();
    let event = |time: &str, name: &str, parameters: Value| {
        json!({"eventVersion": "1.09", "eventID": format!("{time}-{name}"), "eventTime": time, "eventSource": "sts.amazonaws.com",
            "eventName": name, "eventType": "AwsApiCall", "awsRegion": "us-east-1", "recipientAccountId": "111111111111",
            "userIdentity": {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}, "requestParameters": parameters})
    };
    let role = "arn:aws:iam::111111111111:role/Reader";
    let records = [
        event("2025-02-01T00:00:00Z", "GetCallerIdentity", json!(null)),
        event("2025-03-29T00:00:00Z", "AssumeRole", json!({"roleArn": role})),
        event("2025-03-31T23:59:00Z", "GetCallerIdentity", json!(null)),
    ];
    let log = lake.beside("log.json");
    std::fs::write(&log, json!({"Records": records}).to_string()).unwrap();
    lake.ingest(&[&log]);
    let entity = |name: &str| {
        let read = json!({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]});
        json!({"Arn": format!("arn:aws:iam::111111111111:role/{name}"), "RoleName": name, "Path": "/",
            "CreateDate": "2024-01-01T00:00:00+00:00", "RolePolicyList": [{"PolicyName": "read", "PolicyDocument": read}]})
    };
    let details = json!({"RoleDetailList": [entity("Reader"), entity("Idle")]});
    let mut files = vec![("iam.json", details)];
    files.extend(trail.map(|trail| ("trail.json", json!({"trailList": [trail]}))));
    for (name, content) in files {
        let file = lake.beside(name);
        std::fs::write(&file, content.to_string()).unwrap();
        let output = lake.run(&["--as-of", NOW, "inventory", "import", file.to_str().unwrap()]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    lake
}

#[test]
fn a_role_that_is_assumed_is_in_use_though_its_reads_are_not_recorded() {
    let lake = lake_of_a_reader(None);
    let findings = find(&lake, &["--days", "30", "--kind", "role"]);
    assert_eq!(names(&findings, "unused_role"), BTreeSet::from(["arn:aws:iam::111111111111:role/Idle".to_owned()]));
    assert_eq!(findings[0]["verdict"], "unused");
    let findings = find(&lake, &["--days", "30", "--kind", "permission"]);
    assert_eq!(findings[0]["detail"], "s3");
    assert_eq!(findings[0]["verdict"], "unknown", "no trail is known that records reads of objects");
}

#[test]
fn nothing_is_unused_that_the_trail_does_not_record() {
    let trail = |kind: &str, values: Value| {
        json!({"TrailARN": "arn:aws:cloudtrail:us-east-1:111111111111:trail/t", "IsMultiRegionTrail": true, "IsLogging": true,
            "EventSelectors": [{"ReadWriteType": kind, "IncludeManagementEvents": true,
                "DataResources": [{"Type": "AWS::S3::Object", "Values": values}]}]})
    };
    let verdicts = |trail: Value| {
        let lake = lake_of_a_reader(Some(trail));
        let of = |kind: &str| find(&lake, &["--days", "30", "--kind", kind])[0]["verdict"].clone();
        (of("role"), of("permission"))
    };
    assert_eq!(verdicts(trail("WriteOnly", json!([]))), (json!("unknown"), json!("unknown")));
    assert_eq!(verdicts(trail("All", json!(["arn:aws:s3:::one/"]))), (json!("unused"), json!("unknown")));
    assert_eq!(verdicts(trail("All", json!(["arn:aws:s3"]))), (json!("unused"), json!("unused")));
}

#[test]
fn an_exception_lets_be_until_it_expires() {
    let Some((lake, _)) = lake("an_exception_lets_be_until_it_expires") else { return };
    let file = lake.beside("exceptions.toml");
    let run = |exceptions: &str| {
        std::fs::write(&file, exceptions).unwrap();
        let file = file.to_str().unwrap();
        let flags = ["--as-of", NOW, "-o", "tsv", "unused-access", "--days", "14", "--kind", "user", "--kind", "role"];
        let output = lake
            .command(&flags)
            .args(["--account", "418270063915", "--fail-on-findings", "--exceptions", file])
            .output()
            .unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    let entry = |principal: &str, finding: &str, until: &str| {
        format!(
            "[[exception]]\nprincipal = \"{principal}\"\nfinding = \"{finding}\"\nowner = \"iam@example.com\"\nreason = \"on leave\"\nuntil = \"{until}\"\n"
        )
    };
    let (code, out, _) = run(&entry("idle.gwen", "unused_user", "2025-06-30"));
    assert_eq!((code, out.lines().count()), (0, 1), "{out}");
    let (code, out, said) = run(&entry("idle.*", "*", "2025-03-31"));
    assert!(code == 3 && out.contains("idle.gwen") && said.contains("have expired: until 2025-03-31"), "{out}{said}");
    let (code, _, said) = run(&entry("nobody", "unused_role", "2025-06-30"));
    assert!(code == 3 && said.contains("the exception for nobody (unused_role) fits nothing"), "{said}");
    for (broken, why) in [
        (entry("a", "unused", "2025-06-30"), "unused is no finding"),
        (entry("a", "*", "soon"), "`soon` is no time"),
        (entry("", "*", "2025-06-30"), "principal is empty"),
        ("[[exception]]\nwho = \"a\"\n".to_owned(), "unknown field"),
    ] {
        let (code, out, said) = run(&broken);
        assert!(code == 2 && out.is_empty() && said.contains(why), "{said}");
    }
}
