//! A lake that somebody reads who may not write to its folder: every reader answers, and commits that cannot be read are
//! not passed over in silence.

use std::path::Path;
use std::process::{Command, Output};

use crate::reference::skip;
use crate::test_lake::{TestLake, isolate, sample, text, write_sample};

/// Runs the program as a user to whom nothing belongs; `None` where this user cannot become one.
pub fn run_as_nobody(lake: &TestLake, arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", env!("CARGO_BIN_EXE_tadoru")]);
    isolate(&mut command);
    let output = command.arg("--lake").arg(lake.folder()).args(arguments).output().ok()?;
    (!text(&output.stderr).starts_with("setpriv: ")).then_some(output)
}

fn change_mode(mode: &str, path: &Path) {
    assert!(Command::new("chmod").args(["-R", mode]).arg(path).status().unwrap().success());
}

#[test]
fn who_may_only_read_gets_every_answer() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 0..1, &logs);
    lake.ingest(&[&logs]);
    change_mode("a+rX,a-w", lake.folder().parent().unwrap());
    for arguments in [&["status"][..], &["sql", "SELECT count(*) FROM events"], &["lake", "info"], &["lake", "check"]] {
        let Some(output) = run_as_nobody(&lake, arguments) else {
            return skip("who_may_only_read_gets_every_answer", "setpriv cannot change the user");
        };
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        assert!(!output.stdout.is_empty(), "{arguments:?}");
    }
    change_mode("u+w", &lake.folder());
    std::fs::write(lake.folder().join("catalog.sqlite-wal"), "commits").unwrap();
    change_mode("a+rX,a-w", &lake.folder());
    let output = run_as_nobody(&lake, &["status"]).unwrap();
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("must be merged first") && said.contains("  try: "), "{said}");
    change_mode("u+w", lake.folder().parent().unwrap());
}
