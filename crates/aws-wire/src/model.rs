//! What AWS's models say of services, operations and shapes, read from the trimmed copy of botocore's models that
//! `cargo xtask reference-data` writes. Protocols and limits are driven by it, so that an operation is data and no code.

use std::collections::BTreeMap;

use serde::Deserialize;

const EMBEDDED: &str = include_str!("../data/models.json");

/// Every service of the endpoint.
#[derive(Debug, Clone, Deserialize)]
pub struct Model {
    services: Vec<Service>,
}

/// One service.
#[derive(Debug, Clone, Deserialize)]
pub struct Service {
    /// As the CLI calls it, `sso-admin`.
    pub name: String,
    pub metadata: Metadata,
    pub operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

/// How to talk to a service.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub api_version: String,
    pub protocol: Protocol,
    #[serde(default)]
    signing_name: Option<String>,
    endpoint_prefix: String,
    #[serde(default)]
    pub target_prefix: Option<String>,
    #[serde(default)]
    pub xml_namespace: Option<String>,
}

/// The protocols of the services that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// A form in, XML out.
    Query,
    /// JSON 1.1, the operation in `X-Amz-Target`.
    Json,
    /// JSON, the operation in method and path.
    RestJson,
}

/// One operation.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    #[serde(default)]
    pub input: Option<String>,
    #[serde(default)]
    pub output: Option<String>,
    /// The element around the output, in XML.
    #[serde(default)]
    pub result_wrapper: Option<String>,
    /// The shapes of the errors that it declares.
    #[serde(default)]
    pub errors: Vec<String>,
    #[serde(default)]
    pub http: Option<Http>,
}

/// Where a rest-json operation lives.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Http {
    pub method: String,
    pub request_uri: String,
}

/// The shape of a value.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(default)]
    pub required: Vec<String>,
    #[serde(rename = "enum", default)]
    pub values: Vec<String>,
    /// The least length, size or value.
    #[serde(default)]
    pub min: Option<f64>,
    /// The greatest.
    #[serde(default)]
    pub max: Option<f64>,
    /// A list or map without an element of its own around it.
    #[serde(default)]
    pub flattened: bool,
    #[serde(default)]
    pub members: BTreeMap<String, Reference>,
    /// Of a list.
    #[serde(default)]
    pub member: Option<Reference>,
    /// Of a map.
    #[serde(default)]
    pub key: Option<Reference>,
    #[serde(default)]
    pub value: Option<Reference>,
    /// Of a time, where it is not the protocol's.
    #[serde(default)]
    timestamp_format: Option<TimestampFormat>,
    #[serde(default)]
    error: Option<ErrorCode>,
}

/// How a time is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TimestampFormat {
    /// `2020-08-25T01:53:35Z`.
    Iso8601,
    /// Seconds since 1970.
    UnixTimestamp,
}

/// The kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Structure,
    List,
    Map,
    String,
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    Timestamp,
    Blob,
}

/// A member's shape, and its name on the wire where that differs.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    pub shape: String,
    #[serde(default)]
    pub location_name: Option<String>,
    /// Of rest-json; `None`: in the body.
    #[serde(default)]
    pub location: Option<Location>,
    #[serde(default)]
    timestamp_format: Option<TimestampFormat>,
}

/// Where a member of a rest-json input stands that is not in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// A label of the path.
    Uri,
    QueryString,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorCode {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    http_status_code: Option<u16>,
}

impl Model {
    /// The model that the program carries.
    pub fn embedded() -> Self {
        serde_json::from_str(EMBEDDED).expect("the embedded model was written by cargo xtask reference-data")
    }

    /// All services, by name.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter()
    }

    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }
}

impl Service {
    /// The name in a credential scope.
    pub fn signing_name(&self) -> &str {
        self.metadata.signing_name.as_deref().unwrap_or(&self.metadata.endpoint_prefix)
    }

    /// A shape that the model refers to.
    pub fn shape(&self, name: &str) -> &Shape {
        self.shapes.get(name).expect("the model holds every shape that it names")
    }

    /// The status that the model gives an error's code; `None` where no operation declares it.
    pub fn error_status(&self, code: &str) -> Option<u16> {
        let is_it = |(name, shape): &(&String, &Shape)| {
            let own = shape.error.as_ref().and_then(|error| error.code.as_deref());
            own == Some(code) || *name == code
        };
        self.shapes.iter().find(is_it).and_then(|(_, shape)| shape.error.as_ref()?.http_status_code)
    }

    /// How times of a member are spelled in JSON.
    pub fn timestamp_format(&self, reference: &Reference) -> TimestampFormat {
        let own = reference.timestamp_format.or(self.shape(&reference.shape).timestamp_format);
        own.unwrap_or(TimestampFormat::UnixTimestamp)
    }

    /// Whether the operation declares the error with that code.
    pub fn declares(&self, operation: &Operation, code: &str) -> bool {
        operation.errors.iter().any(|name| {
            let shape = self.shapes.get(name).and_then(|shape| shape.error.as_ref());
            name == code || shape.and_then(|error| error.code.as_deref()) == Some(code)
        })
    }
}

impl Shape {
    /// The name of a member on the wire.
    pub fn wire_name<'a>(member: &'a str, reference: &'a Reference) -> &'a str {
        reference.location_name.as_deref().unwrap_or(member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_that_is_named_is_there() {
        let model = Model::embedded();
        for service in model.services() {
            for operation in service.operations.values() {
                let named = operation.input.iter().chain(&operation.output).chain(&operation.errors);
                named.for_each(|name| assert!(service.shapes.contains_key(name), "{name}"));
            }
            for shape in service.shapes.values() {
                let members = shape.members.values().chain(&shape.member).chain(&shape.key).chain(&shape.value);
                members.for_each(|of| assert!(service.shapes.contains_key(&of.shape), "{}", of.shape));
            }
        }
    }

    #[test]
    fn an_error_has_the_status_that_the_model_gives_it() {
        let model = Model::embedded();
        let check = |service: &str, code: &str, expected| {
            assert_eq!(model.service(service).unwrap().error_status(code), expected, "{service} {code}");
        };
        check("iam", "NoSuchEntity", Some(404));
        check("iam", "InvalidInput", Some(400));
        check("iam", "EntityAlreadyExists", Some(409));
        check("iam", "ReportNotPresent", Some(410));
        check("iam", "Nothing", None);
        check("accessanalyzer", "ServiceQuotaExceededException", Some(402));
    }

    #[test]
    fn services_sign_by_the_names_that_clients_use() {
        let model = Model::embedded();
        let check = |service: &str, expected: &str| {
            assert_eq!(model.service(service).unwrap().signing_name(), expected);
        };
        check("iam", "iam");
        check("sso-admin", "sso");
        check("accessanalyzer", "access-analyzer");
        check("cloudtrail", "cloudtrail");
    }
}
