//! `iam:GetServiceLastAccessedDetailsWithEntities`: who of a group, or of those that have a policy, used one service, the last one
//! first.

use serde_json::{Map, Value};

use super::access_report::{AccessReport, job_members};
use super::{USUAL_PAGE, invalid_input};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let (job, report) = AccessReport::of_job(request)?;
    let namespace = request.required("ServiceNamespace");
    if request.reference.service_name(namespace).is_none() {
        return Err(invalid_input(format!("Invalid service namespace: [{namespace}]")));
    }
    let service = report.services.into_iter().find(|service| service.namespace == namespace);
    let entities = service.map(|service| service.entities).unwrap_or_default();
    let mut answer = job_members(&job);
    answer.extend(request.page(entities, USUAL_PAGE, &[&job.id])?.answer("EntityDetailsList"));
    Ok(answer)
}
