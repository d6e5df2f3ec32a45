//! The AWS-compatible endpoint: AWS's operations answered from the lake and the inventory. `server` listens, `endpoint` checks who
//! asks and finds the operation, `aws-wire` reads and writes what goes over the wire; each operation has a file of its name and
//! calls the same questions as the command line. Where an answer is not AWS's: docs/differences_from_aws.md.

mod accessanalyzer;
mod answered_stream;
pub mod aws_limits;
pub mod caller;
mod cloudtrail;
pub mod connection;
pub mod endpoint;
mod iam;
mod identitystore;
mod job;
mod metrics;
pub mod open_lake;
mod organizations;
mod page;
mod request_record;
pub mod server;
mod sso_admin;
mod sts;
pub mod unique_id;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::iam::service_reference::ServiceReference;
use ::lake::catalog::{Catalog, CatalogError};
use ::lake::snapshot::Snapshot;
use aws_wire::error::AwsError;
use questions::inventory::Inventory;
use questions::question_error::QuestionError;
use serde_json::{Map, Value};

use self::aws_limits::AwsLimits;
use self::caller::Caller;
use self::open_lake::OpenLake;
use crate::clock::Now;

/// What an operation does with a request.
type Run = fn(&Request<'_>) -> Result<Map<String, Value>, OperationError>;

/// The operations that are there: service, name, work.
const OPERATIONS: &[(&str, &[(&str, Run)])] = &[
    ("accessanalyzer", accessanalyzer::OPERATIONS),
    ("cloudtrail", cloudtrail::OPERATIONS),
    ("iam", iam::OPERATIONS),
    ("identitystore", identitystore::OPERATIONS),
    ("organizations", organizations::OPERATIONS),
    ("sso-admin", sso_admin::OPERATIONS),
    ("sts", sts::OPERATIONS),
];

/// The work of an operation; `None` where it is not there.
fn find(service: &str, operation: &str) -> Option<Run> {
    let (_, operations) = OPERATIONS.iter().find(|(name, _)| *name == service)?;
    operations.iter().find(|(name, _)| *name == operation).map(|(_, run)| *run)
}

/// Why an operation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// For the client.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// For the log; the client hears that something failed.
    #[error(transparent)]
    Question(#[from] QuestionError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error("{0}")]
    Broken(String),
}

/// A request whose caller and input are known to be good.
struct Request<'e> {
    lake: &'e OpenLake,
    catalog: &'e Mutex<Catalog>,
    reference: &'e ServiceReference,
    limits: AwsLimits,
    caller: &'e Caller,
    operation: &'e str,
    /// Whether the operation declares an error with that code.
    declares_invalid_input: bool,
    input: Map<String, Value>,
    now: Now,
    /// The clock, µs UTC: when jobs begin and end.
    clock_us: i64,
    /// A job is in progress for so long.
    job_delay_us: i64,
}

impl Request<'_> {
    /// The lake as it is now.
    fn snapshot(&self) -> Result<Arc<Snapshot>, OperationError> {
        Ok(self.lake.snapshot()?)
    }

    /// The inventory in force, with what clients wrote.
    fn inventory<'s>(&self, snapshot: &'s Snapshot) -> Result<Inventory<'s>, OperationError> {
        Ok(Inventory::read(snapshot, self.now.us)?.with_overlay()?)
    }

    /// The catalog to write to; held for single statements, or for a write of the inventory.
    fn catalog(&self) -> MutexGuard<'_, Catalog> {
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A member that is text.
    fn text(&self, member: &str) -> Option<&str> {
        self.input.get(member).and_then(Value::as_str)
    }

    /// A member that the model requires, so that it is there.
    fn required(&self, member: &str) -> &str {
        self.text(member).expect("the input was compared with the model")
    }

    /// A member that is a number.
    fn number(&self, member: &str) -> Option<i64> {
        self.input.get(member).and_then(Value::as_i64)
    }

    /// The texts of a list.
    fn texts(&self, member: &str) -> Vec<&str> {
        self.input.get(member).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

/// The members of an answer.
fn answer(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
