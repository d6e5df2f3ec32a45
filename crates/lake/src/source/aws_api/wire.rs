//! Requests to one service in one region: written by its protocol, then sent by the SDK's orchestrator, which signs them,
//! repeats what failed for a while, and ends what takes too long.

use std::time::Duration;

use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::error::{ErrorMetadata, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime::client::orchestrator::operation::Operation as Sender;
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SigningName;
use aws_types::region::{Region, SigningRegion};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::aws_service::{Endpoint, Protocol, Service};
use super::failure::{ApiFailureKind, kind_of};
use super::{json_answer, xml_answer};
use crate::source::aws_connection::Connection;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A page of a large account takes IAM several seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
/// What need not be escaped in a form.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Sends requests of one service.
#[derive(Debug)]
pub(super) struct Wire {
    protocol: Protocol,
    sender: Sender<Request, Vec<u8>, AwsError>,
}

/// Why a request has no answer.
#[derive(Debug)]
pub(super) struct WireError {
    pub kind: ApiFailureKind,
    pub code: String,
    pub detail: String,
}

/// What is sent.
#[derive(Debug)]
struct Request {
    content_type: &'static str,
    target: Option<String>,
    body: String,
}

/// An answer that is an error.
#[derive(Debug, thiserror::Error)]
#[error("{}: {}", metadata.code().unwrap_or_default(), metadata.message().unwrap_or_default())]
struct AwsError {
    metadata: ErrorMetadata,
    status: u16,
}

impl ProvideErrorMetadata for AwsError {
    fn meta(&self) -> &ErrorMetadata {
        &self.metadata
    }
}

impl Wire {
    /// # Errors
    /// The settings ask for an endpoint that is not known here; says which.
    pub(super) fn new(connection: &Connection, service: Service, region: &str) -> Result<Self, String> {
        let endpoint = endpoint(connection, service, region)?;
        let sdk = connection.sdk();
        let mut config = Layer::new("aws_api");
        config.store_put(SigV4OperationSigningConfig::default());
        config.store_put(SigningName::from_static(service.action_prefix()));
        config.store_put(SigningRegion::from(Region::new(endpoint.signing_region)));
        config.store_put(AuthSchemeOptionResolverParams::new(()));
        let mut components = RuntimeComponentsBuilder::new("aws_api");
        components.push_auth_scheme(SigV4AuthScheme::new());
        components.set_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])));
        components.set_identity_cache(sdk.identity_cache());
        if let Some(credentials) = sdk.credentials_provider() {
            components.set_identity_resolver(SCHEME_ID, credentials);
        }
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT);
        let retries = sdk.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
        let protocol = service.protocol();
        let mut builder = Sender::builder()
            .service_name(service.name())
            .operation_name("call")
            .endpoint_url(&endpoint.url)
            .standard_retry(&retries)
            .retry_classifier(TransientErrorClassifier::<AwsError>::new())
            .retry_classifier(AwsErrorCodeClassifier::<AwsError>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .timeout_config(timeouts.build())
            .with_connection_poisoning()
            .runtime_plugin(
                StaticRuntimePlugin::new().with_config(config.freeze()).with_runtime_components(components),
            );
        if let Some(http) = sdk.http_client() {
            builder = builder.http_client(http);
        }
        if let Some(sleep) = sdk.sleep_impl() {
            builder = builder.sleep_impl(sleep);
        }
        if let Some(time) = sdk.time_source() {
            builder = builder.time_source(time);
        }
        let builder = builder.serializer(write).deserializer(move |response: &HttpResponse| read(protocol, response));
        Ok(Self { protocol, sender: builder.build() })
    }

    /// Sends one request, repeated as often as may be, and reads its answer.
    pub(super) async fn send(&self, operation: &str, input: &Value) -> Result<Value, WireError> {
        let request = match self.protocol {
            Protocol::Query { version } => Request {
                content_type: "application/x-www-form-urlencoded",
                target: None,
                body: form(operation, version, input),
            },
            Protocol::Json { target_prefix } => Request {
                content_type: "application/x-amz-json-1.1",
                target: Some(format!("{target_prefix}.{operation}")),
                body: input.to_string(),
            },
        };
        let body = self.sender.invoke(request).await.map_err(WireError::of)?;
        let read = match self.protocol {
            Protocol::Query { .. } => xml_answer::parse(&body),
            Protocol::Json { .. } => json_answer::parse(&body),
        };
        read.map_err(|what| WireError {
            kind: ApiFailureKind::Other,
            code: "UnreadableAnswer".to_owned(),
            detail: format!("the answer cannot be read: {what}"),
        })
    }
}

