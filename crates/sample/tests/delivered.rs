//! Reads the sample as a customer's bucket would be read, gzip and JSON and all, and holds it against its own truth:
//! bytes, order, keys, counts, distributions and each story. Nothing here uses the generator's inside.

// Lets clippy know that helpers outside the test functions are tests too.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::sync::LazyLock;

use sample::{Organization, PrincipalUse, Settings, Story, Truth};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

const SMALL: u64 = 20_000;
const USUAL: u64 = 60_000;
/// Of keys and bytes of the small sample. Whoever changes it changes every figure measured on the sample.
const SMALL_SHA256: &str = "76d1b6c8c737c206fba6956a162fa1f3cf2f9d36c177c414e47db9dc82b9f6d5";

struct Delivered {
    truth: Truth,
    /// Key, and position of the object's first record.
    objects: Vec<(String, usize)>,
    records: Vec<Record>,
}

struct Record {
    object: usize,
    text: String,
    value: Value,
}

#[derive(Deserialize)]
struct LogFile<'a> {
    #[serde(borrow, rename = "Records")]
    records: Vec<&'a RawValue>,
}

fn organization(events: u64) -> Organization {
    Organization::new(Settings { events, ..Settings::default() })
}

static DELIVERED: LazyLock<Delivered> = LazyLock::new(|| {
    let organization = organization(USUAL);
    let mut delivered = Delivered { truth: organization.truth(), objects: Vec::new(), records: Vec::new() };
    for object in organization.objects() {
        let mut json = String::new();
        flate2::read::GzDecoder::new(&object.bytes[..]).read_to_string(&mut json).unwrap();
        let file: LogFile = serde_json::from_str(&json).unwrap();
        let number = delivered.objects.len();
        delivered.objects.push((object.key, delivered.records.len()));
        for record in file.records {
            let value = serde_json::from_str(record.get()).unwrap();
            delivered.records.push(Record { object: number, text: record.get().to_owned(), value });
        }
    }
    delivered
});

impl Delivered {
    fn story(&self, id: &str) -> &Story {
        self.truth.stories.iter().find(|story| story.id == id).unwrap()
    }

    /// The first delivery of each event.
    fn events(&self) -> Vec<&Record> {
        let mut seen = BTreeSet::new();
        self.records.iter().filter(|record| seen.insert(record.field("eventID"))).collect()
    }

    fn events_of(&self, name: &str) -> Vec<&Record> {
        self.events().into_iter().filter(|record| record.field("eventName") == name).collect()
    }
}

impl Record {
    fn field(&self, name: &str) -> &str {
        self.value[name].as_str().unwrap_or_default()
    }

    fn principal(&self) -> String {
        let identity = &self.value["userIdentity"];
        let said = |field: &Value| field.as_str().unwrap_or_default().to_owned();
        let account = said(&identity["accountId"]);
        match identity["type"].as_str() {
            Some("AssumedRole") => said(&identity["sessionContext"]["sessionIssuer"]["arn"]),
            Some("AWSService") | None => format!("AWSService:{}", said(&identity["invokedBy"])),
            Some("AWSAccount") if account == "anonymous" => "AWSAccount:anonymous".to_owned(),
            Some("AWSAccount") => {
                format!("AWSAccount:{account}/{}", said(&identity["principalId"]).split(':').next().unwrap())
            }
            Some("IdentityCenterUser") => {
                let store = said(&identity["onBehalfOf"]["identityStoreArn"]);
                let user = said(&identity["onBehalfOf"]["userId"]);
                format!("IdentityCenterUser:{}/{user}", store.rsplit('/').next().unwrap())
            }
            Some("Unknown") => format!("Unknown:{account}/{}", said(&identity["userName"])),
            _ => said(&identity["arn"]),
        }
    }

    fn denied(&self) -> bool {
        let code = self.field("errorCode");
        matches!(code, "AccessDenied" | "AccessDeniedException" | "Client.UnauthorizedOperation")
            || self.value["responseElements"]["ConsoleLogin"] == "Failure"
    }
}

fn seconds(time: &str) -> i64 {
    let digits: String = time.chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize, to: usize| digits.get(from..to).map_or(0, |part| part.parse::<i64>().unwrap());
    let (year, month, day) = (part(0, 4), part(4, 6), part(6, 8));
    let shifted = if month < 3 { year - 1 } else { year };
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * ((month + 9) % 12) + 2) / 5 + day;
    days * 86_400 + part(8, 10) * 3600 + part(10, 12) * 60 + part(12, 14)
}

