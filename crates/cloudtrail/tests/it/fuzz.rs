//! A seeded fuzzer of bytes → records against serde_json: documents are made of sample records and hand-made seeds by
//! bit flips, splices, repeated keys, nesting, surrogates, cut characters, numbers and white space. Nothing panics, each
//! byte stands in a record, in a reject or between them, and our parser takes what serde_json takes, but for the stricter
//! rules named in `may_differ`.
//!
//! A usual run is short; `TADORU_TEST_FUZZ_RUNS=3000000` makes it long, `TADORU_TEST_FUZZ_SEED` another one.

use cloudtrail::log_file::{self, Limits, Piece, RecordSlice};
use cloudtrail::record::{self, Record, RecordContext};
use cloudtrail::reject::{Reason, Reject, Warning};
use serde_json::Value;

use crate::streamed;

const USUAL_RUNS: u64 = 4_000;
const CONTEXT: RecordContext<'static> = RecordContext { key: None, ingested_at_us: 1_793_491_200_000_000 };

/// Records, from the usual to what nobody writes.
const SEEDS: &[&str] = &[
    r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA:s","arn":"arn:aws:sts::111122223333:assumed-role/r/s","accountId":"111122223333","accessKeyId":"ASIA1","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA","arn":"arn:aws:iam::111122223333:role/p/r","accountId":"111122223333","userName":"r"},"attributes":{"creationDate":"2026-01-02T00:00:00Z","mfaAuthenticated":"false"}}},"eventTime":"2026-01-02T00:01:02Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","userAgent":"aws-cli/2","requestParameters":{"bucketName":"b","key":"a/b c"},"responseElements":null,"requestID":"r","eventID":"00000001-aaaa-bbbb-cccc-dddddddddddd","readOnly":true,"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::b/a"},{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::b"}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"111122223333","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"x","clientProvidedHostHeader":"h"}}"#,
    r#"{ "eventTime" : "2026-01-02T00:01:02.5+09:00" , "eventName" : "\u0043af\u00e9 \ud83d\ude00 \\ \" \/ \b\f\n\r\t" , "eventID" : "x" , "readOnly" : "true" }"#,
    r#"{"eventTime":"2026-01-02T00:01:02Z","eventSource":"iam.amazonaws.com","errorCode":"AccessDenied","errorMessage":"辿る é","apiVersion":1.50e+10,"requestParameters":{"n":[-0,0.5,1E5,123456789012345678901234567890,[[],{}],{"":{"":null}}]},"additionalEventData":"text"}"#,
    r#"{"eventTime":"2026-01-02T00:01:02Z","eventName":"A","userIdentity":null,"resources":null,"responseElements":{"a":true,"b":false,"c":null}}"#,
    r#"{"eventID":"","recipientAccountId":"1","userIdentity":"root","readOnly":7,"tlsDetails":[],"resources":{"ARN":"a"},"eventTime":"2016-12-31T23:59:60Z"}"#,
    "{}",
];

/// What is put into documents as it is.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b"\n",
    b"\r",
    b"\t",
    b"\0",
    b"\x1f",
    b"\x7f",
    b"\x0c",
    b"\xff",
    b"\xc0\xaf",
    b"\xe3\x81",
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\\ud800",
    b"\\udc00",
    b"\\ud83d\\ude00",
    b"\\u0000",
    b"\\u00",
    b"\\x",
    b"0",
    b"-",
    b"00",
    b"1.",
    b".5",
    b"1e",
    b"1e+",
    b"-0",
    b"1e400",
    b"true",
    b"tru",
    b"null",
    b"false",
    b"NaN",
    b"\"eventName\":1,",
    b",\"eventName\":\"B\"",
    b",\"event\\u004eame\":\"B\"",
    b"\"eventTime\"",
    b"\n{",
    b"},{",
    b"}\n{",
    b"[[[[[[[[[[[[[[[[",
    b"{\"a\":{\"a\":{\"a\":",
    b"\"Records\":[",
    b"\"Events\":[",
    b"\"CloudTrailEvent\":\"",
    b"\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[",
    b"2026-01-02T00:01:02.000Z ",
    b"\"detail-type\":1,\"detail\":{",
];

/// xorshift64*, so that a failure is found again by its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }

    fn of<'t, T: ?Sized>(&mut self, items: &[&'t T]) -> &'t T {
        items[self.below(items.len())]
    }
}

