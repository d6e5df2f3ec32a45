//! What scripts rely on: exit codes, errors and notes in three lines on stderr, nothing but data on stdout.

use crate::test_lake::{TestLake, program, sample, text, write_sample};

/// Runs a command over an empty folder's lake; the exit code and what stderr begins with.
fn check(lake: &TestLake, arguments: &[&str], code: i32, begins: &str) -> String {
    let output = lake.run(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.starts_with(begins), "{arguments:?}: {said}");
    assert!(!said.contains("panicked"), "{said}");
    if code != 0 {
        assert_eq!(text(&output.stdout), "", "{arguments:?} prints no data");
    }
    said
}

#[test]
fn what_cannot_be_done_says_why_and_what_to_try() {
    let lake = TestLake::new();
    let empty = lake.beside("empty");
    std::fs::create_dir(&empty).unwrap();
    let missing = check(&lake, &["ingest", "/no/such/folder"], 1, "error: cannot ingest /no/such/folder\n");
    assert!(missing.contains("\n  why: No such file or directory"), "{missing}");
    let nothing = check(&lake, &["ingest", empty.to_str().unwrap()], 0, "note: there was nothing to ingest\n");
    assert!(nothing.contains("\n why: ") && nothing.contains("\n try: "), "{nothing}");
    check(&lake, &["ingest"], 2, "error: ");
    check(&lake, &["no-such-command"], 2, "error: ");
    check(&lake, &["sql", "SELECT 1", "-o", "xml"], 2, "error: ");
    check(&lake, &["sql", "SELECT eventnam FROM events"], 2, "error: ");
    check(&lake, &["sql", "DELETE FROM events"], 2, "error: ");
    check(&lake, &["sql", "SELECT 1; SELECT 2"], 2, "error: ");
    check(&lake, &["sql", "SELECT no_such_function(1)"], 2, "error: ");
}

#[test]
fn no_lake_is_no_answer() {
    let output = program().args(["--lake", "/no/such/lake", "sql", "SELECT 1"]).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: there is no lake in /no/such/lake\n"), "{said}");
}

#[test]
fn what_is_not_cloudtrail_is_rejected_and_counted() {
    let lake = TestLake::new();
    let folder = lake.beside("mixed");
    std::fs::create_dir(&folder).unwrap();
    for (name, content) in [("policy.json", "{\"Version\":\"2012-10-17\"}"), ("notes.txt", "hello"), ("empty.json", "")]
    {
        std::fs::write(folder.join(name), content).unwrap();
    }
    let output = lake.command(&["ingest", "-o", "jsonl"]).arg(&folder).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "rejects are data: {said}");
    assert!(said.starts_with("note: "), "{said}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["records"], &summary["new_events"]), (&0.into(), &0.into()));
    let rejected = summary["files_rejected"].as_u64().unwrap();
    assert!(rejected >= 2, "{summary}");
    let reasons = lake.catalog("SELECT reason FROM rejected_record");
    assert_eq!(reasons.len() as u64, rejected, "{reasons:?}");
    assert_eq!(lake.value("SELECT count(*) AS n FROM events"), 0);
}

#[test]
fn a_lake_that_is_none_is_named() {
    let lake = TestLake::new();
    std::fs::create_dir(lake.folder()).unwrap();
    std::fs::write(lake.folder().join("catalog.sqlite"), "not a database at all, only some text in its place").unwrap();
    check(&lake, &["sql", "SELECT 1"], 1, "error: ");
    let empty = lake.beside("empty");
    std::fs::create_dir(&empty).unwrap();
    check(&lake, &["ingest", empty.to_str().unwrap()], 1, "error: ");

    let newer = TestLake::of(&[&empty]);
    rusqlite::Connection::open(newer.folder().join("catalog.sqlite"))
        .unwrap()
        .execute("UPDATE lake_setting SET value = '999' WHERE name = 'lake_version'", [])
        .unwrap();
    let said = check(&newer, &["sql", "SELECT 1"], 1, "error: ");
    assert!(said.contains("newer version") && said.contains("999"), "{said}");
}

#[test]
fn a_gone_reader_ends_the_program_quietly() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 0..2, &logs);
    lake.ingest(&[&logs]);
    let line = "\"$0\" --lake \"$1\" sql 'SELECT a.raw FROM events a, events b' -o tsv | head -1";
    let mut command = std::process::Command::new("bash");
    command.args(["-o", "pipefail", "-c", line]).arg(program().get_program()).arg(lake.folder());
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    assert_eq!(text(&output.stdout), "raw\n");
}
