//! Every shape that people keep CloudTrail in, what is like it and is not, and what becomes of the neighbours of a
//! broken record.

use cloudtrail::log_file::{self, Limits, Shape};

const RECORD: &str = r#"{"eventVersion":"1.11","eventTime":"2026-01-02T00:01:02Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","eventID":"1"}"#;

/// Shape and warnings, records, and the rejects' reasons; or the reason for the whole file.
type Found = Result<(Shape, Vec<&'static str>, usize, Vec<&'static str>), &'static str>;

fn take(text: &str) -> Found {
    let document = log_file::read(text.as_bytes(), &Limits::default()).map_err(|reject| reject.reason.code())?;
    for slice in &document.slices {
        assert_eq!(&*slice.bytes, RECORD.as_bytes(), "a slice is the record, byte for byte");
    }
    Ok((
        document.shape,
        document.warnings.iter().map(|warning| warning.code()).collect(),
        document.slices.len(),
        document.rejects.iter().map(|reject| reject.reason.code()).collect(),
    ))
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn envelope() -> String {
    format!(r#"{{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.iam","detail":{RECORD}}}"#)
}

#[test]
fn each_shape_is_recognised() {
    fn check(text: &str, shape: Shape, warnings: &[&str], records: usize, rejects: &[&str]) {
        assert_eq!(take(text), Ok((shape, warnings.to_vec(), records, rejects.to_vec())), "{text}");
    }
    let record = RECORD;
    let envelope = envelope();
    let lookup = format!(r#"{{"EventId":"1","EventName":"CreateUser","CloudTrailEvent":{}}}"#, quoted(record));
    let message = |text: &str| format!(r#"{{"id":"1","timestamp":1,"message":{}}}"#, quoted(text));
    let subscription = |events: &str| format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{events}]}}"#);

    check(&format!(r#"{{"Records":[{record},{record}]}}"#), Shape::Records, &[], 2, &[]);
    check(&format!("{{ \"Records\" : [\n {record} ,\n {record}\n] }}\n"), Shape::Records, &[], 2, &[]);
    check(&format!(r#"{{"a":{{}},"Records":[{record}]}}"#), Shape::Records, &["EXTRA_TOP_LEVEL"], 1, &[]);
    check(r#"{"Records":[]}"#, Shape::Records, &[], 0, &[]);
    check(&format!("[{record}]"), Shape::BareArray, &["BARE_ARRAY"], 1, &[]);
    check("[]", Shape::BareArray, &["BARE_ARRAY"], 0, &[]);
    check(
        &format!("[{record},{{\"a\":1}},7]"),
        Shape::BareArray,
        &["BARE_ARRAY"],
        1,
        &["NOT_CLOUDTRAIL", "RECORD_SHAPE"],
    );
    check(record, Shape::SingleEvent, &["SINGLE_EVENT"], 1, &[]);
    check(&format!("{record}\n{record}\n"), Shape::Ndjson, &["NDJSON"], 2, &[]);
    check(&format!("{record}{record}"), Shape::Ndjson, &["NDJSON"], 2, &[]);
    check(&format!("{{\"a\":1,\n{record}\n"), Shape::Ndjson, &["NDJSON"], 1, &["JSON_SYNTAX"]);
    check(&format!("{{\"a\n{record}\n"), Shape::Ndjson, &["NDJSON"], 1, &["JSON_SYNTAX"]);
    check(&format!("{record}\n{{\"eventID\":"), Shape::Ndjson, &["NDJSON"], 1, &["JSON_TRUNCATED"]);
    check(&envelope, Shape::EventBridge, &["EVENTBRIDGE_SHAPE"], 1, &[]);
    check(&format!("[{envelope},{envelope}]"), Shape::BareArray, &["BARE_ARRAY", "EVENTBRIDGE_SHAPE"], 2, &[]);
    check(&format!("{envelope}\n{envelope}"), Shape::Ndjson, &["EVENTBRIDGE_SHAPE", "NDJSON"], 2, &[]);
    check(
        &format!(r#"{{"Events":[{lookup}],"NextToken":"t"}}"#),
        Shape::LookupEvents,
        &["LOOKUP_EVENTS_SHAPE"],
        1,
        &[],
    );
    check(&lookup, Shape::LookupEvents, &["LOOKUP_EVENTS_SHAPE"], 1, &[]);
    check(&format!("{lookup}\n{lookup}\n"), Shape::Ndjson, &["LOOKUP_EVENTS_SHAPE", "NDJSON"], 2, &[]);
    check(
        &subscription(&format!("{},{}", message(record), message("no json"))),
        Shape::SubscriptionData,
        &["SUBSCRIPTION_SHAPE"],
        1,
        &["RECORD_SHAPE"],
    );
    check(
        r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","timestamp":1,"message":"health"}]}"#,
        Shape::SubscriptionData,
        &["SUBSCRIPTION_SHAPE"],
        0,
        &[],
    );
    check(
        &format!("2026-01-02T00:01:02.000Z {record}\n2026-01-02T00:01:03.000Z {record}\nodd line\n"),
        Shape::LogsExport,
        &["LOGS_EXPORT_SHAPE"],
        2,
        &["JSON_SYNTAX"],
    );
}

#[test]
fn what_is_not_cloudtrail_is_rejected_whole() {
    fn check(text: &str, expected: &'static str) {
        assert_eq!(take(text), Err(expected), "{text}");
    }
    check(r#"{"foo":1}"#, "NOT_CLOUDTRAIL");
    check("{}", "NOT_CLOUDTRAIL");
    check("[1,2]", "NOT_CLOUDTRAIL");
    check(r#"[{"data":{}}]"#, "NOT_CLOUDTRAIL");
    check(r#"{"Version":"2012-10-17","Statement":[]}"#, "NOT_CLOUDTRAIL");
    check(r#"{"detail-type":"Object Created","detail":{"bucket":{"name":"b"}}}"#, "NOT_CLOUDTRAIL");
    check(r#"{"digestStartTime":"2026-01-02T00:00:00Z","logFiles":[]}"#, "DIGEST_OBJECT");
    check(r#"{"Events":7}"#, "JSON_SHAPE");
    check("12", "JSON_SHAPE");
    check("2026-01-02 some text", "UNKNOWN_MAGIC");
    check("name,value\n", "UNKNOWN_MAGIC");
    check(r#"{"eventID":"1","#, "JSON_TRUNCATED");
    check(r#"{"eventID":"1"]"#, "JSON_SYNTAX");
    check(&format!("[{RECORD}"), "JSON_TRUNCATED");
    check(&format!("[{RECORD}] x"), "JSON_TRAILING_DATA");
    check(&format!("{{\"Records\":[{RECORD}]}}\n{{\"Records\":[{RECORD}]}}"), "JSON_TRAILING_DATA");
    check(&format!("{RECORD}\n{{\"Records\":[]}}"), "JSON_TRAILING_DATA");
}

#[test]
fn a_broken_record_leaves_its_neighbours() {
    fn check(broken: &str, reason: &'static str) {
        let text = format!(r#"{{"Records":[{RECORD},{broken},{RECORD}]}}"#);
        assert_eq!(take(&text), Ok((Shape::Records, Vec::new(), 2, vec![reason])), "{text}");
        let reject = log_file::read(text.as_bytes(), &Limits::default()).unwrap().rejects.remove(0);
        assert_eq!(&text[reject.offset..reject.offset + reject.len], broken, "a reject keeps its bytes");
        assert_eq!(reject.index, Some(1));
    }
    check(r#"{"a":tru}"#, "JSON_SYNTAX");
    check(r#"{"a":01}"#, "JSON_SYNTAX");
    check(r#"{"a":1,}"#, "JSON_SYNTAX");
    check(r#"{"a":[1,]}"#, "JSON_SYNTAX");
    check(r#"{"a" 1}"#, "JSON_SYNTAX");
    check(r#"{"a":"\x"}"#, "JSON_SYNTAX");
    check(r#"{"a":"\udc00"}"#, "LONE_SURROGATE");
    check(r#"{"a":1,"a":2}"#, "JSON_DUPLICATE_KEY");
    check(r#"{"eventName":1,"event\u004eame":2}"#, "JSON_DUPLICATE_KEY");
    check("[]", "RECORD_SHAPE");
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(128), "]".repeat(128));
    check(&deep, "JSON_DEPTH");
}

#[test]
fn the_depth_limit_counts_the_record_itself() {
    let at_limit = format!(r#"{{"Records":[{{"eventID":{}1{}}}]}}"#, "[".repeat(127), "]".repeat(127));
    let document = log_file::read(at_limit.as_bytes(), &Limits::default()).unwrap();
    assert_eq!((document.slices.len(), document.rejects.len()), (1, 0));
}
