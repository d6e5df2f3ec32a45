//! The client's half: signs a request as AWS's own clients do. The program that answers has no use for it; what asks it under load
//! (`cargo xtask load`) has.

use sha2::{Digest, Sha256};

use super::{ALGORITHM, Authorization, hex, hmac};
use crate::operation::WireRequest;
use crate::timestamp;

/// A key, and for what it signs.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'k> {
    pub access_key_id: &'k str,
    pub secret: &'k str,
    pub region: &'k str,
    /// The service's signing name.
    pub service: &'k str,
}

impl Signer<'_> {
    /// The value of `X-Amz-Date`, and that of `Authorization` for a request that has it beside the headers it comes with, of which
    /// the host and AWS's own are signed.
    pub fn sign(&self, request: &WireRequest<'_>, now_seconds: i64) -> (String, String) {
        let time = timestamp::basic(now_seconds);
        let mut headers = request.headers.to_vec();
        headers.push(("x-amz-date".to_owned(), time.clone()));
        let is_signed = |name: &&String| *name == "host" || name.starts_with("x-amz-");
        let mut names: Vec<String> = headers.iter().map(|(name, _)| name).filter(is_signed).cloned().collect();
        names.sort();
        let mut authorization = Authorization {
            access_key_id: self.access_key_id.to_owned(),
            date: time.chars().take(8).collect(),
            region: self.region.to_owned(),
            service: self.service.to_owned(),
            signed_headers: names,
            signature: String::new(),
        };
        let request = WireRequest { headers: &headers, ..*request };
        let canonical = authorization.canonical_request(&request, &hex(&Sha256::digest(request.body)));
        let scope = format!("{}/{}/{}/aws4_request", authorization.date, self.region, self.service);
        let to_sign = format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        authorization.signature = hex(&hmac(&authorization.signing_key(self.secret), to_sign.as_bytes()));
        let Authorization { access_key_id, signed_headers, signature, .. } = authorization;
        let names = signed_headers.join(";");
        let header =
            format!("{ALGORITHM} Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}");
        (time, header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_verifies() {
        let signer =
            Signer { access_key_id: "AKIAIOSFODNN7EXAMPLE", secret: "secret", region: "eu-west-1", service: "iam" };
        let sent = |host: &str| vec![("host".to_owned(), host.to_owned()), ("accept".to_owned(), "*/*".to_owned())];
        let mut headers = sent("127.0.0.1:4599");
        let body = b"Action=ListUsers&Version=2010-05-08";
        let request = WireRequest { method: "POST", path: "/", query: "", headers: &headers, body };
        let (time, authorization) = signer.sign(&request, 1_717_200_000);
        assert!(authorization.contains("SignedHeaders=host;x-amz-date,"), "{authorization}");
        headers.push(("x-amz-date".to_owned(), time));
        headers.push(("authorization".to_owned(), authorization));
        let check = |body: &[u8], secret: &str, expected: bool| {
            let request = WireRequest { method: "POST", path: "/", query: "", headers: &headers, body };
            let authorization = Authorization::of(&request).unwrap();
            assert_eq!(authorization.verify(&request, secret, "iam", 1_717_200_100).is_ok(), expected);
        };
        check(body, "secret", true);
        check(body, "another", false);
        check(b"Action=DeleteUser", "secret", false);
    }
}
