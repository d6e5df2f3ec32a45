//! The walls that AWS has and a lake has not: kept, so that answers are AWS's, or lifted, each by its name.

use std::str::FromStr;

/// Which of AWS's limits are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwsLimits {
    /// 400 days of last use, 90 days of events and of policy generation.
    pub history: bool,
    /// An event history knows the events of its own region.
    pub regions: bool,
    /// An event history is asked by one attribute.
    pub attributes: bool,
    /// An event history has no data events.
    pub data_events: bool,
    /// How many jobs may run, and how many may be started.
    pub quotas: bool,
}

impl AwsLimits {
    /// As AWS.
    pub const STRICT: Self = Self { history: true, regions: true, attributes: true, data_events: true, quotas: true };
    /// As far as the lake reaches.
    pub const OFF: Self = Self { history: false, regions: false, attributes: false, data_events: false, quotas: false };
}

/// `strict`, `off`, or the names of those that are lifted: `history,regions`.
impl FromStr for AwsLimits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "strict" => return Ok(Self::STRICT),
            "off" => return Ok(Self::OFF),
            _ => {}
        }
        let mut limits = Self::STRICT;
        for name in text.split(',') {
            let limit = match name.trim() {
                "history" => &mut limits.history,
                "regions" => &mut limits.regions,
                "attributes" => &mut limits.attributes,
                "data-events" => &mut limits.data_events,
                "quotas" => &mut limits.quotas,
                other => {
                    return Err(format!(
                        "`{other}` is no limit: strict, off, or those to lift of history, regions, attributes, data-events, quotas"
                    ));
                }
            };
            *limit = false;
        }
        Ok(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wall_falls_by_its_name() {
        let check = |text: &str, expected: Option<AwsLimits>| {
            assert_eq!(text.parse::<AwsLimits>().ok(), expected, "{text}");
        };
        check("strict", Some(AwsLimits::STRICT));
        check("off", Some(AwsLimits::OFF));
        check("history", Some(AwsLimits { history: false, ..AwsLimits::STRICT }));
        check("regions, quotas", Some(AwsLimits { regions: false, quotas: false, ..AwsLimits::STRICT }));
        check("history,regions,attributes,data-events,quotas", Some(AwsLimits::OFF));
        check("histories", None);
        check("", None);
        check("strict,off", None);
    }
}
