//! Why S3 did not answer as asked, in kinds that somebody can act on. AWS's own words are kept beside the kind.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::permission::{GET_DENIED, KMS_DENIED, LIST_DENIED, kms_key};
use super::url::S3Url;
use crate::source::SourceFault;

/// What was asked of S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    List,
    Get,
    /// Of STS, before anything else.
    AssumeRole,
}

/// What kind of refusal it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// The chain of credential providers came to its end.
    NoCredentials,
    /// A session's credentials are too old.
    ExpiredCredentials,
    /// AWS does not know the key, or the signature is not its own.
    WrongCredentials,
    Denied,
    KmsDenied,
    NoSuchBucket,
    /// The bucket is elsewhere, and S3 did not say where or the region it named did not have it either.
    OtherRegion,
    /// It was there when it was listed.
    Gone,
    /// Another object has its name by now.
    Changed,
    /// In a storage class that has to be restored before it can be read.
    Archived,
    /// No answer from the endpoint.
    Unreachable,
    /// The body broke off.
    EndedEarly,
    /// S3 asked to slow down until the last attempt.
    Throttled,
    Other,
}

impl FailureKind {
    /// Whether the next object will fare no better.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Denied | Self::KmsDenied | Self::ExpiredCredentials | Self::WrongCredentials)
    }
}

/// A request that failed in the end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {detail}")]
pub struct S3Failure {
    pub kind: FailureKind,
    pub request: Request,
    /// Bucket and prefix or key; the role's ARN for STS.
    pub url: String,
    /// What AWS or the network said.
    pub detail: String,
}

impl S3Failure {
    /// The kind of an error of the SDK.
    pub(super) fn of<E>(request: Request, url: String, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let (code, message) = (error.code().unwrap_or_default(), error.message().unwrap_or_default());
        let kind = match error {
            SdkError::ServiceError(_) => kind_of(code, message, status.unwrap_or_default()),
            SdkError::TimeoutError(_) => FailureKind::Unreachable,
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => FailureKind::Unreachable,
            _ => FailureKind::Other,
        };
        let detail = match (code, message) {
            ("", "") => innermost(error, status),
            (code, "") => code.to_owned(),
            ("", message) => message.to_owned(),
            (code, message) => format!("{code}: {message}"),
        };
        Self { kind, request, url, detail }
    }

    /// What this machine refused before anything was asked.
    pub(super) fn of_machine(url: &S3Url, error: &std::io::Error) -> Self {
        Self { kind: FailureKind::Other, request: Request::List, url: url.to_string(), detail: error.to_string() }
    }

    /// The same as a fault of one object or prefix, with its reason code.
    pub fn into_fault(self) -> SourceFault {
        let reason = match (self.kind, self.request) {
            (FailureKind::Denied, Request::List) => LIST_DENIED,
            (FailureKind::Denied, _) => GET_DENIED,
            (FailureKind::KmsDenied, _) => KMS_DENIED,
            (FailureKind::Gone, _) => "OBJECT_GONE",
            (FailureKind::Changed, _) => "OBJECT_CHANGED",
            (FailureKind::Archived, _) => "S3_ARCHIVED",
            (FailureKind::Unreachable, _) => "S3_UNREACHABLE",
            (FailureKind::Throttled, _) => "S3_THROTTLED",
            (FailureKind::ExpiredCredentials, _) => "S3_EXPIRED_CREDENTIALS",
            _ => "S3_ERROR",
        };
        SourceFault { name: self.url, reason, detail: self.detail }
    }

    /// The ARN of the KMS key, where AWS named it.
    pub fn kms_key(&self) -> Option<&str> {
        kms_key(&self.detail)
    }
}

/// Codes: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>. Answers without a body (a HEAD's, a proxy's)
/// have only a status.
fn kind_of(code: &str, message: &str, status: u16) -> FailureKind {
    let is_of_kms = code.starts_with("KMS.") || message.contains("kms:") || message.contains("customer master key");
    match (code, status) {
        _ if is_of_kms => FailureKind::KmsDenied,
        ("ExpiredToken" | "ExpiredTokenException" | "RequestExpired", _) => FailureKind::ExpiredCredentials,
        ("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "InvalidClientTokenId", _) => {
            FailureKind::WrongCredentials
        }
        ("AccessDenied" | "AllAccessDisabled" | "AccountProblem", _) => FailureKind::Denied,
        ("NoSuchBucket", _) => FailureKind::NoSuchBucket,
        ("NoSuchKey", _) => FailureKind::Gone,
        ("PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed", _) => FailureKind::OtherRegion,
        ("PreconditionFailed", _) => FailureKind::Changed,
        ("InvalidObjectState", _) => FailureKind::Archived,
        ("SlowDown" | "ServiceUnavailable" | "RequestLimitExceeded" | "Throttling", _) => FailureKind::Throttled,
        ("", 401 | 403) => FailureKind::Denied,
        ("", 404) => FailureKind::Gone,
        ("", 301 | 307) => FailureKind::OtherRegion,
        ("", 412) => FailureKind::Changed,
        ("", 503) => FailureKind::Throttled,
        _ => FailureKind::Other,
    }
}

/// The cause at the end of the chain, which says what happened; the SDK's outer errors say where.
fn innermost(error: &(dyn std::error::Error + 'static), status: Option<u16>) -> String {
    let last = std::iter::successors(Some(error), |error| error.source()).last().map(ToString::to_string);
    match (last, status) {
        (Some(text), Some(status)) => format!("HTTP {status}: {text}"),
        (Some(text), None) => text,
        (None, _) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_kinds() {
        let check = |code: &str, message: &str, status: u16, expected: FailureKind| {
            assert_eq!(kind_of(code, message, status), expected, "{code} {status}");
        };
        check("AccessDenied", "Access Denied", 403, FailureKind::Denied);
        check("AccessDenied", "not authorized to perform: kms:Decrypt on resource", 403, FailureKind::KmsDenied);
        check("KMS.DisabledException", "arn:aws:kms:eu-west-1:1:key/k is disabled.", 400, FailureKind::KmsDenied);
        check(
            "AccessDenied",
            "The ciphertext refers to a customer master key that does not exist",
            403,
            FailureKind::KmsDenied,
        );
        check("NoSuchBucket", "", 404, FailureKind::NoSuchBucket);
        check("PermanentRedirect", "", 301, FailureKind::OtherRegion);
        check("AuthorizationHeaderMalformed", "the region is wrong", 400, FailureKind::OtherRegion);
        check("ExpiredToken", "", 400, FailureKind::ExpiredCredentials);
        check("", "", 412, FailureKind::Changed);
        check("", "", 500, FailureKind::Other);
    }
}
