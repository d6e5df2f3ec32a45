//! The endpoint's answers against `truth/` of the shared cases, through boto3, with a key for each account; and the rules of pages,
//! jobs and errors, which the script tries on the way.

use std::process::Command;

use serde_json::{Value, json};

use super::running_server::{RunningServer, key};
use crate::reference::{python, shared, skip, workspace};
use crate::test_lake::{TestLake, isolate, text};

#[test]
fn boto3_hears_what_truth_says() {
    let Some(cases) = shared("aws/cases", "boto3_hears_what_truth_says") else { return };
    let Some(python) = python() else {
        return skip("boto3_hears_what_truth_says", "TADORU_TEST_PYTHON is not set: no boto3 to ask with");
    };
    let manifest: Value = serde_json::from_slice(&std::fs::read(cases.join("events/MANIFEST.json")).unwrap()).unwrap();
    let now = manifest["config"]["now"].as_str().unwrap();
    let lake = TestLake::of(&[&cases.join("events")]);
    let imported = lake.command(&["inventory", "import"]).arg(cases.join("inventory")).output().unwrap();
    assert!(imported.status.success(), "{}", text(&imported.stderr));
    let mut keys = serde_json::Map::new();
    for account in ["418270063915", "730115528846", "905536174208"] {
        let issued = key(&lake, &format!("arn:aws:iam::{account}:root"));
        keys.insert(account.to_owned(), json!([issued.id, issued.secret]));
    }
    let server = RunningServer::start(&lake, &["--as-of", now]);
    let mut command = Command::new(python);
    isolate(&mut command);
    command.arg("-B").arg(workspace().join("tests/aws_cli/truth.py"));
    command.arg(server.endpoint()).arg(cases.join("truth")).arg(json!(keys).to_string());
    let output = command.output().unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}\n{}", server.log());
    println!("{out}");
}
