//! Compaction changes no answer: the same events and the same sums from fewer files, for Tadoru and for DuckDB, before and after
//! the old files are gone; and it is done by itself where an ingest leaves many small files.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use lake::catalog::Catalog;
use lake::writer_lock::WriterLock;
use serde_json::Value;

use crate::reference::{agrees, duckdb};
use crate::test_lake::{ROLLUP_KEYS, TestLake, program, sample, text, write_sample};

/// A lake of many small files over the days of two months.
pub fn lake_of_small_files(parts: u32) -> (TestLake, PathBuf) {
    let (organization, lake) = (sample(), TestLake::new());
    let logs = lake.beside("logs");
    for part in 0..parts {
        write_sample(&organization, 27 + part..28 + part, &logs);
        let output =
            lake.command(&["ingest", "--quiet"]).arg(&logs).env("TADORU_TEST_BATCH_BYTES", "150000").output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    (lake, logs)
}

/// Runs `lake compact`, which must succeed, and returns its summary.
pub fn compacts(lake: &TestLake, grace_seconds: &str) -> Value {
    let output = lake
        .command(&["lake", "compact", "-o", "jsonl"])
        .env("TADORU_TEST_GRACE_SECONDS", grace_seconds)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn newest_snapshot(lake: &TestLake) -> String {
    lake.catalog("SELECT max(snapshot_id) AS n FROM ducklake_snapshot")[0]["n"].clone()
}

#[test]
fn a_compacted_lake_gives_the_same_answers() {
    let test = "a_compacted_lake_gives_the_same_answers";
    let (lake, _) = lake_of_small_files(2);
    let (content, files) = (lake.content(), lake.named_files());
    let before = newest_snapshot(&lake);
    lake.assert_sound("before");
    let advisor = || text(&lake.run(&["access-advisor", "--all", "-q", "-o", "jsonl"]).stdout);
    let advice = advisor();

    let summary = compacts(&lake, "600");
    assert!(summary["merges"].as_u64().unwrap() > 0, "{summary}");
    assert!(lake.content() == content, "compaction changed the events or their sums");
    assert_eq!(advisor(), advice);
    lake.assert_consistent();
    lake.assert_sound("after");
    let partial = lake.value(&format!(
        "SELECT count(*) AS n FROM (SELECT count(*) AS parts FROM access_daily GROUP BY {ROLLUP_KEYS}) AS g WHERE parts > 1"
    ));
    assert_eq!(partial, 0, "partial sums are added up");
    let small = lake.catalog(
        "SELECT count(*) AS n FROM (SELECT 1 FROM ducklake_data_file JOIN ducklake_file_partition_value USING (data_file_id)
         WHERE end_snapshot IS NULL GROUP BY ducklake_data_file.table_id, partition_value HAVING count(*) > 1)",
    );
    assert_eq!(small[0]["n"], "0", "one file a partition");
    assert!(files.is_subset(&lake.present_files()), "the files before stay for who reads them");

    let tadoru = program().get_program().to_owned();
    agrees("read_back.py", &[&lake.folder(), Path::new(&tadoru)], test);
    agrees("same_rows.py", &[&lake.folder(), &lake.folder(), Path::new("--at"), Path::new(&before)], test);

    let cleaned = compacts(&lake, "0");
    assert_eq!(cleaned["merges"], 0);
    assert!(cleaned["files_removed"].as_u64() >= summary["files_in"].as_u64(), "{cleaned}");
    assert_eq!(lake.present_files(), lake.named_files(), "what was merged is gone");
    assert!(lake.content() == content);
    lake.assert_sound("after the clean-up");
    agrees("same_rows.py", &[&lake.folder(), &lake.folder()], test);
}

#[test]
fn sums_that_were_added_up_are_explained() {
    let (lake, _) = lake_of_small_files(1);
    let output = lake.run(&["lake", "compact", "-o", "jsonl"]);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fewer = summary["rows_in"].as_u64().unwrap() - summary["rows_out"].as_u64().unwrap();
    let said = text(&output.stderr);
    assert!(fewer > 0 && said.contains(&format!("note: {fewer} rows of the rollup became part of others")), "{said}");
}

/// Ctrl-C while it waits for its turn: what it has begun is done, and the rest is not.
#[test]
fn an_interrupted_compaction_says_so() {
    let (lake, _) = lake_of_small_files(1);
    let held = WriterLock::acquire(&lake.folder(), Duration::ZERO, &mut |_| {}).unwrap();
    let mut command = lake.command(&["lake", "compact", "--jobs", "1"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("waiting for another process") {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    drop(held);
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("warning: interrupted; what was committed is kept\n"), "{said}");
    lake.assert_sound("after an interruption");
}

#[test]
fn an_ingest_that_leaves_many_small_files_merges_them() {
    let (whole, logs) = lake_of_small_files(1);
    let lake = TestLake::new();
    let output = lake.command(&["ingest"]).arg(&logs).env("TADORU_TEST_BATCH_BYTES", "20000").output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("small files were merged into"), "{}", text(&output.stderr));
    let most = lake.catalog(
        "SELECT max(n) AS n FROM (SELECT count(*) AS n FROM ducklake_data_file JOIN ducklake_file_partition_value
         USING (data_file_id) WHERE end_snapshot IS NULL GROUP BY ducklake_data_file.table_id, partition_value)",
    );
    assert!(most[0]["n"].parse::<u32>().unwrap() <= 16, "{most:?}");
    let keys = "SELECT eventid, recipientaccountid, fingerprint, raw FROM events ORDER BY 1, 2, 3";
    assert!(lake.sql(keys) == whole.sql(keys));
    lake.assert_sound("after a compacting ingest");
}

/// Events that arrive again are known also in merged files, and new ones come beside them.
#[test]
fn ingest_goes_on_over_merged_files() {
    let (lake, _) = lake_of_small_files(2);
    compacts(&lake, "0");
    let again = lake.beside("again");
    write_sample(&sample(), 27..30, &again);
    let summary = lake.ingest(&[&again]);
    assert!(summary["duplicates"].as_u64().unwrap() > 0 && summary["new_events"].as_u64().unwrap() > 0, "{summary}");
    lake.assert_consistent();
    lake.assert_sound("after a further ingest");
    compacts(&lake, "0");
    lake.assert_consistent();
}

/// A compactor that never rests, beside an ingest whose probes read the very files it merges and removes at once.
#[test]
fn a_compactor_beside_an_ingest_loses_and_doubles_nothing() {
    let (whole, logs) = lake_of_small_files(2);
    let again = whole.beside("again");
    write_sample(&sample(), 27..29, &again);
    let lake = TestLake::new();
    Catalog::open_or_create(&lake.folder()).unwrap();
    let mut ingest = lake
        .command(&["ingest", "--quiet"])
        .args([&logs, &again])
        .env("TADORU_TEST_BATCH_BYTES", "100000")
        .env("TADORU_TEST_GRACE_SECONDS", "0")
        .spawn()
        .unwrap();
    let mut merges = 0;
    while ingest.try_wait().unwrap().is_none() {
        merges += compacts(&lake, "0")["merges"].as_u64().unwrap();
    }
    assert!(ingest.wait().unwrap().success());
    assert!(merges > 0, "nothing was merged meanwhile");
    lake.assert_sound("ingest beside a compactor");
    let keys = "SELECT eventid, recipientaccountid, fingerprint, raw FROM events ORDER BY 1, 2, 3";
    assert!(lake.sql(keys) == whole.sql(keys));
}

/// DuckDB may write to the lake after a compaction, which proves the row and file ids that it goes on from.
#[test]
fn duckdb_appends_to_a_compacted_lake() {
    let (lake, _) = lake_of_small_files(2);
    compacts(&lake, "0");
    let Some(output) = duckdb("append.py", &[&lake.folder()], "duckdb_appends_to_a_compacted_lake") else { return };
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rows: u64 = text(&output.stdout).trim().parse().unwrap();
    assert_eq!(lake.value("SELECT count(*) AS n FROM events").as_u64(), Some(rows));
}
