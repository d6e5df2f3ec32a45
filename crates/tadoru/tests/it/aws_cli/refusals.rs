//! What the server refuses before any operation: unsigned and badly signed requests, other hosts, large bodies, other addresses
//! without authentication; and that it says nothing of its inside.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use super::running_server::{RunningServer, key};
use crate::read_only_lake::run_as_nobody;
use crate::reference::skip;
use crate::test_lake::{TestLake, sample, text, write_sample};

/// A lake with one day of the sample.
pub fn small_lake() -> TestLake {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 0..1, &logs);
    lake.ingest(&[&logs]);
    lake
}

/// Sends bytes and returns all that comes back.
pub fn send(server: &RunningServer, request: &[u8]) -> String {
    let address = server.endpoint().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    // A server that has heard enough may close before all is sent.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request's bytes.
pub fn post(host: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body.as_bytes()].concat()
}

fn get(host: &str, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes()
}

const ASK: &str = "Action=GetCallerIdentity&Version=2011-06-15";

#[test]
fn requests_that_nobody_signed_are_refused() {
    let lake = small_lake();
    let server = RunningServer::start(&lake, &[]);
    let check = |request: Vec<u8>, status: &str, contains: &str| {
        let answer = send(&server, &request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains(contains), "{answer}");
    };
    check(post("127.0.0.1", "", ASK), "403", "<Code>MissingAuthenticationToken</Code>");
    let scope = "Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/sts/aws4_request";
    let signed = format!("Authorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00\r\n");
    check(post("127.0.0.1", &signed, ASK), "403", "<Code>InvalidClientTokenId</Code>");
    check(post("127.0.0.1", "Authorization: AWS4-HMAC-SHA256 Credential=a\r\n", ASK), "403", "IncompleteSignature");
    let target = "X-Amz-Target: CloudTrail_20131101.LookupEvents\r\n";
    check(post("localhost:1", &format!("{target}{signed}"), "{}"), "400", r#"{"__type":"UnrecognizedClientException""#);
    check(post("evil.example", &signed, ASK), "403", "host");
    check(post("127.0.0.1", &signed, &"a".repeat(1024 * 1024 + 1)), "413", "RequestEntityTooLarge");
    check(get("127.0.0.1", "/healthz"), "200", "ok");
    check(get("evil.example", "/healthz"), "403", "host");
    check(get("evil.example", "/metrics"), "403", "host");
    check(post("127.0.0.1", "Host: evil.example\r\n", ASK), "400", "one host");
    // These would be waited for, if the head did not say enough.
    let unsent = |headers: &str| {
        format!("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{headers}\r\n").into_bytes()
    };
    check(unsent("Content-Length: 100\r\n"), "403", "MissingAuthenticationToken");
    check(unsent(&format!("{signed}Content-Length: 2000000\r\n")), "413", "RequestEntityTooLarge");
    let metrics = send(&server, &get("localhost", "/metrics"));
    for expected in [
        "tadoru_requests_total{operation=\"none\",outcome=\"refused\"} ",
        "tadoru_request_seconds_count{operation=\"none\"} ",
        "tadoru_connections ",
    ] {
        assert!(metrics.contains(expected), "{metrics}");
    }
    assert!(server.log().contains(" POST / - - 403 InvalidClientTokenId "), "{}", server.log());
    // No byte of these bodies is sent: the head is enough.
    let head_of = |length: usize, headers: &str| {
        format!("PUT /policy/generation HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n{headers}\r\n")
            .into_bytes()
    };
    check(head_of(1024 * 1024 + 1, &signed), "413", r#"{"message":"Request body too large"}"#);
    let unsigned = "x-amzn-errortype: MissingAuthenticationTokenException";
    check(head_of(1024 * 1024, "Connection: close\r\n"), "403", unsigned);
    let unknown = "DELETE /policy/generation HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n";
    check(format!("{unknown}\r\n").into_bytes(), "403", unsigned);
    assert!(server.stop());
}

#[test]
fn a_port_that_is_taken_and_addresses_that_are_none_are_said() {
    let lake = small_lake();
    let server = RunningServer::start(&lake, &[]);
    let taken = server.endpoint().strip_prefix("http://").unwrap();
    let check = |listen: &str, exit: i32, expected: &[&str]| {
        let output = lake.run(&["serve", "--listen", listen]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{said}");
        assert!(expected.iter().all(|part| said.contains(part)), "{said}");
    };
    check(taken, 1, &["another program listens there", "try: --listen 127.0.0.1:0"]);
    check("192.0.2.1:4599", 1, &["not an address of this machine", "try: --listen 127.0.0.1:4599"]);
    check("nowhere", 2, &["cannot listen on `nowhere`", "try: --listen"]);
    let missing = TestLake::new();
    let output = missing.run(&["serve"]);
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("tadoru ingest FOLDER makes one"), "{said}");
}

#[test]
fn keys_belong_into_a_lake_of_its_owner_alone() {
    let lake = small_lake();
    let change = |mode: &str| {
        let changed = Command::new("chmod").arg(mode).arg(lake.folder()).status().unwrap();
        assert!(changed.success());
    };
    let create = ["keys", "create", "--for", "arn:aws:iam::222222222222:user/Nobody"];
    let output = lake.run(&create);
    let said = text(&output.stderr);
    assert!(output.status.success() && said.contains("nobody in the lake is "), "{said}");
    change("755");
    for command in [&create[..], &["serve", "--listen", "127.0.0.1:0"]] {
        let output = lake.run(command);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains("owner's alone") && said.contains("try: chmod 700 '"), "{said}");
    }
    change("700");
    let known = lake.rows("SELECT principal FROM events WHERE principal LIKE '%:user/Alice' LIMIT 1");
    let output = lake.run(&["keys", "create", "--for", known[0]["principal"].as_str().unwrap()]);
    assert!(!text(&output.stderr).contains("nobody in the lake"), "{}", text(&output.stderr));
}

#[test]
fn a_profile_is_of_the_only_key() {
    let lake = small_lake();
    let check = |exit: i32, expected: &str| {
        let output = lake.run(&["aws-profile"]);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!((output.status.code(), said.contains(expected)), (Some(exit), true), "{said}");
    };
    check(2, "try: tadoru keys create --for ARN");
    let first = key(&lake, "arn:aws:iam::222222222222:user/Alice");
    check(0, &first.id);
    key(&lake, "arn:aws:iam::222222222222:user/Alice");
    check(2, "with one of tadoru keys list");
}

#[test]
fn who_may_not_write_to_the_lake_serves_nobody() {
    let lake = small_lake();
    let change = |mode: &str| {
        assert!(
            Command::new("chmod").args(["-R", mode]).arg(lake.folder().parent().unwrap()).status().unwrap().success()
        );
    };
    change("a+rX,a-w");
    let output = run_as_nobody(&lake, &["serve", "--anonymous", "--listen", "127.0.0.1:0"]);
    change("u+w");
    let Some(output) = output else {
        return skip("who_may_not_write_to_the_lake_serves_nobody", "setpriv cannot change the user");
    };
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("tadoru serve cannot write to the lake") && said.contains("  try: "), "{said}");
}

