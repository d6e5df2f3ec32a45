//! The reference material beside the workspace: where it is, and what to do where it is not. Tests say what they
//! skipped and why; in CI nothing may be skipped.

use std::io::Write;
use std::path::{Path, PathBuf};

use cloudtrail::log_file::{self, Inflater, Limits, NotInflated};
use cloudtrail::object_key::{self, KeyVerdict};
use cloudtrail::record::{self, Record, RecordContext};
use cloudtrail::reject::Reject;

/// 2026-11-01: after every event of the reference material.
pub const INGESTED_AT_US: i64 = 1_793_491_200_000_000;

/// A path below `../shared`; `None`, and a line that says so, where it does not exist. In CI that is a failure.
pub fn shared(path: &str, test: &str) -> Option<PathBuf> {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    if full.exists() {
        return Some(full);
    }
    skip(test, &format!("{} is missing", full.display()));
    None
}

#[allow(clippy::disallowed_methods, reason = "how CI tells a test that it is CI")]
pub fn skip(test: &str, why: &str) {
    assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "{test} may not be skipped in CI: {why}");
    writeln!(std::io::stderr(), "skipped {test}: {why}").expect("stderr is open");
}

/// Every file below a folder whose name ends in one of `endings`, sorted.
pub fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, endings));
        } else if path.to_str().is_some_and(|name| endings.iter().any(|ending| name.ends_with(ending))) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The reject of a file that is not large.
pub fn rejected(not: NotInflated) -> Reject {
    match not {
        NotInflated::Rejected(reject) => reject,
        NotInflated::Large => panic!("no file here is large"),
    }
}

/// Takes one file the whole way and shows each record, or why there is none.
pub fn each_record(path: &Path, mut see: impl FnMut(Result<Record<'_>, Reject>)) -> Result<(), Reject> {
    let bytes = std::fs::read(path).unwrap();
    let name = path.to_str().unwrap();
    let key = match object_key::parse(name) {
        KeyVerdict::CloudTrail(key) => Some(key),
        _ => None,
    };
    let mut inflated = Vec::new();
    Inflater::new(Limits::default()).inflate(&bytes, name, &mut inflated).map_err(rejected)?;
    let document = log_file::read(&inflated, &Limits::default())?;
    for reject in document.rejects {
        see(Err(reject));
    }
    for slice in &document.slices {
        see(record::read(slice, &RecordContext { key: key.as_ref(), ingested_at_us: INGESTED_AT_US }));
    }
    Ok(())
}
