//! `tadoru inventory collect`: against a moto that holds an account of every kind of thing, with the very shapes that `aws`
//! prints, and against a server that the test scripts where AWS refuses, pages, throttles or stalls. Both on loopback.

mod aws_cli;
mod pages;
mod permissions;
mod refusals;
mod scripted_aws;
mod whole_account;

use std::path::PathBuf;
use std::process::{Command, Output};

use scripted_aws::ScriptedAws;
use serde_json::Value;

pub use whole_account::ACCOUNT as MOTO_ACCOUNT;

use crate::reference::{python, workspace};
use crate::s3::moto_server::MotoServer;
use crate::test_lake::{TestLake, text};

/// A moto with the account of `tests/moto/fill_account.py`; `None`, and a line that says so, where there is no moto.
pub fn filled_moto(test: &str) -> Option<MotoServer> {
    let server = MotoServer::start(test)?;
    let mut command = Command::new(python().expect("moto runs with it"));
    let script = workspace().join("tests/moto/fill_account.py");
    let output = command.arg("-B").arg(script).arg(server.endpoint()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    Some(server)
}

/// Imports moto's account into a lake, with what moto answers otherwise than AWS put right.
pub fn import_from_moto(lake: &TestLake, moto: &MotoServer) {
    let server = ScriptedAws::start(Some(&moto.endpoint()), whole_account::answers_as_aws);
    let mut command = lake.command(&["inventory", "collect"]);
    let output = with_settings(&mut command, &server.endpoint()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// The settings of somebody who finds AWS at `endpoint`.
fn with_settings<'c>(command: &'c mut Command, endpoint: &str) -> &'c mut Command {
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
}

/// A run that only saves, beside `lake`; not yet begun.
fn command(lake: &TestLake, endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = lake.command(&["inventory", "collect", "-o", "jsonl", "--no-import", "--save"]);
    command.arg(folder(lake)).args(arguments);
    with_settings(&mut command, endpoint);
    command
}

/// Runs it.
fn collect(lake: &TestLake, endpoint: &str, arguments: &[&str]) -> Output {
    command(lake, endpoint, arguments).output().unwrap()
}

fn folder(lake: &TestLake) -> PathBuf {
    lake.beside("inventory")
}

/// The document of an account.
fn document(lake: &TestLake, account: &str) -> Value {
    let path = folder(lake).join(format!("inventory-{account}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The calls of one operation in a document.
fn calls<'d>(document: &'d Value, operation: &str) -> Vec<&'d Value> {
    document["calls"].as_array().unwrap().iter().filter(|call| call["operation"] == operation).collect()
}

/// The one row of what was saved.
fn row(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)))
}
