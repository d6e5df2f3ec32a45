//! AWS's services and actions as the program lists them, and a newer reference that is loaded at run time: in AWS's form and
//! in the program's own, one file or a folder, named by flag, environment or configuration, sound or broken.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::test_lake::{TestLake, program, text};

const NEWS: &str = r#"{"Name":"news","Version":"v1.4","Actions":[
    {"Name":"ReadNews","ActionConditionKeys":["news:Topic"],"Annotations":{"Properties":{"IsWrite":false}},
     "Resources":[{"Name":"paper"}],
     "SupportedBy":{"IAM Access Analyzer Policy Generation":true,"IAM Action Last Accessed":false}},
    {"Name":"WriteNews","Annotations":{"Properties":{"IsWrite":true}}}],
    "ConditionKeys":[{"Name":"news:Topic","Types":["String"]}],
    "Operations":[{"Name":"ReadNews","AuthorizedActions":[{"Name":"ReadNews","Service":"news"}]}],
    "Resources":[{"Name":"paper","ARNFormats":["arn:${Partition}:news:::${Paper}"]}]}"#;

const INDEX: &str =
    r#"[{"service":"news","url":"https://servicereference.us-east-1.amazonaws.com/v1/news/news.json"}]"#;

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

fn rows(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn actions(reference: &Path, service: &str) -> Vec<Value> {
    rows(&run(&["--service-reference", reference.to_str().unwrap(), "actions", service, "-o", "json"]))
}

#[test]
fn every_service_and_action_is_listed_without_a_lake() {
    let services = rows(&run(&["services", "-o", "json"]));
    let today = services.iter().filter(|row| row["action_count"].as_u64().unwrap() > 0).count();
    assert_eq!((today, services.len()), (456, 466));
    let total: u64 = services.iter().map(|row| row["action_count"].as_u64().unwrap()).sum();
    assert_eq!(total, 22_091);
    let of = |namespace: &str| services.iter().find(|row| row["service_namespace"] == namespace).unwrap();
    assert_eq!((&of("deeplens")["retired"], &of("deeplens")["action_count"]), (&Value::Bool(true), &Value::from(0)));
    assert_eq!(of("codestar")["successor"], "codecatalyst");
    assert_eq!(of("es")["former_names"][0], "Amazon Elasticsearch Service");
    let retired = rows(&run(&["services", "--retired", "-o", "json", "--query", "[].service_namespace"]));
    assert!(retired.contains(&Value::from("sumerian")) && !retired.contains(&Value::from("s3")));

    let named = rows(&run(&["actions", "amazon s3", "s3", "iam", "-o", "json"]));
    assert_eq!(named.iter().filter(|row| row["action"] == "s3:GetObject").count(), 1, "one service, named twice");
    let get = named.iter().find(|row| row["action"] == "s3:GetObject").unwrap();
    assert_eq!((&get["access_level"], &get["cloudtrail"]), (&Value::from("Read"), &Value::from("data")));
    assert_eq!(
        (&get["data_event_type"], &get["last_accessed"]),
        (&Value::from("AWS::S3::Object"), &Value::from(false))
    );
    let pass = named.iter().find(|row| row["action"] == "iam:PassRole").unwrap();
    assert_eq!((&pass["cloudtrail"], &pass["resource_types"][0]), (&Value::from("never"), &Value::from("role*")));
    let lines = text(&run(&["actions", "sts", "--columns", "action,cloudtrail", "-o", "csv"]).stdout);
    assert!(lines.starts_with("\"action\",\"cloudtrail\"\n\"sts:AssumeRole\",\"management\"\n"), "{lines}");
}

#[test]
fn a_service_that_does_not_exist_is_an_error_with_near_names() {
    let check = |service: &str, expected: &str| {
        let output = run(&["actions", service]);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""));
        assert_eq!(text(&output.stderr), expected);
    };
    check(
        "cloudwach",
        "error: there is no AWS service `cloudwach`\n  why: similar: cloudwatch (Amazon CloudWatch)\n  try: tadoru actions cloudwatch\n",
    );
    check(
        "zzzzz",
        "error: there is no AWS service `zzzzz`\n  why: neither a namespace nor a name is like it\n  try: tadoru services\n",
    );
}

