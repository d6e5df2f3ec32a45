//! `iam:GenerateServiceLastAccessedDetails`: starts a report of what a user, role, group or policy is permitted and of its last
//! use. Permissions and activity are those of this moment.

use serde_json::{Map, Value, json};

use super::access_report::AccessReport;
use super::subject;
use crate::aws::job::{JobKind, JobResult};
use crate::aws::{OperationError, Request, answer};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let subject = subject(request, &inventory, request.required("Arn"))?;
    let granularity = request.text("Granularity").unwrap_or("SERVICE_LEVEL");
    let id = request.start_job(JobKind::LastAccessedReport, request.input.clone(), None, || {
        let report = AccessReport::make(request, &inventory, subject, granularity)?;
        let answer = serde_json::to_value(report).expect("a report is JSON");
        Ok(JobResult { answer, failure: None })
    })?;
    Ok(answer(json!({"JobId": id})))
}
