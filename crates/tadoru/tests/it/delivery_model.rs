//! Random schedules of deliveries against a model made of sets: duplicates, conflicts, changed and broken objects, batches of any
//! size, kills, two processes, retired days, compaction and folding in between. After each step the lake holds what the model
//! holds. The seed is fixed; `TADORU_TEST_SCHEDULES=1000` tries more of them.

mod model;
mod schedule;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use cloudtrail::log_file::Limits;
use lake::catalog::Catalog;
use lake::clean_up::clean_up;
use lake::compaction::{CompactionOptions, compact};
use lake::engine::{EngineLimits, Mode};
use lake::ingest::{IngestOptions, ingest};
use lake::retention::{Retention, retain};
use lake::snapshot::Snapshot;
use lake::source::local_folder;
use lake::source::local_list::LocalList;
use lake::value::Value;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rusqlite::{Connection, OpenFlags};

use crate::test_lake::{TestLake, text};
use model::{Counts, Model};
use schedule::{Event, Step, key, schedules};

/// Few, so that a folder comes in several portions.
const PORTION_FILES: usize = 3;
const WAIT: Duration = Duration::from_secs(600);
/// 2024-06-20, the time of ingest.
const NOW_US: i64 = 1_718_841_600_000_000;
/// 2024-05-20, the first day of events.
const FIRST_DAY_US: i64 = 1_716_163_200_000_000;
const DAY_US: i64 = 86_400_000_000;
/// Long after any snapshot: what was replaced may go.
const MUCH_LATER_US: i64 = 4_000_000_000_000_000;

