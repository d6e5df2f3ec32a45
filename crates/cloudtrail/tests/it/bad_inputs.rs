//! `data/bad_inputs.jsonl`: outcome, reason code and counts of every case that this crate decides. The bytes are built
//! by the cases' own generator, and go the way a log file goes: key, inflate, cut, read.

use std::path::Path;
use std::process::Command;

use cloudtrail::log_file::{self, Inflater, Limits};
use cloudtrail::object_key::{self, KeyVerdict, ObjectKind};
use cloudtrail::record::{self, RecordContext};
use serde_json::Value;

use crate::{reference, streamed};

/// The generator builds bombs at this part of 1,024.
const SCALE: usize = 8;

/// 2026-01-02T00:06:00Z: just after the delivery that the cases' keys name.
const INGESTED_AT_US: i64 = 1_767_312_360_000_000;

/// Cases of these classes that somebody else decides.
const WAITING: &[(&str, &str)] = &[
    ("B058", "deduplication is the lake's"),
    ("B059", "conflicts are the lake's"),
    ("B060", "identity across accounts is the lake's; the account that differs from the key is B081's warning here"),
    ("B061", "deduplication is the lake's"),
    ("B062", "the ledger is the lake's"),
    ("B063", "the ledger is the lake's"),
    ("B095", "reading folders is ingest's"),
    ("B096", "reading folders is ingest's"),
    ("B097", "following files is ingest's"),
    ("B098", "reading folders is ingest's"),
    ("B099", "reading folders is ingest's"),
];

#[derive(Debug, PartialEq)]
struct Found {
    outcome: &'static str,
    reasons: Vec<&'static str>,
    records_ok: usize,
    records_bad: usize,
}

#[test]
fn conformance_cases_have_their_outcome_reason_and_counts() {
    let test = "bad_inputs";
    let Some(generator) = reference::shared("tools/bad_inputs.py", test) else {
        return;
    };
    // The generator writes its list beside itself, so it runs in a copy.
    let folder = tempfile::tempdir().unwrap();
    for part in ["tools", "data"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
    }
    let copy = folder.path().join("tools/bad_inputs.py");
    std::fs::copy(generator, &copy).unwrap();
    let built = folder.path().join("built");
    let python =
        Command::new("python3").arg(&copy).arg("--materialise").arg(&built).env("SCALE", SCALE.to_string()).output();
    match python {
        Err(error) => return reference::skip(test, &format!("python3: {error}")),
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
    }
    let list = std::fs::read_to_string(folder.path().join("data/bad_inputs.jsonl")).unwrap();
    let mut checked = 0;
    let mut wrong = Vec::new();
    for line in list.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let id = case["id"].as_str().unwrap();
        let ours = ["gzip", "bomb", "json", "record", "key"].contains(&case["cls"].as_str().unwrap());
        if !ours || WAITING.iter().any(|(waiting, _)| *waiting == id) {
            continue;
        }
        checked += 1;
        if let Err(difference) = check(&case, &built) {
            wrong.push(format!("{id} {}: {difference}", case["name"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {checked} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(checked, 88);
}

fn check(case: &Value, built: &Path) -> Result<(), String> {
    let id = case["id"].as_str().unwrap();
    let expected = &case["expect"];
    let bytes = std::fs::read(built.join(format!("{id}.bin"))).unwrap();
    let mut key = case["key"].as_str().unwrap().to_owned();
    if id == "B093" {
        // Its key is shorter than its name says (docs/decisions/0003).
        key.insert_str(0, &"p".repeat(1025 - key.len()));
    }
    let found = take(&key, &bytes, &limits_for(id));
    let reason = expected["reason"].as_str();
    let as_expected = found.outcome == expected["outcome"]
        && reason.map_or(found.reasons.is_empty(), |reason| found.reasons.contains(&reason))
        && found.records_ok == expected["records_ok"]
        && found.records_bad == expected["records_bad"];
    if as_expected { Ok(()) } else { Err(format!("{found:?} instead of {expected}")) }
}

/// A bomb at a part of its size meets limits at the same part of theirs.
fn limits_for(id: &str) -> Limits {
    let whole = Limits::default();
    let part = |limit: usize| limit * SCALE / 1024;
    match id {
        "B019" | "B021" => Limits {
            inflated_bytes: part(whole.inflated_bytes),
            ratio_after_bytes: part(whole.ratio_after_bytes),
            ..whole
        },
        "B020" => Limits { records: part(whole.records), ..whole },
        _ => whole,
    }
}

fn take(key: &str, bytes: &[u8], limits: &Limits) -> Found {
    let alone = |outcome, reason| Found { outcome, reasons: vec![reason], records_ok: 0, records_bad: 0 };
    let key = object_key::decode_notification_key(key);
    let parsed = match object_key::parse(&key) {
        KeyVerdict::CloudTrail(parsed) if parsed.kind == ObjectKind::Digest => return alone("skip", "DIGEST_OBJECT"),
        KeyVerdict::CloudTrail(parsed) => parsed,
        KeyVerdict::Unknown => panic!("every case has a key that says something: {key}"),
        KeyVerdict::Skip(reason) => return alone("skip", reason.code()),
        KeyVerdict::Refuse(reason) => return alone("reject_request", reason.code()),
    };
    let _ = streamed::agree(bytes, &key, limits);
    let mut inflated = Vec::new();
    let whole = Inflater::new(*limits)
        .inflate(bytes, &key, &mut inflated)
        .map_err(reference::rejected)
        .and_then(|noticed| Ok((noticed, log_file::read(&inflated, limits)?)));
    let (noticed, document) = match whole {
        Ok(whole) => whole,
        Err(reject) => return alone("quarantine_file", reject.reason.code()),
    };
    let context = RecordContext { key: Some(&parsed), ingested_at_us: INGESTED_AT_US };
    let mut warnings: Vec<_> = noticed.warnings.into_iter().chain(document.warnings).collect();
    let mut rejects = document.rejects;
    let mut records_ok = 0;
    for slice in &document.slices {
        match record::read(slice, &context) {
            Ok(record) => {
                assert_eq!(record.raw.as_bytes(), &*slice.bytes);
                records_ok += 1;
                warnings.extend(record.warnings);
            }
            Err(reject) => rejects.push(reject),
        }
    }
    let (outcome, reasons) = if !rejects.is_empty() {
        ("quarantine_record", rejects.iter().map(|reject| reject.reason.code()).collect())
    } else if !warnings.is_empty() {
        ("accept_warn", warnings.iter().map(|warning| warning.code()).collect())
    } else {
        ("accept", Vec::new())
    };
    Found { outcome, reasons, records_ok, records_bad: rejects.len() }
}
