//! What scripts rely on: exit codes, errors and notes in three lines on stderr, nothing but data on stdout.

use std::process::Stdio;

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
fn a_source_that_is_no_file_is_an_error() {
    let lake = TestLake::new();
    let pipe = lake.beside("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let check = |source: &str, why: &str| {
        let said = check(&lake, &["ingest", source], 1, &format!("error: cannot ingest {source}\n  why: {why}"));
        assert!(said.contains("\n  try: - reads standard input, a pipe too"), "{said}");
        assert!(!lake.folder().exists(), "no lake is made for nothing");
    };
    check(pipe.to_str().unwrap(), "it is a pipe, ");
    check("/dev/zero", "it is a device, ");
    // As `ingest <(zcat FILE.gz)` gives it.
    let mut command = lake.command(&["ingest", "/dev/fd/0"]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let input = child.stdin.take();
    let said = text(&child.wait_with_output().unwrap().stderr);
    drop(input);
    assert!(said.starts_with("error: cannot ingest /dev/fd/0\n  why: it is a pipe, "), "{said}");
}

#[test]
fn a_dry_run_of_a_folder_says_nothing_of_s3() {
    let lake = TestLake::new();
    let empty = lake.beside("empty");
    std::fs::create_dir(&empty).unwrap();
    let said =
        check(&lake, &["ingest", "--dry-run", empty.to_str().unwrap()], 0, "note: nothing was read or written\n");
    assert!(said.contains("gzipped logs\n") && !said.contains("S3"), "{said}");
}

#[test]
fn an_unknown_column_leads_to_the_table_that_was_asked() {
    let lake = TestLake::new();
    let empty = lake.beside("empty");
    std::fs::create_dir(&empty).unwrap();
    lake.ingest(&[&empty]);
    let check = |statement: &str, expected: &str| {
        let said = check(&lake, &["sql", statement], 2, "error: Column 'nope' cannot be resolved\n");
        assert!(said.ends_with(&format!("  try: {expected}\n")), "{statement}: {said}");
    };
    check("SELECT nope FROM events", "tadoru sql 'DESCRIBE events'");
    check("SELECT nope FROM access_daily", "tadoru sql 'DESCRIBE access_daily'");
    check("SELECT r.nope FROM rejected_records AS r", "tadoru sql 'DESCRIBE rejected_records'");
}

/// Damage in the middle of a file: the footer is whole, a page is not.
#[test]
fn a_damaged_page_names_its_file() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 0..2, &logs);
    lake.ingest(&[&logs]);
    let events = |path: &&std::path::PathBuf| path.to_string_lossy().contains("/events/");
    let files = lake.named_files();
    let damaged = files.iter().rfind(events).unwrap();
    let mut bytes = std::fs::read(damaged).unwrap();
    let end = bytes.len() * 3 / 4;
    bytes[4..end].fill(0xff);
    std::fs::write(damaged, bytes).unwrap();
    let name = damaged.file_name().unwrap().to_str().unwrap();
    let statement = "SELECT max(eventname), max(raw), max(eventid), max(objectkey) FROM events";
    let said = check(&lake, &["sql", statement], 1, &format!("error: the lake's file {name} cannot be read\n"));
    assert!(said.ends_with("  why: it is damaged, or may not be opened\n  try: tadoru lake check\n"), "{said}");
}

#[test]
fn a_statement_comes_from_standard_input_where_none_is_given() {
    let lake = TestLake::new();
    let statement = lake.beside("statement.sql");
    std::fs::write(&statement, "SELECT 40 + 2 AS answer;\n").unwrap();
    let empty = lake.beside("empty");
    std::fs::create_dir(&empty).unwrap();
    lake.ingest(&[&empty]);
    let from = |path: &str, arguments: &[&str]| {
        let file = std::fs::File::open(path).unwrap();
        let output = lake.command(arguments).stdin(file).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let path = statement.to_str().unwrap();
    for arguments in [&["sql"][..], &["sql", "-"], &["sql", "-f", "-"]] {
        assert_eq!(from(path, arguments), (Some(0), "answer\n42\n".into(), String::new()), "{arguments:?}");
    }
    let (code, printed, said) = from("/dev/null", &["sql"]);
    assert_eq!((code, printed.as_str()), (Some(2), ""), "{said}");
    assert!(said.starts_with("error: there is no statement\n  why: standard input is empty\n  try: "), "{said}");
}

#[test]
fn every_error_has_what_why_and_try() {
    let lake = TestLake::new();
    let empty = lake.beside("empty");
    std::fs::create_dir(&empty).unwrap();
    lake.ingest(&[&empty]);
    for (arguments, code) in [
        (&["no-such-command"][..], 2),
        (&["events", "--no-such-flag"], 2),
        (&["who-accessed"], 2),
        (&["access-advisor", "x", "--granularity", "hour"], 2),
        (&["sql", "SELECT 1", "-o", "xml"], 2),
        (&["sql", "SELECT 1", "--columns", "x"], 2),
        (&["sql", "SELECT 1", "--query", "[?"], 2),
        (&["sql", "SELECT 1", "--as-of", "tomorrow"], 2),
        (&["sql", "-f", "/no/such/file.sql"], 1),
        (&["sql", "SELECT eventnam FROM events"], 2),
        (&["sql", "SELECT * FROM evnts"], 2),
        (&["sql", "DELETE FROM events"], 2),
        (&["sql", "SELECT 1; SELECT 2"], 2),
        (&["sql", "SELECT no_such_function(1)"], 2),
        (&["sql", "SELEC 1"], 2),
        (&["sql", "SELECT 9223372036854775807 + 1"], 1),
        (&["events", "user>Alice"], 2),
        (&["events", "usr=Alice"], 2),
        (&["events", "--since", "2024-02-30"], 2),
        (&["activity", "Nobody"], 1),
        (&["who-accessed", "s3"], 2),
        (&["generate-policy", "Nobody"], 1),
    ] {
        let said = check(&lake, arguments, code, "error: ");
        assert!(said.contains("\n  why: ") && said.contains("\n  try: "), "{arguments:?}: {said}");
    }
}

#[test]
fn a_file_that_is_gone_is_named_without_its_folder() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 0..1, &logs);
    lake.ingest(&[&logs]);
    let files = lake.catalog("SELECT path FROM ducklake_data_file WHERE path LIKE '%.parquet' ORDER BY path DESC");
    let mut folders = vec![lake.folder().join("data")];
    let mut gone = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                gone.push(path.file_name().unwrap().to_str().unwrap().to_owned());
                std::fs::remove_file(path).unwrap();
            }
        }
    }
    assert_eq!(files.len(), gone.len());
    for arguments in [&["sql", "SELECT max(eventname) FROM events"][..], &["events", "event=GetObject"]] {
        let said = check(&lake, arguments, 1, "error: the lake's file ");
        assert!(gone.iter().any(|name| said.contains(&format!("file {name} cannot be read\n"))), "{said}");
        assert!(said.ends_with("  why: it is missing\n  try: tadoru lake check\n"), "{said}");
    }
}

