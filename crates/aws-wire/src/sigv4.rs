//! Signature Version 4 in the `Authorization` header: who signed a request, and whether that key signed just these bytes, just now
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>). Signatures in the query string
//! are not taken. Whose key it is, is the caller's matter.

mod signing;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::operation::WireRequest;
use crate::timestamp;

pub use signing::Signer;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// So far may the clocks of client and server be apart, in seconds.
const CLOCK_SKEW_SECONDS: i64 = 15 * 60;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// A parsed `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    pub access_key_id: String,
    /// `20240301`.
    pub date: String,
    /// The caller's region.
    pub region: String,
    /// The signing name of the service.
    pub service: String,
    signed_headers: Vec<String>,
    signature: String,
}

/// Why a request is not the key's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no header, or not one of this algorithm.
    #[error("Request is missing Authentication Token")]
    Missing,
    /// The header lacks something, or the request lacks what it names.
    #[error("{0}")]
    Incomplete(String),
    /// Signed too long ago, or in the future.
    #[error("{0}")]
    Clock(String),
    /// For another service.
    #[error("Credential should be scoped to correct service: '{0}'.")]
    Service(String),
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key \
         and signing method. Consult the service documentation for details."
    )]
    Mismatch,
}

impl Authorization {
    /// Reads the header of a request.
    ///
    /// # Errors
    /// `Missing` or `Incomplete`.
    pub fn of(request: &WireRequest<'_>) -> Result<Self, SignatureError> {
        Self::parse(request.header("authorization").ok_or(SignatureError::Missing)?)
    }

    /// Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
    ///
    /// # Errors
    /// `Missing` for another algorithm, `Incomplete` where a part is missing or broken.
    pub fn parse(header: &str) -> Result<Self, SignatureError> {
        let rest = header.trim().strip_prefix(ALGORITHM).ok_or(SignatureError::Missing)?;
        let part = |name: &str| {
            let found = rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
            found
                .ok_or_else(|| SignatureError::Incomplete(format!("Authorization header requires '{name}' parameter.")))
        };
        let broken =
            || SignatureError::Incomplete("Credential must have exactly 5 slash-delimited elements.".to_owned());
        let credential: Vec<&str> = part("Credential")?.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = credential[..] else { return Err(broken()) };
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if ![access_key_id, date, region, service].into_iter().all(is_name) {
            return Err(broken());
        }
        let signed_headers = part("SignedHeaders")?.split(';').map(str::to_ascii_lowercase).collect();
        let signature = part("Signature")?.to_owned();
        let owned = str::to_owned;
        Ok(Self {
            access_key_id: owned(access_key_id),
            date: owned(date),
            region: owned(region),
            service: owned(service),
            signed_headers,
            signature,
        })
    }

    /// Whether the holder of `secret` signed this request for `service`, within 15 minutes of `now_seconds`.
    ///
    /// # Errors
    /// Any but `Missing`.
    pub fn verify(
        &self,
        request: &WireRequest<'_>,
        secret: &str,
        service: &str,
        now_seconds: i64,
    ) -> Result<(), SignatureError> {
        let time = request.header("x-amz-date").unwrap_or_default();
        self.check_headers(request)?;
        self.check_clock(time, now_seconds)?;
        if self.service != service {
            return Err(SignatureError::Service(service.to_owned()));
        }
        let body_hash = hex(&Sha256::digest(request.body));
        // Who sends the hash of the body says what was signed; it must be the hash of what came.
        if request.header("x-amz-content-sha256").is_some_and(|sent| sent != body_hash) {
            return Err(SignatureError::Mismatch);
        }
        let canonical = self.canonical_request(request, &body_hash);
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let expected = hex(&hmac(&self.signing_key(secret), to_sign.as_bytes()));
        if is_same(expected.as_bytes(), self.signature.as_bytes()) { Ok(()) } else { Err(SignatureError::Mismatch) }
    }