impl WireError {
    fn of(error: SdkError<AwsError, HttpResponse>) -> Self {
        match error {
            SdkError::ServiceError(error) => {
                let error = error.into_err();
                let code = error.metadata.code().unwrap_or_default().to_owned();
                let message = error.metadata.message().unwrap_or_default();
                let detail = match (code.as_str(), message) {
                    ("", _) => format!("HTTP {}", error.status),
                    (code, "") => code.to_owned(),
                    (code, message) => format!("{code}: {message}"),
                };
                Self { kind: kind_of(&code, error.status), code, detail }
            }
            other => {
                let is_unreachable = match &other {
                    SdkError::TimeoutError(_) => true,
                    SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
                    _ => false,
                };
                let kind = if is_unreachable { ApiFailureKind::Unreachable } else { ApiFailureKind::Other };
                Self { kind, code: String::new(), detail: innermost(&other) }
            }
        }
    }
}

/// The cause at the end of the chain, which says what happened; the SDK's outer errors say where.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let last = std::iter::successors(Some(error), |error| error.source()).last();
    last.map_or_else(|| error.to_string(), ToString::to_string)
}

/// The endpoint that is configured, else AWS's own. A global service behind an endpoint of somebody's own is signed for the
/// caller's region, as `aws` does it.
fn endpoint(connection: &Connection, service: Service, region: &str) -> Result<Endpoint, String> {
    if let Some(url) = connection.endpoint_url(service.id()) {
        return Ok(Endpoint { url, signing_region: region.to_owned() });
    }
    for (is_set, name) in [
        (connection.sdk().use_fips(), "FIPS endpoints (AWS_USE_FIPS_ENDPOINT)"),
        (connection.sdk().use_dual_stack(), "dual-stack endpoints (AWS_USE_DUALSTACK_ENDPOINT)"),
    ] {
        if is_set == Some(true) {
            return Err(format!("{name} are not supported here; AWS_ENDPOINT_URL_… names one for each service"));
        }
    }
    service.endpoint(region).ok_or_else(|| {
        format!("the endpoints of {region}'s partition are not known; AWS_ENDPOINT_URL_… names one for each service")
    })
}

fn form(operation: &str, version: &str, input: &Value) -> String {
    let mut form = format!("Action={operation}&Version={version}");
    for (name, value) in input.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        form += &format!("&{name}={}", utf8_percent_encode(&text, UNRESERVED));
    }
    form
}

fn write(request: Request) -> Result<HttpRequest, BoxError> {
    let mut http = HttpRequest::new(SdkBody::from(request.body));
    http.set_method("POST")?;
    http.set_uri("/")?;
    let headers = http.headers_mut();
    headers.insert("content-type", request.content_type);
    headers.insert("user-agent", concat!("tadoru/", env!("CARGO_PKG_VERSION")));
    if let Some(target) = request.target {
        headers.insert("x-amz-target", target);
    }
    Ok(http)
}

fn read(protocol: Protocol, response: &HttpResponse) -> Result<Vec<u8>, OrchestratorError<AwsError>> {
    let body = response.body().bytes().unwrap_or_default();
    if response.status().is_success() {
        return Ok(body.to_vec());
    }
    let found = match protocol {
        Protocol::Query { .. } => xml_answer::error(body),
        Protocol::Json { .. } => json_answer::error(body, response.headers().get("x-amzn-errortype")),
    };
    let mut metadata = ErrorMetadata::builder();
    if let Some((code, message)) = found {
        metadata = metadata.code(code).message(message);
    }
    let status = response.status().as_u16();
    Err(OrchestratorError::operation(AwsError { metadata: metadata.build(), status }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_escapes_what_a_name_may_hold() {
        let found = form("ListAccessKeys", "2010-05-08", &json!({ "UserName": "a+b=c,@d é", "MaxItems": 1000 }));
        let expected = "Action=ListAccessKeys&Version=2010-05-08&UserName=a%2Bb%3Dc%2C%40d%20%C3%A9&MaxItems=1000";
        assert_eq!(found, expected);
    }
}
