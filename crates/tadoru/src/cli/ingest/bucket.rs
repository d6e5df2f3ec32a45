//! What a person reads when a bucket cannot be read: what AWS refused, and the IAM statement or the command that mends it.

use lake::source::SourceFault;
use lake::source::s3_bucket::Beside;
use lake::source::s3_bucket::failure::{FailureKind, Request, S3Failure};
use lake::source::s3_bucket::permission::{self, Permission};
use lake::source::s3_bucket::url::S3Url;

use crate::cli::Context;
use crate::error::{Exit, Failure, Message};

/// The URL of a bucket as typed.
pub fn url(text: &str) -> Result<S3Url, Failure> {
    text.parse().map_err(|error| {
        Failure::usage(
            Message::error(format!("cannot ingest {text}")).why(format!("{error}")).try_this(
                "tadoru ingest s3://bucket/prefix, with the prefix that AWSLogs/ lies under, if there is one",
            ),
        )
    })
}

/// Why nothing of the bucket could be listed.
pub fn not_opened(url: &S3Url, failure: &S3Failure) -> Failure {
    let detail = &failure.detail;
    let message = Message::error(format!("cannot ingest {url}"));
    let refused = |message: Message| Failure { message, exit: Exit::NotPermitted };
    match failure.kind {
        FailureKind::NoCredentials => refused(
            message
                .why(format!("there are no AWS credentials: {detail}"))
                .try_this("--profile NAME, aws sso login, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ),
        FailureKind::ExpiredCredentials => refused(
            message
                .why(format!("the AWS credentials have expired: {detail}"))
                .try_this("aws sso login, or whatever else gives you new ones, and the same command again"),
        ),
        FailureKind::WrongCredentials => refused(
            message
                .why(format!("AWS does not accept the credentials: {detail}"))
                .try_this("aws sts get-caller-identity shows whose they are; --profile NAME chooses others"),
        ),
        FailureKind::Denied if failure.request == Request::AssumeRole => {
            refused(message.why(format!("the role cannot be assumed: {detail}")).try_this(format!(
                "let the role's trust policy name you, --external-id if it asks for one, and give yourself\n{}",
                statement(&Permission::AssumeRole { role_arn: failure.url.clone() }, detail)
            )))
        }
        FailureKind::Denied | FailureKind::KmsDenied => {
            let fault = failure.clone().into_fault();
            let advice = advice(&fault, std::slice::from_ref(url)).unwrap_or_default();
            refused(message.why(format!("{}: {detail}", fault.reason)).try_this(advice))
        }
        FailureKind::NoSuchBucket => Failure::failed(
            message
                .why(format!("there is no bucket {}: {detail}", url.bucket))
                .try_this("aws s3 ls shows your buckets"),
        ),
        FailureKind::OtherRegion => Failure::failed(
            message
                .why(format!("the bucket is in another region, and S3 does not say in which: {detail}"))
                .try_this("AWS_REGION=<the bucket's region> and the same command again"),
        ),
        FailureKind::Unreachable => Failure::failed(
            message
                .why(format!("S3 cannot be reached: {detail}"))
                .try_this("look at the network and at AWS_ENDPOINT_URL and AWS_REGION, if they are set"),
        ),
        _ => Failure::failed(message.why(detail).try_this("the same command again; what was ingested before is kept")),
    }
}

/// Whether AWS refused it for want of a permission.
pub fn is_refusal(fault: &SourceFault) -> bool {
    Permission::missing(fault).is_some()
}

/// What mends a fault: the missing statement, for all below the URL that was given.
pub fn advice(fault: &SourceFault, urls: &[S3Url]) -> Option<String> {
    let Some(missing) = Permission::missing(fault) else {
        return match fault.reason {
            "S3_ARCHIVED" => Some("aws s3api restore-object, wait until it is done, and ingest again".to_owned()),
            "S3_EXPIRED_CREDENTIALS" => Some("renew the credentials and run the same command again".to_owned()),
            "OBJECT_CHANGED" | "OBJECT_GONE" => Some("the same command again reads what is there by then".to_owned()),
            _ => None,
        };
    };
    let url = urls.iter().find(|url| fault.name.starts_with(&url.to_string()));
    let wider = url.and_then(|url| {
        let of_source = permission::of_ingest(url, &[], &[]);
        of_source.into_iter().find(|permission| permission.action() == missing.action())
    });
    let statement = statement(wider.as_ref().unwrap_or(&missing), &fault.detail);
    Some(format!("give the caller this statement, and let the bucket's or key's own policy not deny it\n{statement}"))
}

/// One statement as JSON; `said` tells the partition.
fn statement(permission: &Permission, said: &str) -> String {
    format!("{:#}", permission.statement(permission::partition(said)))
}

/// Says what lies beside the logs and is not read.
pub fn note_beside(context: &Context, beside: &Beside) {
    if !beside.unread.is_empty() {
        context.note(
            &Message::note(format!("not read: {}", super::first_names(beside.unread.iter().map(String::as_str))))
                .why("only what CloudTrail makes is read, where there is an AWSLogs/")
                .try_this("tadoru ingest with one of these, if it holds logs"),
        );
    }
    if let Some(one) = beside.services.values().next() {
        let names = super::first_names(beside.services.keys().map(String::as_str)).replace('\n', ", ");
        context.note(
            &Message::note(format!("not read, not CloudTrail's: {names}"))
                .why("they lie beside CloudTrail's folders of the accounts")
                .try_this(format!("tadoru ingest {one}, if there are CloudTrail logs in it")),
        );
    }
}
