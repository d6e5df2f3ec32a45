//! What stands beside the tests: the other implementation, the real inventory, and what to do where one is missing. Tests
//! say what they skipped and why; in CI nothing may be skipped.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// What npm's @cloud-copilot/iam-simulate makes of each case; `None`, and a line that says so, where it is not installed.
/// The documents are those that cases call by name.
pub fn simulated(documents: &Value, cases: &[Value], test: &str) -> Option<Vec<String>> {
    let Some(folder) = variable("TADORU_TEST_IAM_SIMULATE") else {
        skip(test, "TADORU_TEST_IAM_SIMULATE is not set: no iam-simulate to compare with");
        return None;
    };
    let program = workspace().join("tests/iam_simulate/decide.mjs");
    let mut child = Command::new("node")
        .arg(program)
        .current_dir(folder)
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It answers when it has read everything, so that nobody waits for a full pipe.
    let mut input = std::io::BufWriter::new(child.stdin.take().unwrap());
    writeln!(input, "{documents}").unwrap();
    for case in cases {
        writeln!(input, "{case}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "decide.mjs failed, see above");
    let outcomes: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(outcomes.len(), cases.len());
    Some(outcomes)
}

/// A file below the folder of real data, as JSON; `None`, and a line that says so, where it does not exist.
pub fn shared(path: &str, test: &str) -> Option<Value> {
    let folder = variable("TADORU_TEST_SHARED").map_or_else(|| workspace().join("../shared"), PathBuf::from);
    let full = folder.join(path);
    if !full.exists() {
        skip(test, &format!("{} is missing", full.display()));
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(full).unwrap()).unwrap())
}

/// No documents by name.
pub fn no_documents() -> Value {
    json!({})
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn skip(what: &str, why: &str) {
    let line = format!("skipped: {what}: {why}\n");
    if let Some(path) = variable("TADORU_TEST_SKIPS") {
        let mut file = File::options().append(true).open(path).expect("cargo xtask test made the file");
        file.write_all(line.as_bytes()).expect("the file can be written");
    }
    write!(std::io::stderr(), "{line}").expect("stderr is open");
    assert!(variable("CI").is_none_or(|value| value != "true"), "with CI=true a skip is a failure: {line}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place of these tests that reads what cargo xtask test hands over"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
