//! Files too large for memory are streamed, and nobody can tell: the same verdicts, reasons, places and rows as of a file
//! that is taken at once. A low threshold streams small files, so that the two ways can be compared.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Output;

use crate::bad_inputs::Cases;
use crate::test_lake::{TestLake, sample, text, write_sample};

/// Everything the ledger keeps but numbers that depend on how many transactions there were.
const LEDGER: &str = "SELECT name, size_bytes, stamp, hex(sha256) AS sha256, hex(inflated_sha256) AS inflated, kind, account, region, \
     delivered_at, records, new_events, duplicates, conflicts, rejected, expired, bytes_in, inflated_bytes, first_event_at, \
     last_event_at, reject_reason, warnings FROM ingested_object ORDER BY name";
/// Of a rejected file the detail may say how much had come out of it.
const REJECTS: &str = "SELECT o.name, r.reason, CASE WHEN record_index IS NULL THEN '' ELSE r.detail END AS detail, record_index, \
     byte_offset, byte_length, hex(bytes) AS bytes FROM rejected_record r JOIN ingested_object o USING (object_id) \
     ORDER BY o.name, r.rowid";

/// Lets every file be streamed.
const ALL: (&str, &str) = ("TADORU_TEST_STREAM_BYTES", "0");
/// Makes every file a batch of its own, as a streamed one is.
const ALONE: (&str, &str) = ("TADORU_TEST_BATCH_BYTES", "1");

fn ingest(lake: &TestLake, logs: &Path, settings: &[(&str, &str)]) -> Output {
    let mut command = lake.command(&["ingest", "--quiet"]);
    command.arg(logs).envs(settings.iter().copied()).output().unwrap()
}

fn filled(logs: &Path, settings: &[(&str, &str)]) -> TestLake {
    let lake = TestLake::new();
    let output = ingest(&lake, logs, settings);
    assert!(output.status.success(), "{}", text(&output.stderr));
    lake.assert_consistent();
    lake
}

fn assert_same(one: &TestLake, other: &TestLake) {
    for statement in [LEDGER, REJECTS] {
        let (one, other) = (one.catalog(statement), other.catalog(statement));
        assert_eq!(one.len(), other.len(), "{statement}");
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one, other);
        }
    }
    assert!(one.content() == other.content(), "other events");
}

#[test]
fn the_bad_inputs_are_judged_the_same_when_streamed() {
    let Some(cases) = Cases::build("the_bad_inputs_are_judged_the_same_when_streamed") else { return };
    let scratch = TestLake::new();
    let logs = scratch.beside("logs");
    for id in cases.ids() {
        let (day, suffix) = (&id[1..], "A".repeat(13));
        let key = format!(
            "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20260102T0005Z_{suffix}{day}.json.gz"
        );
        cases.put(&id, &logs, &key);
    }
    let (whole, streamed) = (filled(&logs, &[ALONE]), filled(&logs, &[ALL]));
    assert!(whole.catalog(LEDGER).len() > 90);
    assert_same(&whole, &streamed);
}

#[test]
fn the_sample_is_the_same_when_streamed() {
    let scratch = TestLake::new();
    let logs = scratch.beside("logs");
    write_sample(&sample(), 0..4, &logs);
    let whole = filled(&logs, &[]);
    assert_same(&whole, &filled(&logs, &[ALL]));
    let windows = filled(&logs, &[ALL, ("TADORU_TEST_BATCH_BYTES", "20000")]);
    assert_same(&whole, &windows);
    let files = |lake: &TestLake| lake.catalog("SELECT path FROM ducklake_data_file").len();
    assert!(files(&windows) > 2 * files(&whole), "a file is written window by window");
}

/// One file of the sample's records, one a line, with a broken line in its middle.
fn one_large_file(logs: &Path) {
    std::fs::create_dir_all(logs).unwrap();
    let mut file = std::fs::File::create(logs.join("large.jsonl")).unwrap();
    let source = TestLake::new();
    let parts = source.beside("logs");
    write_sample(&sample(), 0..3, &parts);
    source.ingest(&[&parts]);
    for (index, row) in source.rows("SELECT raw FROM events ORDER BY eventid, fingerprint").iter().enumerate() {
        if index == 100 {
            writeln!(file, "{{\"eventID\":").unwrap();
        }
        writeln!(file, "{}", row["raw"].as_str().unwrap()).unwrap();
    }
}

#[test]
fn a_large_file_is_committed_whole_or_not_at_all() {
    let scratch = TestLake::new();
    let logs = scratch.beside("logs");
    one_large_file(&logs);
    let whole = filled(&logs, &[]);
    let windows = [ALL, ("TADORU_TEST_BATCH_BYTES", "200000")];
    let passes = filled(&logs, &windows).catalog("SELECT path FROM ducklake_data_file").len();
    assert!(passes > 8, "{passes} files are no windows");
    for stop in [("file_written", passes / 2), ("file_written", passes), ("before_commit", 1), ("after_commit", 1)] {
        let lake = TestLake::new();
        let stop_point = format!("{}:{}", stop.0, stop.1);
        let mut settings = windows.to_vec();
        settings.push(("TADORU_TEST_STOP_POINT", &stop_point));
        let output = ingest(&lake, &logs, &settings);
        assert!(output.status.signal().is_some(), "{stop_point} ends by {}", output.status);
        lake.assert_consistent();
        let events = lake.value("SELECT count(*) AS n FROM events").as_u64().unwrap();
        assert_eq!(events > 0, stop.0 == "after_commit", "{stop_point}: all or nothing");
        let output = ingest(&lake, &logs, &windows);
        assert!(output.status.success(), "{}", text(&output.stderr));
        lake.assert_consistent();
        assert_same(&whole, &lake);
    }
}
