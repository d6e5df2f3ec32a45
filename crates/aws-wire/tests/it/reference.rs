//! What `cargo xtask test` hands to the tests, and what to do where something is missing. Tests say what they skipped and why; in
//! CI nothing may be skipped.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The python of `tests/requirements.txt`.
pub fn python() -> Option<OsString> {
    variable("TADORU_TEST_PYTHON")
}

/// A setting that is a number.
pub fn setting(name: &str, usual: u64) -> u64 {
    variable(name).map_or(usual, |text| text.to_str().unwrap().parse().unwrap())
}

/// Says that `what` could not be tried.
pub fn skip(what: &str, why: &str) {
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
