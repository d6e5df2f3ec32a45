//! What a check found: for each invariant how much was examined and where it does not hold; and what was left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What must hold in every lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// No other program changed the lake in a way that this one would misread.
    NoForeignChange,
    /// Snapshots, files and ids do not contradict each other.
    Snapshots,
    /// Each file that the catalog names is there with its size.
    FilePresent,
    /// Its bytes are those that were written.
    FileChecksum,
    /// It can be read, and has the rows that the catalog says.
    FileRows,
    /// The statistics of its columns are those that the catalog keeps.
    FileStatistics,
    /// Each row lies in its day's or month's partition.
    Partition,
    SortOrder,
    /// No event is there twice: key and fingerprint.
    OneEffectPerEvent,
    /// The rollup is the sum of the events.
    Rollup,
    /// Rows and bytes of each table are the sums of its files.
    TableSums,
    /// The bounds of each table's columns are those of its files.
    TableBounds,
    /// Records in are new, duplicate, rejected or expired, and the new ones are live or retired.
    Conservation,
    /// A retired day holds no events.
    RetiredDays,
}

impl Invariant {
    /// All, in the order in which they are listed.
    pub const ALL: [Self; 14] = [
        Self::NoForeignChange,
        Self::Snapshots,
        Self::FilePresent,
        Self::FileChecksum,
        Self::FileRows,
        Self::FileStatistics,
        Self::Partition,
        Self::SortOrder,
        Self::OneEffectPerEvent,
        Self::Rollup,
        Self::TableSums,
        Self::TableBounds,
        Self::Conservation,
        Self::RetiredDays,
    ];

    /// As answers print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoForeignChange => "no_foreign_change",
            Self::Snapshots => "snapshots",
            Self::FilePresent => "file_present",
            Self::FileChecksum => "file_checksum",
            Self::FileRows => "file_rows",
            Self::FileStatistics => "file_statistics",
            Self::Partition => "partition",
            Self::SortOrder => "sort_order",
            Self::OneEffectPerEvent => "one_effect_per_event",
            Self::Rollup => "rollup",
            Self::TableSums => "table_sums",
            Self::TableBounds => "table_bounds",
            Self::Conservation => "conservation",
            Self::RetiredDays => "retired_days",
        }
    }
}

/// What is to be said of an invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    Violated,
    /// Nothing could be examined.
    NotChecked,
}

impl Verdict {
    /// As answers print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "ok",
            Self::Violated => "violated",
            Self::NotChecked => "not_checked",
        }
    }
}

/// A place where an invariant does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub invariant: Invariant,
    /// The file, as far as one is to blame.
    pub file: Option<PathBuf>,
    /// The day, or the first day of the month.
    pub day: Option<i32>,
    pub detail: String,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub findings: Vec<Finding>,
    /// Sentences: what was not checked, and what is unusual without being wrong.
    pub left_out: Vec<String>,
    /// How many files, rows, months or objects were examined.
    examined: BTreeMap<Invariant, u64>,
    /// Files that were replaced and removed during the check.
    vanished: u64,
}

impl Report {
    pub(super) fn found(&mut self, invariant: Invariant, file: Option<PathBuf>, day: Option<i32>, detail: String) {
        self.findings.push(Finding { invariant, file, day, detail });
    }

    pub(super) fn examined(&mut self, invariant: Invariant, count: u64) {
        *self.examined.entry(invariant).or_default() += count;
    }

    pub(super) fn left_out(&mut self, sentence: &str) {
        self.left_out.push(sentence.to_owned());
    }

    pub(super) fn vanished(&mut self, path: &Path) {
        self.vanished += 1;
        self.left_out(&format!("{}: another process replaced it during the check", path.display()));
    }

    /// Whether every file was there and could be read.
    pub(super) fn is_readable(&self) -> bool {
        self.vanished == 0
            && !self.findings.iter().any(|f| matches!(f.invariant, Invariant::FilePresent | Invariant::FileRows))
    }

    /// Whether every invariant holds as far as it was checked.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// How much of an invariant was examined.
    pub fn examined_count(&self, invariant: Invariant) -> u64 {
        self.examined.get(&invariant).copied().unwrap_or_default()
    }

    /// What is to be said of an invariant.
    pub fn verdict(&self, invariant: Invariant) -> Verdict {
        if self.findings.iter().any(|finding| finding.invariant == invariant) {
            Verdict::Violated
        } else if self.examined.contains_key(&invariant) {
            Verdict::Holds
        } else {
            Verdict::NotChecked
        }
    }
}