    /// Everything that says what is asked must be signed: the host and each header of AWS's own.
    fn check_headers(&self, request: &WireRequest<'_>) -> Result<(), SignatureError> {
        let incomplete = |text: String| Err(SignatureError::Incomplete(text));
        if request.header("x-amz-date").is_none() {
            return incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".to_owned(),
            );
        }
        if let Some(missing) = self.signed_headers.iter().find(|name| request.header(name).is_none()) {
            return incomplete(format!("the signed header '{missing}' is not in the request"));
        }
        let must_be_signed = |name: &str| name == "host" || name.starts_with("x-amz-");
        let names = request.headers.iter().map(|(name, _)| name.as_str()).chain(["host"]);
        let unsigned =
            names.filter(|name| must_be_signed(name)).find(|name| !self.signed_headers.iter().any(|s| s == name));
        match unsigned {
            Some(name) => incomplete(format!("the header '{name}' must be a signed header")),
            None => Ok(()),
        }
    }

    fn check_clock(&self, time: &str, now_seconds: i64) -> Result<(), SignatureError> {
        let signed_seconds = timestamp::of_basic(time).filter(|_| time.starts_with(&self.date)).ok_or_else(|| {
            SignatureError::Incomplete(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP".to_owned(),
            )
        })?;
        let now = timestamp::basic(now_seconds);
        let age = now_seconds.saturating_sub(signed_seconds);
        if age > CLOCK_SKEW_SECONDS {
            let earliest = timestamp::basic(now_seconds.saturating_sub(CLOCK_SKEW_SECONDS));
            let text = format!("Signature expired: {time} is now earlier than {earliest} ({now} - 15 min.)");
            return Err(SignatureError::Clock(text));
        }
        if age < -CLOCK_SKEW_SECONDS {
            let latest = timestamp::basic(now_seconds.saturating_add(CLOCK_SKEW_SECONDS));
            let text = format!("Signature not yet current: {time} is still later than {latest} ({now} + 15 min.)");
            return Err(SignatureError::Clock(text));
        }
        Ok(())
    }

    fn canonical_request(&self, request: &WireRequest<'_>, body_hash: &str) -> String {
        let path = if request.path.is_empty() { "/" } else { request.path };
        // The path on the wire is encoded once; what is signed is encoded twice.
        let path = utf8_percent_encode(path, PATH);
        let mut headers = String::new();
        let mut names: Vec<&String> = self.signed_headers.iter().collect();
        names.sort_unstable();
        for name in &names {
            let values: Vec<String> =
                request.headers.iter().filter(|(known, _)| known == *name).map(|(_, value)| trimmed(value)).collect();
            headers.push_str(&format!("{name}:{}\n", values.join(",")));
        }
        let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
        let (method, query) = (request.method, canonical_query(request.query));
        format!("{method}\n{path}\n{query}\n{headers}\n{}\n{body_hash}", names.join(";"))
    }

    fn signing_key(&self, secret: &str) -> [u8; 32] {
        let key = hmac(format!("AWS4{secret}").as_bytes(), self.date.as_bytes());
        let key = hmac(&key, self.region.as_bytes());
        let key = hmac(&key, self.service.as_bytes());
        hmac(&key, b"aws4_request")
    }
}

/// A header's value without spaces around it, and with single ones inside; AWS's canonical form leaves tabs as they are.
fn trimmed(value: &str) -> String {
    value.split(' ').filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn canonical_query(query: &str) -> String {
    let encode = |part: &str| {
        let bytes: Vec<u8> = percent_decode_str(&part.replace('+', " ")).collect();
        percent_encoding::percent_encode(&bytes, UNRESERVED).to_string()
    };
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(name), encode(value))
        })
        .collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// HMAC-SHA256 (RFC 2104).
fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(data).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

/// Whether two texts are the same, in a time that tells nothing of where they differ.
fn is_same(expected: &[u8], given: &[u8]) -> bool {
    let differing = expected.iter().zip(given).fold(0_u8, |sum, (a, b)| std::hint::black_box(sum | (a ^ b)));
    expected.len() == given.len() && differing == 0
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests;
