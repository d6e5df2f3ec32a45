//! CloudTrail, as far as it is there: the event history.

mod lookup_events;

use aws_wire::constraint::Violation;
use aws_wire::error::AwsError;

use super::Run;

pub const OPERATIONS: &[(&str, Run)] = &[("LookupEvents", lookup_events::run)];

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