#[test]
fn quotes_of_an_article_are_left_out_with_a_warning() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    // The days on which ReportBuilder begins to work.
    write_sample(&sample(), 2..4, &logs);
    lake.ingest(&[&logs]);
    let plain = lake.run(&["access-advisor", "ReportBuilder", "-o", "tsv"]);
    let pasted = lake.run(&["access-advisor", "“ReportBuilder”", "-o", "tsv"]);
    assert_eq!(text(&plain.stdout), text(&pasted.stdout));
    assert!(!plain.stdout.is_empty());
    let said = text(&pasted.stderr);
    assert!(said.contains("warning: the quotes around “ReportBuilder” were left out\n"), "{said}");
    for arguments in
        [&["activity", "‘ReportBuilder’"][..], &["who-accessed", "“s3:GetObject”"], &["events", "event=“GetObject”"]]
    {
        let output = lake.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stdout).lines().count() > 1, "{arguments:?}");
        assert!(text(&output.stderr).contains("warning: "), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn regions_and_accounts_may_have_wildcards() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 0..2, &logs);
    lake.ingest(&[&logs]);
    let counted = |flags: &[&str]| {
        let output = lake.run(&[&["events", "--limit", "0", "-o", "jsonl", "-q"], flags].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).lines().count() as u64
    };
    let truth =
        |condition: &str| lake.value(&format!("SELECT count(*) AS n FROM events WHERE {condition}")).as_u64().unwrap();
    assert_eq!(counted(&["--region", "ap-*"]), truth("awsregion LIKE 'ap-%'"));
    assert_eq!(counted(&["--region", "ap-*,us-east-1"]), truth("awsregion LIKE 'ap-%' OR awsregion = 'us-east-1'"));
    assert_eq!(counted(&["--account", "2*"]), truth("account LIKE '2%'"));
    assert!(truth("awsregion LIKE 'ap-%'") > 0 && truth("account LIKE '2%'") > 0);
}

#[test]
fn shells_and_man_get_what_they_read() {
    let printed = |arguments: &[&str]| {
        let output = program().args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&["completions", shell]);
        assert!(script.contains("tadoru") && script.contains("generate-policy"), "{shell}");
    }
    let manual = printed(&["man"]);
    assert!(
        manual.contains(".TH tadoru") && manual.contains("generate\\-policy") && manual.contains("exclude\\-denied")
    );
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
    assert!(said.starts_with("warning: all 3 files were rejected as a whole: "), "{said}");
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

#[test]
fn values_that_cannot_be_are_refused_with_the_form_that_is_wanted() {
    let lake = TestLake::new();
    let refused = |arguments: &[&str], why: &str| {
        let said = check(&lake, arguments, 2, "error: ");
        assert!(said.contains(&format!("\n  why: {why}")) && said.contains("\n  try: "), "{said}");
    };
    refused(&["generate-policy", "x", "--account", "abc"], "an account is 12 digits");
    refused(&["events", "--account", "1111"], "an account is 12 digits");
    refused(&["ingest", ".", "--account", "1111*"], "an account is 12 digits, without wildcards");
    refused(&["ingest", ".", "--region", "tokyo"], "a region is written as");
    refused(&["ingest", ".", "--since", "2026-02-01", "--until", "2026-01-01"], "it ends before it begins");
    refused(&["ingest", ".", "--jobs", "0"], "it is a whole number from 1 on");
    refused(&["lake", "compact", "--jobs", "-1"], "it is a whole number from 1 on");
    refused(&["lake", "retain", "--days", "-1"], "it is a whole number of days, 0 or more");
    refused(&["permissions", "--for", "ingest", "--kms-key", "nope"], "a key is named by its ARN");
    refused(&["permissions", "--for", "ingest", "--role-arn", "nope"], "a role is named by its ARN");
}
