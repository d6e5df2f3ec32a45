//! A digest file: CloudTrail's hourly list of the log files it delivered, each with its hash
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-digest-file-structure.html>).
//! It is read whole or not at all: a list that lost an entry would prove what it does not know. The signature, which is
//! no part of the file, is not checked here. The lake compares the list with what was ingested.

use std::borrow::Cow;

use crate::event_time;
use crate::json::scanner::Scanner;
use crate::json::text::unescape;
use crate::json::walk::{elements, members};
use crate::log_file::Limits;
use crate::reject::{Reason, Reject};

/// What a digest file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest<'a> {
    pub account: Option<Cow<'a, str>>,
    /// The hour it speaks of, microseconds since 1970, UTC: log files delivered from here …
    pub starts_at_us: i64,
    /// … to here are in `log_files`, and no others.
    pub ends_at_us: i64,
    /// Bucket and key under which CloudTrail wrote it.
    pub bucket: Option<Cow<'a, str>>,
    pub object: Option<Cow<'a, str>>,
    /// The digest before it; `None` in the first after logging or validation was switched on.
    pub previous_object: Option<Cow<'a, str>>,
    /// Hash of the digest before it, of its compressed bytes.
    pub previous_sha256: Option<[u8; 32]>,
    pub log_files: Vec<ListedLogFile<'a>>,
}

/// A log file as a digest lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedLogFile<'a> {
    pub bucket: Option<Cow<'a, str>>,
    /// The key.
    pub object: Cow<'a, str>,
    /// Hash of the file's inflated bytes; `None` where another algorithm or none is named.
    pub sha256: Option<[u8; 32]>,
    /// Times of its oldest and newest event, microseconds since 1970, UTC.
    pub oldest_event_us: Option<i64>,
    pub newest_event_us: Option<i64>,
}

/// Whether a digest of this key lists late files of hours whose own digests have been written. Its times are no hour of
/// the trail's.
pub fn is_backfill(key: &str) -> bool {
    key.ends_with("_backfill.json.gz") || key.ends_with("_backfill.json")
}

/// Reads an inflated digest file.
pub fn read(inflated: &[u8]) -> Result<Digest<'_>, Reject> {
    let reject = |reason: Reason, detail: String| Reject::of_file(reason, inflated.len(), detail);
    let text = simdutf8::basic::from_utf8(inflated).map_err(|_| reject(Reason::NotUtf8, "a digest".to_owned()))?;
    let mut scanner = Scanner::new(inflated, &Limits::default());
    let start = scanner.space(0);
    if start == inflated.len() {
        return Err(reject(Reason::EmptyDocument, "nothing but white space".to_owned()));
    }
    let end = scanner.value(start, 0).map_err(|fault| reject(fault.reason, format!("at byte {}", fault.at)))?;
    if scanner.space(end) != inflated.len() {
        return Err(reject(Reason::JsonTrailingData, format!("{} bytes after the digest", inflated.len() - end)));
    }
    digest(&text[start..end]).map_err(|(reason, detail)| reject(reason, detail))
}

type Fault = (Reason, String);

fn digest(root: &str) -> Result<Digest<'_>, Fault> {
    if !root.starts_with('{') {
        return Err((Reason::JsonShape, "a digest is an object".to_owned()));
    }
    let (mut starts, mut ends, mut files) = (None, None, None);
    let (mut account, mut bucket, mut object) = (None, None, None);
    let (mut previous_object, mut previous_sha256) = (None, None);
    for (key, value) in members(root) {
        match key.as_ref() {
            "awsAccountId" => account = string(value),
            "digestStartTime" => starts = Some(time("digestStartTime", value)?),
            "digestEndTime" => ends = Some(time("digestEndTime", value)?),
            "digestS3Bucket" => bucket = string(value),
            "digestS3Object" => object = string(value),
            "previousDigestS3Object" => previous_object = string(value),
            "previousDigestHashValue" => previous_sha256 = string(value).and_then(|hex| sha256(&hex)),
            "logFiles" if files.is_some() => {
                return Err((Reason::JsonDuplicateKey, "logFiles stands twice".to_owned()));
            }
            "logFiles" => files = Some(value),
            _ => {}
        }
    }
    let (Some(starts), Some(ends), Some(files)) = (starts, ends, files) else {
        return Err((Reason::NotCloudtrail, "no digestStartTime, digestEndTime or logFiles".to_owned()));
    };
    if ends < starts {
        return Err((Reason::BadTime, "digestEndTime lies before digestStartTime".to_owned()));
    }
    if !files.starts_with('[') {
        return Err((Reason::JsonShape, "logFiles is not an array".to_owned()));
    }
    let log_files = elements(files).enumerate().map(|(index, element)| log_file(index, element));
    Ok(Digest {
        account,
        starts_at_us: starts,
        ends_at_us: ends,
        bucket,
        object,
        previous_object,
        previous_sha256,
        log_files: log_files.collect::<Result<_, _>>()?,
    })
}

