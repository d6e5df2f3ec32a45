//! The client of one bucket: credentials by the SDK's own chain, a role on top of it where one is named, and the bucket's
//! region, which S3 tells whoever asks in another one. TLS is rustls with ring.

use aws_config::profile::{self, ProfileFileCredentialsProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{Builder, ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::error::{DisplayErrorContext, SdkError};
use aws_smithy_http_client::tls;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::service_config::ServiceConfigKey;

use super::failure::{FailureKind, Request, S3Failure};

/// How to reach AWS. What is not named here comes from the SDK's own places (environment, `~/.aws`, the machine's role).
#[derive(Debug, Clone, Default)]
pub struct S3Options {
    pub profile: Option<String>,
    /// A role to assume with the credentials found.
    pub role_arn: Option<String>,
    /// What the role's trust policy asks for.
    pub external_id: Option<String>,
}

/// The region asked first where the configuration names none.
const FIRST_REGION: &str = "us-east-1";
/// How often the SDK sends a request before it gives up, with growing pauses between.
const ATTEMPTS: u32 = 5;

/// Settings and credentials; clients of any region are made from it.
#[derive(Debug)]
pub(super) struct Connection {
    sdk: SdkConfig,
    profile: Option<String>,
    role_arn: Option<String>,
}

impl Connection {
    pub(super) async fn new(options: &S3Options) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        let mut sdk = loader.load().await;
        if sdk.region().is_none() {
            sdk = sdk.into_builder().region(Region::from_static(FIRST_REGION)).build();
        }
        if let Some(profile) = &options.profile {
            // The SDK's chain prefers keys in the environment even to a profile that somebody names.
            let config = ProviderConfig::without_region().with_http_client(http).with_region(sdk.region().cloned());
            let named = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile).build();
            sdk = sdk.into_builder().credentials_provider(SharedCredentialsProvider::new(named)).build();
        }
        if let Some(role_arn) = &options.role_arn {
            let mut role = AssumeRoleProvider::builder(role_arn).session_name("tadoru").configure(&sdk);
            if let Some(external_id) = &options.external_id {
                role = role.external_id(external_id);
            }
            let credentials = SharedCredentialsProvider::new(role.build().await);
            sdk = sdk.into_builder().credentials_provider(credentials).build();
        }
        Self { sdk, profile: options.profile.clone(), role_arn: options.role_arn.clone() }
    }

    /// A client for buckets of `region`, or of the region that is configured.
    pub(super) fn client(&self, region: Option<String>) -> Client {
        let mut config = Builder::from(&self.sdk).force_path_style(self.has_own_endpoint());
        if let Some(region) = region {
            config = config.region(Region::new(region));
        }
        Client::from_conf(config.build())
    }

    /// An endpoint that is named is not AWS's, and has no name of its own for each bucket.
    fn has_own_endpoint(&self) -> bool {
        let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        let of_s3 = key.ok().and_then(|key| self.sdk.service_config()?.load_config(key));
        of_s3.is_some() || self.sdk.endpoint_url().is_some()
    }

    /// Why there are no credentials; `None` where there are.
    pub(super) async fn credentials_failure(&self, url: &str) -> Option<S3Failure> {
        let error = match self.sdk.credentials_provider() {
            Some(provider) => provider.provide_credentials().await.err()?,
            None => {
                return Some(S3Failure {
                    kind: FailureKind::NoCredentials,
                    request: Request::List,
                    url: url.to_owned(),
                    detail: "no credentials are configured".to_owned(),
                });
            }
        };
        let detail = DisplayErrorContext(&error).to_string();
        let (kind, request, url) = match &self.role_arn {
            Some(role) if detail.contains("AccessDenied") => (FailureKind::Denied, Request::AssumeRole, role.as_str()),
            _ if detail.contains("ExpiredToken") => (FailureKind::ExpiredCredentials, Request::List, url),
            _ => (FailureKind::NoCredentials, Request::List, url),
        };
        let detail = match &self.profile {
            Some(profile) => match missing_profile(profile).await {
                Some(missing) => missing,
                None => format!("profile {profile}: {}", short(&error)),
            },
            None => short(&error),
        };
        Some(S3Failure { kind, request, url: url.to_owned(), detail })
    }
}

/// Says that there is no such profile, where it was looked for, and which there are; `None` where there is one.
async fn missing_profile(name: &str) -> Option<String> {
    let env = Env::real();
    let profiles = profile::load(&Fs::real(), &env, &Default::default(), None).await.ok()?;
    if profiles.get_profile(name).is_some() {
        return None;
    }
    let place = |variable: &str, usual: &str| env.get(variable).unwrap_or_else(|_| usual.to_owned());
    let config = place("AWS_CONFIG_FILE", "~/.aws/config");
    let credentials = place("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
    let mut known: Vec<&str> = profiles.profiles().collect();
    known.sort_unstable();
    let known =
        if known.is_empty() { "there is none at all".to_owned() } else { format!("there are {}", known.join(", ")) };
    Some(format!("no profile {name} in {config} or {credentials}; {known}"))
}

/// The causes of an error in one line, without the SDK's debug form of them.
fn short(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
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
