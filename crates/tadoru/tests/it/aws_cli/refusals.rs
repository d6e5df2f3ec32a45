//! What the server refuses before any operation: unsigned and badly signed requests, other hosts, large bodies, other addresses
//! without authentication; and that it says nothing of its inside.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::running_server::RunningServer;
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
    // No byte of these bodies is sent: the head is enough.
    let head_of = |length: usize, headers: &str| {
        format!("PUT /policy/generation HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n{headers}\r\n")
            .into_bytes()
    };
    check(head_of(1024 * 1024 + 1, &signed), "413", r#"{"message":"Request body too large"}"#);
    let unsigned = "x-amzn-errortype: MissingAuthenticationTokenException";
    check(head_of(1024 * 1024, "Connection: close\r\n"), "403", unsigned);
    check(post("127.0.0.1\r\nHost: 127.0.0.1", &signed, ASK), "403", "host");
    let unknown = "DELETE /policy/generation HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n";
    check(format!("{unknown}\r\n").into_bytes(), "403", unsigned);
    check(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".to_vec(), "200", "ok");
    assert!(server.stop());
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
