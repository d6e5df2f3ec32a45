//! What a person reads when an account cannot be asked, or does not answer a call: the action and resource that were refused
//! and what mends it.

use lake::source::aws_account::{ApiFailure, ApiFailureKind, Caller, Refusal};

use crate::error::{Failure, Message};

/// `--role-arn` beside more than one `--profile`.
pub fn several_profiles() -> Failure {
    Failure::usage(
        Message::error("--role-arn takes one --profile at most")
            .why("roles are assumed with one set of credentials, and it would not be said which")
            .try_this("tadoru inventory collect once for each profile"),
    )
}

/// Whether more permissions or other credentials would mend it.
pub fn is_for_want_of_permission(failure: &ApiFailure) -> bool {
    matches!(
        failure.kind,
        ApiFailureKind::NoCredentials
            | ApiFailureKind::ExpiredCredentials
            | ApiFailureKind::WrongCredentials
            | ApiFailureKind::RoleDenied
            | ApiFailureKind::Denied
    )
}

/// Why nothing at all was collected with one set of credentials.
pub fn not_opened(target: &str, failure: &ApiFailure) -> Message {
    explained(Message::error(format!("cannot collect with {target}")), failure)
}

/// Why one operation was not answered.
pub fn refused(caller: &Caller, refusal: &Refusal) -> Message {
    let failure = &refusal.failure;
    let what = format!(
        "not collected: {} on {} in account {}{}",
        failure.operation.action(),
        failure.resource,
        caller.account,
        if refusal.times > 1 { format!(", and {} more", refusal.times - 1) } else { String::new() }
    );
    explained(Message::warning(what), failure)
}

fn explained(message: Message, failure: &ApiFailure) -> Message {
    let detail = &failure.detail;
    let action = failure.operation.action();
    match failure.kind {
        ApiFailureKind::NoCredentials => message
            .why(format!("there are no AWS credentials: {detail}"))
            .try_this("--profile NAME, aws sso login, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ApiFailureKind::ExpiredCredentials => message
            .why(format!("the AWS credentials have expired: {detail}"))
            .try_this("aws sso login, or whatever else gives you new ones, and the same command again"),
        ApiFailureKind::WrongCredentials => message
            .why(format!("AWS does not accept the credentials: {detail}"))
            .try_this("aws sts get-caller-identity shows whose they are; --profile NAME chooses others"),
        ApiFailureKind::RoleDenied => message.why(format!("the role cannot be assumed: {detail}")).try_this(format!(
            "let the role's trust policy name you, --external-id if it asks for one, and let your own policy allow \
             sts:AssumeRole on {}",
            failure.resource
        )),
        ApiFailureKind::Denied => message.why(format!("AWS refused it: {detail}")).try_this(format!(
            "let the caller's policy allow {action}; tadoru permissions --for collect prints all that is needed"
        )),
        ApiFailureKind::Unreachable => message
            .why(format!("{} cannot be reached in {}: {detail}", failure.operation.service.name(), failure.region))
            .try_this("look at the network and at AWS_ENDPOINT_URL and AWS_REGION, if they are set"),
        ApiFailureKind::Throttled => message
            .why(format!("AWS asked to slow down until the last attempt: {detail}"))
            .try_this("the same command again, when less else asks AWS"),
        ApiFailureKind::Unsupported => message.why(detail).try_this("AWS_ENDPOINT_URL_IAM=https://… and the like"),
        ApiFailureKind::Gone | ApiFailureKind::Server | ApiFailureKind::Other => {
            message.why(detail).try_this("the same command again")
        }
    }
}