#[test]
fn a_newer_reference_wins_wherever_it_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("news.json");
    std::fs::write(&file, NEWS).unwrap();
    let expected = |found: &[Value]| {
        let flags = |row: &Value| (row["last_accessed"].clone(), row["policy_generation"].clone());
        assert_eq!(flags(&found[0]), (Value::from(false), Value::from(true)), "AWS's flags win");
        assert_eq!(flags(&found[1]), (Value::Null, Value::Null), "no operation needs it: nothing is known");
        assert_eq!(found[0]["condition_keys"][0], "news:Topic");
    };
    expected(&actions(&file, "news"));

    // A folder, with AWS's list of services among its files, and what the program knows still there.
    std::fs::write(scratch.path().join("index.json"), INDEX).unwrap();
    std::fs::write(scratch.path().join("own.txt"), "@s3\t\nGetObject\tRAG\tobject\n%object\tarn:${Partition}:s3:::a\n")
        .unwrap();
    std::fs::write(scratch.path().join("notes.md"), "not looked at").unwrap();
    expected(&actions(scratch.path(), "news"));
    let s3 = actions(scratch.path(), "Amazon S3");
    assert_eq!((s3.len(), &s3[0]["last_accessed"]), (1, &Value::from(true)));
    assert!(!actions(scratch.path(), "ec2").is_empty());

    let by_variable =
        program().env("TADORU_SERVICE_REFERENCE", &file).args(["actions", "news", "-o", "json"]).output().unwrap();
    expected(&rows(&by_variable));
    let folder = scratch.path().join("here");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("tadoru.toml"), "service_reference = \"../news.json\"\n").unwrap();
    expected(&rows(&program().current_dir(&folder).args(["actions", "news", "-o", "json"]).output().unwrap()));
}

#[test]
fn questions_go_by_the_loaded_reference() {
    let lake = TestLake::new();
    let empty = lake.beside("empty");
    std::fs::create_dir(&empty).unwrap();
    lake.ingest(&[&empty]);
    let file = lake.beside("news.json");
    std::fs::write(&file, NEWS).unwrap();
    let asked = |reference: Option<&Path>| {
        let mut command = lake.command(&["who-accessed", "news:ReadNews"]);
        if let Some(path) = reference {
            command.arg("--service-reference").arg(path);
        }
        let output = command.output().unwrap();
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = asked(None);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.starts_with("error: no service has the namespace `news`"), "{said}");
    let (code, said) = asked(Some(&file));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nobody used news:ReadNews"), "{said}");
}

#[test]
fn an_operation_in_place_of_an_action_says_which_action_it_needs() {
    let lake = TestLake::new();
    let empty = lake.beside("empty");
    std::fs::create_dir(&empty).unwrap();
    lake.ingest(&[&empty]);
    let check = |action: &str, expected: &str| {
        let output = lake.run(&["who-accessed", action]);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(expected), "{action}: {said}");
    };
    check("s3:HeadBucket", "try: s3:ListBucket, which the operation HeadBucket needs");
    check("s3:GetObjct", "try: s3:GetObject");
    check("batch:CancelJobs", "try: tadoru events 'event=CancelJobs'");
    check("cloudwach:PutMetricData", "try: cloudwatch, or tadoru services");
}

#[test]
fn a_broken_reference_names_file_and_place() {
    let scratch = tempfile::tempdir().unwrap();
    let check = |name: &str, content: &[u8], expected: &str| {
        let path = scratch.path().join(name);
        std::fs::write(&path, content).unwrap();
        let output = run(&["--service-reference", path.to_str().unwrap(), "services"]);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{said}");
        assert!(said.contains(&path.display().to_string()) && said.contains(expected), "{said}");
        assert!(said.contains("\n  why: ") && said.contains("\n  try: "), "{said}");
        std::fs::remove_file(path).unwrap();
    };
    check("cut.json", &NEWS.as_bytes()[..200], "at line 4 column 11");
    check("other.json", br#"{"Version":"2012-10-17","Statement":[]}"#, "Name is missing");
    check("action.json", br#"{"Name":"news","Actions":[{"Name":"A"},{}]}"#, "Actions[1].Name is missing");
    check("index.json", INDEX.as_bytes(), "each of its services has a file of its own");
    check("own.txt", b"@news\tNews\nReadNews\tQ\n", "line 2: `Q` is no access level of ReadNews");
    check("binary.txt", b"@news\tNews\n\xff\xfe", "byte 11 is no UTF-8");
    check("empty.txt", b"", "line 1: no line begins a service");
    let empty = scratch.path().to_str().unwrap();
    let said = text(&run(&["--service-reference", empty, "services"]).stderr);
    assert!(said.starts_with(&format!("error: {empty} holds no service reference\n")), "{said}");
    let said = text(&run(&["--service-reference", "/no/such/file.json", "services"]).stderr);
    assert!(said.starts_with("error: the service reference /no/such/file.json cannot be read\n"), "{said}");
}
