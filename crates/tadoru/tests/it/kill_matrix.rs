//! Killed at any instant, nothing acknowledged is lost and nothing counted twice: ingest dies at each stop point of the
//! writer and at the whim of `kill -9`, the lake stays sound, and the next run ends at the lake of an undisturbed one.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

use crate::reference::agrees;
use crate::test_lake::{TestLake, sample, text, write_sample};

/// Small batches: a dozen of them over the files below.
const BATCH_BYTES: &str = "500000";

/// Files with redeliveries, and the lake that an undisturbed ingest of them makes.
fn undisturbed() -> (TestLake, PathBuf) {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 0..6, &logs);
    let output = ingest(&lake, &logs).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    lake.assert_consistent();
    (lake, logs)
}

fn ingest(lake: &TestLake, logs: &Path) -> std::process::Command {
    let mut command = lake.command(&["ingest", "--quiet"]);
    command.arg(logs).env("TADORU_TEST_BATCH_BYTES", BATCH_BYTES);
    command
}

fn number(lake: &TestLake, statement: &str) -> u64 {
    lake.catalog(statement)[0]["n"].parse().unwrap()
}

/// Finishes what was killed, and compares.
fn completes(lake: &TestLake, logs: &Path, expected: &(String, String), killed: &str) {
    let output = ingest(lake, logs).output().unwrap();
    assert!(output.status.success(), "after {killed}: {}", text(&output.stderr));
    lake.assert_consistent();
    assert!(lake.content() == *expected, "after {killed} the lake is another one");
    let (named, present) = (lake.named_files(), lake.present_files());
    assert_eq!(named, present, "after {killed} files are missing or left lying about");
}

fn dies_at(name: &str) {
    let (whole, logs) = undisturbed();
    let expected = whole.content();
    let passes = match name {
        "file_written" => number(&whole, "SELECT count(*) AS n FROM ducklake_data_file"),
        _ => number(&whole, "SELECT count(DISTINCT begin_snapshot) AS n FROM ducklake_data_file"),
    };
    assert!(passes >= 5, "{passes} passes are no matrix");
    let acknowledged_at = |pass: u64| match name {
        "after_commit" => pass,
        _ => pass - 1,
    };
    for pass in [1, passes / 2, passes] {
        let killed = format!("{name}:{pass}");
        let lake = TestLake::new();
        let output = ingest(&lake, &logs).env("TADORU_TEST_STOP_POINT", &killed).output().unwrap();
        assert!(output.status.signal().is_some(), "{killed} ends by {}: {}", output.status, text(&output.stderr));
        lake.assert_consistent();
        let committed = number(&lake, "SELECT count(DISTINCT begin_snapshot) AS n FROM ducklake_data_file");
        if name != "file_written" {
            assert_eq!(committed, acknowledged_at(pass), "{killed}: batches acknowledged");
        }
        completes(&lake, &logs, &expected, &killed);
    }
}

#[test]
fn killed_when_a_batch_is_read() {
    dies_at("batch_read");
}

#[test]
fn killed_when_a_file_is_written() {
    dies_at("file_written");
}

#[test]
fn killed_when_all_files_are_written() {
    dies_at("files_written");
}

#[test]
fn killed_before_the_commit() {
    dies_at("before_commit");
}

#[test]
fn killed_after_the_commit() {
    dies_at("after_commit");
}

/// `kill -9` from outside, when so many files have appeared in the lake; five times in one ingest, then it ends.
#[test]
fn killed_from_outside() {
    let (whole, logs) = undisturbed();
    let mut lake = TestLake::new();
    let total = whole.present_files().len();
    let (mut kills, mut runs) = (0, 0);
    while kills < 5 {
        runs += 1;
        assert!(runs < 50, "only {kills} of {runs} runs were killed");
        let wanted = lake.present_files().len() + kills * total / 12;
        let mut child = ingest(&lake, &logs).spawn().unwrap();
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            let begun = lake.folder().join("writer.lock").exists();
            if begun && lake.present_files().len() >= wanted {
                child.kill().unwrap();
            }
            std::thread::yield_now();
        };
        lake.assert_consistent();
        if ended.signal() == Some(9) {
            kills += 1;
        } else {
            // It was done before this process had a turn: begin again.
            (lake, kills) = (TestLake::new(), 0);
        }
    }
    completes(&lake, &logs, &whole.content(), "kill -9");
    agrees("same_rows.py", &[&whole.folder(), &lake.folder()], "killed_from_outside");
}

/// A file size limit stands for the full disk: the write fails in the middle, nothing of the batch is seen.
#[test]
fn a_full_disk_loses_nothing() {
    let (whole, logs) = undisturbed();
    let expected = whole.content();
    for blocks in ["8", "100", "400"] {
        let lake = TestLake::new();
        let mut limited = std::process::Command::new("bash");
        // With the signal ignored the write fails as it does on a full disk.
        limited.args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", blocks]);
        let command = ingest(&lake, &logs);
        limited.arg(command.get_program()).args(command.get_args());
        crate::test_lake::isolate(&mut limited);
        let output = limited.env("TADORU_TEST_BATCH_BYTES", BATCH_BYTES).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{blocks} blocks: {said}");
        assert!(said.starts_with("error: ") && said.contains("\n  why: "), "{said}");
        if number(&lake, "SELECT count(*) AS n FROM sqlite_master WHERE name = 'ingested_object'") == 1 {
            lake.assert_consistent();
            assert_eq!(lake.present_files(), lake.named_files(), "what was not committed is removed");
        }
        completes(&lake, &logs, &expected, "a full disk");
    }
}
