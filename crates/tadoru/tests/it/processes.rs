//! Several processes at one lake: a long ingest, short ones over files it has in hand, a compactor, a retention run, one that is
//! killed, and readers of Tadoru and of DuckDB all the while. No reader fails or sees a lake that does not add up, and at the
//! end it is the lake of one quiet ingest. Bounded by rounds, not by time: `TADORU_TEST_ROUNDS=20` is abuse.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use lake::writer_lock::WriterLock;
use sample::{Organization, Settings};
use serde_json::Value;

use crate::reference::{agrees, duckdb};
use crate::test_lake::{TestLake, text, write_sample};

/// Dozens of batches over the files of a round.
const BATCH_BYTES: &str = "15000";
/// The days of the sample that a round delivers, and how many of them the short ingests take again.
const DAYS: u32 = 4;
/// The day of the retention run, and what it keeps: the sample's first day is 2026-05-01.
const RETAIN: [&str; 6] = ["lake", "retain", "--days", "3", "--as-of", "2026-05-06"];
const FIRST_KEPT: &str = "DATE '2026-05-03'";
/// Longer than any reader takes to open its files.
const GRACE_SECONDS: &str = "60";

/// Counts of one snapshot: events and sums of the rollup over the days that retention leaves alone, and records.
const COUNTS: &str = "SELECT (SELECT count(*) FROM events WHERE eventdate >= DATE '2026-05-03') AS events, \
     (SELECT coalesce(sum(eventcount), 0) FROM access_daily WHERE eventdate >= DATE '2026-05-03') AS summed, \
     (SELECT count(*) FROM (SELECT DISTINCT eventid, recipientaccountid, eventcategory, fingerprint FROM events \
      WHERE eventdate >= DATE '2026-05-03') AS known) AS distinct_events";

fn rounds() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "how long an abuse run is")]
    std::env::var("TADORU_TEST_ROUNDS").map_or(1, |rounds| rounds.parse().expect("a number of rounds"))
}

/// One lake, its sources, and how often it was read.
struct Scene {
    lake: TestLake,
    writing: AtomicBool,
    reads: AtomicU64,
    compactions: AtomicU64,
}

impl Scene {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.lake.command(arguments);
        command.env("TADORU_TEST_BATCH_BYTES", BATCH_BYTES).env("TADORU_TEST_GRACE_SECONDS", GRACE_SECONDS);
        command
    }

    fn ingest(&self, source: &Path) -> Command {
        let mut command = self.command(&["ingest", "--quiet", "--wait", "600"]);
        command.arg(source);
        command
    }

    fn runs(&self, arguments: &[&str]) -> Output {
        succeeded(self.command(arguments).output().unwrap(), arguments)
    }

    /// Runs `read` over and over while anybody writes, and once more.
    fn read_while_written(&self, mut read: impl FnMut()) {
        loop {
            let last = !self.writing.load(Ordering::Acquire);
            read();
            self.reads.fetch_add(1, Ordering::Relaxed);
            if last {
                return;
            }
        }
    }

    fn reads_sql(&self) {
        let mut known = 0;
        self.read_while_written(|| {
            let output = self.runs(&["sql", COUNTS, "--quiet", "-o", "jsonl"]);
            known = grown(&text(&output.stdout), known, "tadoru sql");
        });
    }

    fn reads_by_duckdb(&self) {
        let mut known = 0;
        self.read_while_written(|| {
            let Some(output) = duckdb("open_lake.py", &[&self.lake.folder(), Path::new(COUNTS)], "duckdb_reader")
            else {
                return;
            };
            known = grown(&text(&succeeded(output, &["open_lake.py"]).stdout), known, "DuckDB");
        });
    }

    fn reads_by_questions(&self) {
        self.read_while_written(|| {
            let status = self.runs(&["status"]);
            assert!(!text(&status.stderr).contains("do not add up"), "{}", text(&status.stderr));
            let advice = self.runs(&["access-advisor", "--all", "--quiet", "-o", "jsonl"]);
            assert!(!advice.stdout.is_empty());
            self.lake.assert_sound("while others write");
        });
    }

    /// Merges while anybody writes; each third process dies of it.
    fn compacts(&self) {
        let points = ["merged_file_written:2", "before_compaction_commit:2", "after_unlink:1", "after_fold_commit:1"];
        for run in 0.. {
            let last = !self.writing.load(Ordering::Acquire);
            let mut command = self.command(&["lake", "compact", "--quiet", "--wait", "600"]);
            if run % 3 == 2 {
                command.env("TADORU_TEST_STOP_POINT", points[run / 3 % points.len()]);
            }
            let output = command.output().unwrap();
            if output.status.signal().is_none() {
                succeeded(output, &["lake", "compact"]);
            }
            self.compactions.fetch_add(1, Ordering::Relaxed);
            if last {
                return;
            }
        }
    }

    /// `kill -9` once some files are there that were not before.
    fn ingests_and_is_killed(&self, source: &Path) {
        let wanted = self.lake.present_files().len() + 10;
        let mut child = self.ingest(source).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            if self.lake.present_files().len() >= wanted {
                child.kill().unwrap();
            }
            thread::yield_now();
        }
    }

    /// Everybody at once.
    fn round(&self, logs: &Path, again: &Path) {
        self.writing.store(true, Ordering::Release);
        thread::scope(|scope| {
            let short = logs.join("AWSLogs");
            let writers = [
                scope.spawn(|| drop(succeeded(self.ingest(logs).output().unwrap(), &["the long ingest"]))),
                scope.spawn(|| drop(succeeded(self.ingest(again).output().unwrap(), &["a short ingest"]))),
                scope.spawn(move || drop(succeeded(self.ingest(&short).output().unwrap(), &["another"]))),
                scope.spawn(|| {
                    self.ingests_and_is_killed(again);
                    self.runs(&[&RETAIN[..], &["--quiet", "--wait", "600"]].concat());
                }),
            ];
            scope.spawn(|| self.compacts());
            scope.spawn(|| self.reads_sql());
            scope.spawn(|| self.reads_by_duckdb());
            scope.spawn(|| self.reads_by_questions());
            let ended: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
            // Before a panic goes on: the readers stop by it.
            self.writing.store(false, Ordering::Release);
            ended.into_iter().for_each(|end| end.unwrap());
        });
    }
}

