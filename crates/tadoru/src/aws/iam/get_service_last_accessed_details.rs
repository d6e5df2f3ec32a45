//! `iam:GetServiceLastAccessedDetails`: the services of a report, by namespace, in pages of 200.

use serde_json::{Map, Value, json};

use super::access_report::{AccessReport, job_members};
use crate::aws::{OperationError, Request};

/// The page where nobody says; the model says 100, AWS gives 200.
const USUAL_PAGE: usize = 200;

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let (job, report) = AccessReport::of_job(request)?;
    let services = report.services.into_iter().map(|service| service.item).collect();
    let mut answer = job_members(&job);
    answer.insert("JobType".to_owned(), json!(report.granularity));
    answer.extend(request.page(services, USUAL_PAGE, &[&job.id])?.answer("ServicesLastAccessed"));
    Ok(answer)
}
