//! The endpoint's answers against `truth/` of the shared cases, through boto3, with a key for each account; and the rules of pages,
//! jobs and errors, which the script tries on the way.

use std::path::{Path, PathBuf};
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
    let inventory = with_a_trail(&cases.join("inventory"), &lake.beside("inventory"));
    let imported = lake.command(&["inventory", "import"]).arg(inventory).output().unwrap();
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

/// The inventory with what policy generation needs besides: the organization's trail, and in each account a role that may read it.
fn with_a_trail(inventory: &Path, folder: &Path) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    for entry in std::fs::read_dir(inventory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        if let Some(account) = name.strip_prefix("account-authorization-details.") {
            let mut details: Value = serde_json::from_slice(&bytes).unwrap();
            let role = access_role(account.strip_suffix(".json").unwrap());
            details["RoleDetailList"].as_array_mut().unwrap().push(role);
            bytes = details.to_string().into_bytes();
        }
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let trail = json!({"trailList": [{
        "Name": "org-trail",
        "TrailARN": "arn:aws:cloudtrail:us-east-1:418270063915:trail/org-trail",
        "HomeRegion": "us-east-1",
        "S3BucketName": "fernwood-logs",
        "IsMultiRegionTrail": true,
        "IsOrganizationTrail": true,
    }]});
    std::fs::write(folder.join("trails.json"), trail.to_string()).unwrap();
    folder.to_owned()
}

fn access_role(account: &str) -> Value {
    let trust = json!({"Version": "2008-10-17", "Statement": [
        {"Sid": "", "Effect": "Allow", "Principal": {"Service": "access-analyzer.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]});
    let own = ["cloudtrail:GetTrail", "iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"];
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": own, "Resource": "*"},
        {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": "arn:aws:s3:::fernwood-logs"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::fernwood-logs/AWSLogs/o-q7r2m9xk4d/*"},
    ]});
    json!({
        "Path": "/", "RoleName": "PolicyGeneration", "RoleId": format!("AROAPOLGEN{}", &account[..11]),
        "Arn": format!("arn:aws:iam::{account}:role/PolicyGeneration"), "CreateDate": "2025-01-01T00:00:00+00:00",
        "AssumeRolePolicyDocument": trust, "InstanceProfileList": [], "AttachedManagedPolicies": [], "Tags": [],
        "RolePolicyList": [{"PolicyName": "read", "PolicyDocument": policy}], "RoleLastUsed": {},
    })
}
