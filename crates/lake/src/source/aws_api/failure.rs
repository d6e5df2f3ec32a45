//! Why a call was not answered as asked, in kinds that somebody can act on. AWS's own words are kept beside the kind.

use super::operation::Operation;

/// What kind of refusal it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiFailureKind {
    /// The chain of credential providers came to its end.
    NoCredentials,
    /// A session's credentials are too old.
    ExpiredCredentials,
    /// AWS does not know the key, or the signature is not its own.
    WrongCredentials,
    /// The role may not be assumed.
    RoleDenied,
    /// The caller has no permission for the action.
    Denied,
    /// What was asked about does not exist.
    Gone,
    /// No answer from the endpoint.
    Unreachable,
    /// AWS asked to slow down until the last attempt.
    Throttled,
    /// AWS failed, until the last attempt.
    Server,
    /// The settings ask for what is not supported here.
    Unsupported,
    Other,
}

/// A call that failed in the end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", operation.action())]
pub struct ApiFailure {
    pub kind: ApiFailureKind,
    pub operation: Operation,
    pub region: String,
    /// What was asked about, as `UserName=alice`; `*` where all was.
    pub resource: String,
    /// AWS's error code; empty where it gave none.
    pub code: String,
    /// What AWS or the network said.
    pub detail: String,
}

/// The kind of an answer with this error code and status. Codes: those that all services share, and those of IAM,
/// Organizations and IAM Identity Center.
pub(super) fn kind_of(code: &str, status: u16) -> ApiFailureKind {
    match (code, status) {
        ("ExpiredToken" | "ExpiredTokenException" | "RequestExpired", _) => ApiFailureKind::ExpiredCredentials,
        (
            "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "InvalidAccessKeyId"
            | "IncompleteSignature"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException",
            _,
        ) => ApiFailureKind::WrongCredentials,
        ("AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "NotAuthorized", _) => {
            ApiFailureKind::Denied
        }
        ("NoSuchEntity" | "ResourceNotFoundException" | "PolicyNotFoundException" | "TrailNotFoundException", _) => {
            ApiFailureKind::Gone
        }
        (code, _) if aws_runtime::retries::classifiers::THROTTLING_ERRORS.contains(&code) => ApiFailureKind::Throttled,
        ("", 401 | 403) => ApiFailureKind::Denied,
        (_, 429) => ApiFailureKind::Throttled,
        (_, 500..) => ApiFailureKind::Server,
        _ => ApiFailureKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_kinds() {
        let check = |code: &str, status: u16, expected: ApiFailureKind| {
            assert_eq!(kind_of(code, status), expected, "{code} {status}");
        };
        check("AccessDenied", 403, ApiFailureKind::Denied);
        check("AccessDeniedException", 400, ApiFailureKind::Denied);
        check("InvalidClientTokenId", 403, ApiFailureKind::WrongCredentials);
        check("UnrecognizedClientException", 400, ApiFailureKind::WrongCredentials);
        check("ExpiredTokenException", 400, ApiFailureKind::ExpiredCredentials);
        check("Throttling", 400, ApiFailureKind::Throttled);
        check("TooManyRequestsException", 400, ApiFailureKind::Throttled);
        check("", 429, ApiFailureKind::Throttled);
        check("NoSuchEntity", 404, ApiFailureKind::Gone);
        check("ServiceFailure", 500, ApiFailureKind::Server);
        check("", 503, ApiFailureKind::Server);
        check("AWSOrganizationsNotInUseException", 400, ApiFailureKind::Other);
        check("", 403, ApiFailureKind::Denied);
    }
}