#[test]
fn nobody_signs_on_loopback_where_that_is_allowed() {
    let lake = small_lake();
    let accounts = lake.rows("SELECT DISTINCT account FROM events");
    let account = accounts[0]["account"].as_str().unwrap();
    let server = RunningServer::start(&lake, &["--anonymous", "--as", &format!("arn:aws:iam::{account}:root")]);
    let answer = send(&server, &post("127.0.0.1", "", ASK));
    assert!(answer.contains(&format!("<Arn>arn:aws:iam::{account}:root</Arn>")), "{answer}");
    let answer = send(&server, &post("127.0.0.1", "", "Action=DeleteUser&Version=2010-05-08"));
    assert!(answer.contains("<Code>InvalidAction</Code>"), "{answer}");
    let answer = send(&server, b"DELETE /policy/generation HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("errortype: UnknownOperationException"), "{answer}");
    let answer = send(&server, &post("127.0.0.1", "", "Action=%FF&Version=2010-05-08"));
    assert!(answer.contains("<Code>MalformedQueryString</Code>"), "{answer}");
}

#[test]
fn another_address_is_refused_without_authentication() {
    let lake = small_lake();
    let check = |arguments: &[&str], exit: i32, contains: &str| {
        let output = lake.run(arguments);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.contains(contains)), (Some(exit), true), "{arguments:?}: {said}");
    };
    check(&["serve", "--listen", "0.0.0.0:0", "--anonymous"], 2, "--anonymous does not go with 0.0.0.0");
    check(&["serve", "--anonymous", "--as", "Alice"], 2, "cannot call AWS");
    check(&["keys", "create", "--for", "arn:aws:iam::111111111111:group/Builders"], 2, "cannot call AWS");
    check(&["keys", "delete", "AKIAIOSFODNN7EXAMPLE"], 1, "there is no key");
    check(&["aws-profile", "AKIAIOSFODNN7EXAMPLE"], 1, "there is no key");
}