fn log_file(index: usize, element: &str) -> Result<ListedLogFile<'_>, Fault> {
    let (mut object, mut hash, mut algorithm) = (None, None, None);
    let (mut bucket, mut oldest_event_us, mut newest_event_us) = (None, None, None);
    for (key, value) in members(element) {
        match key.as_ref() {
            "s3Bucket" => bucket = string(value),
            "s3Object" => object = string(value),
            "hashValue" => hash = string(value),
            "hashAlgorithm" => algorithm = string(value),
            "oldestEventTime" => oldest_event_us = optional_time(value),
            "newestEventTime" => newest_event_us = optional_time(value),
            _ => {}
        }
    }
    let Some(object) = object.filter(|object| !object.is_empty()) else {
        return Err((Reason::JsonShape, format!("logFiles[{index}] names no s3Object")));
    };
    let is_sha256 = algorithm.as_deref() == Some("SHA-256");
    let sha256 = hash.filter(|_| is_sha256).and_then(|hex| sha256(&hex));
    Ok(ListedLogFile { bucket, object, sha256, oldest_event_us, newest_event_us })
}

/// The text of a JSON string; `None` for null and any other type.
fn string(value: &str) -> Option<Cow<'_, str>> {
    Some(unescape(value.strip_prefix('"')?.strip_suffix('"')?))
}

fn time(name: &str, value: &str) -> Result<i64, Fault> {
    optional_time(value).ok_or_else(|| (Reason::BadTime, format!("{name} is {value:.60}")))
}

fn optional_time(value: &str) -> Option<i64> {
    event_time::parse(&string(value)?).map(|time| time.timestamp_us)
}

fn sha256(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.as_bytes();
    let mut hash = [0; 32];
    if digits.len() != 2 * hash.len() {
        return None;
    }
    let digit = |at: usize| char::from(digits[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = digit(2 * index)? << 4 | digit(2 * index + 1)?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "00ff00000000000000000000000000000000000000000000000000000000000a";

    fn written(times: [&str; 2], files: &str) -> String {
        format!(
            r#"{{"awsAccountId":"111111111111","digestStartTime":"{}","digestEndTime":"{}","digestS3Bucket":"b",
            "digestS3Object":"k","previousDigestS3Object":null,"previousDigestHashValue":"{HEX}","new":[{{}}],"logFiles":{files}}}"#,
            times[0], times[1]
        )
    }

    const HOUR: [&str; 2] = ["2026-06-01T00:13:52Z", "2026-06-01T01:13:52Z"];

    #[test]
    fn a_digest_lists_the_files_of_its_hour() {
        let files = format!(
            r#"[{{"s3Bucket":"b","s3Object":"a\/x.json.gz","hashValue":"{HEX}","hashAlgorithm":"SHA-256",
            "newestEventTime":"2026-06-01T00:20:00Z","oldestEventTime":"2026-06-01T00:15:00Z"}},
            {{"s3Object":"y","hashValue":"{HEX}","hashAlgorithm":"MD5","newestEventTime":null}}]"#
        );
        let text = written(HOUR, &files);
        let digest = read(text.as_bytes()).unwrap();
        assert_eq!(digest.ends_at_us - digest.starts_at_us, 3_600_000_000);
        assert_eq!((digest.account.as_deref(), digest.object.as_deref()), (Some("111111111111"), Some("k")));
        assert_eq!((digest.previous_object, digest.previous_sha256.map(|hash| hash[1])), (None, Some(0xff)));
        let [x, y] = digest.log_files.as_slice() else { panic!("{:?}", digest.log_files) };
        assert_eq!((x.object.as_ref(), x.sha256.map(|hash| hash[31])), ("a/x.json.gz", Some(10)));
        assert_eq!(x.newest_event_us.unwrap() - x.oldest_event_us.unwrap(), 300_000_000);
        assert_eq!((y.object.as_ref(), y.sha256, y.newest_event_us), ("y", None, None));
        assert_eq!(read(written(HOUR, "[]").as_bytes()).unwrap().log_files, []);
    }

    #[test]
    fn a_digest_that_proves_nothing_is_rejected_whole() {
        let check = |text: &str, expected: Reason| {
            assert_eq!(read(text.as_bytes()).map_err(|reject| reject.reason), Err(expected), "{text}");
        };
        check("", Reason::EmptyDocument);
        check("[]", Reason::JsonShape);
        check("{}", Reason::NotCloudtrail);
        check(r#"{"Records":[]}"#, Reason::NotCloudtrail);
        check(&written(HOUR, "{}"), Reason::JsonShape);
        check(&written(HOUR, "[{}]"), Reason::JsonShape);
        check(&written(HOUR, r#"["x"]"#), Reason::JsonShape);
        check(&written(["yesterday", HOUR[1]], "[]"), Reason::BadTime);
        check(&written([HOUR[1], HOUR[0]], "[]"), Reason::BadTime);
        check(&written(HOUR, "[]")[..40], Reason::JsonTruncated);
        check(&format!("{} x", written(HOUR, "[]")), Reason::JsonTrailingData);
        check(&written(HOUR, r#"[],"logFiles":[]"#), Reason::JsonDuplicateKey);
        assert_eq!(read(b"{\"\xff\":1}").map_err(|reject| reject.reason), Err(Reason::NotUtf8));
    }

    #[test]
    fn a_backfill_is_told_by_its_name() {
        assert!(is_backfill("a/1_CloudTrail-Digest_r_t_r_20260601T011352Z_backfill.json.gz"));
        assert!(!is_backfill("a/1_CloudTrail-Digest_r_backfill_r_20260601T011352Z.json.gz"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}", cut in 0usize..400) {
            let _ = read(text.as_bytes());
            let whole = written(HOUR, &format!("[{{\"s3Object\":{text:?}}}]"));
            let _ = read(whole.as_bytes());
            let _ = read(&whole.as_bytes()[..cut.min(whole.len())]);
        }
    }
}
