//! Ingest straight from S3: against moto's S3 the whole way, against a server that the test scripts where S3 refuses, stalls
//! or answers wrongly. Both listen on loopback.

mod filters;
mod interruptions;
pub mod moto_server;
mod permissions;
mod refusals;
mod scripted_server;
mod whole_bucket;

use std::process::{Command, Output};

use sample::SampleObject;
use serde_json::Value;

use crate::test_lake::{TestLake, sample, text};

/// The bucket of all these tests.
const BUCKET: &str = "trail-bucket";

/// A command over `lake` that finds S3 at `endpoint`.
fn command(lake: &TestLake, endpoint: &str, arguments: &[&str]) -> Command {
    let mut command = lake.command(arguments);
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// The summary of a run that must succeed.
fn summary(output: &Output) -> Value {
    assert!(output.status.success(), "{}: {}", output.status, text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Ingests `url` and returns the summary.
fn ingest(lake: &TestLake, endpoint: &str, url: &str, arguments: &[&str]) -> Value {
    let output = command(lake, endpoint, &["ingest", url, "-o", "jsonl"]).args(arguments).output().unwrap();
    summary(&output)
}

/// The first objects of the sample, with its keys.
fn some_objects(count: usize) -> Vec<SampleObject> {
    sample().objects_of_day(0).take(count).collect()
}

/// How an object stands in a bucket: its name there and its stamp change nothing about its events.
fn events(lake: &TestLake) -> String {
    lake.sql("SELECT raw, eventdate, account, principal, fingerprint, warnings FROM events ORDER BY eventid, fingerprint, raw")
}
