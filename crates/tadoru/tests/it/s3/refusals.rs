//! What S3 refuses, and what goes wrong on the way: each ends in three lines that say what mends it, and what could be read
//! is read.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::scripted_server::{Asked, Reply, ScriptedServer};
use super::{command, events, ingest, some_objects, summary};
use crate::test_lake::{TestLake, text};

const URL: &str = "s3://trail-bucket/AWSLogs/";

fn server(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> ScriptedServer {
    let objects = some_objects(6);
    ScriptedServer::start(objects.into_iter().map(|object| (object.key, object.bytes)), script)
}

/// Ingests; the exit code, what stderr must contain, and the lake.
fn check(server: &ScriptedServer, code: i32, expected: &[&str]) -> TestLake {
    let lake = TestLake::new();
    let output = command(&lake, &server.endpoint(), &["ingest", URL, "-o", "jsonl"]).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for part in expected {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
    lake
}

/// The first object of a bucket, by name.
fn is_first(asked: &Asked) -> bool {
    let first = some_objects(6).into_iter().map(|object| object.key).min();
    !asked.is_list() && Some(&asked.key) == first.as_ref()
}

#[test]
fn a_bucket_that_cannot_be_listed_at_all() {
    let check = |reply: Reply, code: i32, expected: &[&str]| {
        let server = server(move |_| reply.clone());
        let lake = check(&server, code, expected);
        assert!(!lake.folder().exists(), "no lake is made for nothing");
    };
    check(
        Reply::Error(403, "AccessDenied", "Access Denied"),
        4,
        &[
            "error: cannot ingest s3://trail-bucket/AWSLogs/\n  why: S3_LIST_DENIED: AccessDenied: Access Denied\n  try: ",
            "\"Action\": \"s3:ListBucket\"",
            "\"Resource\": \"arn:aws:s3:::trail-bucket\"",
            "\"AWSLogs/*\"",
        ],
    );
    check(
        Reply::Error(404, "NoSuchBucket", "x"),
        1,
        &["\n  why: there is no bucket trail-bucket", "\n  try: aws s3 ls"],
    );
    check(Reply::Error(400, "ExpiredToken", "x"), 4, &["\n  why: the AWS credentials have expired", "\n  try: "]);
    check(
        Reply::Error(403, "InvalidAccessKeyId", "x"),
        4,
        &["\n  why: AWS does not accept the credentials", "\n  try: "],
    );
    check(Reply::Error(301, "PermanentRedirect", "x"), 1, &["\n  why: the bucket is in another region", "AWS_REGION"]);
}

#[test]
fn the_region_that_s3_names_is_asked() {
    let elsewhere = |asked: &Asked| !asked.headers["authorization"].contains("/eu-west-1/s3/");
    let server = server(move |asked| {
        if elsewhere(asked) {
            Reply::ErrorWith(301, "PermanentRedirect", ("x-amz-bucket-region", "eu-west-1"))
        } else {
            Reply::Usual
        }
    });
    let found = ingest(&TestLake::new(), &server.endpoint(), URL, &[]);
    assert_eq!(found["files"], 6);
    assert_eq!(server.asked().iter().filter(|asked| elsewhere(asked)).count(), 1, "only the first request went astray");
}

#[test]
fn no_credentials_and_no_endpoint() {
    let server = server(|_| Reply::Usual);
    let lake = TestLake::new();
    let run = |change: fn(&mut std::process::Command), endpoint: &str| {
        let mut command = command(&lake, endpoint, &["ingest", URL]);
        change(&mut command);
        let output = command.output().unwrap();
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = run(
        |command| {
            command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
        },
        &server.endpoint(),
    );
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("\n  why: there are no AWS credentials: ") && said.contains("\n  try: --profile"), "{said}");
    assert!(server.asked().is_empty());

    // A port that was free a moment ago.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, said) = run(|_| {}, &format!("http://{closed}"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("\n  why: S3 cannot be reached: ") && said.contains("\n  try: look at"), "{said}");
    let (code, said) = run(
        |command| {
            command.args(["--profile", "no-such-profile"]);
        },
        &server.endpoint(),
    );
    assert_eq!(code, Some(4), "a profile that is named is not replaced by keys in the environment: {said}");
    let expected =
        "\n  why: there are no AWS credentials: no profile no-such-profile in ~/.aws/config or ~/.aws/credentials; ";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_url_that_is_none() {
    let lake = TestLake::new();
    let output = lake.run(&["ingest", "s3:///AWSLogs"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: cannot ingest s3:///AWSLogs\n  why: "));
}

#[test]
fn objects_that_may_not_be_read() {
    let denied =
        server(|asked| if asked.is_list() { Reply::Usual } else { Reply::Error(403, "AccessDenied", "Access Denied") });
    check(&denied, 4, &["\"Action\": \"s3:GetObject\"", "\"Resource\": \"arn:aws:s3:::trail-bucket/AWSLogs/*\""]);

    let partly =
        server(|asked| if is_first(asked) { Reply::Error(403, "AccessDenied", "Access Denied") } else { Reply::Usual });
    let lake = check(&partly, 5, &["warning: not read: s3://trail-bucket/AWSLogs/", "S3_GET_DENIED"]);
    assert_eq!(lake.catalog("SELECT name FROM ingested_object").len(), 5, "the others are read");
}

#[test]
fn where_everything_is_refused_not_everything_is_tried() {
    let objects = some_objects(200).into_iter().map(|object| (object.key, object.bytes));
    let denied = ScriptedServer::start(objects, |asked| {
        if asked.is_list() { Reply::Usual } else { Reply::Error(403, "AccessDenied", "Access Denied") }
    });
    check(&denied, 4, &["warning: 195 more objects were not read"]);
    let gets = denied.asked().iter().filter(|asked| !asked.is_list()).count();
    assert!((64..64 + 16).contains(&gets), "{gets} of 200");
}

#[test]
fn a_key_that_may_not_be_used() {
    let key = "arn:aws:kms:eu-west-1:123456789012:key/0f1c2d3e";
    let refused = server(|asked| {
        if is_first(asked) {
            Reply::Error(
                403,
                "AccessDenied",
                "User: arn:aws:iam::1:user/a is not authorized to perform: kms:Decrypt on resource: \
                 arn:aws:kms:eu-west-1:123456789012:key/0f1c2d3e because no identity-based policy allows it",
            )
        } else {
            Reply::Usual
        }
    });
    check(&refused, 5, &["S3_KMS_DENIED", "\"Action\": \"kms:Decrypt\"", &format!("\"Resource\": \"{key}\"")]);
    let disabled = server(|asked| {
        let message = "arn:aws:kms:eu-west-1:123456789012:key/0f1c2d3e is disabled.";
        if is_first(asked) { Reply::Error(400, "KMS.DisabledException", message) } else { Reply::Usual }
    });
    check(&disabled, 5, &["S3_KMS_DENIED: KMS.DisabledException", key]);
}

#[test]
fn an_object_that_is_another_one_by_now() {
    let check = |reply: Reply, reason: &str| {
        let changed = server(move |asked| if is_first(asked) { reply.clone() } else { Reply::Usual });
        let lake = check(&changed, 5, &["warning: not read: s3://", reason]);
        assert_eq!(lake.catalog("SELECT name FROM ingested_object").len(), 5);
        let asked = changed.asked();
        let get = asked.iter().find(|asked| is_first(asked)).unwrap();
        assert!(get.headers["if-match"].starts_with('"'), "the very object that was listed is asked for");
    };
    check(Reply::Error(412, "PreconditionFailed", "x"), "OBJECT_CHANGED");
    check(Reply::Error(404, "NoSuchKey", "x"), "OBJECT_GONE");
    check(Reply::Error(403, "InvalidObjectState", "x"), "S3_ARCHIVED");
}

#[test]
fn a_body_that_ends_early_is_asked_for_again() {
    let whole = TestLake::new();
    ingest(&whole, &server(|_| Reply::Usual).endpoint(), URL, &[]);
    let times = AtomicUsize::new(0);
    let once = server(move |asked| {
        let is_cut = is_first(asked) && times.fetch_add(1, Ordering::Relaxed) == 0;
        if is_cut { Reply::Cut(10) } else { Reply::Usual }
    });
    let lake = check(&once, 0, &[]);
    assert_eq!(events(&lake), events(&whole));
    let always = server(|asked| if is_first(asked) { Reply::Cut(10) } else { Reply::Usual });
    let lake = check(&always, 5, &["the body ended early 3 times"]);
    assert_eq!(lake.catalog("SELECT name FROM ingested_object").len(), 5);
}

#[test]
fn throttling_is_waited_out() {
    let times = AtomicUsize::new(0);
    let slow = server(move |asked| {
        let is_throttled = is_first(asked) && times.fetch_add(1, Ordering::Relaxed) < 2;
        if is_throttled { Reply::Error(503, "SlowDown", "Please reduce your request rate.") } else { Reply::Usual }
    });
    let output = command(&TestLake::new(), &slow.endpoint(), &["ingest", URL, "-o", "jsonl"]).output().unwrap();
    assert_eq!(summary(&output)["files"], 6);
    assert_eq!(slow.asked().iter().filter(|asked| is_first(asked)).count(), 3);
}