fn succeeded(output: Output, who: &[&str]) -> Output {
    assert!(output.status.success(), "{who:?} ended by {}: {}", output.status, text(&output.stderr));
    output
}

/// The events of an answer to [`COUNTS`], which add up and are no fewer than those seen before.
fn grown(answer: &str, known: u64, who: &str) -> u64 {
    let counts: Value = serde_json::from_str(answer).unwrap();
    let events = counts["events"].as_u64().unwrap();
    // DuckDB sums into a HUGEINT, which it prints as text.
    let summed = counts["summed"].as_str().map_or_else(|| counts["summed"].as_u64().unwrap(), |n| n.parse().unwrap());
    assert_eq!(summed, events, "{who}: the rollup is not the sum of the events");
    assert_eq!(counts["distinct_events"], events, "{who}: an event is there twice");
    assert!(events >= known, "{who}: {events} events after {known}");
    events
}

/// Files of a round: all of them, and the last days' under other names, so that each of their events comes again.
fn sources(lake: &TestLake, round: u64) -> (PathBuf, PathBuf) {
    let organization = Organization::new(Settings { seed: round, events: 12_000, ..Settings::default() });
    let (logs, again) = (lake.beside(&format!("logs-{round}")), lake.beside(&format!("again-{round}")));
    write_sample(&organization, 0..DAYS, &logs);
    write_sample(&organization, DAYS - 2..DAYS, &again);
    (logs, again)
}

