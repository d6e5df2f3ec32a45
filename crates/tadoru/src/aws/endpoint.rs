//! One request from its bytes to its answer's bytes: what is asked, who asks, whether the input is as the model wants it, then the
//! operation. Blocks; `server` gives it a thread.

use std::sync::{Mutex, PoisonError};

use ::iam::service_reference::ServiceReference;
use aws_wire::constraint;
use aws_wire::error::{AwsError, Reply};
use aws_wire::json_protocol;
use aws_wire::model::{Model, Operation, Protocol, Service};
use aws_wire::operation::{Target, WireRequest};
use aws_wire::query_protocol;
use aws_wire::rest_json_protocol;
use aws_wire::sigv4::{Authorization, SignatureError};
use lake::catalog::{Catalog, CatalogError};
use serde_json::{Map, Value};

use super::open_lake::OpenLake;
use super::{AwsLimits, Caller, OperationError, Request, cloudtrail, find, iam};
use crate::clock::Now;
use crate::time_argument;

/// What all requests share.
pub struct Endpoint {
    pub model: Model,
    pub reference: ServiceReference,
    pub lake: OpenLake,
    pub catalog: Mutex<Catalog>,
    /// Who calls where nobody signs; `None`: every request must be signed.
    pub anonymous: Option<Caller>,
    pub limits: AwsLimits,
    pub now: NowRule,
    /// A job is in progress for so long.
    pub job_delay_us: i64,
}

/// How the one *now* of a request is found: as for any command.
#[derive(Debug, Clone, Default)]
pub struct NowRule {
    /// `--as-of` as written.
    pub as_of: Option<String>,
    /// The lake's own.
    pub lake_us: Option<i64>,
}

impl NowRule {
    /// The *now* of a request.
    ///
    /// # Errors
    /// A time that cannot be read.
    pub fn now(&self) -> anyhow::Result<Now> {
        let clock = Now::clock();
        let as_of = self.as_of.as_deref().map(|text| time_argument::parse(text, clock)).transpose()?;
        Ok(Now::choose(as_of, self.lake_us))
    }
}

/// A request's answer, with what the log says of it.
pub struct Answered {
    pub reply: Reply,
    /// `iam:ListUsers`; `-` where it is none of ours.
    pub operation: String,
    /// The caller's ARN.
    pub caller: Option<String>,
    /// The code of the error that the client got.
    pub error_code: Option<String>,
    /// What failed inside, for the log alone.
    pub failure: Option<String>,
}

impl Endpoint {
    /// Answers a request.
    pub fn answer(&self, request: &WireRequest<'_>, request_id: &str) -> Answered {
        match Target::of(&self.model, request) {
            Ok(target) => self.answer_target(request, &target, request_id),
            Err(error) => refused(&error, None, Protocol::Query, request_id),
        }
    }

    /// Why a request cannot be anybody's, as its head says; its body need not be read.
    pub fn refuse_unsigned(&self, request: &WireRequest<'_>, protocol: Protocol) -> Option<AwsError> {
        if self.anonymous.is_some() {
            return None;
        }
        Authorization::of(request).err().map(|error| refusal(&error, protocol))
    }

