//! One CloudTrail record: its fields borrowed from the slice, and what Tadoru derives from them (principal, account,
//! outcome, date, fingerprint, identity). Field meanings:
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.
//! From here a record goes to the lake, which makes it a row.

mod derived;
pub(crate) mod field;
mod reader;

use std::borrow::Cow;

use crate::event_time;
use crate::log_file::RecordSlice;
use crate::object_key::ObjectKey;
use crate::outcome::Outcome;
use crate::record::field::Field;
use crate::record::reader::FieldReader;
use crate::reject::{Reason, Reject, Warning};
use crate::user_identity::UserIdentity;

type Text<'a> = Option<Cow<'a, str>>;

/// What is known about a record besides its bytes.
#[derive(Debug, Clone, Copy)]
pub struct RecordContext<'k> {
    /// The key of the object that held it, where that is a CloudTrail key.
    pub key: Option<&'k ObjectKey<'k>>,
    /// When it is read, microseconds since 1970: stands in for the delivery time where no key tells it.
    pub ingested_at_us: i64,
}

/// One of the resources a record names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Resource<'a> {
    pub arn: Text<'a>,
    pub account_id: Text<'a>,
    /// `type`, in CloudFormation's words (`AWS::S3::Object`).
    pub resource_type: Text<'a>,
}

/// tlsDetails.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TlsDetails<'a> {
    pub tls_version: Text<'a>,
    pub cipher_suite: Text<'a>,
    pub client_provided_host_header: Text<'a>,
}

/// Whose record of a call this is, where a call is recorded in two accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Copy {
    /// The caller's account's, or the only one.
    Own,
    /// The copy for the account that owns the resource; counting it too would count the call twice.
    Other,
}

impl Copy {
    /// As the rollup stores it.
    pub fn as_str(self) -> &'static str {
        match self {
            Copy::Own => "own",
            Copy::Other => "other",
        }
    }
}

/// One record. Texts are borrowed from the slice unless they hold escapes; JSON null and a missing key are `None`.
/// Fields of JSON type hold compact JSON text (a JSON string keeps its quotes).
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// The record as it stands in the file.
    pub raw: &'a str,
    /// eventTime, microseconds since 1970, UTC; one that cannot be true is drawn into the years 1678 to 2261.
    pub event_timestamp_us: i64,
    /// The UTC date of eventTime as days since 1970; the delivery date where eventTime cannot be true
    /// (before 2013, or more than a day after delivery).
    pub event_date_days: i32,
    /// The UTC date of the key's stamp, days since 1970.
    pub delivery_date_days: Option<i32>,
    pub event_version: Text<'a>,
    pub event_source: Text<'a>,
    pub event_name: Text<'a>,
    pub aws_region: Text<'a>,
    pub source_ip_address: Text<'a>,
    pub user_agent: Text<'a>,
    pub error_code: Text<'a>,
    pub error_message: Text<'a>,
    pub request_id: Text<'a>,
    pub event_id: Text<'a>,
    pub event_type: Text<'a>,
    pub api_version: Text<'a>,
    pub recipient_account_id: Text<'a>,
    pub shared_event_id: Text<'a>,
    pub vpc_endpoint_id: Text<'a>,
    pub vpc_endpoint_account_id: Text<'a>,
    pub event_category: Text<'a>,
    pub request_parameters: Text<'a>,
    pub response_elements: Text<'a>,
    pub additional_event_data: Text<'a>,
    pub service_event_details: Text<'a>,
    pub edge_device_details: Text<'a>,
    pub addendum: Text<'a>,
    pub insight_details: Text<'a>,
    pub event_context: Text<'a>,
    pub read_only: Option<bool>,
    pub management_event: Option<bool>,
    pub session_credential_from_console: Option<bool>,
    pub resources: Vec<Resource<'a>>,
    pub tls_details: Option<TlsDetails<'a>>,
    pub user_identity: UserIdentity<'a>,
    /// The account the record belongs to: recipientAccountId, else the key's, else the caller's, else `unknown`.
    pub account: Cow<'a, str>,
    pub principal: Cow<'a, str>,
    pub principal_type: Cow<'a, str>,
    pub session_name: Text<'a>,
    pub outcome: Outcome,
    pub copy: Copy,
    /// See `fingerprint`.
    pub fingerprint: u64,
    /// Hash of (eventID, recipientAccountId, eventCategory); of the bytes where there is no eventID.
    pub identity: u128,
    /// What was odd; the record was taken all the same.
    pub warnings: Vec<Warning>,
}

/// Reads a slice. An error rejects this record alone.
pub fn read<'a>(slice: &'a RecordSlice<'a>, context: &RecordContext<'_>) -> Result<Record<'a>, Reject> {
    read_fields(slice, context).map_err(|(reason, detail)| Reject {
        reason,
        detail,
        index: Some(slice.index),
        offset: slice.offset,
        len: slice.bytes.len(),
    })
}

