//! `accessanalyzer:ListPolicyGenerations`: the caller's generations of the last 7 days, the newest first.

use serde_json::{Map, Value};

use super::policy_generation::{PolicyGeneration, job_members};
use super::principal_arn;
use crate::aws::job::JobKind;
use crate::aws::{OperationError, Request};

/// The page where nobody says.
const USUAL_PAGE: usize = 100;

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let wanted = request.text("principalArn");
    wanted.map(|arn| principal_arn(arn, "principalArn")).transpose()?;
    let mut items = Vec::new();
    for job in request.jobs(JobKind::PolicyGeneration)? {
        let generation: PolicyGeneration = job.answer()?;
        if wanted.is_none_or(|arn| arn == generation.principal) {
            let mut members = job_members(&job);
            members.remove("jobError");
            members.insert("principalArn".to_owned(), Value::from(generation.principal));
            items.push(Value::Object(members));
        }
    }
    let bound_to = [wanted.unwrap_or_default()];
    Ok(request.page(items, USUAL_PAGE, &bound_to)?.answer_with_lower_case_token("policyGenerations"))
}