/// A file with one record.
fn one_record(lake: &TestLake, name: &str) -> PathBuf {
    let path = lake.beside(&format!("{name}.json"));
    let record = format!(
        r#"{{"eventVersion":"1.08","eventTime":"2026-05-03T10:00:00Z","eventID":"{name}","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","userIdentity":{{"type":"AWSAccount"}}}}"#
    );
    std::fs::write(&path, format!(r#"{{"Records":[{record}]}}"#)).unwrap();
    path
}

/// Each distinct event, by what tells it from others, in the days that retention leaves alone.
const KEPT: &str = "SELECT eventid, recipientaccountid, eventcategory, fingerprint, raw FROM events \
     WHERE eventdate >= DATE '2026-05-03' ORDER BY eventid, recipientaccountid, eventcategory, fingerprint";

#[test]
fn writers_readers_and_upkeep_at_once() {
    let scene = Scene {
        lake: TestLake::new(),
        writing: AtomicBool::new(false),
        reads: AtomicU64::new(0),
        compactions: AtomicU64::new(0),
    };
    let quiet = TestLake::new();
    // Readers need a lake to be there.
    let (before, _) = sources(&scene.lake, 0);
    let first = before.join("first.json");
    std::fs::write(&first, r#"{"Records":[]}"#).unwrap();
    scene.lake.ingest(&[&first]);
    for round in 0..rounds() {
        let (logs, again) = sources(&scene.lake, round);
        scene.round(&logs, &again);
        succeeded(scene.ingest(&again).output().unwrap(), &["what was killed"]);
        quiet.ingest(&[&logs, &again]);
        scene.lake.assert_sound("after a round");
    }
    scene.runs(&RETAIN);
    assert!(scene.lake.sql(KEPT) == quiet.sql(KEPT), "another lake than that of a quiet ingest");
    let records = "SELECT sum(records) AS n FROM (SELECT records FROM ingested_object UNION ALL \
                   SELECT records FROM folded_prefix)";
    assert_eq!(scene.lake.catalog(records), quiet.catalog(records), "a file was ingested twice, or never");
    let balance = "SELECT (SELECT sum(new_events) FROM (SELECT new_events FROM ingested_object UNION ALL \
                   SELECT new_events FROM folded_prefix)) - (SELECT sum(events) FROM retired_day) AS live";
    let live = scene.lake.value("SELECT count(*) AS n FROM events").to_string();
    assert_eq!(scene.lake.catalog(balance)[0]["live"], live, "live and retired events are not the new ones");
    assert_eq!(scene.lake.value(&format!("SELECT count(*) AS n FROM events WHERE eventdate < {FIRST_KEPT}")), 0);
    scene.lake.assert_sound("at the end");
    agrees("read_back.py", &[&scene.lake.folder(), Path::new(env!("CARGO_BIN_EXE_tadoru"))], "several processes");
    let output = scene.lake.command(&["lake", "compact", "--quiet"]).env("TADORU_TEST_GRACE_SECONDS", "0").output();
    succeeded(output.unwrap(), &["lake", "compact"]);
    assert_eq!(scene.lake.present_files(), scene.lake.named_files(), "files are left lying about");
    eprintln!("{} reads and {} compactions, {live} events", scene.reads.into_inner(), scene.compactions.into_inner());
}

/// Whoever comes first makes the lake; the others find none, or a whole one.
#[test]
fn several_first_ingests_make_one_lake() {
    for _ in 0..3 {
        let lake = TestLake::new();
        let (logs, again) = (one_record(&lake, "a"), one_record(&lake, "b"));
        let ingest = |source: &Path| {
            let mut command = lake.command(&["ingest", "--quiet", "--wait", "600"]);
            command.arg(source).stdout(Stdio::null()).stderr(Stdio::piped());
            command
        };
        let mut children: Vec<Child> =
            [&logs, &again, &logs, &again].map(|source| ingest(source).spawn().unwrap()).into();
        while children.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
            let status = lake.run(&["status", "-o", "jsonl"]);
            let said = text(&status.stderr);
            assert!(status.status.success() || said.contains("there is no lake in"), "{said}");
        }
        for child in children {
            succeeded(child.wait_with_output().unwrap(), &["a first ingest"]);
        }
        lake.assert_consistent();
        lake.assert_sound("after several first ingests");
    }
}

fn waits_in_vain(lake: &TestLake, source: &Path, holder: &str) {
    let output = lake.command(&["ingest", "--wait", "3"]).arg(source).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let (note, error) = said.split_once("error: ").unwrap_or_else(|| panic!("{said}"));
    assert!(note.contains("note: waiting for another process that writes to the lake\n"), "{said}");
    assert!(note.contains(&format!(" why: {holder}")), "{said}");
    assert!(error.starts_with("another process writes to the lake\n"), "{said}");
    assert!(error.contains(&format!("  why: {holder}")), "{said}");
    assert!(error.ends_with("  try: wait for it, or --wait SECONDS\n"), "{said}");
    assert_eq!(error.lines().count(), 3, "{said}");
}

#[test]
fn a_waiter_names_whom_it_waits_for_and_gives_up() {
    let lake = TestLake::new();
    let (logs, again) = (one_record(&lake, "a"), one_record(&lake, "b"));
    lake.ingest(&[&again]);
    let held = WriterLock::acquire(&lake.folder(), std::time::Duration::ZERO, &mut |_| {}).unwrap();
    waits_in_vain(&lake, &logs, &format!("pid {} (", std::process::id()));
    drop(held);
    lake.ingest(&[&logs]);
    lake.assert_sound("after waiting");
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn is_stopped(child: &Child) -> bool {
    let output = Command::new("ps").args(["-o", "state=", "-p", &child.id().to_string()]).output().unwrap();
    output.stdout.starts_with(b"T")
}

/// A writer that hangs holds its turn, but not the readers.
#[test]
fn a_stopped_writer_is_named_and_readers_go_on() {
    let lake = TestLake::new();
    let (logs, other) = (sources(&lake, 0).0, one_record(&lake, "other"));
    lake.ingest(&[&one_record(&lake, "first")]);
    let lock = std::fs::File::open(lake.folder().join("writer.lock")).unwrap();
    let mut child =
        lake.command(&["ingest", "--quiet"]).arg(&logs).env("TADORU_TEST_BATCH_BYTES", BATCH_BYTES).spawn().unwrap();
    loop {
        assert!(child.try_wait().unwrap().is_none(), "it was never seen to write");
        if lock.try_lock_shared().is_ok() {
            lock.unlock().unwrap();
            continue;
        }
        signal(&child, "-STOP");
        while !is_stopped(&child) {
            thread::yield_now();
        }
        if lock.try_lock_shared().is_err() {
            break;
        }
        lock.unlock().unwrap();
        signal(&child, "-CONT");
    }
    waits_in_vain(&lake, &other, &format!("pid {} (", child.id()));
    lake.assert_consistent();
    signal(&child, "-CONT");
    assert!(child.wait().unwrap().success());
    lake.assert_sound("after it went on");
}
