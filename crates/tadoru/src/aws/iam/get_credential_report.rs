//! `iam:GetCredentialReport`: the account's credential report as CSV, for four hours.

use aws_wire::error::AwsError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::aws::job::{CREDENTIAL_REPORT_US, JobKind, JobState};
use crate::aws::{OperationError, Request, answer};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let newest = request.jobs_of_account(JobKind::CredentialReport)?.into_iter().next();
    let job = newest.ok_or_else(|| {
        let text = "No credential report exists for this account. GenerateCredentialReport starts one.";
        AwsError::with_status("ReportNotPresent", 410, text)
    })?;
    if job.state == JobState::InProgress {
        return Err(AwsError::with_status("ReportInProgress", 404, "The credential report is being made.").into());
    }
    if request.clock_us - job.created_at_us >= CREDENTIAL_REPORT_US {
        let text = "The credential report is older than four hours. GenerateCredentialReport starts a new one.";
        return Err(AwsError::with_status("ReportExpired", 410, text).into());
    }
    let report: String = job.answer()?;
    Ok(answer(json!({
        "Content": STANDARD.encode(report),
        "ReportFormat": "text/csv",
        "GeneratedTime": job.created_at_us,
    })))
}
