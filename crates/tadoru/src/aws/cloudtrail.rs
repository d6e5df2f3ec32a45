//! CloudTrail: the event history from the lake, trails from the inventory.

mod describe_trails;
mod get_event_selectors;
mod get_trail;
mod get_trail_status;
mod list_trails;
mod lookup_events;
pub mod trail;

use aws_wire::constraint::Violation;
use aws_wire::error::AwsError;

use super::Run;

pub const OPERATIONS: &[(&str, Run)] = &[
    ("DescribeTrails", describe_trails::run),
    ("GetEventSelectors", get_event_selectors::run),
    ("GetTrail", get_trail::run),
    ("GetTrailStatus", get_trail_status::run),
    ("ListTrails", list_trails::run),
    ("LookupEvents", lookup_events::run),
];

/// CloudTrail has errors of its own for what other services call a validation error.
pub fn refusal(operation: &str, violations: &[Violation]) -> Option<AwsError> {
    let first = violations.first().filter(|_| operation == "LookupEvents")?;
    let is_of = |member: &str| first.member.starts_with(member);
    Some(match () {
        () if is_of("maxResults") => AwsError::new(
            "InvalidMaxResultsException",
            "A max results value of less than 1 or greater than 50 was specified.",
        ),
        () if is_of("lookupAttributes") => AwsError::new("InvalidLookupAttributesException", &first.sentence),
        () if is_of("eventCategory") => AwsError::new("InvalidEventCategoryException", &first.sentence),
        () => return None,
    })
}
