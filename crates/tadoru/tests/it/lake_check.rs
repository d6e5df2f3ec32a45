//! `lake check` finds each kind of damage, names it, and exits with 1: a check that finds nothing proves nothing.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::Value;

use crate::test_lake::{TestLake, sample, text, write_sample};

fn lake() -> TestLake {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 27..30, &logs);
    lake.ingest(&[&logs]);
    lake
}

/// The violations found, by invariant.
fn violations(lake: &TestLake) -> Vec<Value> {
    let output = lake.run(&["lake", "check", "-o", "jsonl", "-q"]);
    let rows: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found: Vec<Value> = rows.into_iter().filter(|row| row["result"] == "violated").collect();
    assert_eq!(output.status.code(), Some(i32::from(!found.is_empty())), "{}", text(&output.stderr));
    found
}

fn change(lake: &TestLake, statement: &str) {
    let connection = Connection::open(lake.folder().join("catalog.sqlite")).unwrap();
    assert!(connection.execute(statement, []).unwrap() > 0, "{statement} changes nothing");
}

#[track_caller]
fn finds(lake: &TestLake, invariant: &str) -> Vec<Value> {
    let found = violations(lake);
    let named: Vec<Value> = found.iter().filter(|row| row["invariant"] == invariant).cloned().collect();
    assert!(!named.is_empty(), "{invariant} is not among {found:?}");
    named
}

fn events_file(lake: &TestLake) -> PathBuf {
    lake.named_files().into_iter().find(|path| path.to_string_lossy().contains("/events/")).unwrap()
}

#[test]
fn a_sound_lake_has_no_violation() {
    let lake = lake();
    assert_eq!(violations(&lake), Vec::<Value>::new());
    let output = lake.run(&["lake", "check"]);
    assert!(text(&output.stderr).contains("the source files: they are not read again"), "{}", text(&output.stderr));
}

#[test]
fn a_flipped_byte_in_a_page() {
    let lake = lake();
    let path = events_file(&lake);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    fs::write(&path, bytes).unwrap();
    let found = finds(&lake, "file_checksum");
    assert_eq!(found[0]["file"], path.to_string_lossy().as_ref());
}

#[test]
fn a_file_that_is_gone_or_cut_short() {
    let lake = lake();
    let path = events_file(&lake);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    finds(&lake, "file_present");
    fs::remove_file(&path).unwrap();
    let found = finds(&lake, "file_present");
    assert_eq!(found[0]["file"], path.to_string_lossy().as_ref());
}

#[test]
fn sums_of_the_catalog_that_were_altered() {
    let whole = lake();
    for (statement, invariant) in [
        ("UPDATE ducklake_table_stats SET record_count = record_count + 1", "table_sums"),
        ("UPDATE ducklake_table_stats SET file_size_bytes = file_size_bytes - 1", "table_sums"),
        ("UPDATE ducklake_data_file SET record_count = record_count + 1 WHERE data_file_id = 0", "file_rows"),
        ("UPDATE ducklake_file_column_stats SET null_count = null_count + 1 WHERE data_file_id = 0", "file_statistics"),
        (
            "UPDATE ducklake_table_column_stats SET max_value = '2020-01-01 00:00:00' WHERE max_value LIKE '2026-%:%'",
            "table_bounds",
        ),
        ("UPDATE ingested_object SET new_events = new_events + 1 WHERE object_id = 1", "conservation"),
        (
            "UPDATE ingested_object SET new_events = new_events + 1, records = records + 1 WHERE object_id = 1",
            "conservation",
        ),
        ("INSERT INTO retired_day SELECT '2026-05-29', 0, 0", "retired_days"),
        ("UPDATE ducklake_snapshot SET next_file_id = 0", "snapshots"),
        ("UPDATE ducklake_column SET column_name = 'actor' WHERE column_name = 'principal'", "no_foreign_change"),
    ] {
        let lake = whole.copy();
        change(&lake, statement);
        finds(&lake, invariant);
    }
}

