//! Pages of the event history while logs are ingested: what was there at the first page comes once, whatever arrives meanwhile.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::refusals::{post, send};
use super::running_server::RunningServer;
use crate::test_lake::TestLake;

/// A file with an event for each time of day and id.
fn log(lake: &TestLake, name: &str, events: &[(&str, &str)]) -> PathBuf {
    let record = |(time, id): &(&str, &str)| {
        json!({
            "eventVersion": "1.08", "eventTime": format!("2026-05-03T{time}Z"), "eventID": id, "eventSource": "s3.amazonaws.com",
            "eventName": "ListBuckets", "awsRegion": "us-east-1", "recipientAccountId": "111111111111",
            "userIdentity": {"type": "Root", "accountId": "111111111111", "arn": "arn:aws:iam::111111111111:root"},
            "eventType": "AwsApiCall", "eventCategory": "Management", "managementEvent": true, "readOnly": true
        })
    };
    let path = lake.beside(name);
    let records: Vec<Value> = events.iter().map(record).collect();
    std::fs::write(&path, json!({"Records": records}).to_string()).unwrap();
    path
}

/// Ids of a page of two, and the token of the next.
fn page(server: &RunningServer, token: Option<&str>) -> (Vec<String>, Option<String>) {
    let mut asked = json!({"MaxResults": 2});
    if let Some(token) = token {
        asked["NextToken"] = token.into();
    }
    let target = "X-Amz-Target: CloudTrail_20131101.LookupEvents\r\nContent-Type: application/x-amz-json-1.1\r\n";
    let answer = send(server, &post("127.0.0.1", target, &asked.to_string()));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    let body: Value = serde_json::from_str(body).unwrap();
    let events = body["Events"].as_array().unwrap();
    let ids = events.iter().map(|event| event["EventId"].as_str().unwrap().to_owned()).collect();
    (ids, body["NextToken"].as_str().map(str::to_owned))
}

#[test]
fn pages_of_events_stand_still_while_logs_are_ingested() {
    let lake = TestLake::new();
    let second = "10:00:00";
    let of_second = ["e", "g", "i", "k", "m", "o", "q"].map(|id| (second, id));
    let there = [&[("12:00:00", "z"), ("09:00:00", "b")], &of_second[..]].concat();
    lake.ingest(&[&log(&lake, "there.json", &there)]);
    let caller = ["--anonymous", "--as", "arn:aws:iam::111111111111:root", "--as-of", "2026-05-04"];
    let server = RunningServer::start(&lake, &caller);
    let (mut seen, mut token) = page(&server, None);
    assert_eq!(seen, ["z", "q"]);
    // Newer than all, older than all, and in the second where pages end: before, behind and before their end.
    let more = [("13:00:00", "n"), ("08:00:00", "c"), (second, "p"), (second, "a"), (second, "r")];
    for (index, event) in more.iter().enumerate() {
        lake.ingest(&[&log(&lake, &format!("more-{index}.json"), &[*event])]);
        let (ids, next) = page(&server, Some(token.as_deref().expect("there is more")));
        seen.extend(ids);
        token = next;
    }
    assert_eq!((seen.join(" ").as_str(), token), ("z q o m k i g e a b c", None));
    assert!(server.stop());
}
