//! A generated policy allows what the events themselves show, no more and no less: against each principal's events read
//! one by one, over random windows and filters, and against `aws/cases/truth`.

use std::collections::BTreeSet;
use std::rc::Rc;

use iam::event_action::{ActionKind, map, variant};
use iam::least_privilege::split;
use iam::policy_document::{MANAGED_POLICY_CHARACTERS, PolicyDocument};
use iam::service_reference::ServiceReference;
use lake::engine::{EngineLimits, Mode};
use lake::snapshot::Snapshot;
use lake::value::Value as LakeValue;
use questions::access_window::AccessWindow;
use questions::coverage::Coverage;
use questions::generate_policy::{self, Input, Place, Resources};
use questions::inventory::Inventory;
use questions::recorded_call::Calls;
use questions::test_policy::{self, NamedPolicy, Verdict};
use serde_json::Value;

use crate::reference::shared;
use crate::test_lake::{TestLake, sample, write_sample};

/// One event, as far as a policy depends on it.
struct Event {
    principal: String,
    at_us: i64,
    region: String,
    account: String,
    denied: bool,
    data: bool,
    actions: Vec<String>,
}

fn events(snapshot: &Snapshot, reference: &ServiceReference) -> Vec<Event> {
    let sql = "SELECT principal, eventtimestamp, awsregion, account, outcome, eventcategory, eventsource, eventname,
                      eventtype, requestparameters FROM events WHERE principal LIKE 'arn:%'";
    let rows = snapshot.query(sql, 0, Mode::Trusted).unwrap().rows;
    let event = |row: Vec<LakeValue>| {
        let text = |at: usize| if let LakeValue::Text(text) = &row[at] { Some(text.as_str()) } else { None };
        let LakeValue::Timestamp(at_us) = row[1] else { panic!("{row:?}") };
        let (source, name) = (text(6).unwrap(), text(7).unwrap());
        let found = map(reference, source, name, text(8), variant(source, name, text(9)).as_deref());
        Event {
            principal: text(0).unwrap().to_owned(),
            at_us,
            region: text(2).unwrap().to_owned(),
            account: text(3).unwrap().to_owned(),
            denied: text(4) == Some("denied"),
            data: text(5) == Some("Data"),
            actions: if found.kind == ActionKind::Mapped { found.actions } else { Vec::new() },
        }
    };
    rows.into_iter().map(event).collect()
}

/// The actions that the question's input asks for, event by event.
fn expected(events: &[Event], input: &Input) -> BTreeSet<String> {
    let is_asked_for = |event: &&Event| {
        input.calls.principals.contains(&event.principal)
            && input.calls.window.since_us.is_none_or(|since| event.at_us >= since)
            && event.at_us < input.calls.window.until_us
            && (input.calls.regions.is_empty() || input.calls.regions.contains(&event.region))
            && (input.calls.accounts.is_empty() || input.calls.accounts.contains(&event.account))
            && !(input.exclude_denied && event.denied)
            && !(input.exclude_data_events && event.data)
    };
    events.iter().filter(is_asked_for).flat_map(|event| event.actions.clone()).collect()
}

fn allowed(document: Option<&Value>) -> BTreeSet<String> {
    let Some(document) = document else { return BTreeSet::new() };
    let actions = document["Statement"][0]["Action"].as_array().unwrap();
    let texts: Vec<String> = actions.iter().map(|action| action.as_str().unwrap().to_owned()).collect();
    assert!(texts.is_sorted(), "{texts:?}");
    let distinct: BTreeSet<String> = texts.iter().cloned().collect();
    assert_eq!(distinct.len(), texts.len(), "no action twice: {texts:?}");
    distinct
}

/// Small random numbers, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as i64).rem_euclid(end)
    }

    fn some<T: Clone>(&mut self, of: &BTreeSet<T>) -> Vec<T> {
        if self.below(2) == 0 {
            return Vec::new();
        }
        of.iter().filter(|_| self.below(2) == 0).cloned().collect()
    }
}