/// Account, region, stamp.
fn parts(key: &str) -> (String, String, String) {
    let file = key.rsplit('/').next().unwrap();
    let fields: Vec<&str> = file.split('_').collect();
    (fields[0].to_owned(), fields[2].to_owned(), fields[3].to_owned())
}

fn digest(settings: Settings) -> String {
    let mut sha = Sha256::new();
    for object in Organization::new(settings).objects() {
        sha.update(object.key.as_bytes());
        sha.update(&object.bytes);
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn same_seed_same_bytes() {
    let small = Settings { events: SMALL, ..Settings::default() };
    let other = Settings { seed: 7, ..small.clone() };
    assert_eq!(digest(small), SMALL_SHA256);
    assert_ne!(digest(other), SMALL_SHA256);
}

#[test]
fn objects_come_by_day_account_and_key() {
    let order: Vec<_> = DELIVERED
        .objects
        .iter()
        .map(|(key, _)| {
            let (account, _, stamp) = parts(key);
            (stamp[..8].to_owned(), account, key.clone())
        })
        .collect();
    assert!(order.windows(2).all(|pair| pair[0] < pair[1]));
    let days: BTreeSet<_> = order.iter().map(|(day, ..)| day).collect();
    assert_eq!(days.len(), 60);
    let one_day: Vec<String> = organization(USUAL).objects_of_day(30).map(|object| object.key).collect();
    let that_day = order.iter().map(|(.., key)| key).filter(|key| key.contains("/2026/05/31/"));
    assert!(one_day.iter().eq(that_day));
}

#[test]
fn days_may_be_made_in_parallel() {
    let organization = organization(SMALL);
    let make = |day: u32| organization.objects_of_day(day).map(|object| object.bytes.len()).sum::<usize>();
    let together: usize = std::thread::scope(|scope| {
        let days: Vec<_> = [3, 4].map(|day| scope.spawn(move || make(day))).into_iter().collect();
        days.into_iter().map(|day| day.join().unwrap()).sum()
    });
    assert_eq!(together, make(3) + make(4));
}

#[test]
fn a_session_key_belongs_to_one_principal() {
    let mut owners: HashMap<String, String> = HashMap::new();
    for event in DELIVERED.events() {
        if let Some(key) = event.value["userIdentity"]["accessKeyId"].as_str().filter(|key| !key.is_empty()) {
            let owner = format!("{} {}", event.principal(), event.value["userIdentity"]["principalId"]);
            assert_eq!(key.len(), 20);
            assert_eq!(owners.entry(key.to_owned()).or_insert_with(|| owner.clone()), &owner, "{key}");
        }
    }
}

#[test]
fn keys_are_those_of_an_organization_trail() {
    for (key, _) in &DELIVERED.objects {
        let (account, region, stamp) = parts(key);
        let tail = key.rsplit('_').next().unwrap();
        assert_eq!(tail.len(), 16 + ".json.gz".len(), "{key}");
        assert!(tail[..16].bytes().all(|byte| byte.is_ascii_alphanumeric()), "{key}");
        let folder = format!("{account}/CloudTrail/{region}/{}/{}/{}/", &stamp[..4], &stamp[4..6], &stamp[6..8]);
        let organization = format!("AWSLogs/o-tadorusmpl/{folder}");
        let second = account == "111111111111" && key.starts_with(&format!("AWSLogs/{folder}"));
        assert!(key.starts_with(&organization) || second, "{key}");
    }
}

#[test]
fn totals_are_what_is_delivered() {
    let totals = &DELIVERED.truth.totals;
    let events = DELIVERED.events();
    assert_eq!(totals.events, USUAL);
    assert_eq!(events.len() as u64, USUAL);
    assert_eq!(totals.records, DELIVERED.records.len() as u64);
    assert_eq!(totals.objects, DELIVERED.objects.len() as u64);
    assert_eq!(totals.duplicates, totals.records - totals.events);
    assert_eq!(totals.denied, events.iter().filter(|event| event.denied()).count() as u64);
    let mut accounts = BTreeMap::new();
    for event in events {
        *accounts.entry(event.field("recipientAccountId").to_owned()).or_insert(0) += 1;
    }
    assert_eq!(totals.accounts, accounts);
}

#[test]
fn each_principal_used_what_the_truth_says() {
    let mut found: BTreeMap<String, PrincipalUse> = BTreeMap::new();
    for event in DELIVERED.events() {
        let denied = u64::from(event.denied());
        let failed = u64::from(!event.denied() && !event.field("errorCode").is_empty());
        let time = event.field("eventTime").to_owned();
        let principal = found.entry(event.principal()).or_default();
        principal.events += 1;
        principal.denied += denied;
        principal.errors += failed;
        let source = principal.services.entry(event.field("eventSource").to_owned()).or_default();
        source.count += 1;
        source.denied += denied;
        source.first = if source.count == 1 { time.clone() } else { source.first.clone().min(time.clone()) };
        source.last = source.last.clone().max(time);
    }
    assert_eq!(found.keys().collect::<Vec<_>>(), DELIVERED.truth.principals.keys().collect::<Vec<_>>());
    for (principal, uses) in found {
        assert_eq!(uses, DELIVERED.truth.principals[&principal], "{principal}");
    }
}

#[test]
fn what_comes_twice_is_byte_equal_and_later() {
    let mut first: HashMap<&str, &Record> = HashMap::new();
    let (mut again, mut second_trail) = (0, 0);
    for record in &DELIVERED.records {
        let key = &DELIVERED.objects[record.object].0;
        let Some(earlier) = first.get(record.field("eventID")) else {
            first.insert(record.field("eventID"), record);
            continue;
        };
        assert_eq!(earlier.text, record.text);
        if DELIVERED.objects[earlier.object].0.contains("o-tadorusmpl") == key.contains("o-tadorusmpl") {
            again += 1;
        } else {
            second_trail += 1;
        }
    }
    // A second trail's copy sorts before the first trail's, so either may be met first.
    let totals = &DELIVERED.truth.totals;
    assert_eq!(again + second_trail, totals.duplicates);
    assert!(totals.second_trail > 0 && totals.redelivered > totals.second_trail);
}

#[test]
fn records_arrive_within_ten_minutes_or_again_within_hours() {
    let mut met = BTreeSet::new();
    for record in &DELIVERED.records {
        let lag = seconds(&parts(&DELIVERED.objects[record.object].0).2) - seconds(record.field("eventTime"));
        let most = if met.insert(record.field("eventID")) { 600 } else { 3 * 3600 + 600 };
        assert!((1..=most).contains(&lag), "{lag}: {}", record.text);
    }
}

#[test]
fn distributions_are_those_of_real_trails() {
    let between = |what: &str, value: u64, least: u64, most: u64| {
        assert!((least..=most).contains(&value), "{what} is {value}, wanted {least} to {most}");
    };
    let quantile = |sorted: &[u64], permille: usize| sorted[sorted.len() * permille / 1000];
    let mut sizes: Vec<u64> = DELIVERED.records.iter().map(|record| record.text.len() as u64).collect();
    sizes.sort_unstable();
    between("median record", quantile(&sizes, 500), 1150, 1400);
    between("90th percentile", quantile(&sizes, 900), 1550, 1850);
    between("largest record", sizes[sizes.len() - 1], 20_000, 66_000);

    let totals = &DELIVERED.truth.totals;
    between("failing calls, permille", (totals.denied + totals.errors) * 1000 / totals.events, 80, 120);
    between("redelivered, permille", totals.redelivered * 1000 / totals.events, 255, 285);
    for (account, events) in &totals.accounts {
        between(account, totals.robots[account] * 1000 / events, 450, 950);
    }
}

#[test]
fn files_hold_five_to_fifty_events_at_the_usual_size() {
    let mut files: HashMap<String, u64> = HashMap::new();
    let organization = organization(Settings::default().events);
    for object in organization.objects_of_day(20) {
        let mut json = String::new();
        flate2::read::GzDecoder::new(&object.bytes[..]).read_to_string(&mut json).unwrap();
        files.insert(object.key, json.matches(r#""eventVersion""#).count() as u64);
    }
    let mut counts: Vec<u64> = files.into_values().collect();
    counts.sort_unstable();
    assert!(counts[0] > 0 && counts[counts.len() - 1] <= 50, "{counts:?}");
    assert!((10..=20).contains(&counts[counts.len() / 2]), "{counts:?}");
    assert!(counts[counts.len() / 4] >= 5, "{counts:?}");
}

#[test]
fn stories_are_told_by_events_that_exist() {
    let events: HashMap<&str, &Record> =
        DELIVERED.events().into_iter().map(|event| (event.field("eventID"), event)).collect();
    for story in &DELIVERED.truth.stories {
        let told: Vec<&&Record> = story.event_ids.iter().map(|id| &events[id.as_str()]).collect();
        assert!(told.windows(2).all(|pair| pair[0].field("eventTime") <= pair[1].field("eventTime")));
        assert_eq!(story.first.as_deref(), told.first().map(|event| event.field("eventTime")));
        assert_eq!(story.last.as_deref(), told.last().map(|event| event.field("eventTime")));
        let denied: Vec<&str> =
            told.iter().filter(|event| event.denied()).map(|event| event.field("eventID")).collect();
        assert_eq!(story.denied_event_ids, denied, "{}", story.id);
        let principals: BTreeSet<String> = told.iter().map(|event| event.principal()).collect();
        assert_eq!(principals, story.principals.iter().cloned().collect(), "{}", story.id);
    }
    assert_eq!(DELIVERED.truth.stories.len(), 11);
}

#[test]
fn stories_stay_at_any_scale() {
    let small = organization(SMALL).truth();
    for (small, usual) in small.stories.iter().zip(&DELIVERED.truth.stories) {
        if small.id != "region_gap" {
            assert_eq!(small, usual);
        }
    }
    assert_eq!(small.totals.events, SMALL);
    let read: Truth = serde_json::from_str(&serde_json::to_string(&small).unwrap()).unwrap();
    assert_eq!(read, small);
}

/// A stretch of an account and region of at least 6 hours and 20 × the median distance between its objects.
#[test]
fn one_region_fell_silent_and_no_other_looks_so() {
    let check = |keys: Vec<String>| {
        let mut stamps: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
        for key in keys {
            let (account, region, stamp) = parts(&key);
            stamps.entry((account, region)).or_default().push(seconds(&stamp));
        }
        let mut gaps = Vec::new();
        for (place, mut stamps) in stamps {
            stamps.sort_unstable();
            let mut distances: Vec<i64> = stamps.windows(2).map(|pair| pair[1] - pair[0]).collect();
            distances.sort_unstable();
            let least = (6 * 3600).max(20 * distances.get(distances.len() / 2).copied().unwrap_or(0));
            let silent = stamps.windows(2).filter(|pair| pair[1] - pair[0] >= least);
            gaps.extend(silent.map(|pair| (place.clone(), pair[1] - pair[0])));
        }
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert_eq!(gaps[0].0, ("222222222222".to_owned(), "eu-west-1".to_owned()));
        assert!(gaps[0].1 >= 30 * 3600 && gaps[0].1 < 34 * 3600, "{gaps:?}");
    };
    check(organization(SMALL).objects().map(|object| object.key).collect());
    check(DELIVERED.objects.iter().map(|(key, _)| key.clone()).collect());
    let gap = &DELIVERED.story("region_gap").expected;
    let silence =
        seconds(gap["first_object_after"].as_str().unwrap()) - seconds(gap["last_object_before"].as_str().unwrap());
    assert!(silence >= 30 * 3600, "{gap:?}");
}

#[test]
fn contractor_is_idle_for_45_days() {
    let story = DELIVERED.story("idle_contractor");
    let his: Vec<_> = DELIVERED.events().into_iter().filter(|event| event.text.contains("kenji.mori")).collect();
    assert_eq!(his.len(), story.event_ids.len());
    let idle = seconds(&DELIVERED.truth.as_of) - seconds(story.last.as_deref().unwrap());
    assert!((45 * 86_400..46 * 86_400).contains(&idle), "{idle}");
}

#[test]
fn report_builder_used_a_dozen_of_hundreds() {
    let expected = &DELIVERED.story("least_privilege").expected;
    let used = expected["used_actions"].as_array().unwrap();
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for event in DELIVERED.events() {
        if event.principal().ends_with(":role/batch/ReportBuilder") {
            let name = (event.field("eventSource").to_owned(), event.field("eventName").to_owned());
            *counts.entry(name).or_default() += 1;
        }
    }
    let said = |action: &Value, name: &str| action[name].as_str().unwrap().to_owned();
    let told = used
        .iter()
        .map(|action| ((said(action, "event_source"), said(action, "event_name")), action["count"].as_u64().unwrap()));
    assert_eq!(counts, told.collect());
    assert_eq!(used.len(), 12);
    let document: Value = serde_json::from_str(expected["policy_document"].as_str().unwrap()).unwrap();
    let granted = document["Statement"][0]["Action"].as_array().unwrap();
    assert_eq!(granted.len() as u64, expected["granted_actions"].as_u64().unwrap());
    assert!(granted.len() > 200 && used.iter().all(|action| granted.contains(&action["action"])));
}

#[test]
fn friday_change_denies_three_nights() {
    let story = DELIVERED.story("friday_change");
    assert_eq!(story.expected["denied_nights"], 3);
    assert_eq!(story.denied_event_ids.len(), 12);
    let changes = DELIVERED.events_of("CreatePolicyVersion");
    let times: Vec<&str> = changes.iter().map(|change| change.field("eventTime")).collect();
    assert_eq!(times, [&story.expected["changed"], &story.expected["mended"]]);
}

#[test]
fn leaked_key_works_from_two_addresses() {
    let story = DELIVERED.story("leaked_key");
    let key = story.expected["access_key_id"].as_str().unwrap();
    let mut addresses: BTreeMap<&str, u64> = BTreeMap::new();
    let events = DELIVERED.events();
    for event in events.iter().filter(|event| event.value["userIdentity"]["accessKeyId"] == key) {
        *addresses.entry(event.field("sourceIPAddress")).or_default() += 1;
    }
    assert_eq!(addresses.len(), 2);
    assert_eq!(addresses[story.expected["foreign_ip"].as_str().unwrap()], 9);
    assert_eq!(story.denied_event_ids.len(), 6);
}

#[test]
fn one_console_login_lacks_mfa() {
    let logins = DELIVERED.events_of("ConsoleLogin");
    let without: Vec<_> = logins
        .iter()
        .filter(|login| !login.denied() && login.value["additionalEventData"]["MFAUsed"] == "No")
        .collect();
    assert_eq!(without.len(), 1);
    assert_eq!(without[0].value["userIdentity"]["userName"], "hogehoge");
    assert!(logins.len() > 20);
}

#[test]
fn bucket_was_deleted_once_and_refused_once() {
    let story = DELIVERED.story("bucket_deletion");
    let calls = DELIVERED.events_of("DeleteBucket");
    assert_eq!(calls.iter().map(|call| call.field("eventID")).collect::<Vec<_>>(), story.event_ids);
    assert_eq!(calls.iter().map(|call| call.denied()).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn chain_hands_its_keys_on() {
    let story = DELIVERED.story("cross_account_chain");
    let of_story = |event: &&Record| story.event_ids.iter().any(|id| id == event.field("eventID"));
    let assumed: Vec<_> = DELIVERED.events_of("AssumeRole").into_iter().filter(of_story).collect();
    assert_eq!(assumed.len(), 3);
    let shared: BTreeSet<&str> = assumed.iter().map(|event| event.field("sharedEventID")).collect();
    assert_eq!(shared.len(), 2, "one pair and one call within an account");
    let handed: BTreeSet<&str> = assumed
        .iter()
        .map(|event| event.value["responseElements"]["credentials"]["accessKeyId"].as_str().unwrap())
        .collect();
    let deletion = DELIVERED.events_of("DeleteTable");
    assert!(handed.contains(deletion[0].value["userIdentity"]["accessKeyId"].as_str().unwrap()));
}

#[test]
fn names_that_never_act_are_not_in_the_logs() {
    for user in DELIVERED.story("never_seen").expected["users"].as_array().unwrap() {
        let name = user["user_name"].as_str().unwrap();
        assert!(!DELIVERED.records.iter().any(|record| record.text.contains(name)), "{name}");
    }
    let twice: BTreeSet<String> = DELIVERED
        .events()
        .iter()
        .filter(|event| event.value["userIdentity"]["userName"] == "TestUser")
        .map(|event| event.principal())
        .collect();
    assert_eq!(twice.len(), 2);
}

#[test]
fn secrets_are_where_the_story_says() {
    let story = DELIVERED.story("masked_secret");
    for secret in story.expected["secrets"].as_array().unwrap() {
        let holders = DELIVERED.events().into_iter().filter(|event| event.text.contains(secret.as_str().unwrap()));
        assert!(holders.count() > 0, "{secret}");
    }
}

#[test]
fn services_record_where_aws_records_them() {
    let mut identities = BTreeSet::new();
    for event in DELIVERED.events() {
        if event.field("eventSource") == "iam.amazonaws.com" {
            assert_eq!(event.field("awsRegion"), "us-east-1");
        }
        let data = event.field("eventCategory") == "Data";
        assert_eq!(data, event.value["managementEvent"] == false);
        assert!(!data || event.field("recipientAccountId") == "222222222222");
        identities.insert(event.value["userIdentity"]["type"].as_str().unwrap_or("none").to_owned());
    }
    let expected =
        ["AWSAccount", "AWSService", "AssumedRole", "IAMUser", "IdentityCenterUser", "Root", "Unknown", "none"];
    assert_eq!(identities.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}