#[test]
fn any_schedule_of_deliveries_leaves_the_lake_of_the_model() {
    #[allow(clippy::disallowed_methods, reason = "how many are tried")]
    let cases = std::env::var("TADORU_TEST_SCHEDULES").map_or(8, |cases| cases.parse().expect("a number of schedules"));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let performed = Cell::new((0, 0));
    let outcome = runner.run(&schedules(), |steps| {
        let mut delivery = Delivery::new();
        for step in &steps {
            delivery.perform(step);
            // What is only delivered is not in the lake yet.
            if !matches!(step, Step::Deliver(..) | Step::Redeliver(..)) {
                delivery.agrees(&format!("after {step:?}"));
            }
        }
        delivery.perform(&Step::Ingest { batch_bytes: 1 << 20, is_streamed: false });
        delivery.agrees("at the end");
        delivery.is_sound();
        performed.set((performed.get().0 + 1, performed.get().1 + steps.len()));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    eprintln!("{} schedules of {} steps", performed.get().0, performed.get().1);
}

/// A lake, the folder that objects are delivered into, and what both should hold.
struct Delivery {
    lake: TestLake,
    logs: PathBuf,
    model: Model,
}

impl Delivery {
    fn new() -> Self {
        let lake = TestLake::new();
        let logs = lake.beside("logs");
        std::fs::create_dir_all(&logs).unwrap();
        let logs = logs.canonicalize().unwrap();
        Catalog::open_or_create(&lake.folder()).unwrap();
        Self { lake, logs, model: Model::default() }
    }

    fn perform(&mut self, step: &Step) {
        match step {
            Step::Deliver(slot, content) => self.deliver(*slot, content.clone()),
            Step::Redeliver(from, to) => {
                if let Some(object) = self.model.source.get(from) {
                    self.deliver(*to, object.content.clone());
                }
            }
            Step::Ingest { batch_bytes, is_streamed } => self.ingests(*batch_bytes, *is_streamed),
            Step::Killed { is_compaction: false, stop_point, pass } => {
                let mut command = self.ingest_command();
                run_to(&mut command, stop_point, *pass);
                self.ingests(1, false);
            }
            Step::Killed { is_compaction: true, stop_point, pass } => {
                let mut command = self.lake.command(&["lake", "compact", "--quiet", "--jobs", "1"]);
                run_to(command.env("TADORU_TEST_GRACE_SECONDS", "0"), stop_point, *pass);
            }
            Step::TwoProcesses => {
                let children =
                    [self.ingest_command(), self.ingest_command()].map(|mut command| command.spawn().unwrap());
                for child in children {
                    let output = child.wait_with_output().unwrap();
                    assert!(output.status.success(), "{}", text(&output.stderr));
                }
                self.model.ingest(true);
            }
            Step::Compact => self.compacts(),
            Step::Fold => drop(Catalog::open_to_write(&self.lake.folder()).unwrap().fold_ledger(1).unwrap()),
            Step::Retire(first_kept) => self.retires(*first_kept),
        }
    }

    fn deliver(&mut self, slot: u8, content: schedule::Content) {
        let path = self.logs.join(key(slot));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content.bytes()).unwrap();
        let version = self.model.deliver(slot, content);
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(version);
        File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
    }

    fn ingest_command(&self) -> Command {
        let mut command = self.lake.command(&["ingest", "--quiet"]);
        command.arg(&self.logs).env("TADORU_TEST_BATCH_BYTES", "1").env("TADORU_TEST_GRACE_SECONDS", "0");
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    fn ingests(&mut self, batch_bytes: usize, is_streamed: bool) {
        let mut limits = Limits::default();
        if is_streamed {
            limits.in_memory_bytes = 0;
        }
        let options = IngestOptions { workers: 2, wait: WAIT, now_us: NOW_US, limits, batch_bytes };
        let mut list = LocalList::default();
        local_folder::list(&self.logs, &mut list).unwrap();
        let stop = AtomicBool::new(false);
        let outcome = ingest(&self.lake.folder(), list.portions(PORTION_FILES), &options, &stop, &mut |_| {}).unwrap();
        assert_eq!(outcome.faults, []);
        let before = self.model.total;
        let expected = self.model.ingest(false);
        let summary = outcome.summary;
        // After a kill, a part of it was acknowledged before.
        assert!(summary.records.cast_signed() <= expected.records, "{before:?} {expected:?} {summary:?}");
        assert_eq!(summary.records, summary.new_events + summary.duplicates + summary.rejected + summary.expired);
    }

    fn compacts(&self) {
        let folder = self.lake.folder();
        let options = CompactionOptions { workers: 2, wait: WAIT, least_files: 2, every_size: false };
        compact(&folder, &options, &AtomicBool::new(false), &mut |_| {}, &mut |_| {}).unwrap();
        clean_up(&folder, MUCH_LATER_US, Duration::ZERO).unwrap();
        // Once more: what was scheduled now goes.
        clean_up(&folder, MUCH_LATER_US, Duration::ZERO).unwrap();
        assert_eq!(self.lake.present_files(), self.lake.named_files());
    }

    fn retires(&mut self, first_kept: u8) {
        let as_of_us = FIRST_DAY_US + i64::from(first_kept) * DAY_US;
        let retention = Retention { event_days: Some(0), rollup_days: None, as_of_us };
        retain(&self.lake.folder(), &retention, NOW_US, WAIT, false, &mut |_| {}).unwrap();
        self.model.retire(first_kept);
    }

    /// The lake holds what the model holds.
    fn agrees(&self, when: &str) {
        let snapshot = Snapshot::open(&self.lake.folder(), EngineLimits::default()).unwrap();
        let counts = snapshot.counts().unwrap();
        let found = Counts {
            objects: counts.objects,
            records: counts.records,
            new_events: counts.new_events,
            duplicates: counts.duplicates,
            conflicts: counts.conflicts,
            rejected: counts.rejected,
            expired: counts.expired,
        };
        assert_eq!(found, self.model.total, "{when}");
        let query = |sql: &str| snapshot.query(sql, NOW_US, Mode::Trusted).unwrap().rows;

        let mut live: Vec<Event> = query("SELECT eventname, sourceipaddress, eventid IS NOT NULL FROM events")
            .iter()
            .map(|row| Event {
                number: number_at_end(&row[0]),
                variant: number_at_end(&row[1]),
                has_id: row[2] == Value::Bool(true),
            })
            .collect();
        live.sort();
        assert!(live.iter().eq(&self.model.live), "{when}: {live:?} are not {:?}", self.model.live);

        let sums = query("SELECT eventname, sum(eventcount) FROM access_daily GROUP BY eventname");
        let summed: BTreeMap<String, i64> = sums
            .into_iter()
            .map(|row| match <[Value; 2]>::try_from(row).unwrap() {
                [Value::Text(name), Value::Int(count)] => (name, count),
                other => panic!("{when}: {other:?}"),
            })
            .collect();
        assert_eq!(summed, self.model.summed, "{when}");

        let retired = snapshot.read_catalog(Catalog::retired).unwrap();
        let first = i32::try_from(FIRST_DAY_US / DAY_US).unwrap();
        let days = retired.days.into_iter().map(|(day, events)| ((day - first) as u8, events.cast_signed())).collect();
        assert_eq!(self.model.retired, days, "{when}");
        assert_eq!(live.len() as i64 + self.model.retired.values().sum::<i64>(), counts.new_events, "{when}");
        self.ledger_agrees(when);
    }

    /// Each object that is not folded says what became of its records.
    fn ledger_agrees(&self, when: &str) {
        let path = Catalog::path(&self.lake.folder());
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut statement = connection
            .prepare(
                "SELECT name, stamp, coalesce(warnings, '') LIKE '%OBJECT_CHANGED%', records, new_events, duplicates,
                        conflicts, rejected, expired FROM ingested_object",
            )
            .unwrap();
        let mut rows = statement.query([]).unwrap();
        let mut found = 0;
        while let Some(row) = rows.next().unwrap() {
            let name: String = row.get(0).unwrap();
            let slot = (0..=u8::MAX).find(|slot| Path::new(&name) == self.logs.join(key(*slot))).unwrap();
            let version = row.get::<_, String>(1).unwrap().parse::<u64>().unwrap() / 1_000_000_000;
            let expected = self.model.ledger[&(slot, version)];
            assert_eq!(row.get::<_, bool>(2).unwrap(), expected.is_changed, "{when}: OBJECT_CHANGED of {name}");
            let of = |index| row.get::<_, i64>(index).unwrap();
            let counts = Counts {
                objects: 1,
                records: of(3),
                new_events: of(4),
                duplicates: of(5),
                conflicts: of(6),
                rejected: of(7),
                expired: of(8),
            };
            assert!(expected.is_shared || counts == expected.counts, "{when}: {name}: {counts:?} are not {expected:?}");
            found += 1;
        }
        let folded: i64 =
            connection.query_row("SELECT coalesce(sum(objects), 0) FROM folded_prefix", [], |row| row.get(0)).unwrap();
        assert_eq!(found + folded, self.model.ledger.len() as i64, "{when}: each object once");
    }

    fn is_sound(&self) {
        let report = lake::check::check(&self.lake.folder(), &mut |_, _, _| {}).unwrap();
        assert_eq!(report.findings, []);
    }
}

fn number_at_end(value: &Value) -> u8 {
    let Value::Text(text) = value else { panic!("{value:?}") };
    text.rsplit(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse().unwrap()
}

/// Runs a command that dies at a stop point, or ends if it never gets there.
fn run_to(command: &mut Command, stop_point: &str, pass: u8) {
    let output = command.env("TADORU_TEST_STOP_POINT", format!("{stop_point}:{pass}")).output().unwrap();
    let is_killed = std::os::unix::process::ExitStatusExt::signal(&output.status).is_some();
    assert!(is_killed || output.status.success(), "{stop_point}:{pass}: {}", text(&output.stderr));
}
