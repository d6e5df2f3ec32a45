//! A bucket gives the same events as its files in a folder, a known object costs no GET, and a dry run writes nothing.

use super::filters::logs;
use super::moto_server::{MotoServer, gets, lists};
use super::scripted_server::{Reply, ScriptedServer};
use super::{BUCKET, command, events, ingest, some_objects, summary};
use crate::test_lake::{TestLake, text, write_objects};

#[test]
fn a_bucket_gives_the_same_events_as_its_files() {
    let Some(mut server) = MotoServer::start("a_bucket_gives_the_same_events_as_its_files") else { return };
    let local = TestLake::new();
    let (objects, logs) = (some_objects(100), local.beside("logs"));
    write_objects(&objects, &logs);
    let expected = local.ingest(&[&logs]);
    objects.iter().for_each(|object| server.put(&format!("teams/one/{}", object.key), &object.bytes));

    let lake = TestLake::new();
    let found = ingest(&lake, &server.endpoint(), &format!("s3://{BUCKET}"), &[]);
    for name in ["files", "files_skipped", "records", "new_events", "duplicates", "rejected", "bytes_in"] {
        assert_eq!(found[name], expected[name], "{name}");
    }
    assert_eq!(events(&lake), events(&local));
    lake.assert_consistent();
    let requests = server.requests();
    assert_eq!(gets(&requests), objects.len(), "one GET an object");

    let again = ingest(&lake, &server.endpoint(), &format!("s3://{BUCKET}/teams/"), &[]);
    assert_eq!((&again["files"], &again["files_skipped"]), (&0.into(), &objects.len().into()));
    let requests = server.requests();
    assert_eq!(gets(&requests), 0, "a known object costs no GET");
    assert!(lists(&requests) > 0);
}

#[test]
fn a_dry_run_counts_and_writes_nothing() {
    let Some(mut server) = MotoServer::start("a_dry_run_counts_and_writes_nothing") else { return };
    let objects = some_objects(12);
    let bytes: usize = objects.iter().map(|object| object.bytes.len()).sum();
    objects.iter().for_each(|object| server.put(&object.key, &object.bytes));
    let lake = TestLake::new();
    let url = format!("s3://{BUCKET}/AWSLogs/");
    let dry_run = |lake: &TestLake| {
        let output = command(lake, &server.endpoint(), &["ingest", &url, "--dry-run", "-o", "jsonl"]).output().unwrap();
        let said = text(&output.stderr);
        assert!(said.contains("note: nothing was read or written\n why: the time rests on "), "{said}");
        summary(&output)
    };
    let found = dry_run(&lake);
    assert_eq!((&found["files"], &found["files_skipped"]), (&12.into(), &0.into()));
    assert_eq!((&found["bytes_in"], &found["get_requests"]), (&bytes.into(), &12.into()));
    assert!(found["estimated_seconds"].as_u64().unwrap() > 0);
    assert!(!lake.folder().exists(), "no lake is made");

    ingest(&lake, &server.endpoint(), &url, &[]);
    let found = dry_run(&lake);
    assert_eq!((&found["files"], &found["files_skipped"]), (&0.into(), &12.into()));
    let sent = found["list_requests"].as_u64().unwrap() as usize;
    let requests = server.requests();
    assert_eq!((gets(&requests), lists(&requests)), (12, 3 * sent), "dry runs list, and read nothing");
}

/// Larger than all bodies that may wait together: one event and many blanks.
#[test]
fn a_large_body_is_read_as_it_comes() {
    let (key, body) = logs("AWSLogs/").remove(0);
    let mut large = body;
    large.extend(std::iter::repeat_n(b' ', 33 << 20));
    let check = |reply: Reply, code: i32, files: u64| {
        let server = ScriptedServer::start([(key.clone(), large.clone())], move |asked| {
            if asked.is_list() { Reply::Usual } else { reply.clone() }
        });
        let lake = TestLake::new();
        let output =
            command(&lake, &server.endpoint(), &["ingest", "s3://trail-bucket", "-o", "jsonl"]).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&found["files"], &found["new_events"], &found["rejected"]),
            (&files.into(), &files.into(), &0.into())
        );
        said
    };
    check(Reply::Usual, 0, 1);
    let said = check(Reply::Cut(20 << 20), 5, 0);
    assert!(said.contains("not read: s3://trail-bucket/"), "cut is not broken: {said}");
}

#[test]
fn one_object_by_its_url() {
    let Some(mut server) = MotoServer::start("one_object_by_its_url") else { return };
    let objects = some_objects(2);
    objects.iter().for_each(|object| server.put(&object.key, &object.bytes));
    let lake = TestLake::new();
    let found = ingest(&lake, &server.endpoint(), &format!("s3://{BUCKET}/{}", objects[1].key), &[]);
    assert_eq!(found["files"], 1);
    let requests = server.requests();
    assert_eq!((gets(&requests), lists(&requests)), (1, 1));
}