/// Fills the fields as they stand; what is derived from them follows in `derive`.
fn read_fields<'a>(slice: &'a RecordSlice<'a>, context: &RecordContext<'_>) -> Result<Record<'a>, (Reason, String)> {
    let mut fields = FieldReader::new(slice)?;
    let event_source = fields.text(Field::EventSource)?;
    if event_source.as_deref().is_some_and(|source| source.starts_with("aws:")) {
        return Err((Reason::NotCloudtrail, "a notification of S3, SNS or SQS".to_owned()));
    }
    if !slice.names_an_event() {
        return Err((Reason::NotCloudtrail, "an object without a record's keys".to_owned()));
    }
    let time = derived::event_time_of(&fields)?;
    let (user_identity, identity_text) = derived::user_identity_of(&mut fields)?;
    let mut record = Record {
        raw: fields.raw,
        event_timestamp_us: time.timestamp_us.clamp(event_time::EARLIEST_US, event_time::LATEST_US),
        event_date_days: 0,
        delivery_date_days: None,
        event_version: fields.text(Field::EventVersion)?,
        event_source,
        event_name: fields.text(Field::EventName)?,
        aws_region: fields.text(Field::AwsRegion)?,
        source_ip_address: fields.text(Field::SourceIpAddress)?,
        user_agent: fields.text(Field::UserAgent)?,
        error_code: fields.text(Field::ErrorCode)?,
        error_message: fields.text(Field::ErrorMessage)?,
        request_id: fields.text(Field::RequestId)?,
        event_id: fields.text(Field::EventId)?,
        event_type: fields.text(Field::EventType)?,
        api_version: fields.text(Field::ApiVersion)?,
        recipient_account_id: fields.text(Field::RecipientAccountId)?,
        shared_event_id: fields.text(Field::SharedEventId)?,
        vpc_endpoint_id: fields.text(Field::VpcEndpointId)?,
        vpc_endpoint_account_id: fields.text(Field::VpcEndpointAccountId)?,
        event_category: fields.text(Field::EventCategory)?,
        request_parameters: fields.json(Field::RequestParameters),
        response_elements: fields.json(Field::ResponseElements),
        additional_event_data: fields.json(Field::AdditionalEventData),
        service_event_details: fields.json(Field::ServiceEventDetails),
        edge_device_details: fields.json(Field::EdgeDeviceDetails),
        addendum: fields.json(Field::Addendum),
        insight_details: fields.json(Field::InsightDetails),
        event_context: fields.json(Field::EventContext),
        read_only: fields.boolean(Field::ReadOnly),
        management_event: fields.boolean(Field::ManagementEvent),
        session_credential_from_console: fields.boolean(Field::SessionCredentialFromConsole),
        resources: fields.resources(),
        tls_details: fields.tls_details(),
        user_identity,
        account: Cow::Borrowed(""),
        principal: Cow::Borrowed(""),
        principal_type: Cow::Borrowed(""),
        session_name: None,
        outcome: Outcome::Ok,
        copy: Copy::Own,
        fingerprint: 0,
        identity: 0,
        warnings: fields.into_warnings(),
    };
    record.warn_if(time.leap_second, Warning::LeapSecond);
    record.warn_if(slice.wide, Warning::WideRecord);
    record.derive(identity_text, context);
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_file::Limits;
    use crate::object_key::{KeyVerdict, parse};

    const KEY: &str = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20260102T0005Z_AAAAAAAAAAAAAAAA.json.gz";
    /// 2026-01-10.
    const INGESTED_AT_US: i64 = 1_768_003_200_000_000;
    const DELIVERY_DAY: i32 = 20_455;
    const INGEST_DAY: i32 = 20_463;

    /// Reads a record made of the usual fields and `more`, and shows a part of it.
    fn with<T>(key: Option<&str>, more: &str, show: impl Fn(&Record<'_>) -> T) -> T {
        let text = format!(
            r#"{{"eventVersion":"1.11","eventSource":"iam.amazonaws.com","eventName":"GetUser","eventID":"00000001-aaaa-bbbb-cccc-dddddddddddd",{more}}}"#
        );
        let slice = RecordSlice::scan(text.as_bytes(), 0, 0, &Limits::default()).unwrap();
        let key = key.map(|key| match parse(key) {
            KeyVerdict::CloudTrail(key) => key,
            other => panic!("{other:?}"),
        });
        show(&read(&slice, &RecordContext { key: key.as_ref(), ingested_at_us: INGESTED_AT_US }).unwrap())
    }

    #[test]
    fn impossible_times_stand_on_the_delivery_date() {
        fn check(key: Option<&str>, time: &str, expected: (i32, Option<i32>, &[Warning])) {
            let more = format!(r#""userIdentity":{{}},"eventTime":"{time}""#);
            with(key, &more, |record| {
                let found = (record.event_date_days, record.delivery_date_days, &record.warnings[..]);
                assert_eq!(found, expected, "{time}");
            });
        }
        let delivered = Some(DELIVERY_DAY);
        check(Some(KEY), "2026-01-02T00:01:02Z", (DELIVERY_DAY, delivered, &[]));
        check(Some(KEY), "2026-01-03T23:59:59Z", (DELIVERY_DAY + 1, delivered, &[]));
        check(Some(KEY), "2026-01-04T00:00:00Z", (DELIVERY_DAY, delivered, &[Warning::FutureTime]));
        check(Some(KEY), "2013-01-01T00:00:00Z", (derived::FIRST_DAY, delivered, &[]));
        check(Some(KEY), "2012-12-31T23:59:59Z", (DELIVERY_DAY, delivered, &[Warning::AncientTime]));
        check(None, "2026-01-11T00:00:00Z", (INGEST_DAY + 1, None, &[]));
        check(None, "2026-01-12T00:00:00Z", (INGEST_DAY, None, &[Warning::FutureTime]));
        let future = "111122223333_CloudTrail_us-east-1_20300101T0005Z_AAAAAAAAAAAAAAAA.json.gz";
        check(Some(future), "2026-01-02T00:00:00Z", (DELIVERY_DAY, None, &[Warning::KeyTime]));
    }

    #[test]
    fn the_account_is_the_best_that_is_known() {
        fn check(key: Option<&str>, more: &str, expected: (&str, &[Warning])) {
            let more = format!(r#"{more},"eventTime":"2026-01-02T00:01:02Z""#);
            with(key, &more, |record| assert_eq!((&*record.account, &record.warnings[..]), expected, "{more}"));
        }
        let identity = r#""userIdentity":{"accountId":"444455556666"}"#;
        check(Some(KEY), &format!(r#"{identity},"recipientAccountId":"111122223333""#), ("111122223333", &[]));
        check(
            Some(KEY),
            &format!(r#"{identity},"recipientAccountId":"999988887777""#),
            ("999988887777", &[Warning::AccountMismatch]),
        );
        check(Some(KEY), identity, ("111122223333", &[]));
        check(None, identity, ("444455556666", &[]));
        check(None, r#""userIdentity":{}"#, ("unknown", &[]));
    }

    #[test]
    fn the_copy_for_the_other_account_is_told_apart() {
        fn check(shared: &str, recipient: &str, expected: Copy) {
            let more = format!(
                r#""userIdentity":{{"accountId":"111122223333"}},"sharedEventID":{shared},"recipientAccountId":"{recipient}","eventTime":"2026-01-02T00:01:02Z""#
            );
            with(None, &more, |record| assert_eq!(record.copy, expected, "{more}"));
        }
        check("\"s\"", "111122223333", Copy::Own);
        check("\"s\"", "444455556666", Copy::Other);
        check("null", "444455556666", Copy::Own);
    }

    #[test]
    fn odd_values_are_kept_or_dropped_with_a_warning() {
        let more = r#""userIdentity":{},"eventTime":"2026-01-02T00:01:02Z","apiVersion":7,"userAgent":{"a":1},
            "errorCode":null,"errorMessage":"caf\u00e9","readOnly":"true","managementEvent":false,
            "requestParameters":{ "a" : [1, 2] },"responseElements":"text",
            "resources":[{"ARN":"a","accountId":"1","type":"T"},{"arn":"b"},{}],
            "tlsDetails":{"tlsVersion":"TLSv1.3"}"#;
        with(None, more, |record| {
            assert_eq!(record.api_version.as_deref(), Some("7"));
            assert_eq!(record.user_agent, None);
            assert_eq!(record.error_code, None);
            assert_eq!(record.error_message.as_deref(), Some("café"));
            assert_eq!((record.read_only, record.management_event), (Some(true), Some(false)));
            assert_eq!(record.request_parameters.as_deref(), Some(r#"{"a":[1,2]}"#));
            assert_eq!(record.response_elements.as_deref(), Some("\"text\""));
            let arns: Vec<_> = record.resources.iter().map(|resource| resource.arn.as_deref()).collect();
            assert_eq!(arns, [Some("a"), Some("b"), None]);
            assert_eq!(record.tls_details.as_ref().unwrap().tls_version.as_deref(), Some("TLSv1.3"));
            assert_eq!(record.warnings, [Warning::FieldType]);
        });
    }

    #[test]
    fn versions_compare_by_parts() {
        fn check(version: &str, newer: bool) {
            let text = format!(r#"{{"eventVersion":"{version}","eventTime":"2026-01-02T00:01:02Z"}}"#);
            let slice = RecordSlice::scan(text.as_bytes(), 0, 0, &Limits::default()).unwrap();
            let record = read(&slice, &RecordContext { key: None, ingested_at_us: INGESTED_AT_US }).unwrap();
            assert_eq!(record.warnings.contains(&Warning::NewEventVersion), newer, "{version}");
        }
        for (version, newer) in [("1.0", false), ("1.2", false), ("1.11", false), ("1.12", true), ("2.0", true)] {
            check(version, newer);
        }
    }
}