#[test]
fn a_policy_allows_what_the_events_show_in_any_window() {
    const DAY_US: i64 = 86_400_000_000;
    let (organization, lake) = (sample(), TestLake::new());
    let logs = lake.beside("logs");
    // The last weeks: every kind of caller and of call is in them.
    write_sample(&organization, 40..organization.days(), &logs);
    lake.ingest(&[&logs]);
    let snapshot = Snapshot::open(&lake.folder(), EngineLimits::default()).unwrap();
    let reference = ServiceReference::embedded();
    let coverage = Coverage::read(&snapshot).unwrap();
    let events = events(&snapshot, &reference);
    let now_us = organization.as_of_us();
    let names: BTreeSet<String> = events.iter().map(|event| event.principal.clone()).collect();
    let regions: BTreeSet<String> = events.iter().map(|event| event.region.clone()).collect();
    let accounts: BTreeSet<String> = events.iter().map(|event| event.account.clone()).collect();
    let (mut random, mut asked, mut empty) = (Random(7), 0, 0);
    for principal in names.iter().filter(|name| !name.ends_with(":root")) {
        for turn in 0..2 {
            let unit = if random.below(2) == 0 { DAY_US } else { 1_000_000 };
            let since = now_us - 20 * DAY_US + random.below(19 * DAY_US / unit) * unit;
            let until_us = since + (1 + random.below((now_us - since) / unit)) * unit;
            let window = match turn {
                0 => AccessWindow { since_us: None, until_us: now_us },
                _ => AccessWindow { since_us: Some(since), until_us },
            };
            let input = Input {
                calls: Calls {
                    principals: vec![principal.clone()],
                    window,
                    regions: if turn == 0 { Vec::new() } else { random.some(&regions) },
                    accounts: if turn == 0 { Vec::new() } else { random.some(&accounts) },
                },
                resources: Resources::None,
                companions: false,
                exclude_denied: random.below(2) == 0,
                exclude_data_events: random.below(2) == 0,
            };
            let answer = generate_policy::ask(&snapshot, &reference, &coverage, &input, now_us).unwrap();
            let expected = expected(&events, &input);
            assert_eq!(allowed(answer.document.as_ref()), expected, "{input:?}");
            let listed: BTreeSet<String> = answer.of(Place::InPolicy).map(|line| line.action.clone()).collect();
            assert_eq!(listed, expected, "the table says the same: {input:?}");
            asked += 1;
            empty += usize::from(expected.is_empty());
        }
    }
    assert!(asked >= 40 && empty < asked / 2, "{asked} policies, {empty} of them empty");
}

