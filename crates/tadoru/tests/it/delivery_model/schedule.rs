//! Random schedules of deliveries: what comes in which file, and what happens to the lake in between. Few events and few names,
//! so that almost everything comes again, in other company.

use std::io::Write;

use proptest::collection::vec;
use proptest::prelude::*;

/// Days that events happen on: from 2024-05-20.
pub const DAYS: u8 = 4;
/// Names that objects have.
const SLOTS: u8 = 9;
/// The days of June 2024 on which objects are delivered; the first two are finished once the last one delivers.
const DELIVERY_DAYS: [u8; 3] = [1, 2, 15];

/// One record of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    Event(Event),
    /// A record that is rejected alone: it has no eventTime.
    Broken,
}

/// An event. The same `number` is the same eventID and time; another `variant` of it is a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    pub number: u8,
    pub variant: u8,
    /// Without one, the record is known by its bytes alone.
    pub has_id: bool,
}

impl Event {
    /// The day it happens on, from the first one.
    pub fn day(self) -> u8 {
        self.number % DAYS
    }

    /// Its eventName, which no other number has.
    pub fn name(self) -> String {
        format!("GetThing{:02}", self.number)
    }

    /// Its address, which no other variant has.
    pub fn address(self) -> String {
        format!("10.0.0.{}", self.variant)
    }

    fn json(self) -> String {
        let id = if self.has_id { format!(r#""eventID":"e-{}","#, self.number) } else { String::new() };
        format!(
            r#"{{"eventVersion":"1.08",{id}"eventTime":"2024-05-{:02}T10:{:02}:00Z","eventSource":"s3.amazonaws.com","eventName":"{}","awsRegion":"us-east-1","sourceIPAddress":"{}","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/u{}","accountId":"111122223333"}},"recipientAccountId":"111122223333","eventCategory":"Management"}}"#,
            20 + self.day(),
            self.number,
            self.name(),
            self.address(),
            self.number % 2,
        )
    }
}

/// What an object holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub entries: Vec<Entry>,
    /// The gzip ends too early: the object is rejected as a whole.
    pub is_cut_off: bool,
}

impl Content {
    /// The object's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let records: Vec<String> = self
            .entries
            .iter()
            .map(|entry| match entry {
                Entry::Event(event) => event.json(),
                Entry::Broken => {
                    r#"{"eventName":"GetThing","eventSource":"s3.amazonaws.com","eventVersion":"1.08"}"#.into()
                }
            })
            .collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(format!(r#"{{"Records":[{}]}}"#, records.join(",")).as_bytes()).unwrap();
        let mut bytes = gzip.finish().unwrap();
        if self.is_cut_off {
            bytes.truncate(bytes.len() / 2);
        }
        bytes
    }
}

/// The key of an object. Names ascend as the order of ingest does.
pub fn key(slot: u8) -> String {
    let day = DELIVERY_DAYS[usize::from(slot * DELIVERY_DAYS.len() as u8 / SLOTS)];
    format!(
        "AWSLogs/111122223333/CloudTrail/us-east-1/2024/06/{day:02}/\
         111122223333_CloudTrail_us-east-1_202406{day:02}T{slot:02}00Z_AAAAAAAAAAAAAAA{slot}.json.gz"
    )
}

/// Something that happens.
#[derive(Debug, Clone)]
pub enum Step {
    /// An object is delivered, or another one under its name.
    Deliver(u8, Content),
    /// The object of one name is delivered under another one too.
    Redeliver(u8, u8),
    Ingest {
        batch_bytes: usize,
        is_streamed: bool,
    },
    /// Ingests and compactions that die on their way.
    Killed {
        is_compaction: bool,
        stop_point: &'static str,
        pass: u8,
    },
    /// Two processes ingest the same objects at once.
    TwoProcesses,
    Compact,
    Fold,
    /// Days before this one, counted from the first, go.
    Retire(u8),
}

const OF_INGEST: [&str; 5] = ["batch_read", "file_written", "files_written", "before_commit", "after_commit"];
const OF_COMPACTION: [&str; 7] = [
    "merged_file_written",
    "before_compaction_commit",
    "after_compaction_commit",
    "before_fold_commit",
    "after_fold_commit",
    "before_expiry_commit",
    "before_unlink",
];

fn content() -> impl Strategy<Value = Content> {
    let event = (0..12u8, 0..3u8, prop::bool::weighted(0.85))
        .prop_map(|(number, variant, has_id)| Entry::Event(Event { number, variant, has_id }));
    let entry = prop_oneof![9 => event, 1 => Just(Entry::Broken)];
    (vec(entry, 0..8), prop::bool::weighted(0.08)).prop_map(|(entries, is_cut_off)| Content { entries, is_cut_off })
}

fn step() -> impl Strategy<Value = Step> {
    let killed = |is_compaction, points: &'static [&'static str]| {
        (prop::sample::select(points), 1..4u8).prop_map(move |(stop_point, pass)| Step::Killed {
            is_compaction,
            stop_point,
            pass,
        })
    };
    prop_oneof![
        12 => (0..SLOTS, content()).prop_map(|(slot, content)| Step::Deliver(slot, content)),
        3 => (0..SLOTS, 0..SLOTS).prop_map(|(from, to)| Step::Redeliver(from, to)),
        6 => (prop::sample::select(&[1, 700, 1 << 20][..]), prop::bool::weighted(0.2))
            .prop_map(|(batch_bytes, is_streamed)| Step::Ingest { batch_bytes, is_streamed }),
        1 => killed(false, &OF_INGEST),
        1 => killed(true, &OF_COMPACTION),
        1 => Just(Step::TwoProcesses),
        2 => Just(Step::Compact),
        2 => Just(Step::Fold),
        1 => (1..=DAYS).prop_map(Step::Retire),
    ]
}

/// What happens, in order.
pub fn schedules() -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 6..28)
}
