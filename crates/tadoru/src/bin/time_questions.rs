//! How long questions take on an open lake, warm: the median of several runs in one process, as JSON. For
//! `cargo xtask bench`; `time_questions LAKE QUERIES_DIR RUNS`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measured by the clock, and stops where something is wrong"
)]

use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use iam::policy_document::PolicyDocument;
use iam::service_reference::ServiceReference;
use lake::engine::{EngineLimits, Mode};
use lake::snapshot::Snapshot;
use lake::value::Value;
use questions::access_advisor::{self, Granularity, Input, Listed};
use questions::access_window::AccessWindow;
use questions::coverage::Coverage;
use questions::generate_policy::{self, Resources};
use questions::inventory::Inventory;
use questions::recorded_call::Calls;
use questions::subject;
use questions::test_policy::{self, NamedPolicy};
use questions::unused_access::{self, FindingKind};
use serde_json::{Map, json};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const DAY_US: i64 = 86_400_000_000;

struct Bench {
    snapshot: Snapshot,
    now_us: i64,
    runs: usize,
    medians: Map<String, serde_json::Value>,
}

impl Bench {
    /// Times `ask`, which returns how many rows or lines came, after one run that does not count.
    fn time(&mut self, name: &str, ask: impl Fn(&Snapshot, i64) -> usize) {
        let mut rows = 0;
        let mut times: Vec<f64> = (0..=self.runs)
            .map(|_| {
                let began = Instant::now();
                rows = ask(&self.snapshot, self.now_us);
                began.elapsed().as_secs_f64() * 1_000.0
            })
            .skip(1)
            .collect();
        times.sort_by(f64::total_cmp);
        self.medians.insert(name.to_owned(), json!({"ms": times[times.len() / 2], "rows": rows}));
    }

    fn text(&self, sql: &str) -> String {
        match self.snapshot.query(sql, self.now_us, Mode::Trusted).unwrap().rows.remove(0).remove(0) {
            Value::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }
}

/// What the questions about permissions need, read once.
#[derive(Clone)]
struct Known {
    coverage: Coverage,
    services: Rc<ServiceReference>,
}

impl Known {
    /// The subject is found anew each time, as the command does.
    fn advise(&self, who: Option<String>, granularity: Granularity) -> impl Fn(&Snapshot, i64) -> usize + use<> {
        let known = self.clone();
        move |snapshot, now_us| {
            let inventory = Inventory::read(snapshot, now_us).unwrap();
            let subjects = who.iter().map(|who| subject::resolve(snapshot, &inventory, who).unwrap()).collect();
            let window = AccessWindow { since_us: None, until_us: now_us };
            let input =
                Input { subjects, granularity, listed: Listed::All, window, regions: Vec::new(), granting: false };
            let Known { coverage, services } = &known;
            access_advisor::ask(snapshot, services, &inventory, coverage, &input, now_us).unwrap().lines.len()
        }
    }

    /// The policy of what a principal did since `since_us`.
    fn generated(
        &self,
        who: &str,
        since_us: Option<i64>,
        resources: Resources,
    ) -> impl Fn(&Snapshot, i64) -> generate_policy::Answer + use<> {
        let (known, who) = (self.clone(), who.to_owned());
        move |snapshot, now_us| {
            let input = generate_policy::Input {
                calls: calls(&who, since_us, now_us),
                resources,
                companions: false,
                exclude_denied: false,
                exclude_data_events: false,
            };
            generate_policy::ask(snapshot, &known.services, &known.coverage, &input, now_us).unwrap()
        }
    }

    /// How many calls of a principal were replayed against a policy.
    fn replayed(&self, who: &str, policy: &serde_json::Value) -> impl Fn(&Snapshot, i64) -> usize + use<> {
        let (known, who) = (self.clone(), who.to_owned());
        let document = Rc::new(PolicyDocument::parse(policy).unwrap());
        let policies = vec![NamedPolicy { name: "generated".to_owned(), document }];
        move |snapshot, now_us| {
            let inventory = Inventory::read(snapshot, now_us).unwrap();
            let calls = calls(&who, None, now_us);
            let input = test_policy::Input { calls, policies: policies.clone(), boundary: None, with_current: false };
            let Known { coverage, services } = &known;
            let answer = test_policy::ask(snapshot, services, &inventory, coverage, &input, now_us).unwrap();
            usize::try_from(answer.evaluated).unwrap()
        }
    }

