//! The one place that reads the clock. Every question, report and relative time of one run gets the same `Now` as an
//! argument, which an answer names when it is not the clock.

use jiff::Timestamp;

/// The present of one run, and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Microseconds since 1970, UTC.
    pub us: i64,
    /// Who said so.
    pub source: NowSource,
}

/// Who said what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NowSource {
    /// The system's clock.
    Clock,
    /// `--as-of`, `TADORU_AS_OF` or the configuration.
    AsOf,
    /// The lake, as the sample organisation's.
    Lake,
}

impl Now {
    /// The first of: `as_of_us`, the lake's own, the clock.
    pub fn choose(as_of_us: Option<i64>, lake_us: Option<i64>) -> Self {
        match (as_of_us, lake_us) {
            (Some(us), _) => Self { us, source: NowSource::AsOf },
            (None, Some(us)) => Self { us, source: NowSource::Lake },
            (None, None) => Self::clock(),
        }
    }

    /// The system's clock.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn clock() -> Self {
        Self { us: Timestamp::now().as_microsecond(), source: NowSource::Clock }
    }

    /// RFC 3339, UTC, whole seconds, as answers name it.
    pub fn to_rfc3339(self) -> String {
        let time = Timestamp::from_second(self.us.div_euclid(1_000_000)).unwrap_or(Timestamp::MIN);
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_wins_over_the_lake_over_the_clock() {
        let check = |as_of, lake, expected: NowSource| assert_eq!(Now::choose(as_of, lake).source, expected);
        check(Some(1), Some(2), NowSource::AsOf);
        check(None, Some(2), NowSource::Lake);
        check(None, None, NowSource::Clock);
        assert_eq!(Now::choose(Some(1_717_200_000_999_999), None).to_rfc3339(), "2024-06-01T00:00:00Z");
    }
}
