//! `accessanalyzer:GetGeneratedPolicy`: the policy of a generation that succeeded, of any other how it stands.

use serde_json::{Map, Value, json};

use super::no_such_job;
use super::policy_generation::{PolicyGeneration, job_members};
use crate::aws::job::{JobKind, JobState};
use crate::aws::{OperationError, Request, answer};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let id = request.required("jobId");
    let job = request.job(JobKind::PolicyGeneration, id)?.ok_or_else(|| no_such_job(id))?;
    let generation: PolicyGeneration = job.answer()?;
    let flag = |member: &str| request.input.get(member) == Some(&Value::Bool(true));
    let (placeholders, template) = (flag("includeResourcePlaceholders"), flag("includeServiceLevelTemplate"));
    let result = generation.result(job.state == JobState::Complete, placeholders, template);
    Ok(answer(json!({"jobDetails": job_members(&job), "generatedPolicyResult": result})))
}
