//! What the lake holds: accounts with their regions, time, completeness and gaps; what was ingested, what was rejected, and
//! whether the counts add up. Events are counted from the rollup, the rest is the ledger's. `coverage` judges the gaps.

use std::path::PathBuf;

use lake::catalog::{Catalog, LakeCounts};
use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::value::Value;

use crate::coverage::{AccountCoverage, Coverage};
use crate::question_error::QuestionError;
use crate::statement::bind;

const ACCOUNTS: &str = include_str!("status.sql");
const SOURCES: &str = include_str!("status/sources.sql");
const REJECTS: &str = include_str!("status/rejects.sql");

/// What the lake holds at one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    pub folder: PathBuf,
    pub snapshot: i64,
    pub event_count: u64,
    /// Events of days that retention took out.
    pub retired_count: u64,
    /// The times of the oldest and the newest event, µs UTC.
    pub event_span_us: Option<(i64, i64)>,
    /// In order of the account ids.
    pub accounts: Vec<AccountStatus>,
    pub counts: LakeCounts,
    pub sources: Vec<SourceStatus>,
    pub rejects: Vec<RejectStatus>,
    /// Parquet files of the snapshot and the catalog.
    pub size_bytes: u64,
}

/// One account, as its events and its deliveries show it.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountStatus {
    pub account: String,
    pub event_count: i64,
    /// µs UTC; `None` where it delivered files without events.
    pub event_span_us: Option<(i64, i64)>,
    /// `None` for an account whose events came in other accounts' files.
    pub coverage: Option<AccountCoverage>,
}

/// All objects of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceStatus {
    /// log, digest, insight or other.
    pub kind: String,
    pub counts: LakeCounts,
    pub inflated_bytes: i64,
    /// Objects rejected as a whole.
    pub rejected_objects: i64,
    /// First and last time of delivery by the keys, µs UTC.
    pub delivery_span_us: Option<(i64, i64)>,
    pub last_ingested_at_us: Option<i64>,
}

/// All rejects of one reason.
#[derive(Debug, Clone, PartialEq)]
pub struct RejectStatus {
    pub reason: String,
    /// Records rejected alone.
    pub records: i64,
    /// Files rejected as a whole.
    pub files: i64,
    /// Objects that they came from.
    pub objects: i64,
    /// The name of one of the objects.
    pub example: String,
    /// What was said of one of them.
    pub detail: String,
}

impl Status {
    /// What `snapshot` holds. `now_us` is the run's *now*.
    pub fn read(snapshot: &Snapshot, now_us: i64) -> Result<Self, QuestionError> {
        let rows = |sql: &str| snapshot.query(&bind(sql, &[]), now_us, Mode::Trusted).map(|answer| answer.rows);
        let coverage = Coverage::read(snapshot)?;
        Ok(Self {
            folder: snapshot.folder().to_owned(),
            snapshot: snapshot.id(),
            event_count: snapshot.event_count(),
            retired_count: snapshot.read_catalog(Catalog::retired)?.event_count(),
            event_span_us: snapshot.event_span(),
            accounts: accounts(rows(ACCOUNTS)?, coverage),
            counts: snapshot.counts()?,
            sources: rows(SOURCES)?.into_iter().map(source).collect(),
            rejects: rows(REJECTS)?.into_iter().map(reject).collect(),
            size_bytes: snapshot.size_bytes()?,
        })
    }

    /// The statements that run, for `--explain`.
    pub fn statements() -> [String; 3] {
        [ACCOUNTS, SOURCES, REJECTS].map(|sql| bind(sql, &[]))
    }

    /// Whether every record is accounted for: records in are new, duplicate, rejected or expired, and the new ones are
    /// the lake's events or retired.
    pub fn is_conserved(&self) -> bool {
        let counts = &self.counts;
        let sum = counts.new_events + counts.duplicates + counts.rejected + counts.expired;
        counts.records == sum && counts.new_events.unsigned_abs() == self.event_count + self.retired_count
    }
}

fn accounts(rows: Vec<Vec<Value>>, coverage: Coverage) -> Vec<AccountStatus> {
    let mut accounts: Vec<AccountStatus> = rows
        .into_iter()
        .map(|row| AccountStatus {
            account: text(row.first()),
            event_count: number(row.get(1)),
            event_span_us: time(row.get(2)).zip(time(row.get(3))),
            coverage: None,
        })
        .collect();
    for covered in coverage.accounts {
        match accounts.iter_mut().find(|known| known.account == covered.account) {
            Some(known) => known.coverage = Some(covered),
            None => accounts.push(AccountStatus {
                account: covered.account.clone(),
                event_count: 0,
                event_span_us: None,
                coverage: Some(covered),
            }),
        }
    }
    accounts.sort_by(|a, b| a.account.cmp(&b.account));
    accounts
}

fn source(row: Vec<Value>) -> SourceStatus {
    let at = |index: usize| number(row.get(index));
    SourceStatus {
        kind: text(row.first()),
        counts: LakeCounts {
            objects: at(1),
            bytes_in: at(2),
            records: at(4),
            new_events: at(5),
            duplicates: at(6),
            conflicts: at(7),
            rejected: at(8),
            expired: at(9),
        },
        inflated_bytes: at(3),
        rejected_objects: at(10),
        delivery_span_us: time(row.get(11)).zip(time(row.get(12))),
        last_ingested_at_us: time(row.get(13)),
    }
}

fn reject(row: Vec<Value>) -> RejectStatus {
    RejectStatus {
        reason: text(row.first()),
        records: number(row.get(1)),
        files: number(row.get(2)),
        objects: number(row.get(3)),
        example: text(row.get(4)),
        detail: text(row.get(5)),
    }
}

fn text(value: Option<&Value>) -> String {
    if let Some(Value::Text(text)) = value { text.clone() } else { String::new() }
}

fn number(value: Option<&Value>) -> i64 {
    if let Some(Value::Int(number)) = value { *number } else { 0 }
}

fn time(value: Option<&Value>) -> Option<i64> {
    if let Some(Value::Timestamp(us)) = value { Some(*us) } else { None }
}
