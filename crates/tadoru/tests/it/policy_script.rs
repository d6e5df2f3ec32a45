//! The script that `generate-policy --format script` prints, run by bash with the real `aws` against a moto on loopback:
//! applied, applied again, rolled back twice.

use std::process::Command;

use serde_json::Value;

use crate::reference::{python, workspace};
use crate::s3::moto_server::MotoServer;
use crate::test_lake::{TestLake, isolate, text};

/// The account that moto plays.
const ACCOUNT: &str = "123456789012";

struct Shell {
    endpoint: String,
    path: String,
}

impl Shell {
    fn run(&self, line: &str) -> String {
        let mut command = Command::new("bash");
        isolate(&mut command);
        command
            .args(["-c", line])
            .env("PATH", &self.path)
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_DEFAULT_REGION", "us-east-1");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{line}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The names of the policies attached to the role, and the version of the generated one that is in force.
    fn state(&self) -> (Vec<String>, Option<String>) {
        let attached = self.run("aws iam list-attached-role-policies --role-name Deploy --output json");
        let attached: Value = serde_json::from_str(&attached).unwrap();
        let names = attached["AttachedPolicies"].as_array().unwrap().iter();
        let names: Vec<String> = names.map(|policy| policy["PolicyName"].as_str().unwrap().to_owned()).collect();
        let policies = self.run("aws iam list-policies --scope Local --output json");
        let policies: Value = serde_json::from_str(&policies).unwrap();
        let policy = policies["Policies"].as_array().unwrap().first();
        (names, policy.map(|policy| policy["DefaultVersionId"].as_str().unwrap().to_owned()))
    }
}

#[test]
fn a_script_is_applied_and_rolled_back() {
    let Some(server) = MotoServer::start("a_script_is_applied_and_rolled_back") else { return };
    let python = python().expect("moto runs with it");
    let programs = std::path::Path::new(&python).parent().unwrap().display().to_string();
    let shell = Shell { endpoint: server.endpoint(), path: format!("{programs}:/usr/local/bin:/usr/bin:/bin") };
    shell.run("aws iam create-role --role-name Deploy --path /ci/ --assume-role-policy-document '{}'");

    let lake = TestLake::new();
    let events = std::fs::read_to_string(workspace().join("tests/questions/generate_policy/deploy_role.json")).unwrap();
    let logs = lake.beside("logs.json");
    std::fs::write(&logs, events.replace("222222222222", ACCOUNT)).unwrap();
    lake.ingest(&[&logs]);
    let flags = ["generate-policy", "Deploy", "--resources", "observed", "--companions", "--until", "2026-04-01"];
    let output = lake.command(&flags).args(["--format", "script"]).output().unwrap();
    let script = lake.beside("deploy.sh");
    std::fs::write(&script, &output.stdout).unwrap();
    let [apply, rollback] = ["apply", "rollback"].map(|how| format!("bash '{}' {how}", script.display()));

    let policy = || vec!["Tadoru-Deploy".to_owned()];
    shell.run(&apply);
    assert_eq!(shell.state(), (policy(), Some("v1".to_owned())));
    let arn = format!("arn:aws:iam::{ACCOUNT}:policy/Tadoru-Deploy");
    let stored = shell.run(&format!(
        "aws iam get-policy-version --policy-arn {arn} --version-id v1 --query PolicyVersion.Document --output json"
    ));
    let printed = lake.command(&flags).output().unwrap();
    let [stored, printed] =
        [stored.as_bytes(), &printed.stdout].map(|text| serde_json::from_slice::<Value>(text).unwrap());
    assert_eq!(stored, printed, "what is stored is the policy");
    shell.run(&apply);
    assert_eq!(shell.state(), (policy(), Some("v2".to_owned())));
    shell.run(&rollback);
    assert_eq!(shell.state(), (policy(), Some("v1".to_owned())));
    shell.run(&rollback);
    assert_eq!(shell.state(), (Vec::new(), None));
}