/// One record, changed in one to eight ways or not at all.
fn record_bytes(random: &mut Random) -> Vec<u8> {
    let mut bytes = random.of(SEEDS).as_bytes().to_vec();
    let changes = [0, 1, 1, 1, 2, 3, 8][random.below(7)];
    for _ in 0..changes {
        change(random, &mut bytes);
    }
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len() + 1);
    let until = at + random.below((bytes.len() - at).min(40) + 1);
    match random.below(9) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = random.next() as u8,
        2 => drop(bytes.drain(at..until)),
        3 => {
            let copy = bytes[at..until].to_vec();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, copy);
        }
        4 => {
            let other = random.of(SEEDS).as_bytes();
            let from = random.below(other.len());
            let length = random.below((other.len() - from).min(80));
            bytes.splice(at..until, other[from..from + length].iter().copied());
        }
        5 => {
            let depth = [1, 20, 126, 127, 128, 200][random.below(6)];
            let (open, close) = random.of(&[&("[", "]"), &("{\"k\":", "}")]);
            let nested = [open.repeat(depth), "1".to_owned(), close.repeat(depth)].concat();
            bytes.splice(at..at, nested.into_bytes());
        }
        6 => bytes.truncate(at),
        _ => drop(bytes.splice(at..at, random.of(PIECES).iter().copied())),
    }
}

/// A document of some shape around some records, sometimes changed as a whole.
fn document_bytes(random: &mut Random) -> Vec<u8> {
    let records: Vec<Vec<u8>> = (0..random.below(5)).map(|_| record_bytes(random)).collect();
    let quoted = |record: &Vec<u8>| serde_json::to_vec(&String::from_utf8_lossy(record)).unwrap();
    let wrap = |before: &str, record: Vec<u8>, after: &str| [before.as_bytes(), &record, after.as_bytes()].concat();
    let shape = random.below(7);
    let elements: Vec<Vec<u8>> = match shape {
        0..=2 => records,
        3 => records.iter().map(|record| wrap("{\"CloudTrailEvent\":", quoted(record), "}")).collect(),
        4 => records.iter().map(|record| wrap("{\"message\":", quoted(record), "}")).collect(),
        5 => records.into_iter().map(|record| wrap("2026-01-02T00:01:02.000Z ", record, "")).collect(),
        _ => records.into_iter().map(|record| wrap("{\"detail-type\":\"x\",\"detail\":", record, "}")).collect(),
    };
    let separator: &[u8] = match shape {
        2 | 5 => b"\n",
        _ => random.of(&[&b","[..], b" ,\n"]),
    };
    let inside = elements.join(separator);
    let (before, after) = match shape {
        0 => (random.of(&["{\"Records\":[", "{\"x\":[1],\"Records\" : [ ", "\u{feff}{\"Records\":["]), "]}"),
        1 | 6 => ("[", "]"),
        3 => ("{\"Events\":[", "]}"),
        4 => ("{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[", "]}"),
        _ => ("", ""),
    };
    let mut bytes = wrap(before, inside, after);
    if random.below(3) == 0 {
        change(random, &mut bytes);
    }
    bytes
}

/// Why we may refuse what serde_json takes: its rules are laxer here, and ours stand in the list of reasons.
fn is_stricter(reason: Reason) -> bool {
    matches!(reason, Reason::JsonDuplicateKey | Reason::JsonDepth | Reason::RecordShape | Reason::RecordSizeLimit)
}

/// Whether serde_json refuses what RFC 8259 allows: numbers that no float holds, nesting of exactly its own limit.
fn is_their_limit(error: &serde_json::Error) -> bool {
    let text = error.to_string();
    text.contains("number out of range") || text.contains("recursion limit")
}

fn one_record(bytes: &[u8]) {
    let theirs = serde_json::from_slice::<Value>(bytes);
    match (RecordSlice::scan(bytes, 0, 0, &Limits::default()), &theirs) {
        (Ok(slice), Ok(value)) => {
            assert!(value.is_object());
            if let Ok(record) = record::read(&slice, &CONTEXT) {
                same_fields(&record, value);
            }
        }
        (Ok(slice), Err(error)) => {
            assert!(is_their_limit(error), "we take what serde_json refuses: {error}");
            let _ = record::read(&slice, &CONTEXT);
        }
        (Err(reject), Ok(_)) => assert!(is_stricter(reject.reason), "serde_json takes what we refuse: {reject:?}"),
        (Err(_), Err(_)) => {}
    }
}

