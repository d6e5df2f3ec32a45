//! The operations of AWS's public API, so that an event without a known action can be told from a name that no service
//! knows. The embedded list (`data/api_operations.txt`, made by `cargo xtask reference-data`) holds those that no action is
//! named after; the others stand in the service reference.

use super::{service_namespace, without_version_date};
use crate::service_reference::ServiceReference;

const WITHOUT_ACTION: &str = include_str!("../../data/api_operations.txt");

/// The name of the operation in AWS's letters, where the service of this event source has one of that name, in any letter
/// case and with or without the version that some services write behind it.
pub fn find(reference: &ServiceReference, event_source: &str, event_name: &str) -> Option<&'static str> {
    let namespace = service_namespace(event_source);
    [event_name, without_version_date(event_name)].into_iter().find_map(|name| {
        let action = reference.find_action(namespace, name).filter(|action| action.has_operation);
        action.map(|action| action.name).or_else(|| without_action(namespace, name))
    })
}

fn without_action(namespace: &str, name: &str) -> Option<&'static str> {
    let lines = WITHOUT_ACTION.lines().skip_while(|line| line.strip_prefix('@') != Some(namespace)).skip(1);
    lines.take_while(|line| !line.starts_with('@')).find(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_told_from_a_misspelt_name() {
        let reference = ServiceReference::embedded();
        let check = |source: &str, name: &str, expected: Option<&str>| {
            assert_eq!(find(&reference, &format!("{source}.amazonaws.com"), name), expected, "{source} {name}");
        };
        check("s3", "HeadBucket", Some("HeadBucket"));
        check("s3", "headbucket", Some("HeadBucket"));
        check("s3", "GetObject", Some("GetObject"));
        check("s3", "GetObjct", None);
        check("s3", "GetObjectVersion", None);
        check("iam", "PassRole", None);
        check("glue", "GetDataQualityResultV2", Some("GetDataQualityResultV2"));
        check("monitoring", "PutMetricAlarm", Some("PutMetricAlarm"));
        check("lambda", "ListFunctions20150331", Some("ListFunctions"));
        check("nothing", "GetObject", None);
        check("", "", None);
    }
}
