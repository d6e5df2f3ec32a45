//! What stands beside the tests: the real data, the python that has DuckDB, and what to do where one is missing. Tests say
//! what they skipped and why; in CI nothing may be skipped.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A path below the folder of real data; `None`, and a line that says so, where it does not exist.
pub fn shared(path: &str, test: &str) -> Option<PathBuf> {
    let folder = variable("TADORU_TEST_SHARED").map_or_else(|| workspace().join("../shared"), PathBuf::from);
    let full = folder.join(path);
    if full.exists() {
        return Some(full.canonicalize().unwrap());
    }
    skip(test, &format!("{} is missing", full.display()));
    None
}

/// Runs a program of `tests/duckdb`, which prints differences; `None`, and a line that says so, where there is no DuckDB.
pub fn duckdb(script: &str, arguments: &[&Path], test: &str) -> Option<Output> {
    let Some(python) = python() else {
        skip(test, "TADORU_TEST_PYTHON is not set: no DuckDB to compare with");
        return None;
    };
    let script = workspace().join("tests/duckdb").join(script);
    Some(Command::new(python).arg("-B").arg(script).args(arguments).output().unwrap())
}

/// The python of `tests/requirements.txt`.
pub fn python() -> Option<OsString> {
    variable("TADORU_TEST_PYTHON")
}

/// The second version of AWS's CLI.
pub fn aws_cli_v2() -> Option<OsString> {
    variable("TADORU_TEST_AWS_CLI_V2")
}

/// Fails with what a program of [`duckdb`] printed, unless it found no difference.
pub fn agrees(script: &str, arguments: &[&Path], test: &str) {
    if let Some(output) = duckdb(script, arguments, test) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{script} {arguments:?}:\n{out}\n{err}");
    }
}

/// A part of the path of those cases that are to run, if not all.
pub fn chosen_cases() -> Option<String> {
    variable("TADORU_TEST_CASES")?.into_string().ok()
}

/// True where situations are to be rewritten with what came out, instead of compared.
pub fn is_update() -> bool {
    variable("TADORU_TEST_UPDATE").is_some()
}

/// Says that `what` could not be tried.
pub fn skip(what: &str, why: &str) {
    let line = format!("skipped: {what}: {why}\n");
    if let Some(path) = variable("TADORU_TEST_SKIPS") {
        let mut file = File::options().append(true).open(path).expect("cargo xtask test made the file");
        file.write_all(line.as_bytes()).expect("the file can be written");
    }
    eprint!("{line}");
    assert!(variable("CI").is_none_or(|value| value != "true"), "with CI=true a skip is a failure: {line}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place of these tests that reads what cargo xtask test hands over"
)]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
