//! Small facts about event sources: the service's label, and which services are recorded in one region for all.
//! What a service's namespace in IAM is called is `iam`'s knowledge.

/// The label of an event source: `iam.amazonaws.com` → `iam`; of `sourceIPAddress` and `invokedBy` names too.
pub fn label(event_source: &str) -> &str {
    event_source.split('.').next().unwrap_or(event_source)
}

/// Services without regions, whose events CloudTrail records in us-east-1: IAM and CloudFront since 2021-11-22 by AWS's
/// announcement, the others as trails show them. STS is not here: its regional endpoints are recorded where they are.
const GLOBAL_LABELS: &[&str] =
    &["iam", "cloudfront", "organizations", "route53", "waf", "support", "health", "budgets", "ce", "billingconsole"];

/// The region in which a global service's events are recorded; `None` for a regional service.
pub fn global_region(event_source: &str) -> Option<&'static str> {
    GLOBAL_LABELS.contains(&label(event_source)).then_some("us-east-1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iam_lives_in_virginia() {
        fn check(source: &str, expected: (&str, Option<&str>)) {
            assert_eq!((label(source), global_region(source)), expected);
        }
        check("iam.amazonaws.com", ("iam", Some("us-east-1")));
        check("ec2.amazonaws.com", ("ec2", None));
        check("sts.amazonaws.com", ("sts", None));
    }
}
