//! A stretch for which logs are missing, and the rule that found it. `proof` and `silence` find them, `reach` tells which of
//! them a window meets.

use lake::timestamp::rfc3339_seconds;

/// A stretch within an account's covered time for which logs are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// `None`: all regions.
    pub region: Option<String>,
    /// Of a silence: the last delivery before it; of a file: its first event, µs UTC.
    pub from_us: i64,
    /// Of a silence: the first delivery after it; of a file: behind its last event, µs UTC.
    pub until_us: i64,
    pub rule: GapRule,
    /// The names of the log files that are missing, altered or rejected.
    pub files: Vec<String>,
}

/// The rule that found a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GapRule {
    /// At least 6 hours and 20 × the median distance between the region's objects, while other regions delivered.
    SilentRegion,
    /// 24 hours without any object of an account that delivers every day.
    SilentAccount,
    /// No digest between two of the same trail and region.
    MissingDigest,
    /// A digest lists a log file that the lake has not ingested.
    MissingFile,
    /// A log file of that name was ingested, with other bytes than those whose hash the digest lists.
    AlteredFile,
    /// A log file was rejected as a whole.
    RejectedFile,
}

impl GapRule {
    /// In snake_case, as answers print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingDigest => "missing_digest",
            Self::MissingFile => "missing_file",
            Self::AlteredFile => "altered_file",
            Self::RejectedFile => "rejected_file",
            Self::SilentRegion => "silent_region",
            Self::SilentAccount => "silent_account",
        }
    }

    /// The rule in words.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::SilentRegion => {
                "at least 6 hours and 20 times the median distance between the region's objects, while other regions \
                 of the account delivered"
            }
            Self::MissingDigest => "no digest file between two of the same trail and region",
            Self::MissingFile => "a log file that a digest file lists was not ingested",
            Self::AlteredFile => "a log file has other bytes than those whose hash its digest file lists",
            Self::RejectedFile => "a log file was rejected as a whole; its hour of delivery is not known",
            Self::SilentAccount => "24 hours or more without any object of an account that delivers every day",
        }
    }
}

impl std::fmt::Display for Gap {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let region = self.region.as_deref().unwrap_or("all regions");
        write!(formatter, "{region} from {} to {}", rfc3339_seconds(self.from_us), rfc3339_seconds(self.until_us))
    }
}