#[test]
fn a_row_in_another_days_partition() {
    let lake = lake();
    change(
        &lake,
        "UPDATE ducklake_file_partition_value SET partition_value = '2026-05-20' WHERE data_file_id =
         (SELECT min(data_file_id) FROM ducklake_data_file WHERE table_id = 1)",
    );
    let found = finds(&lake, "partition");
    assert_eq!(found[0]["day"], "2026-05-20");
}

/// A second copy of a whole day's file, as a writer that forgot to look would make it.
#[test]
fn an_event_that_is_there_twice() {
    let lake = lake();
    let path = events_file(&lake);
    fs::copy(&path, path.with_file_name("copy.parquet")).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    change(
        &lake,
        &format!(
            "INSERT INTO ducklake_data_file SELECT 900, table_id, begin_snapshot, NULL, NULL,
             replace(path, '{name}', 'copy.parquet'), path_is_relative, file_format, record_count, file_size_bytes,
             footer_size, row_id_start, partition_id, NULL, NULL, NULL FROM ducklake_data_file WHERE path LIKE '%{name}'"
        ),
    );
    let found = finds(&lake, "one_effect_per_event");
    assert!(found[0]["detail"].as_str().unwrap().contains(" and "), "{found:?}");
    finds(&lake, "rollup");
}

#[test]
fn a_rollup_that_is_not_the_sum() {
    let lake = lake();
    change(
        &lake,
        "UPDATE ducklake_data_file SET end_snapshot = begin_snapshot
         WHERE data_file_id = (SELECT min(data_file_id) FROM ducklake_data_file WHERE table_id = 3)",
    );
    let found = finds(&lake, "rollup");
    assert!(found[0]["detail"].as_str().unwrap().contains("are not the sum of their events"), "{found:?}");
}

#[test]
fn compaction_hides_no_damage() {
    let lake = lake();
    let logs = lake.beside("more");
    write_sample(&sample(), 26..28, &logs);
    let ingest = lake.command(&["ingest", "-q"]).arg(&logs).env("TADORU_TEST_BATCH_BYTES", "150000").output().unwrap();
    assert!(ingest.status.success(), "{}", text(&ingest.stderr));
    for path in lake.named_files() {
        let mut bytes = fs::read(&path).unwrap();
        bytes[64] ^= 0x20;
        fs::write(&path, bytes).unwrap();
    }
    let output = lake.run(&["lake", "compact", "--all"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("is not what was written"), "{}", text(&output.stderr));
    finds(&lake, "file_checksum");
}

#[test]
fn times_that_cannot_be_true_disable_neither_check_nor_sql() {
    let lake = TestLake::new();
    let record = |time: &str, id: u32| {
        format!(
            r#"{{"eventVersion":"1.08","eventTime":"{time}","eventSource":"s3.amazonaws.com","eventName":"GetObject","eventID":"0000000{id}-0000-4000-8000-000000000000","userIdentity":{{"type":"AWSService","invokedBy":"x.amazonaws.com"}}}}"#
        )
    };
    let times = ["0001-01-02T03:04:05Z", "9998-01-02T03:04:05Z", "2026-01-02T03:04:05Z"];
    let records: Vec<String> = times.iter().zip(1..).map(|(time, id)| record(time, id)).collect();
    let logs = lake.beside("times.json");
    fs::write(&logs, format!(r#"{{"Records":[{}]}}"#, records.join(","))).unwrap();
    lake.ingest(&[&logs]);
    assert_eq!(violations(&lake), Vec::<Value>::new());
    let days = "SELECT date_trunc('day', eventtime) AS day, count(*) AS n FROM events GROUP BY 1 ORDER BY 1";
    assert_eq!(lake.rows(days).len(), 3);
    assert_eq!(lake.rows("SELECT 1 FROM events WHERE eventtime > now() - interval '30' day").len(), 1);
    let raw = lake.rows("SELECT raw FROM events WHERE raw LIKE '%0001-01-02%'");
    assert_eq!(raw.len(), 1, "the record's own bytes stay");
}
