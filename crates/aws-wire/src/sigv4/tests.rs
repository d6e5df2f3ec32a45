//! Signatures against the SDK's own signer, and against everything that may be wrong with one.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const NOW: i64 = 1_709_287_200;

/// A request as a client of AWS sends it.
#[derive(Debug, Clone)]
struct Sent {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn signed(method: &str, path: &str, query: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        headers.push(("host".to_owned(), "127.0.0.1:4599".to_owned()));
        let identity = Credentials::new("AKIAIOSFODNN7EXAMPLE", SECRET, None, None, "test").into();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs());
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name("iam")
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let question = if query.is_empty() { "" } else { "?" };
        let uri = format!("http://127.0.0.1:4599{path}{question}{query}");
        let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let signable = SignableRequest::new(method, &uri, pairs, SignableBody::Bytes(body)).unwrap();
        let (instructions, _) = sign(signable, &parameters.into()).unwrap().into_parts();
        let added: Vec<(String, String)> =
            instructions.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        headers.extend(added);
        Self { method: method.to_owned(), path: path.to_owned(), query: query.to_owned(), headers, body: body.to_vec() }
    }

    fn verify(&self, secret: &str, service: &str, now: i64) -> Result<(), SignatureError> {
        let Self { method, path, query, headers, body } = self;
        let request = WireRequest { method, path, query, headers, body };
        Authorization::of(&request)?.verify(&request, secret, service, now)
    }
}

fn usual() -> Sent {
    let headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8"), ("x-amz-meta", "a   b ")];
    Sent::signed("POST", "/", "", &headers, b"Action=ListUsers&Version=2010-05-08")
}

#[test]
fn what_the_sdk_signs_is_verified() {
    let check = |sent: Sent| assert_eq!(sent.verify(SECRET, "iam", NOW), Ok(()), "{sent:?}");
    check(usual());
    check(Sent::signed("GET", "/policy/generation/0a%20b", "includeResourcePlaceholders=true&b=&a=%2F", &[], b""));
    check(Sent::signed("POST", "/", "", &[("x-amz-target", "AWSIdentityStore.ListUsers")], b"{}"));
    check(Sent::signed("POST", "/", "", &[("x-amz-meta", "a\tb  c\t d")], b"{}"));
}

#[test]
fn a_request_that_is_not_the_keys_is_refused() {
    let check = |change: &dyn Fn(&mut Sent), expected: SignatureError| {
        let mut sent = usual();
        change(&mut sent);
        assert_eq!(sent.verify(SECRET, "iam", NOW), Err(expected));
    };
    check(&|sent| sent.body = b"Action=ListRoles&Version=2010-05-08".to_vec(), SignatureError::Mismatch);
    check(&|sent| sent.path = "/x".to_owned(), SignatureError::Mismatch);
    check(&|sent| sent.query = "a=b".to_owned(), SignatureError::Mismatch);
    check(&|sent| sent.method = "GET".to_owned(), SignatureError::Mismatch);
    check(&|sent| sent.headers[2].1 = "localhost".to_owned(), SignatureError::Mismatch);
    check(&|sent| sent.headers.push(("x-amz-content-sha256".to_owned(), "UNSIGNED-PAYLOAD".to_owned())), {
        SignatureError::Incomplete("the header 'x-amz-content-sha256' must be a signed header".to_owned())
    });
    check(&|sent| sent.headers.retain(|(name, _)| name != "authorization"), SignatureError::Missing);
    check(&|sent| sent.headers.retain(|(name, _)| name != "x-amz-meta"), {
        SignatureError::Incomplete("the signed header 'x-amz-meta' is not in the request".to_owned())
    });
    check(&|sent| sent.headers.push(("x-amz-target".to_owned(), "x".to_owned())), {
        SignatureError::Incomplete("the header 'x-amz-target' must be a signed header".to_owned())
    });
    assert_eq!(usual().verify("another", "iam", NOW), Err(SignatureError::Mismatch));
    assert_eq!(usual().verify(SECRET, "sts", NOW), Err(SignatureError::Service("sts".to_owned())));
}

#[test]
fn a_clock_may_be_wrong_by_a_quarter_of_an_hour() {
    let check = |now: i64, expected: Option<&str>| {
        let found = usual().verify(SECRET, "iam", now);
        let expected = expected.map(|text| SignatureError::Clock(text.to_owned()));
        assert_eq!(found, expected.map_or(Ok(()), Err));
    };
    check(NOW + 900, None);
    check(NOW - 900, None);
    check(
        NOW + 901,
        Some("Signature expired: 20240301T100000Z is now earlier than 20240301T100001Z (20240301T101501Z - 15 min.)"),
    );
    check(
        NOW - 901,
        Some(
            "Signature not yet current: 20240301T100000Z is still later than 20240301T095959Z (20240301T094459Z + 15 min.)",
        ),
    );
}

#[test]
fn a_header_must_be_whole() {
    let whole = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20240301/eu-west-1/iam/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
    let parsed = Authorization::parse(whole).unwrap();
    assert_eq!((parsed.access_key_id.as_str(), parsed.region.as_str()), ("AKIAIOSFODNN7EXAMPLE", "eu-west-1"));
    let is_incomplete = |header: &str| matches!(Authorization::parse(header), Err(SignatureError::Incomplete(_)));
    for (from, to) in [
        ("/aws4_request", ""),
        ("eu-west-1", "eu*"),
        ("Signature=", "S="),
        ("SignedHeaders=", "H="),
        ("Credential=", ""),
    ] {
        assert!(is_incomplete(&whole.replace(from, to)), "{from}");
    }
    assert_eq!(Authorization::parse("Basic abc"), Err(SignatureError::Missing));
}

proptest::proptest! {
    #[test]
    fn no_header_makes_reading_or_verifying_panic(
        header in "(AWS4-HMAC-SHA256)?( ?(Credential|SignedHeaders|Signature)?=?[A-Za-z0-9/;-]{0,30},?){0,5}",
        date in "\\PC{0,20}",
        body: Vec<u8>,
    ) {
        let headers = [("authorization".to_owned(), header), ("x-amz-date".to_owned(), date), ("host".to_owned(), "h".to_owned())];
        let request = WireRequest { method: "POST", path: "/%", query: "%&=", headers: &headers, body: &body };
        if let Ok(authorization) = Authorization::of(&request) {
            let _ = authorization.verify(&request, "secret", "iam", NOW);
        }
    }

    #[test]
    fn whatever_is_asked_a_good_signature_is_good(
        path in "(/[a-zA-Z0-9._~-]{1,8}){0,3}/?",
        query in "([a-z]{1,4}=[a-zA-Z0-9._~-]{0,4}&?){0,3}",
        body: Vec<u8>,
    ) {
        let path = if path.is_empty() || path.split('/').any(|part| part == "." || part == "..") { "/" } else { &path };
        let sent = Sent::signed("POST", path, query.trim_end_matches('&'), &[], &body);
        proptest::prop_assert_eq!(sent.verify(SECRET, "iam", NOW), Ok(()));
    }
}
