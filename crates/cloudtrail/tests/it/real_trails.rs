//! The real events beside the workspace: how many records of each collection are taken, and that what is taken says
//! the same as serde_json reads from the same bytes.

use serde_json::Value;

use crate::reference;

#[test]
fn real_collections_are_taken_whole() {
    fn check(name: &str, expected: (usize, usize, usize)) {
        let Some(folder) = reference::shared(&format!("data/cloudtrail/{name}"), "real_trails") else {
            return;
        };
        let (mut taken, mut records_rejected, mut files_rejected) = (0, 0, 0);
        for path in reference::files(&folder, &[".json", ".gz", ".jsonl", ".cloudtrail"]) {
            let whole = reference::each_record(&path, |record| match record {
                Ok(record) => {
                    taken += 1;
                    let value: Value = serde_json::from_str(record.raw).unwrap();
                    agree(&record, &value);
                }
                Err(_) => records_rejected += 1,
            });
            files_rejected += usize::from(whole.is_err());
        }
        assert_eq!((taken, records_rejected, files_rejected), expected, "{name}");
    }
    check("invictus", (2900, 0, 0));
    check("stratus-red-team", (310, 0, 0));
    check("cartographer", (9226, 0, 0));
    check("traildiscover", (563, 0, 0));
    check("plaso", (6, 0, 0));
    // One envelope holds a shortened example without eventTime.
    check("cloud-custodian", (24, 1, 0));
    // A file cut short on purpose.
    check("cloudgrep", (2, 0, 1));
    // A policy document lies among the logs.
    check("trailscraper", (7, 0, 1));
    // Notifications of S3, SNS, SQS and EventBridge, schemas and rules: nothing to take.
    check("boogy", (0, 9, 7));
    check("streamalert", (0, 0, 20));
}

fn agree(record: &cloudtrail::record::Record<'_>, value: &Value) {
    let text = |name: &str| value[name].as_str();
    assert_eq!(record.event_source.as_deref(), text("eventSource"));
    assert_eq!(record.event_name.as_deref(), text("eventName"));
    assert_eq!(record.user_agent.as_deref(), text("userAgent"));
    assert_eq!(record.error_code.as_deref(), text("errorCode"));
    assert_eq!(record.error_message.as_deref(), text("errorMessage"));
    assert_eq!(record.event_id.as_deref(), text("eventID"));
    assert_eq!(record.read_only, value["readOnly"].as_bool());
    let time: jiff::Timestamp = text("eventTime").unwrap().parse().unwrap();
    assert_eq!(record.event_timestamp_us, time.as_microsecond());
    for (found, name) in [
        (&record.request_parameters, "requestParameters"),
        (&record.response_elements, "responseElements"),
        (&record.additional_event_data, "additionalEventData"),
        (&record.service_event_details, "serviceEventDetails"),
    ] {
        let compact = (!value[name].is_null()).then(|| serde_json::to_string(&value[name]).unwrap());
        assert_eq!(
            found
                .as_deref()
                .map(|found| serde_json::to_string(&serde_json::from_str::<Value>(found).unwrap()).unwrap()),
            compact
        );
        assert!(found.as_deref().is_none_or(|found| !found.contains('\n')), "compact text has no lines");
    }
    let identity = &value["userIdentity"];
    assert_eq!(record.user_identity.arn.as_deref(), identity["arn"].as_str());
    assert_eq!(record.user_identity.access_key_id.as_deref(), identity["accessKeyId"].as_str());
    let session = record.user_identity.session_context.as_ref();
    assert_eq!(
        session.and_then(|session| session.issuer_arn.as_deref()),
        identity["sessionContext"]["sessionIssuer"]["arn"].as_str()
    );
    assert_eq!(record.resources.len(), value["resources"].as_array().map_or(0, Vec::len));
    assert!(!record.principal.is_empty());
}
