//! Where log objects come from. A source lists what there is, in a stable order; `ingest` asks the ledger which of it is
//! new and reads those. One file a kind of source.

pub mod aws_account;
mod aws_api;
pub mod aws_connection;
mod interruption;
pub mod local_folder;
pub mod local_list;
pub mod s3_bucket;
pub mod selection;
pub mod standard_input;

use std::path::Path;
use std::sync::Arc;

use cloudtrail::object_key::{KeyVerdict, ObjectKey, ObjectKind, parse};

use s3_bucket::Fetcher;

use crate::catalog::ListedObject;

/// One object that may hold records.
#[derive(Debug, Clone)]
pub struct SourceObject {
    /// Absolute path or URL; the ledger's name of it.
    pub name: String,
    /// Where its bytes are.
    pub place: Place,
    pub size_bytes: u64,
    /// What changes when the content does: modification time or ETag.
    pub stamp: String,
}

/// Where an object's bytes are.
#[derive(Debug, Clone)]
pub enum Place {
    /// At this path; none where the object's name is the path, as nearly every name is.
    File(Option<Box<Path>>),
    /// Read already, as from standard input.
    Memory(Arc<[u8]>),
    /// In a bucket; brought by this fetcher once it is asked for.
    Bucket(Arc<Fetcher>),
}

/// Something a source could not hand over; the rest is done without it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceFault {
    pub name: String,
    /// A code such as IO_PERMISSION.
    pub reason: &'static str,
    pub detail: String,
}

/// More stored bytes than this cannot inflate to what the limits allow; such an object is not read.
pub(crate) const OBJECT_BYTES: u64 = 600 << 20;

/// Why an object is skipped whose key does not say what the selection asks about.
pub const NO_KEY: &str = "NO_KEY";

/// What a source holds, or a portion of it.
#[derive(Debug, Default)]
pub struct Listing {
    pub objects: Vec<SourceObject>,
    /// Not to be opened: links, pipes, other services' logs. Name and reason.
    pub skipped: Vec<(String, &'static str)>,
    pub faults: Vec<SourceFault>,
    /// Objects of later portions, as far as they are known already.
    pub later_files: u64,
    /// Their bytes.
    pub later_bytes: u64,
}

impl SourceObject {
    /// Where it has to be fetched, begins to: after what was asked for before, so ask in the order of reading.
    pub(crate) fn fetch_ahead(&self) {
        if let Place::Bucket(fetcher) = &self.place
            && self.size_bytes <= OBJECT_BYTES
        {
            fetcher.ask(self);
        }
    }

    /// Where a file lies.
    pub(crate) fn path(&self) -> &Path {
        match &self.place {
            Place::File(Some(path)) => path,
            _ => Path::new(&self.name),
        }
    }

    /// What the key says; `None` where only the content can tell.
    pub fn key(&self) -> Option<ObjectKey<'_>> {
        match parse(&self.name) {
            KeyVerdict::CloudTrail(key) => Some(key),
            _ => None,
        }
    }

    /// What the ledger compares: name, size, stamp.
    pub fn as_listed(&self) -> ListedObject<'_> {
        ListedObject { name: &self.name, size_bytes: self.size_bytes as i64, stamp: &self.stamp }
    }

    /// The ledger's word for what the object is.
    pub fn kind(&self) -> &'static str {
        match self.key().map(|key| key.kind) {
            Some(ObjectKind::Log) => "log",
            Some(ObjectKind::Digest) => "digest",
            Some(ObjectKind::Insight) => "insight",
            Some(ObjectKind::Other) | None => "other",
        }
    }

    /// The day of delivery and the account: what objects are ordered by before their names, so that the same objects give
    /// the same lake whatever order they are listed in and on any number of cores.
    pub fn day_and_account(&self) -> (i64, Option<u64>) {
        day_and_account(self.key().as_ref())
    }
}

fn day_and_account(key: Option<&ObjectKey<'_>>) -> (i64, Option<u64>) {
    let day = key.and_then(|k| k.delivered_at_us).map_or(i64::MIN, |us| us.div_euclid(crate::timestamp::DAY_US));
    (day, key.and_then(|k| k.account).and_then(|account| account.parse().ok()))
}
