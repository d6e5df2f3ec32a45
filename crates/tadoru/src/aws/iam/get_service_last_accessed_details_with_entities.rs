//! `iam:GetServiceLastAccessedDetailsWithEntities`: who of a group, or of those that have a policy, used one service, the last one
//! first.

use serde_json::{Map, Value};

use super::access_report::{self, AccessReport, job_members};
use super::{USUAL_PAGE, invalid_input};
use crate::aws::job::JobState;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let job = access_report::job(request)?;
    let namespace = request.required("ServiceNamespace");
    if request.reference.service_name(namespace).is_none() {
        return Err(invalid_input(format!("Invalid service namespace: [{namespace}]")));
    }
    let mut answer = job_members(&job);
    if job.state == JobState::InProgress {
        return Ok(answer);
    }
    let report: AccessReport = job.answer()?;
    let service = report.services.into_iter().find(|service| service.namespace == namespace);
    let entities = service.map(|service| service.entities).unwrap_or_default();
    answer.extend(request.page(entities, USUAL_PAGE, &[&job.id])?.answer("EntityDetailsList"));
    Ok(answer)
}
