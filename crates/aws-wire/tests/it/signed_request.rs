//! Requests signed by AWS's own signer, and what one changed byte makes of them: never another request of the same key.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_wire::operation::WireRequest;
use aws_wire::sigv4::{Authorization, SignatureError};

use crate::fuzz::{Random, each_seed};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
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
    fn verified(&self) -> Result<Authorization, SignatureError> {
        let Self { method, path, query, headers, body } = self;
        let request = WireRequest { method, path, query, headers, body };
        let authorization = Authorization::of(&request)?;
        authorization.verify(&request, SECRET, "iam", NOW).map(|()| authorization)
    }

    fn header(&mut self, name: &str) -> &mut String {
        &mut self.headers.iter_mut().find(|(known, _)| known == name).unwrap().1
    }
}

/// Letters of which none is a hexadecimal digit, so that no escape of a path is touched.
const LETTERS: &[u8] = b"ghijklmnopqrstuvwxyz";

fn word(random: &mut Random) -> String {
    (0..=random.below(9)).map(|_| char::from(LETTERS[random.below(LETTERS.len())])).collect()
}

fn signed(random: &mut Random) -> Sent {
    let method = random.of(&["GET", "POST", "PUT"]);
    let path: String = (0..=random.below(3)).map(|_| format!("/{}", word(random))).collect();
    let pairs: Vec<String> =
        (0..random.below(4)).map(|_| format!("{}={}%2F{}", word(random), word(random), word(random))).collect();
    let mut headers = vec![("host".to_owned(), "localhost:4599".to_owned())];
    for name in ["x-amz-target", "content-type", "x-amz-meta"].into_iter().take(random.below(4)) {
        headers.push((name.to_owned(), format!("{}  {}\t{}", word(random), word(random), word(random))));
    }
    let body = word(random).into_bytes();
    let identity = Credentials::new(KEY, SECRET, None, None, "test").into();
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("iam")
        .time(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs()))
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let query = pairs.join("&");
    let uri = format!("http://localhost:4599{path}{}{query}", if query.is_empty() { "" } else { "?" });
    let given = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let signable = SignableRequest::new(method, &uri, given, SignableBody::Bytes(&body)).unwrap();
    let (instructions, _) = sign(signable, &parameters.into()).unwrap().into_parts();
    let added: Vec<(String, String)> =
        instructions.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    headers.extend(added);
    Sent { method: method.to_owned(), path, query, headers, body }
}

/// Puts another letter or digit in the place of one; the length stays. False where there is none.
fn other_letter(random: &mut Random, text: &mut String) -> bool {
    let places: Vec<usize> = text
        .bytes()
        .enumerate()
        .filter(|(at, byte)| byte.is_ascii_alphanumeric() && !text[at.saturating_sub(2)..*at].contains('%'))
        .map(|(at, _)| at)
        .collect();
    if places.is_empty() {
        return false;
    }
    let at = places[random.below(places.len())];
    let old = text.as_bytes()[at].to_ascii_lowercase();
    let new = random.of(b"gh01");
    let new = if new == old { b'z' } else { new };
    text.replace_range(at..=at, &char::from(new).to_string());
    true
}

#[test]
fn a_changed_byte_never_verifies() {
    each_seed(1_000, |random| {
        let sent = signed(random);
        assert!(sent.verified().is_ok(), "{sent:?}");
        let mut changed = sent.clone();
        let is_changed = match random.below(6) {
            0 => other_letter(random, &mut changed.method),
            1 => other_letter(random, &mut changed.path),
            2 => other_letter(random, &mut changed.query),
            3 => {
                let at = random.below(changed.body.len());
                changed.body[at] ^= 1 << random.below(8);
                true
            }
            4 => {
                let signed: Vec<String> = changed.headers.iter().map(|(name, _)| name.clone()).collect();
                let name = &signed[random.below(signed.len())];
                name != "authorization" && other_letter(random, changed.header(name))
            }
            _ => other_letter(random, changed.header("authorization")),
        };
        // Another key's id has another secret.
        let verified = changed.verified().is_ok_and(|authorization| authorization.access_key_id == KEY);
        assert!(!is_changed || !verified, "{changed:?}");
    });
}

#[test]
fn no_authorization_header_makes_reading_panic() {
    each_seed(2_000, |random| {
        let mut sent = signed(random);
        for name in ["authorization", "x-amz-date"] {
            let mut bytes = sent.header(name).clone().into_bytes();
            for _ in 0..random.below(4) {
                random.change(&mut bytes);
            }
            *sent.header(name) = String::from_utf8_lossy(&bytes).into_owned();
        }
        if let Err(error) = sent.verified() {
            let told = sent.header("authorization").len() + sent.header("x-amz-date").len();
            assert!(error.to_string().len() <= told + 256, "more than what was sent: {error}");
        }
    });
}
