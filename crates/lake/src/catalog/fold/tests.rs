//! Folding beside a ledger that never folds: the same verdicts, sums and deliveries, whatever is folded when.

use std::collections::BTreeMap;

use cloudtrail::object_key::{self, KeyVerdict};
use proptest::prelude::*;

use super::*;
use crate::catalog::{Append, LakeCounts, ListedFile, ListedObject, NewDigest, NewObject, ObjectVerdict};

/// An object that may come: which folder, account, region, day and file, and which of its contents.
#[derive(Debug, Clone)]
struct Planned {
    folder: u8,
    region: u8,
    day: u32,
    file: u8,
    content: u8,
    is_odd: bool,
}

const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

impl Planned {
    fn name(&self) -> String {
        let (region, day) = (REGIONS[usize::from(self.region)], self.day);
        let folder = match self.folder {
            0 => format!("/a/AWSLogs/111111111111/CloudTrail/{region}/2026/05/{day:02}/"),
            _ => "/flat/".to_owned(),
        };
        format!("{folder}111111111111_CloudTrail_{region}_202605{day:02}T{:02}05Z_{:016}.json.gz", self.file, self.file)
    }

    fn stamp(&self) -> String {
        format!("stamp {}", self.content)
    }

    fn object(&self) -> NewObject {
        let name = self.name();
        let KeyVerdict::CloudTrail(key) = object_key::parse(&name) else { panic!("a CloudTrail key") };
        let records = i64::from(self.file) + 1;
        NewObject {
            name: name.clone(),
            size_bytes: i64::from(self.content),
            stamp: self.stamp(),
            inflated_sha256: Some([self.content; 32]),
            kind: "log".to_owned(),
            account: key.account.map(str::to_owned),
            region: key.region.map(str::to_owned),
            delivered_at: key.delivered_at_us,
            records,
            new_events: records - 1,
            duplicates: 1,
            bytes_in: 100,
            inflated_bytes: 1_000,
            first_event_at: key.delivered_at_us.map(|us| us - 5),
            last_event_at: key.delivered_at_us,
            warnings: self.is_odd.then(|| "NOT_COMPRESSED".to_owned()),
            ..NewObject::default()
        }
    }
}

fn planned() -> impl Strategy<Value = Planned> {
    (0u8..2, 0u8..2, 1u32..28, 0u8..6, 0u8..3, prop::bool::weighted(0.1))
        .prop_map(|(folder, region, day, file, content, is_odd)| Planned { folder, region, day, file, content, is_odd })
}

/// A ledger in a folder of its own.
struct Ledger {
    catalog: Catalog,
    _folder: tempfile::TempDir,
}

