//! Retention: old days go, the sums still add up, what arrives for them later is counted as expired, and nothing is called unused
//! where the lake no longer knows.

use std::path::PathBuf;

use serde_json::Value;

use crate::reference::agrees;
use crate::test_lake::{TestLake, sample, text, write_sample};

/// Days of the sample that lie around the turn of its two months: 2026-05-30 to 2026-06-02.
fn lake() -> (TestLake, PathBuf) {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 29..33, &logs);
    lake.ingest(&[&logs]);
    (lake, logs)
}

fn retain(lake: &TestLake, arguments: &[&str]) -> Vec<Value> {
    retain_and_keep_files(lake, "0", arguments)
}

/// Files of what is retired stay for so many seconds.
fn retain_and_keep_files(lake: &TestLake, seconds: &str, arguments: &[&str]) -> Vec<Value> {
    let mut command = lake.command(&["lake", "retain", "-o", "jsonl", "--as-of", "2026-06-04T12:00:00Z"]);
    let output = command.args(arguments).env("TADORU_TEST_GRACE_SECONDS", seconds).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn count(lake: &TestLake, statement: &str) -> u64 {
    lake.value(statement).as_u64().unwrap()
}

#[test]
fn old_days_go_and_the_sums_add_up() {
    let test = "old_days_go_and_the_sums_add_up";
    let (lake, logs) = lake();
    let old = count(&lake, "SELECT count(*) AS n FROM events WHERE eventdate < DATE '2026-06-01'");
    let all = count(&lake, "SELECT count(*) AS n FROM events");
    let summed = count(&lake, "SELECT sum(eventcount) AS n FROM access_daily");

    let would = retain(&lake, &["--days", "3", "--dry-run"]);
    assert!(would.iter().all(|row| row["result"] == "would_be_retired"), "{would:?}");
    assert_eq!(count(&lake, "SELECT count(*) AS n FROM events"), all, "a dry run retires nothing");

    let went = retain(&lake, &["--days", "3"]);
    assert_eq!(went.len(), would.len());
    assert_eq!(went.iter().map(|row| row["events"].as_u64().unwrap()).sum::<u64>(), old);
    assert_eq!(count(&lake, "SELECT count(*) AS n FROM events"), all - old);
    assert_eq!(count(&lake, "SELECT sum(eventcount) AS n FROM access_daily"), summed, "the rollup stays");
    lake.assert_sound("retired");
    retain(&lake, &["--days", "3"]);
    assert_eq!(lake.present_files(), lake.named_files(), "retired files are unlinked");
    agrees("read_back.py", &[&lake.folder(), &program_path()], test);

    let status = lake.run(&["status"]);
    let said = text(&status.stderr);
    assert!(said.contains(&format!("retention took out days with {old} more events")), "{said}");
    assert!(!said.contains("do not add up"), "{said}");

    // The same records come again under other names: those of retired days cannot be compared any more.
    let again = lake.beside("again");
    write_sample(&sample(), 29..33, &again);
    let summary = lake.ingest(&[&again]);
    let of = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!(of("records"), of("new_events") + of("duplicates") + of("rejected") + of("expired"));
    assert_eq!(of("new_events"), 0, "{summary}");
    assert!(of("expired") >= old, "{summary}");
    assert_eq!(count(&lake, "SELECT sum(eventcount) AS n FROM access_daily"), summed);
    lake.assert_sound("after a redelivery");
    drop(logs);
}

/// DuckDB leaves out conditions that the bounds of a table make true: those must be true of the snapshot before, too.
#[test]
fn who_reads_the_snapshot_before_reads_the_retired_days() {
    let (lake, _) = lake();
    retain_and_keep_files(&lake, "3600", &["--days", "3", "--rollup-days", "3"]);
    assert!(lake.present_files().len() > 2, "retired files are still there");
    lake.assert_sound("retired, with the files still there");
    agrees("read_back.py", &[&lake.folder(), &program_path()], "who_reads_the_snapshot_before_reads_the_retired_days");
}

fn program_path() -> PathBuf {
    PathBuf::from(crate::test_lake::program().get_program())
}

#[test]
fn a_month_of_the_rollup_goes_when_none_of_its_events_is_left() {
    let (lake, _) = lake();
    let kept = retain(&lake, &["--rollup-days", "3"]);
    assert_eq!(kept, Vec::<Value>::new(), "the lake still holds events of May");
    let went = retain(&lake, &["--days", "3", "--rollup-days", "3"]);
    let months: Vec<&Value> = went.iter().filter(|row| row["table"] == "access_daily").collect();
    assert!(months.iter().all(|row| row["day"].as_str() < Some("2026-06-01")), "{months:?}");
    assert!(!months.is_empty());
    assert_eq!(count(&lake, "SELECT count(*) AS n FROM access_daily WHERE eventmonth < DATE '2026-06-01'"), 0);
    lake.assert_sound("a month retired");

    let unknown = |since: &str| -> bool {
        let output = lake.run(&[
            "access-advisor",
            "--all",
            "--unused",
            "--since",
            since,
            "--as-of",
            "2026-06-03T12:00:00Z",
            "-q",
            "-o",
            "jsonl",
        ]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let verdicts = text(&output.stdout);
        assert!(!verdicts.is_empty());
        !verdicts.contains("\"verdict\":\"unused\"")
    };
    assert!(unknown("2026-05-30"), "the window reaches into what is gone");
    assert!(!unknown("2026-06-01"), "from the first kept day on the lake knows");
}

#[test]
fn an_ingest_retires_what_the_configuration_says() {
    let (whole, logs) = lake();
    let expected = whole.sql("SELECT eventid FROM events WHERE eventdate >= DATE '2026-06-01' ORDER BY 1");
    let lake = TestLake::new();
    let output = lake
        .command(&["ingest", "--as-of", "2026-06-04"])
        .arg(&logs)
        .env("TADORU_RETENTION_DAYS", "3")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("were retired"), "{}", text(&output.stderr));
    assert_eq!(lake.sql("SELECT eventid FROM events ORDER BY 1"), expected);
    lake.assert_sound("after an ingest with retention");
}

#[test]
fn without_a_number_of_days_nothing_is_retired() {
    let (lake, _) = lake();
    let output = lake.run(&["lake", "retain"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: nothing says how long to keep what\n"));
}

#[test]
fn a_now_that_is_to_come_retires_nothing_before_its_time() {
    let (lake, _) = lake();
    // 10,000 days before 2099 every event is long over; 10,000 days before the clock none has been made.
    let output = lake.run(&["lake", "retain", "--days", "10000", "--as-of", "2099-01-01"]);
    let said = text(&output.stderr);
    assert!(output.status.success() && said.contains("nothing is old enough"), "{said}");
    assert!(said.contains("it is the machine's clock"), "{said}");
}