/// What a record says of its text fields is what serde_json reads, where it is a text at all.
fn same_fields(record: &Record<'_>, value: &Value) {
    for (found, name) in [
        (&record.event_version, "eventVersion"),
        (&record.event_source, "eventSource"),
        (&record.event_name, "eventName"),
        (&record.aws_region, "awsRegion"),
        (&record.source_ip_address, "sourceIPAddress"),
        (&record.user_agent, "userAgent"),
        (&record.error_code, "errorCode"),
        (&record.error_message, "errorMessage"),
        (&record.request_id, "requestID"),
        (&record.event_id, "eventID"),
        (&record.recipient_account_id, "recipientAccountId"),
        (&record.event_category, "eventCategory"),
    ] {
        match &value[name] {
            Value::String(text) => assert_eq!(found.as_deref(), Some(text.as_str()), "{name}"),
            Value::Null | Value::Object(_) | Value::Array(_) => assert_eq!(found.as_deref(), None, "{name}"),
            Value::Bool(_) | Value::Number(_) => {
                assert!(found.is_some() && record.warnings.contains(&Warning::FieldType), "{name}");
            }
        }
    }
    for (found, name) in [
        (&record.request_parameters, "requestParameters"),
        (&record.response_elements, "responseElements"),
        (&record.additional_event_data, "additionalEventData"),
    ] {
        let found = found.as_deref().map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
        assert_eq!(found, value[name], "{name}");
    }
    let arn = value["userIdentity"]["arn"].as_str();
    assert!(arn.is_none() || record.user_identity.arn.as_deref() == arn);
    let count = value["resources"].as_array().map_or(0, Vec::len);
    assert_eq!(record.resources.len(), count, "resources");
}

/// Each byte stands in a record, in a reject, or between them; pieces stand in order and do not overlap.
fn one_document(bytes: &[u8]) {
    let mut pieces = Vec::new();
    let outline = log_file::cut(bytes, &Limits::default(), &mut |piece| pieces.push(piece));
    let Ok(outline) = outline else { return };
    assert_eq!(outline.slices + outline.rejects, pieces.len());
    let mut end = 0;
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Slice(slice) => {
                assert_eq!(slice.index, index);
                assert!(slice.offset >= end && slice.offset < bytes.len());
                if let std::borrow::Cow::Borrowed(own) = slice.bytes {
                    assert!(bytes[slice.offset..].windows(own.len()).next().is_some());
                    end = slice.offset + own.len();
                }
                let _ = record::read(slice, &CONTEXT);
            }
            Piece::Reject(Reject { index: at, offset, len, .. }) => {
                assert_eq!(*at, Some(index));
                assert!(*offset >= end && offset + len <= bytes.len());
                end = offset + len;
            }
        }
    }
    let whole = serde_json::from_slice::<Value>(bytes);
    if let (Ok(Value::Object(object)), log_file::Shape::Records) = (&whole, outline.shape) {
        assert_eq!(object["Records"].as_array().unwrap().len(), pieces.len(), "an element is a record or a reject");
    }
}

fn setting(name: &str, usual: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a setting of the tests alone")]
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

#[test]
fn bytes_become_records_as_serde_json_reads_them() {
    let (runs, first) = (setting("TADORU_TEST_FUZZ_RUNS", USUAL_RUNS), setting("TADORU_TEST_FUZZ_SEED", 1));
    for seed in first..first + runs {
        let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let (record, document) = (record_bytes(&mut random), document_bytes(&mut random));
        let checked = std::panic::catch_unwind(|| {
            one_record(&record);
            one_document(&document);
            if seed % 64 == 0 {
                let _ = streamed::agree(&document, "x.json", &Limits { record_bytes: 300, ..Limits::default() });
            }
        });
        if let Err(panic) = checked {
            let (record, document) = (String::from_utf8_lossy(&record), String::from_utf8_lossy(&document));
            let said = panic.downcast_ref::<String>().map_or("a panic", String::as_str);
            panic!(
                "TADORU_TEST_FUZZ_SEED={seed} TADORU_TEST_FUZZ_RUNS=1: {said}\nrecord: {record}\ndocument: {document}"
            );
        }
    }
}