#[test]
fn policies_are_those_of_truth() {
    let Some(cases) = shared("aws/cases", "policies_are_those_of_truth") else { return };
    let lake = TestLake::of(&[&cases.join("events")]);
    let snapshot = Snapshot::open(&lake.folder(), EngineLimits::default()).unwrap();
    let reference = ServiceReference::embedded();
    let coverage = Coverage::read(&snapshot).unwrap();
    let truth = std::fs::read_to_string(cases.join("truth/policy_generation.jsonl")).unwrap();
    let mut wrong = Vec::new();
    for case in truth.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let texts = |name: &str| -> BTreeSet<String> {
            case[name].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let time = |name: &str| case[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let window = AccessWindow { since_us: Some(time("startTime")), until_us: time("endTime") };
        let input = Input {
            calls: Calls {
                principals: vec![case["principalArn"].as_str().unwrap().to_owned()],
                window,
                regions: texts("regions").into_iter().collect(),
                accounts: Vec::new(),
            },
            resources: Resources::None,
            companions: false,
            exclude_denied: false,
            exclude_data_events: true,
        };
        let ask =
            |input: &Input| generate_policy::ask(&snapshot, &reference, &coverage, input, window.until_us).unwrap();
        let as_aws = ask(&input);
        let mut compare = |what: &str, found: BTreeSet<String>, truth: BTreeSet<String>| {
            if found != truth {
                wrong.push(format!("{} {what}: {found:?} instead of {truth:?}", case["id"]));
            }
        };
        let of = |place: Place| as_aws.of(place).map(|line| line.action.clone()).collect::<BTreeSet<_>>();
        compare("actions", allowed(as_aws.document.as_ref()), texts("expected_actions"));
        // Truth also names those that a management event shows as well.
        let by_data_alone = &texts("excluded_data_actions") - &texts("expected_actions");
        compare("data events", of(Place::DataEvent), by_data_alone);
        compare("unmapped", of(Place::Unmapped), texts("unmapped"));
        let granted = ask(&Input { exclude_denied: true, ..input.clone() });
        compare("not denied", allowed(granted.document.as_ref()), texts("actions_when_denied_are_excluded"));
        if as_aws.document.clone().unwrap_or_default() != case["expected_policy"] {
            wrong.push(format!("{}: {:?}", case["id"], as_aws.document));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What replay says of the policy made of all that a principal did: it denies none of those calls.
fn check_replay(
    snapshot: &Snapshot,
    principal: &str,
    now_us: i64,
    resources: Resources,
) -> Option<test_policy::Answer> {
    let reference = ServiceReference::embedded();
    let coverage = Coverage::read(snapshot).unwrap();
    let calls = Calls {
        principals: vec![principal.to_owned()],
        window: AccessWindow { since_us: None, until_us: now_us },
        regions: Vec::new(),
        accounts: Vec::new(),
    };
    let input =
        Input { calls: calls.clone(), resources, companions: false, exclude_denied: false, exclude_data_events: false };
    let answer = generate_policy::ask(snapshot, &reference, &coverage, &input, now_us).unwrap();
    let whole = answer.document?;
    let policy = |document: &Value| {
        let document = PolicyDocument::parse(document).unwrap();
        document.check_identity_policy().unwrap();
        NamedPolicy { name: "generated".to_owned(), document: Rc::new(document) }
    };
    let policies = split(&whole, MANAGED_POLICY_CHARACTERS).iter().map(policy).collect();
    let inventory = Inventory::read(snapshot, now_us).unwrap();
    let test = test_policy::Input { calls, policies, boundary: None, with_current: false };
    let replayed = test_policy::ask(snapshot, &reference, &inventory, &coverage, &test, now_us).unwrap();
    let denied = |line: &&test_policy::Line| matches!(line.verdict, Verdict::WouldBeDenied | Verdict::DeniedAlready);
    let denied: Vec<_> = replayed.lines.iter().filter(denied).collect();
    assert!(denied.is_empty(), "{principal} {resources:?}: {denied:?}\n{whole}");
    let in_policy: u64 = answer.lines.iter().filter(|l| l.place == Place::InPolicy).map(|l| l.seen.event_count).sum();
    assert!(replayed.evaluated <= in_policy, "every call has an action in the policy: {principal}");
    Some(replayed)
}

fn check_all_replays(snapshot: &Snapshot, now_us: i64) -> u64 {
    let sql = "SELECT DISTINCT principal FROM access_daily WHERE principal LIKE 'arn:%:user/%' OR principal LIKE 'arn:%:role/%'";
    let mut evaluated = 0;
    for row in snapshot.query(sql, now_us, Mode::Trusted).unwrap().rows {
        let LakeValue::Text(principal) = &row[0] else { panic!("{row:?}") };
        let plain = check_replay(snapshot, principal, now_us, Resources::None);
        check_replay(snapshot, principal, now_us, Resources::Placeholder);
        let observed = check_replay(snapshot, principal, now_us, Resources::Observed);
        let Some((plain, observed)) = plain.zip(observed) else { continue };
        assert_eq!(plain.unknown, 0, "{principal}: {:?}", plain.lines);
        assert_eq!(plain.evaluated, observed.evaluated, "{principal}");
        let told = observed.lines.iter().filter(|line| line.verdict == Verdict::Unknown && line.resource != "*");
        assert_eq!(told.collect::<Vec<_>>(), Vec::<&test_policy::Line>::new(), "what tells its resource is allowed");
        evaluated += plain.evaluated;
    }
    evaluated
}

#[test]
fn a_generated_policy_denies_none_of_the_samples_calls() {
    let (organization, lake) = (sample(), TestLake::new());
    let logs = lake.beside("logs");
    write_sample(&organization, 55..organization.days(), &logs);
    lake.ingest(&[&logs]);
    let snapshot = Snapshot::open(&lake.folder(), EngineLimits::default()).unwrap();
    let evaluated = check_all_replays(&snapshot, organization.as_of_us());
    assert!(evaluated > 500, "{evaluated} calls");
}

#[test]
fn a_generated_policy_denies_none_of_the_cases_calls() {
    let Some(cases) = shared("aws/cases", "a_generated_policy_denies_none_of_the_cases_calls") else { return };
    let lake = TestLake::of(&[&cases.join("events")]);
    let snapshot = Snapshot::open(&lake.folder(), EngineLimits::default()).unwrap();
    let evaluated = check_all_replays(&snapshot, 4_102_444_800_000_000);
    assert!(evaluated > 200, "{evaluated} calls");
}
