//! How AWS is reached, for every service that is asked: settings and credentials by the SDK's own chain, a role on top of
//! them where one is named, and endpoints that are configured instead of AWS's own. TLS is rustls with ring.

use aws_config::profile::{self, ProfileFileCredentialsProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_s3::error::DisplayErrorContext;
use aws_smithy_http_client::tls;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::service_config::ServiceConfigKey;

/// How to reach AWS. What is not named here comes from the SDK's own places (environment, `~/.aws`, the machine's role).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsOptions {
    pub profile: Option<String>,
    /// A role to assume with the credentials found.
    pub role_arn: Option<String>,
    /// What the role's trust policy asks for.
    pub external_id: Option<String>,
    /// The region to ask; none where the configuration says it.
    pub region: Option<String>,
}

/// The region asked first where the configuration names none.
const FIRST_REGION: &str = "us-east-1";
/// How often a request is sent before it is given up, with growing pauses between.
const ATTEMPTS: u32 = 5;

/// Settings and credentials; clients of any service and region are made from it.
#[derive(Debug)]
pub(super) struct Connection {
    sdk: SdkConfig,
    profile: Option<String>,
    role_arn: Option<String>,
}

/// Why there are no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CredentialsFailure {
    pub kind: CredentialsFailureKind,
    /// What the providers said, the profile's name before it.
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CredentialsFailureKind {
    /// The chain of providers came to its end.
    None,
    /// A session is too old.
    Expired,
    /// This role may not be assumed.
    RoleDenied(String),
}

impl Connection {
    pub(super) async fn new(options: &AwsOptions) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = &options.region {
            loader = loader.region(Region::new(region.clone()));
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

    /// What the SDK's own clients and operations are made from.
    pub(super) fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// The region that is configured, or the first one.
    pub(super) fn region(&self) -> &str {
        self.sdk.region().map_or(FIRST_REGION, Region::as_ref)
    }

    /// The endpoint that is configured for a service (`AWS_ENDPOINT_URL_…`, `endpoint_url` of its section), or for all.
    /// `service_id` is the SDK's, such as `S3` or `SSO Admin`.
    pub(super) fn endpoint_url(&self, service_id: &'static str) -> Option<String> {
        let key =
            ServiceConfigKey::builder().service_id(service_id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        let of_service = key.ok().and_then(|key| self.sdk.service_config()?.load_config(key));
        of_service.or_else(|| self.sdk.endpoint_url().map(str::to_owned))
    }

    /// Why there are no credentials; `None` where there are.
    pub(super) async fn credentials_failure(&self) -> Option<CredentialsFailure> {
        let Some(provider) = self.sdk.credentials_provider() else {
            let detail = "no credentials are configured".to_owned();
            return Some(CredentialsFailure { kind: CredentialsFailureKind::None, detail });
        };
        let error = provider.provide_credentials().await.err()?;
        let detail = DisplayErrorContext(&error).to_string();
        let kind = match &self.role_arn {
            Some(role) if detail.contains("AccessDenied") => CredentialsFailureKind::RoleDenied(role.clone()),
            _ if detail.contains("ExpiredToken") => CredentialsFailureKind::Expired,
            _ => CredentialsFailureKind::None,
        };
        let detail = match &self.profile {
            Some(profile) => match missing_profile(profile).await {
                Some(missing) => missing,
                None => format!("profile {profile}: {}", short(&error)),
            },
            None => short(&error),
        };
        Some(CredentialsFailure { kind, detail })
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