    fn unused(&self) -> impl Fn(&Snapshot, i64) -> usize + use<> {
        let known = self.clone();
        move |snapshot, now_us| {
            let inventory = Inventory::read(snapshot, now_us).unwrap();
            let input = unused_access::Input {
                since_us: now_us - 45 * DAY_US,
                kinds: FindingKind::ALL.into(),
                granularity: Granularity::Service,
                accounts: Vec::new(),
                exceptions: Vec::new(),
            };
            let Known { coverage, services } = &known;
            unused_access::ask(snapshot, services, &inventory, coverage, &input, now_us).unwrap().findings.len()
        }
    }
}

fn calls(who: &str, since_us: Option<i64>, now_us: i64) -> Calls {
    let window = AccessWindow { since_us, until_us: now_us };
    Calls { principals: vec![who.to_owned()], window, regions: Vec::new(), accounts: Vec::new() }
}

/// Policies of one principal, made and replayed.
fn time_policies(bench: &mut Bench, known: &Known, who: &str) {
    let since_us = Some(bench.now_us - 90 * DAY_US);
    let modes = [("*", Resources::None), ("observed", Resources::Observed)];
    for (name, resources) in modes {
        let generate = known.generated(who, since_us, resources);
        let title = format!("generate-policy, one principal, 90 days, resources {name}");
        bench.time(&title, move |snapshot, now_us| generate(snapshot, now_us).lines.len());
        let whole = known.generated(who, None, resources)(&bench.snapshot, bench.now_us);
        let Some(document) = whole.document else { continue };
        bench.time(&format!("test-policy, one principal, resources {name}"), known.replayed(who, &document));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, queries, runs] = arguments.as_slice() else { panic!("time_questions LAKE QUERIES_DIR RUNS") };
    let began = Instant::now();
    let snapshot = Snapshot::open(Path::new(folder), EngineLimits::default()).unwrap();
    let opened_ms = began.elapsed().as_secs_f64() * 1_000.0;
    let now_us = snapshot.event_span().unwrap().1 + 1;
    let mut bench = Bench { snapshot, now_us, runs: runs.parse().unwrap(), medians: Map::new() };
    bench.medians.insert("open the lake".to_owned(), json!({"ms": opened_ms, "rows": 1}));
    let busiest = bench.text(
        "SELECT principal FROM access_daily WHERE principal LIKE 'arn:aws:iam::%:role/%'
         GROUP BY 1 ORDER BY sum(eventcount) DESC, 1 LIMIT 1",
    );
    let event_id = bench.text("SELECT eventid FROM events WHERE principal LIKE '%Alice' ORDER BY eventtime, 1 LIMIT 1");
    let access_key = bench
        .text("SELECT accesskeyid FROM events WHERE accesskeyid LIKE 'AKIA%' GROUP BY 1 ORDER BY count(*), 1 LIMIT 1");
    bench.time("coverage of the lake, once a snapshot", |snapshot, _| Coverage::read(snapshot).unwrap().accounts.len());
    let coverage = Coverage::read(&bench.snapshot).unwrap();
    let known = Known { coverage, services: Rc::new(ServiceReference::embedded()) };
    bench.time("access-advisor, one principal", known.advise(Some(busiest.clone()), Granularity::Service));
    bench.time("access-advisor, one principal, by action", known.advise(Some(busiest.clone()), Granularity::Action));
    time_policies(&mut bench, &known, &busiest);
    bench.time("access-advisor, all", known.advise(None, Granularity::Service));
    bench.time("unused-access, 45 days", known.unused());
    bench.time("event by id", move |snapshot, now_us| {
        questions::events::by_id(snapshot, &event_id, now_us).unwrap().len()
    });
    let by_key = format!("SELECT eventtime, eventname FROM events WHERE accesskeyid = '{access_key}' LIMIT 100");
    bench.time("events by access key", move |snapshot, now_us| {
        snapshot.query(&by_key, now_us, Mode::Trusted).unwrap().rows.len()
    });
    let mut files: Vec<_> = std::fs::read_dir(queries).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let (name, sql) =
            (file.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&file).unwrap());
        bench.time(&name, |snapshot, now_us| snapshot.query(&sql, now_us, Mode::Guarded).unwrap().rows.len());
    }
    println!("{}", serde_json::Value::Object(bench.medians));
}
