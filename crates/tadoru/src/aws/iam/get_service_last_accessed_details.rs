//! `iam:GetServiceLastAccessedDetails`: the services of a report, by namespace, in pages of 200.

use serde_json::{Map, Value, json};

use super::access_report::{self, AccessReport, job_members};
use crate::aws::job::JobState;
use crate::aws::{OperationError, Request};

/// The page where nobody says; the model says 100, AWS gives 200.
const USUAL_PAGE: usize = 200;

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let job = access_report::job(request)?;
    let mut answer = job_members(&job);
    if job.state == JobState::InProgress {
        return Ok(answer);
    }
    let report: AccessReport = job.answer()?;
    let services = report.services.into_iter().map(|service| service.item).collect();
    answer.insert("JobType".to_owned(), json!(report.granularity));
    answer.extend(request.page(services, USUAL_PAGE, &[&job.id])?.answer("ServicesLastAccessed"));
    Ok(answer)
}
