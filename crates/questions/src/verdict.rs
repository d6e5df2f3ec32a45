//! What may be said of something the logs do not show: *unused* where they would have shown it, *unknown* where they are
//! missing or never record it. How CloudTrail records an action is `iam::recording`'s matter.

/// What the logs say of a service or an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Used,
    /// Used, and the inventory's policies permit it no more.
    UsedNoLongerPermitted,
    Unused,
    Unknown,
}

impl Verdict {
    /// As answers print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::UsedNoLongerPermitted => "used, no longer permitted",
            Self::Unused => "unused",
            Self::Unknown => "unknown",
        }
    }

    /// The verdict on what was not seen: unused only where the logs are complete and would hold it.
    pub fn of_unseen(is_complete: bool, is_recorded: bool) -> Self {
        if is_complete && is_recorded { Self::Unused } else { Self::Unknown }
    }
}