    /// How many jobs there are, by operation and state.
    ///
    /// # Errors
    /// A catalog that cannot be read.
    pub fn job_counts(&self) -> Result<Vec<(String, String, u32)>, CatalogError> {
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner).aws_job_counts(Now::clock().us)
    }

    fn answer_target(&self, request: &WireRequest<'_>, target: &Target<'_>, request_id: &str) -> Answered {
        let refuse = |error: &AwsError| refused(error, target.service, target.protocol, request_id);
        let caller = match self.caller(request, target) {
            Ok(caller) => caller,
            Err(error) => return refuse(&error),
        };
        let known = target.known().and_then(|known| Some((known, find(&known.0.name, known.1)?)));
        let Some(((service, name, operation), run)) = known else {
            return Answered { caller: Some(caller.arn), ..refuse(&target.unknown()) };
        };
        let answer = self.input(request, target, (service, name, operation)).and_then(|input| {
            let now = self.now.now().map_err(|error| OperationError::Broken(error.to_string()))?;
            run(&Request {
                lake: &self.lake,
                catalog: &self.catalog,
                reference: &self.reference,
                limits: self.limits,
                caller: &caller,
                operation: name,
                declares_invalid_input: service.declares(operation, "InvalidInput"),
                input,
                now,
                clock_us: Now::clock().us,
                job_delay_us: self.job_delay_us,
            })
        });
        let answered = match answer {
            Ok(output) => done(service, (name, operation), &output, request_id),
            Err(OperationError::Aws(error)) => refuse(&error),
            Err(failure) => {
                Answered { failure: Some(failure.to_string()), ..refuse(&AwsError::internal(target.protocol)) }
            }
        };
        Answered { operation: format!("{}:{name}", service.name), caller: Some(caller.arn), ..answered }
    }

    fn input(
        &self,
        request: &WireRequest<'_>,
        target: &Target<'_>,
        (service, name, operation): (&Service, &str, &Operation),
    ) -> Result<Map<String, Value>, OperationError> {
        let input = match target.protocol {
            Protocol::Query => query_protocol::read_input(service, operation, &target.form)?,
            Protocol::Json => json_protocol::read_input(service, operation, request.body)?,
            Protocol::RestJson => rest_json_protocol::read_input(service, operation, request)?,
        };
        let violations = constraint::violations(service, operation, &input);
        if violations.is_empty() {
            if service.name == "iam" {
                iam::text_rule::check(service, operation, &input)?;
            }
            return Ok(input);
        }
        let own = if service.name == "cloudtrail" { cloudtrail::refusal(name, &violations) } else { None };
        Err(own.unwrap_or_else(|| constraint::refusal(&violations, target.protocol)).into())
    }

    /// Who asks.
    fn caller(&self, request: &WireRequest<'_>, target: &Target<'_>) -> Result<Caller, AwsError> {
        if let Some(caller) = &self.anonymous {
            let region = Authorization::of(request).map(|authorization| authorization.region);
            return Ok(region.map_or_else(|_| caller.clone(), |region| caller.clone().in_region(&region)));
        }
        let refuse = |error: SignatureError| refusal(&error, target.protocol);
        let authorization = Authorization::of(request).map_err(refuse)?;
        let unknown = || match target.protocol {
            Protocol::Query => AwsError::with_status(
                "InvalidClientTokenId",
                403,
                "The security token included in the request is invalid.",
            ),
            _ => AwsError::with_status(
                "UnrecognizedClientException",
                403,
                "The security token included in the request is invalid.",
            ),
        };
        // Tadoru issues no session tokens: a key that comes with one is another's.
        if request.header("x-amz-security-token").is_some() {
            return Err(unknown());
        }
        let catalog = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        let key = catalog.issued_key(&authorization.access_key_id).map_err(|_| AwsError::internal(target.protocol))?;
        drop(catalog);
        let key = key.ok_or_else(unknown)?;
        let service = target.service.map_or(authorization.service.as_str(), Service::signing_name);
        let now_seconds = Now::clock().us.div_euclid(1_000_000);
        authorization.verify(request, &key.secret_access_key, service, now_seconds).map_err(refuse)?;
        Caller::of(&key.principal).map(|caller| caller.in_region(&authorization.region)).ok_or_else(unknown)
    }
}

/// What AWS answers to a bad signature, by protocol.
fn refusal(error: &SignatureError, protocol: Protocol) -> AwsError {
    let code = match (error, protocol) {
        (SignatureError::Missing, Protocol::Query) => "MissingAuthenticationToken",
        (SignatureError::Missing, _) => "MissingAuthenticationTokenException",
        (SignatureError::Incomplete(_), Protocol::Query) => "IncompleteSignature",
        (SignatureError::Incomplete(_), _) => "IncompleteSignatureException",
        (_, Protocol::Query) => "SignatureDoesNotMatch",
        (_, _) => "InvalidSignatureException",
    };
    AwsError::with_status(code, 403, error.to_string())
}

fn done(service: &Service, operation: (&str, &Operation), output: &Map<String, Value>, request_id: &str) -> Answered {
    let (content_type, body) = match service.metadata.protocol {
        Protocol::Query => ("text/xml", query_protocol::write_answer(service, operation, output, request_id)),
        Protocol::Json => {
            ("application/x-amz-json-1.1", json_protocol::write_answer(service, operation.1, output).to_string())
        }
        Protocol::RestJson => {
            ("application/json", json_protocol::write_answer(service, operation.1, output).to_string())
        }
    };
    let reply = Reply { status: 200, content_type, error_type: None, body: body.into_bytes() };
    Answered { reply, operation: String::new(), caller: None, error_code: None, failure: None }
}

/// An error as an answer; also for what is refused before anything is read.
pub fn refused(error: &AwsError, service: Option<&Service>, protocol: Protocol, request_id: &str) -> Answered {
    Answered {
        reply: error.reply(service, protocol, request_id),
        operation: "-".to_owned(),
        caller: None,
        error_code: Some(error.code.clone()),
        failure: None,
    }
}
