//! `iam:GenerateServiceLastAccessedDetails`: makes the report at once and keeps it, so that the job is complete when it is first
//! asked for. Permissions and activity are those of this moment.

use lake::catalog::AwsJob;
use serde_json::{Map, Value, json};

use super::access_report::{AccessReport, GENERATE};
use super::subject;
use crate::aws::{OperationError, Request, answer};

/// Jobs older than this are forgotten.
const KEPT_US: i64 = 30 * 86_400_000_000;

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let subject = subject(request, &inventory, request.required("Arn"))?;
    let granularity = request.text("Granularity").unwrap_or("SERVICE_LEVEL");
    let report = AccessReport::make(request, &inventory, subject, granularity)?;
    let job = AwsJob {
        id: uuid::Uuid::now_v7().to_string(),
        operation: GENERATE.to_owned(),
        caller: request.caller.arn.clone(),
        created_at_us: request.now.us,
        completed_at_us: request.now.us,
        answer: serde_json::to_string(&report).expect("a report is JSON"),
    };
    request.catalog().add_aws_job(&job, request.now.us - KEPT_US)?;
    Ok(answer(json!({"JobId": job.id})))
}
