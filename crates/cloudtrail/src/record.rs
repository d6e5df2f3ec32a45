//! One CloudTrail record: its fields borrowed from the slice, and what Tadoru derives from them (principal, account,
//! outcome, date, fingerprint, identity). Field meanings:
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>.
//! From here a record goes to the lake, which makes it a row.

pub(crate) mod field;
mod reader;

use std::borrow::Cow;

use crate::event_time::{self, DAY_US, day_of};
use crate::fingerprint;
use crate::log_file::RecordSlice;
use crate::object_key::ObjectKey;
use crate::outcome::{self, Outcome};
use crate::principal::{self, Principal};
use crate::record::field::Field;
use crate::record::reader::FieldReader;
use crate::reject::{Reason, Reject, Warning};
use crate::user_identity::{self, UserIdentity};

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
    /// eventTime, microseconds since 1970, UTC.
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

/// 2013-01-01: CloudTrail began in November of that year.
const FIRST_DAY: i32 = 15_706;

/// The newest eventVersion whose fields are known here.
const NEWEST_VERSION: (u32, u32) = (1, 11);

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

fn read_fields<'a>(slice: &'a RecordSlice<'a>, context: &RecordContext<'_>) -> Result<Record<'a>, (Reason, String)> {
    let mut fields = FieldReader::new(slice)?;
    let event_source = fields.text(Field::EventSource)?;
    if event_source.as_deref().is_some_and(|source| source.starts_with("aws:")) {
        return Err((Reason::NotCloudtrail, "a notification of S3, SNS or SQS".to_owned()));
    }
    if !slice.names_an_event() {
        return Err((Reason::NotCloudtrail, "an object without a record's keys".to_owned()));
    }
    let time = event_time_of(&mut fields)?;
    let days = record_days(time.timestamp_us, context, &mut fields);
    let (user_identity, identity_text) = user_identity_of(&mut fields)?;
    let event_name = fields.text(Field::EventName)?;
    let aws_region = fields.text(Field::AwsRegion)?;
    let source_ip_address = fields.text(Field::SourceIpAddress)?;
    let error_code = fields.text(Field::ErrorCode)?;
    let error_message = fields.text(Field::ErrorMessage)?;
    let event_id = fields.text(Field::EventId)?;
    let event_category = fields.text(Field::EventCategory)?;
    let event_version = fields.text(Field::EventVersion)?;
    let shared_event_id = fields.text(Field::SharedEventId)?;
    let recipient_account_id = fields.text(Field::RecipientAccountId)?;
    let request_parameters = fields.json(Field::RequestParameters);
    let response_elements = fields.json(Field::ResponseElements);
    let service_event_details = fields.json(Field::ServiceEventDetails);

    let said_id = event_id.as_deref().filter(|id| !id.is_empty());
    let (fingerprint, identity) = match said_id {
        Some(id) => (
            fingerprint::of_event(&fingerprint::Parts {
                event_timestamp_us: time.timestamp_us,
                event_source: event_source.as_deref(),
                event_name: event_name.as_deref(),
                aws_region: aws_region.as_deref(),
                source_ip_address: source_ip_address.as_deref(),
                error_code: error_code.as_deref(),
                user_identity: identity_text,
                request_parameters: request_parameters.as_deref(),
            }),
            fingerprint::identity(id, recipient_account_id.as_deref(), event_category.as_deref()),
        ),
        None => fingerprint::of_bytes(fields.raw.as_bytes()),
    };
    let is_insight = event_category.as_deref() == Some("Insight");
    fields.warn_if(time.leap_second, Warning::LeapSecond);
    fields.warn_if(slice.wide, Warning::WideRecord);
    fields.warn_if(said_id.is_none(), Warning::NoEventId);
    // An Insight event's id is not one of an API call and need not look like it.
    fields.warn_if(!is_insight && said_id.is_some_and(|id| !is_uuid(id)), Warning::OddEventId);
    warn_of_version(event_version.as_deref(), &mut fields);
    let missing = fields.is_missing(Field::UserIdentity) || event_source.is_none() || event_name.is_none();
    fields.warn_if(!is_insight && missing, Warning::FieldMissing);

    let principal = principal::of(&user_identity);
    let account = account_of(recipient_account_id.as_ref(), &user_identity, context, &mut fields);
    let details = response_elements.as_deref().or(service_event_details.as_deref());
    let outcome = outcome::of(
        event_source.as_deref(),
        event_name.as_deref(),
        error_code.as_deref(),
        error_message.as_deref(),
        details,
    );
    let copy = copy_of(shared_event_id.as_deref(), recipient_account_id.as_deref(), &user_identity);
    let Principal { principal, principal_type, session_name } = principal;
    Ok(Record {
        raw: fields.raw,
        event_timestamp_us: time.timestamp_us,
        event_date_days: days.event,
        delivery_date_days: days.delivery,
        user_agent: fields.text(Field::UserAgent)?,
        request_id: fields.text(Field::RequestId)?,
        event_type: fields.text(Field::EventType)?,
        api_version: fields.text(Field::ApiVersion)?,
        vpc_endpoint_id: fields.text(Field::VpcEndpointId)?,
        vpc_endpoint_account_id: fields.text(Field::VpcEndpointAccountId)?,
        additional_event_data: fields.json(Field::AdditionalEventData),
        edge_device_details: fields.json(Field::EdgeDeviceDetails),
        addendum: fields.json(Field::Addendum),
        insight_details: fields.json(Field::InsightDetails),
        event_context: fields.json(Field::EventContext),
        read_only: fields.boolean(Field::ReadOnly),
        management_event: fields.boolean(Field::ManagementEvent),
        session_credential_from_console: fields.boolean(Field::SessionCredentialFromConsole),
        resources: fields.resources(),
        tls_details: fields.tls_details(),
        event_version,
        event_source,
        event_name,
        aws_region,
        source_ip_address,
        error_code,
        error_message,
        event_id,
        recipient_account_id,
        shared_event_id,
        event_category,
        request_parameters,
        response_elements,
        service_event_details,
        user_identity,
        account,
        principal,
        principal_type,
        session_name,
        outcome,
        copy,
        fingerprint,
        identity,
        warnings: fields.into_warnings(),
    })
}