impl Ledger {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { catalog: Catalog::open_or_create(folder.path()).unwrap(), _folder: folder }
    }

    fn verdicts(&self, objects: &[Planned]) -> Vec<ObjectVerdict> {
        let names: Vec<(String, String)> = objects.iter().map(|o| (o.name(), o.stamp())).collect();
        let listed = names.iter().zip(objects).map(|((name, stamp), object)| ListedObject {
            name,
            size_bytes: i64::from(object.content),
            stamp,
        });
        self.catalog.object_verdicts(&listed.collect::<Vec<_>>()).unwrap()
    }

    fn ingest(&mut self, objects: &[NewObject]) {
        self.catalog.append(&Append { objects: objects.to_vec(), ..Append::default() }).unwrap();
    }

    fn rows(&self, table: &str) -> i64 {
        self.catalog.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    /// What coverage is judged by: the distinct times by account and region.
    fn deliveries(&self) -> BTreeMap<(String, String), Vec<i64>> {
        let mut all: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
        self.catalog
            .deliveries(i64::MAX, |object| {
                let place = (object.account.unwrap().to_owned(), object.region.unwrap().to_owned());
                all.entry(place).or_default().push(object.delivered_at_us.unwrap());
            })
            .unwrap();
        for times in all.values_mut() {
            times.sort_unstable();
            times.dedup();
        }
        all
    }

    fn counts(&self) -> LakeCounts {
        self.catalog.counts().unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_folded_ledger_answers_as_one_that_never_folds(
        schedule in prop::collection::vec((prop::collection::vec(planned(), 0..12), any::<bool>()), 1..8),
    ) {
        let (mut folding, mut plain) = (Ledger::new(), Ledger::new());
        let all: Vec<Planned> = schedule.iter().flat_map(|(objects, _)| objects.clone()).collect();
        for (objects, folds) in &schedule {
            let verdicts = folding.verdicts(objects);
            prop_assert_eq!(&verdicts, &plain.verdicts(objects));
            let unknown = objects.iter().zip(verdicts).filter(|(_, verdict)| *verdict != ObjectVerdict::Known);
            let new: Vec<NewObject> = unknown.map(|(object, _)| object.object()).collect();
            folding.ingest(&new);
            plain.ingest(&new);
            if *folds {
                folding.catalog.fold_ledger(1).unwrap();
                prop_assert_eq!(folding.catalog.fold_ledger(1).unwrap(), 0, "a fold folds all it can");
            }
            prop_assert_eq!(folding.verdicts(&all), plain.verdicts(&all));
            prop_assert_eq!(folding.counts(), plain.counts());
            prop_assert_eq!(folding.deliveries(), plain.deliveries());
        }
    }
}

fn on_day(day: u32, file: u8) -> Planned {
    Planned { folder: 0, region: 0, day, file, content: 0, is_odd: false }
}

#[test]
fn only_finished_days_without_anything_to_say_are_folded() {
    let mut ledger = Ledger::new();
    let mut objects: Vec<NewObject> =
        (1..=10).flat_map(|day| (0..5).map(move |file| on_day(day, file).object())).collect();
    objects[0].warnings = Some("NOT_COMPRESSED".to_owned());
    objects[1].reject_reason = Some("GZIP_CRC");
    objects[2].rejected = 1;
    objects[3].delivered_at = None;
    ledger.ingest(&objects);
    assert_eq!(ledger.catalog.fold_ledger(12).unwrap(), 0, "too few");
    assert_eq!(ledger.catalog.fold_ledger(11).unwrap(), 11, "the days to the 3rd, without four odd ones");
    assert_eq!((ledger.rows("folded_prefix"), ledger.rows("ingested_object")), (3, 39));
    assert_eq!(ledger.counts().objects, 50);
    // What comes late for a folded day is folded with the rest later.
    ledger.ingest(&[on_day(2, 9).object()]);
    assert_eq!(ledger.catalog.fold_ledger(1).unwrap(), 1);
    assert_eq!((ledger.rows("folded_prefix"), ledger.rows("ingested_object")), (3, 39));
    assert_eq!(ledger.verdicts(&[on_day(2, 9), on_day(2, 8)]), [ObjectVerdict::Known, ObjectVerdict::New]);
}

fn listed(object: &NewObject, sha256: u8) -> ListedFile {
    ListedFile {
        account: object.account.clone().unwrap(),
        region: object.region.clone().unwrap(),
        delivered_at: object.delivered_at.unwrap(),
        name: split_name(&object.name).1.to_owned(),
        sha256: Some([sha256; 32]),
        event_span_us: None,
    }
}

#[test]
fn what_a_digest_disputes_keeps_its_row() {
    use crate::catalog::FileFinding;

    let mut ledger = Ledger::new();
    let objects: Vec<NewObject> = (1..=9).map(|day| on_day(day, 0).object()).collect();
    let (starts_at, ends_at) = (objects[0].delivered_at.unwrap() - 1, objects[0].delivered_at.unwrap() + 1);
    let digest = |files: Vec<ListedFile>| NewObject {
        name: "digest".to_owned(),
        digest: Some(NewDigest { trail: "t".to_owned(), starts_at, ends_at, files, ..NewDigest::default() }),
        ..NewObject::default()
    };
    let mut missing = listed(&objects[0], 0);
    missing.name = "another.json.gz".to_owned();
    ledger.ingest(&[digest(vec![listed(&objects[0], 7), listed(&objects[1], 0), missing])]);
    ledger.ingest(&objects);
    ledger.catalog.settle_listed_files().unwrap();
    let findings: Vec<FileFinding> = ledger.catalog.unproven_files().unwrap().into_iter().map(|(_, f)| f).collect();
    assert_eq!(findings, [FileFinding::Altered, FileFinding::Missing]);
    assert_eq!(ledger.catalog.fold_ledger(1).unwrap(), 1, "of the 1st and the 2nd only the confirmed one");
    assert!(ledger.catalog.holds_file(&listed(&objects[1], 9)).unwrap());
    // A digest that comes after the fold finds the file, not its bytes.
    ledger.ingest(&[digest(vec![listed(&objects[1], 9)])]);
    ledger.catalog.settle_listed_files().unwrap();
    assert_eq!(ledger.rows("listed_file"), 2);
}

#[test]
fn digests_of_adjoining_hours_are_one_stretch() {
    const HOUR: i64 = 3_600_000_000;
    let mut ledger = Ledger::new();
    let digest = |hour: i64| NewObject {
        digest: Some(NewDigest { starts_at: hour * HOUR, ends_at: (hour + 1) * HOUR, ..NewDigest::default() }),
        ..NewObject::default()
    };
    for hour in [5, 3, 1, 2, 3, 8] {
        ledger.ingest(&[digest(hour)]);
    }
    let spans = ledger.catalog.digest_spans().unwrap();
    let hours: Vec<_> = spans.iter().map(|span| (span.starts_at / HOUR, span.ends_at / HOUR)).collect();
    assert_eq!(hours, [(1, 4), (5, 6), (8, 9)]);
}

#[test]
fn a_lake_of_the_version_before_is_read_as_it_is_and_migrated_by_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    drop(Catalog::open_or_create(folder.path()).unwrap());
    let connection = rusqlite::Connection::open(Catalog::path(folder.path())).unwrap();
    connection
        .execute_batch(
            "DROP TABLE folded_prefix; DROP TABLE digest_span; DROP TABLE listed_file;
             UPDATE lake_setting SET value = '1' WHERE name = 'lake_version'",
        )
        .unwrap();
    let reader = Catalog::open(folder.path()).unwrap();
    assert_eq!(reader.counts().unwrap(), LakeCounts::default());
    assert_eq!(reader.digest_spans().unwrap(), []);
    assert_eq!(reader.setting("lake_version").unwrap().as_deref(), Some("1"));
    drop(reader);
    let mut writer = Catalog::open_or_create(folder.path()).unwrap();
    writer.append(&Append { objects: vec![on_day(1, 0).object()], ..Append::default() }).unwrap();
    assert_eq!(writer.setting("lake_version").unwrap().as_deref(), Some("4"));
    assert_eq!(Catalog::open(folder.path()).unwrap().counts().unwrap().objects, 1);
}
