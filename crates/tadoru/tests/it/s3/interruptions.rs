//! Killed in the middle and stopped by Ctrl-C: what is committed is kept, and no GET is spent on it again.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use super::moto_server::{MotoServer, gets};
use super::scripted_server::{Asked, Reply, ScriptedServer};
use super::{BUCKET, command, events, ingest, some_objects};
use crate::test_lake::{TestLake, text};

#[test]
fn killed_in_the_middle_it_goes_on_where_it_stopped() {
    let Some(mut server) = MotoServer::start("killed_in_the_middle_it_goes_on_where_it_stopped") else { return };
    let objects = some_objects(80);
    objects.iter().for_each(|object| server.put(&object.key, &object.bytes));
    let url = format!("s3://{BUCKET}/AWSLogs/");
    let whole = TestLake::new();
    ingest(&whole, &server.endpoint(), &url, &[]);
    server.requests();
    for stop_point in ["batch_read:2", "before_commit:2", "after_commit:2"] {
        let lake = TestLake::new();
        let mut killed = command(&lake, &server.endpoint(), &["ingest", "--quiet", &url]);
        killed.env("TADORU_TEST_BATCH_BYTES", "50000").env("TADORU_TEST_STOP_POINT", stop_point);
        let output = killed.output().unwrap();
        assert!(output.status.signal().is_some(), "{stop_point}: {}: {}", output.status, text(&output.stderr));
        lake.assert_consistent();
        let committed = lake.catalog("SELECT name FROM ingested_object").len();
        assert!(committed > 0 && committed < objects.len(), "{stop_point}: {committed}");
        server.requests();
        let found = ingest(&lake, &server.endpoint(), &url, &[]);
        assert_eq!(found["files_skipped"], committed, "{stop_point}");
        assert_eq!(
            gets(&server.requests()),
            objects.len() - committed,
            "{stop_point}: a GET for what was not committed"
        );
        lake.assert_consistent();
        assert_eq!(events(&lake), events(&whole), "{stop_point}");
    }
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

/// Ingests against a server that never answers what `stalls` is true of; presses Ctrl-C when that was asked.
fn stopped_while(stalls: fn(&Asked) -> bool) -> TestLake {
    let objects = some_objects(6).into_iter().map(|object| (object.key, object.bytes));
    let server = ScriptedServer::start(objects, move |asked| if stalls(asked) { Reply::Never } else { Reply::Usual });
    let lake = TestLake::new();
    let mut run = command(&lake, &server.endpoint(), &["ingest", "s3://trail-bucket/AWSLogs/"]);
    let child = run.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    server.wait_for(stalls);
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    lake
}

#[test]
fn ctrl_c_while_folders_are_listed() {
    stopped_while(|asked| asked.is_list());
}

#[test]
fn ctrl_c_while_objects_are_listed() {
    stopped_while(|asked| asked.is_list() && !asked.query.contains_key("delimiter"));
}

#[test]
fn ctrl_c_while_a_body_is_awaited() {
    let lake = stopped_while(|asked| !asked.is_list());
    lake.assert_consistent();
    assert_eq!(lake.catalog("SELECT name FROM ingested_object").len(), 0);
}
