//! `accessanalyzer:CancelPolicyGeneration`: ends a generation that is in progress; one that is over stays as it is.

use serde_json::{Map, Value};

use super::no_such_job;
use crate::aws::job::JobKind;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let id = request.required("jobId");
    request.cancel_job(JobKind::PolicyGeneration, id)?.ok_or_else(|| no_such_job(id))?;
    Ok(Map::new())
}
