//! Our own JSON pass against serde_json: what one takes the other takes, byte for byte. And nothing panics, whatever
//! the bytes.

use cloudtrail::log_file::{self, Inflater, Limits, RecordSlice};
use cloudtrail::record::{self, RecordContext};
use proptest::prelude::*;
use serde_json::Value;

const CONTEXT: RecordContext<'static> = RecordContext { key: None, ingested_at_us: 1_793_491_200_000_000 };

/// Any JSON value, with keys and texts that need escapes.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        // Eighths, because serde_json rounds the last bit of other fractions.
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        "[\\PC\"\\\\\u{0}-\u{1f}]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("[a-c\"\\\\é]{0,3}", inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn record(parameters: &Value) -> Value {
    serde_json::json!({
        "eventTime": "2026-01-02T00:01:02Z", "eventSource": "iam.amazonaws.com", "eventName": "CreateUser",
        "eventID": "00000001-aaaa-bbbb-cccc-dddddddddddd", "requestParameters": parameters,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/Alice"},
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sound_documents_come_back_byte_for_byte(values in prop::collection::vec(json(), 0..5), pretty: bool) {
        let document = serde_json::json!({"Records": values.iter().map(record).collect::<Vec<_>>()});
        let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
        let text = text.unwrap();
        let read = log_file::read(text.as_bytes(), &Limits::default()).unwrap();
        prop_assert_eq!(read.rejects.len(), 0);
        prop_assert_eq!(read.slices.len(), values.len());
        for (slice, value) in read.slices.iter().zip(&values) {
            prop_assert_eq!(&text.as_bytes()[slice.offset..slice.offset + slice.bytes.len()], &*slice.bytes);
            let taken = record::read(slice, &CONTEXT).unwrap();
            let parameters = taken.request_parameters.as_deref().map(|text| serde_json::from_str::<Value>(text).unwrap());
            prop_assert_eq!(parameters.unwrap_or(Value::Null), value.clone());
            let compact = serde_json::to_string(&record(value)).unwrap();
            let again = RecordSlice::scan(compact.as_bytes(), 0, 0, &Limits::default()).unwrap();
            prop_assert_eq!(record::read(&again, &CONTEXT).unwrap().fingerprint, taken.fingerprint);
        }
    }

    #[test]
    fn one_changed_byte_is_judged_as_serde_json_judges_it(value in json(), place: prop::sample::Index, byte: u8) {
        let mut bytes = serde_json::to_vec(&record(&value)).unwrap();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let ours = RecordSlice::scan(&bytes[..], 0, 0, &Limits::default());
        let theirs = serde_json::from_slice::<Value>(&bytes);
        match (&ours, &theirs) {
            (Ok(_), Ok(value)) => prop_assert!(value.is_object()),
            (Err(_), Err(_)) => {}
            // serde_json takes duplicate keys, and refuses numbers that overflow a float.
            (Err(reject), Ok(_)) => prop_assert!(
                matches!(reject.reason.code(), "JSON_DUPLICATE_KEY" | "RECORD_SHAPE"), "{:?}", reject
            ),
            (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("number out of range"), "{}", error),
        }
        if let Ok(slice) = &ours {
            let _ = record::read(slice, &CONTEXT);
        }
    }

    #[test]
    fn changed_documents_never_panic(
        values in prop::collection::vec(json(), 0..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut: prop::sample::Index,
    ) {
        let document = serde_json::json!({"Records": values.iter().map(record).collect::<Vec<_>>()});
        let mut bytes = serde_json::to_vec(&document).unwrap();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        take(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        take(&bytes);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        take(&bytes);
    }

    #[test]
    fn almost_json_never_panics(text in "[\\[\\]{}\",:\\\\ \n01truefalsn\\-.e]{0,80}") {
        take(text.as_bytes());
        take(format!("{{\"Records\":[{text}]}}").as_bytes());
        take(format!("{{\"Events\":[{{\"CloudTrailEvent\":\"{text}\"}}]}}").as_bytes());
        take(format!("{{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":[{text}]}}").as_bytes());
    }

    #[test]
    fn compressed_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), flags: u8) {
        let mut object = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 0];
        object.extend(bytes);
        let mut out = Vec::new();
        let _ = Inflater::new(Limits::default()).inflate(&object, "x.gz", &mut out);
    }
}

fn take(bytes: &[u8]) {
    let Ok(document) = log_file::read(bytes, &Limits::default()) else {
        return;
    };
    for slice in &document.slices {
        let _ = record::read(slice, &CONTEXT);
    }
}
