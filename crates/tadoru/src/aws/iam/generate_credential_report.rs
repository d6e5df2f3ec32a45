//! `iam:GenerateCredentialReport`: starts the account's credential report, or says how far the one is that was started in the last
//! four hours.

use serde_json::{Map, Value, json};

use super::credential_report;
use crate::aws::job::{CREDENTIAL_REPORT_US, JobKind, JobResult, JobState};
use crate::aws::{OperationError, Request, answer};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let newest = request.jobs_of_account(JobKind::CredentialReport)?.into_iter().next();
    let good = newest.filter(|job| request.clock_us - job.created_at_us < CREDENTIAL_REPORT_US);
    let state = match good.map(|job| job.state) {
        Some(JobState::InProgress) => json!({"State": "INPROGRESS"}),
        Some(_) => json!({"State": "COMPLETE"}),
        None => {
            request.start_job(JobKind::CredentialReport, Map::new(), None, || {
                Ok(JobResult { answer: Value::from(credential_report::make(request)?), failure: None })
            })?;
            let started = "No report exists. Starting a new report generation task";
            json!({"State": "STARTED", "Description": started})
        }
    };
    Ok(answer(state))
}
