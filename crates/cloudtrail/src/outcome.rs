//! How a call ended: allowed, refused, or failed for another reason. One table, so that the rollup and every question
//! agree; what a refusal means for a verdict is the question's business.

use crate::json::walk::members;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    Ok,
    /// Refused for want of permission, or a failed sign-in.
    Denied,
    /// Any other error.
    Error,
}

impl Outcome {
    /// As the rollup stores it.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Denied => "denied",
            Outcome::Error => "error",
        }
    }
}

/// Beginnings of error codes that mean a refusal, behind the last dot (`Client.UnauthorizedOperation`).
const REFUSALS: &[&str] = &["AccessDenied", "Unauthorized", "NotAuthorized", "AuthorizationError"];

/// Error codes that mean no error.
const SUCCESSES: &[&str] = &["", "Success"];

/// Identity Center's sign-in events; the rest of its source are API calls. All of signin.amazonaws.com is signing in.
const IDENTITY_CENTER_SIGN_INS: &[&str] =
    &["Authenticate", "Federate", "UserAuthentication", "CredentialChallenge", "CredentialVerification"];

/// The outcome of a record. `details` is the JSON text of responseElements, or of serviceEventDetails where sign-in
/// services write the result there (`{"ConsoleLogin":"Failure"}`).
pub fn of(
    event_source: Option<&str>,
    event_name: Option<&str>,
    error_code: Option<&str>,
    error_message: Option<&str>,
    details: Option<&str>,
) -> Outcome {
    let failed = match error_code {
        Some(code) if !SUCCESSES.iter().any(|success| success.eq_ignore_ascii_case(code)) => {
            let name = code.rsplit('.').next().unwrap_or(code);
            if REFUSALS.iter().any(|refusal| name.starts_with(refusal)) {
                return Outcome::Denied;
            }
            true
        }
        _ => false,
    };
    let signs_in = match event_source {
        Some("signin.amazonaws.com") => true,
        Some("sso.amazonaws.com") => event_name.is_some_and(|name| IDENTITY_CENTER_SIGN_INS.contains(&name)),
        _ => false,
    };
    if signs_in && (failed || error_message.is_some() || says_failure(event_name, details)) {
        return Outcome::Denied;
    }
    if failed { Outcome::Error } else { Outcome::Ok }
}

fn says_failure(event_name: Option<&str>, details: Option<&str>) -> bool {
    let (Some(name), Some(details)) = (event_name, details) else {
        return false;
    };
    members(details).any(|(key, value)| key == name && value == "\"Failure\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_sign_ins() {
        fn check(
            source: &str,
            name: &str,
            code: Option<&str>,
            message: Option<&str>,
            details: &str,
            expected: Outcome,
        ) {
            let outcome = of(Some(source), Some(name), code, message, Some(details));
            assert_eq!(outcome, expected, "{source} {name} {code:?}");
        }
        let iam = "iam.amazonaws.com";
        check(iam, "GetUser", None, None, "null", Outcome::Ok);
        check(iam, "GetUser", Some(""), None, "null", Outcome::Ok);
        check(iam, "GetUser", Some("Success"), None, "null", Outcome::Ok);
        for code in [
            "AccessDenied",
            "AccessDeniedException",
            "Client.UnauthorizedOperation",
            "UnauthorizedOperation",
            "UnauthorizedException",
            "NotAuthorizedException",
            "AuthorizationErrorException",
        ] {
            check(iam, "GetUser", Some(code), Some("no"), "null", Outcome::Denied);
        }
        for code in ["NoSuchEntityException", "ThrottlingException", "Client.InvalidParameterValue", "AuthFailure"] {
            check(iam, "GetUser", Some(code), Some("no"), "null", Outcome::Error);
        }
        let signin = "signin.amazonaws.com";
        check(signin, "ConsoleLogin", None, None, r#"{"ConsoleLogin":"Success"}"#, Outcome::Ok);
        check(signin, "ConsoleLogin", None, None, r#"{"ConsoleLogin":"Failure"}"#, Outcome::Denied);
        check(signin, "ConsoleLogin", None, Some("Failed authentication"), "null", Outcome::Denied);
        check(signin, "ConsoleLogin", Some("Failed authentication"), None, "null", Outcome::Denied);
        check(signin, "CredentialVerification", None, None, r#"{"CredentialVerification":"Failure"}"#, Outcome::Denied);
        check("sso.amazonaws.com", "ListInstances", Some("ValidationException"), Some("no"), "null", Outcome::Error);
        check("sso.amazonaws.com", "Authenticate", None, Some("no"), "null", Outcome::Denied);
        check(iam, "ConsoleLogin", None, None, r#"{"ConsoleLogin":"Failure"}"#, Outcome::Ok);
    }
}