fn event_time_of(fields: &mut FieldReader<'_>) -> Result<event_time::EventTime, (Reason, String)> {
    let Some(value) = fields.value(Field::EventTime).filter(|value| *value != "null") else {
        return Err((Reason::NoEventTime, String::new()));
    };
    let text = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    text.and_then(event_time::parse).ok_or_else(|| (Reason::BadTime, value.chars().take(64).collect()))
}

struct RecordDays {
    event: i32,
    delivery: Option<i32>,
}

fn record_days(timestamp_us: i64, context: &RecordContext<'_>, fields: &mut FieldReader<'_>) -> RecordDays {
    let stamp = context.key.and_then(|key| key.delivered_at_us);
    // A stamp after the ingest is nobody's delivery time.
    let believed = stamp.filter(|stamp| *stamp <= context.ingested_at_us.saturating_add(DAY_US));
    let doubtful = context.key.is_some_and(|key| key.warning.is_some()) || believed != stamp;
    fields.warn_if(doubtful, Warning::KeyTime);
    let delivered = day_of(believed.unwrap_or(context.ingested_at_us));
    let day = day_of(timestamp_us);
    let ancient = day < FIRST_DAY;
    let future = day > delivered.saturating_add(1);
    fields.warn_if(ancient, Warning::AncientTime);
    fields.warn_if(future, Warning::FutureTime);
    RecordDays { event: if ancient || future { delivered } else { day }, delivery: believed.map(day_of) }
}

fn user_identity_of<'a>(fields: &mut FieldReader<'a>) -> Result<(UserIdentity<'a>, Option<&'a str>), (Reason, String)> {
    let Some(text) = fields.value(Field::UserIdentity).filter(|text| *text != "null") else {
        return Ok((UserIdentity::default(), None));
    };
    if !text.starts_with('{') {
        fields.warn_if(true, Warning::FieldType);
        return Ok((UserIdentity::default(), Some(text)));
    }
    let (identity, fault) = user_identity::read(text);
    if fault.duplicate_key {
        return Err((Reason::JsonDuplicateKey, "in userIdentity".to_owned()));
    }
    fields.warn_if(fault.odd_type, Warning::FieldType);
    Ok((identity, Some(text)))
}

fn account_of<'a>(
    recipient: Option<&Cow<'a, str>>,
    identity: &UserIdentity<'a>,
    context: &RecordContext<'_>,
    fields: &mut FieldReader<'_>,
) -> Cow<'a, str> {
    let of_key = context.key.and_then(|key| key.account);
    if let Some(recipient) = recipient.filter(|account| !account.is_empty()) {
        let well_formed = recipient.len() == 12 && recipient.bytes().all(|byte| byte.is_ascii_digit());
        fields.warn_if(!well_formed, Warning::FieldFormat);
        fields.warn_if(well_formed && of_key.is_some_and(|key| key != recipient), Warning::AccountMismatch);
        return recipient.clone();
    }
    match (of_key, identity.account_id.as_ref().filter(|account| !account.is_empty())) {
        (Some(account), _) => Cow::Owned(account.to_owned()),
        (None, Some(account)) => account.clone(),
        (None, None) => Cow::Borrowed("unknown"),
    }
}

fn copy_of(shared_event_id: Option<&str>, recipient: Option<&str>, identity: &UserIdentity<'_>) -> Copy {
    match (shared_event_id, recipient, identity.account_id.as_deref()) {
        (Some(_), Some(recipient), Some(caller)) if recipient != caller => Copy::Other,
        _ => Copy::Own,
    }
}

fn warn_of_version(version: Option<&str>, fields: &mut FieldReader<'_>) {
    let Some(version) = version else {
        return fields.warn_if(true, Warning::NoEventVersion);
    };
    // By parts: 1.10 is newer than 1.2.
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(u32::MAX));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    fields.warn_if(version > NEWEST_VERSION, Warning::NewEventVersion);
}

fn is_uuid(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Without early exits the loop becomes vector code; nearly every id is right.
    let hex_or_dash = bytes.iter().fold(true, |all, byte| all & (byte.is_ascii_hexdigit() | (*byte == b'-')));
    let dashes = bytes.iter().filter(|byte| **byte == b'-').count();
    bytes.len() == 36 && hex_or_dash && dashes == 4 && [8, 13, 18, 23].iter().all(|at| bytes[*at] == b'-')
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
        check(Some(KEY), "2013-01-01T00:00:00Z", (FIRST_DAY, delivered, &[]));
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
