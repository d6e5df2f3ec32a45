//! Errors as AWS's clients expect them: a code, a text and a status, written in the protocol of the service that was asked.
//! Which status a declared error has is told by the model; the errors that all services share stand here.

use serde_json::json;

use crate::model::{Protocol, Service};
use crate::query_protocol::escape;

/// An error for a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// The code, as `NoSuchEntity`.
    pub code: String,
    pub message: String,
    /// Where the model does not say it.
    status: u16,
    /// `reason` of a rest-json error, as `fieldValidationFailed`.
    reason: Option<&'static str>,
}

/// What goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    /// `x-amzn-ErrorType`, of rest-json errors.
    pub error_type: Option<String>,
    pub body: Vec<u8>,
}

impl AwsError {
    /// An error that the client caused.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: 400, reason: None }
    }

    /// As `new`, with a status for where the model has none.
    pub fn with_status(code: impl Into<String>, status: u16, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status, reason: None }
    }

    /// The same with the `reason` that rest-json services give beside the text.
    #[must_use]
    pub fn because(self, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// Something of the server's own; its cause is for the log, not for the client.
    pub fn internal(protocol: Protocol) -> Self {
        let code = match protocol {
            Protocol::Query => "ServiceFailure",
            Protocol::Json => "InternalFailure",
            Protocol::RestJson => "InternalServerException",
        };
        Self::with_status(
            code,
            500,
            "The request processing has failed because of an unknown error, exception or failure.",
        )
    }

    /// The status it is sent with.
    pub fn status(&self, service: Option<&Service>, protocol: Protocol) -> u16 {
        let declared = service.and_then(|service| service.error_status(&self.code));
        match protocol {
            // JSON 1.1 tells errors apart by their code; AWS sends those of the client as 400.
            Protocol::Json if self.status < 500 && self.status != 413 => 400,
            Protocol::Json => self.status,
            _ => declared.unwrap_or(self.status),
        }
    }

    /// The error as bytes.
    pub fn reply(&self, service: Option<&Service>, protocol: Protocol, request_id: &str) -> Reply {
        let status = self.status(service, protocol);
        match protocol {
            Protocol::Query => Reply {
                status,
                content_type: "text/xml",
                error_type: None,
                body: self.xml(service, status, request_id).into_bytes(),
            },
            Protocol::Json => Reply {
                status,
                content_type: "application/x-amz-json-1.1",
                error_type: None,
                body: json!({"__type": self.code, "message": self.message}).to_string().into_bytes(),
            },
            Protocol::RestJson => Reply {
                status,
                content_type: "application/json",
                error_type: Some(self.code.clone()),
                body: self.rest_json().into_bytes(),
            },
        }
    }

    fn rest_json(&self) -> String {
        match self.reason {
            Some(reason) => json!({"message": self.message, "reason": reason}).to_string(),
            None => json!({"message": self.message}).to_string(),
        }
    }

    fn xml(&self, service: Option<&Service>, status: u16, request_id: &str) -> String {
        let namespace = service.and_then(|service| service.metadata.xml_namespace.as_deref());
        let namespace = namespace.map(|uri| format!(" xmlns=\"{}\"", escape(uri))).unwrap_or_default();
        let fault = if status >= 500 { "Receiver" } else { "Sender" };
        format!(
            "<ErrorResponse{namespace}><Error><Type>{fault}</Type><Code>{}</Code><Message>{}</Message></Error>\
             <RequestId>{}</RequestId></ErrorResponse>",
            escape(&self.code),
            escape(&self.message),
            escape(request_id)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;

    #[test]
    fn an_error_is_written_in_the_protocol_of_its_service() {
        let model = Model::embedded();
        let check = |service: &str, protocol, code: &str, status: u16, body: &str| {
            let reply = AwsError::new(code, "a <b>").reply(model.service(service), protocol, "id-1");
            assert_eq!(reply.error_type.as_deref(), (protocol == Protocol::RestJson).then_some(code));
            assert_eq!((reply.status, String::from_utf8(reply.body).unwrap().as_str()), (status, body));
        };
        check(
            "iam",
            Protocol::Query,
            "NoSuchEntity",
            404,
            "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
             <Code>NoSuchEntity</Code><Message>a &lt;b&gt;</Message></Error><RequestId>id-1</RequestId></ErrorResponse>",
        );
        check(
            "cloudtrail",
            Protocol::Json,
            "InvalidMaxResultsException",
            400,
            r#"{"__type":"InvalidMaxResultsException","message":"a <b>"}"#,
        );
        check("accessanalyzer", Protocol::RestJson, "ConflictException", 409, r#"{"message":"a <b>"}"#);
        let error = AwsError::new("ValidationException", "a").because("fieldValidationFailed");
        let reply = error.reply(model.service("accessanalyzer"), Protocol::RestJson, "id-1");
        assert_eq!(reply.body, br#"{"message":"a","reason":"fieldValidationFailed"}"#);
    }
}
