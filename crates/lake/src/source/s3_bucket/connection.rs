//! The client of one bucket, and the bucket's region, which S3 tells whoever asks in another one.

use aws_config::Region;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;

use super::failure::{FailureKind, Request, S3Failure};
use crate::source::aws_connection::{Connection, CredentialsFailureKind};

/// A client for buckets of `region`, or of the region that is configured.
pub(super) fn client(connection: &Connection, region: Option<String>) -> Client {
    // An endpoint that is named is not AWS's, and has no name of its own for each bucket.
    let has_own_endpoint = connection.endpoint_url("S3").is_some();
    let mut config = Builder::from(connection.sdk()).force_path_style(has_own_endpoint);
    if let Some(region) = region {
        config = config.region(Region::new(region));
    }
    Client::from_conf(config.build())
}

/// Why there are no credentials for `url`; `None` where there are.
pub(super) async fn credentials_failure(connection: &Connection, url: &str) -> Option<S3Failure> {
    let failure = connection.credentials_failure().await?;
    let (kind, request, url) = match failure.kind {
        CredentialsFailureKind::RoleDenied(role) => (FailureKind::Denied, Request::AssumeRole, role),
        CredentialsFailureKind::Expired => (FailureKind::ExpiredCredentials, Request::List, url.to_owned()),
        CredentialsFailureKind::None => (FailureKind::NoCredentials, Request::List, url.to_owned()),
    };
    Some(S3Failure { kind, request, url, detail: failure.detail })
}

/// The region of the bucket, if that is what an error tells: in a header, or in the body where the signature named another.
pub(super) fn region_told<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let response = error.raw_response()?;
    if !matches!(response.status().as_u16(), 301 | 307 | 400) {
        return None;
    }
    if let Some(region) = response.headers().get("x-amz-bucket-region") {
        return Some(region.to_owned());
    }
    let body = std::str::from_utf8(response.body().bytes()?).ok()?;
    let (_, rest) = body.split_once("<Region>")?;
    rest.split_once("</Region>").map(|(region, _)| region.to_owned())
}
