//! What is collected looks as `aws … --output json` prints it, key by key and value by value, so that an import reads both.

use std::process::Command;

use super::scripted_aws::ScriptedAws;
use super::whole_account::answers_as_aws;
use super::{calls, collect, filled_moto, folder};
use crate::reference::{python, workspace};
use crate::test_lake::{TestLake, isolate, text};

#[test]
fn each_answer_is_what_aws_prints() {
    let Some(moto) = filled_moto("each_answer_is_what_aws_prints") else { return };
    let server = ScriptedAws::start(Some(&moto.endpoint()), answers_as_aws);
    let lake = TestLake::new();
    let output = collect(&lake, &server.endpoint(), &["--region", "us-east-1,eu-west-1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document = super::document(&lake, super::whole_account::ACCOUNT);
    for operation in ["GetAccountAuthorizationDetails", "ListUsers", "DescribePermissionSet", "DescribeTrails"] {
        assert!(!calls(&document, operation).is_empty(), "{operation}");
    }

    let mut command = Command::new(python().expect("moto runs with it"));
    isolate(&mut command);
    let path = folder(&lake).join(format!("inventory-{}.json", super::whole_account::ACCOUNT));
    let script = workspace().join("tests/moto/aws_prints.py");
    let output = command.arg("-B").arg(script).arg(path).arg(server.endpoint()).output().unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let compared = document["calls"].as_array().unwrap().len();
    assert_eq!(text(&output.stdout), format!("{compared} calls compared\n"));
}
