//! `accessanalyzer:StartPolicyGeneration`: looks at once at what the trails saw of a user or role and keeps it for the job. What
//! AWS finds only while it works – no such trail, a role that may not read – lets the job fail.

use aws_wire::error::AwsError;
use iam::arn::Arn;
use iam::inventory::{Entity, EntityKind};
use lake::catalog::AwsJobFailure;
use questions::inventory::Inventory;
use serde_json::{Map, Value, json};

use super::access_role;
use super::cloud_trail_details::{CloudTrailDetails, TrailView};
use super::policy_generation::PolicyGeneration;
use super::{invalid, principal_arn};
use crate::aws::cloudtrail::trail;
use crate::aws::job::{JobKind, JobResult};
use crate::aws::{OperationError, Request, answer};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let principal = request.input.get("policyGenerationDetails").and_then(|details| details["principalArn"].as_str());
    let principal = principal.expect("the input was compared with the model");
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    refuse_session(&inventory, principal)?;
    let arn = principal_arn(principal, "policyGenerationDetails.principalArn")?;
    let details = CloudTrailDetails::of(request)?;
    check_principal(request, &inventory, &arn, principal)?;
    let mut parameters = request.input.clone();
    parameters.remove("clientToken");
    let id = request.start_job(JobKind::PolicyGeneration, parameters, request.text("clientToken"), || {
        let mut generation = PolicyGeneration::new(principal, &details);
        let failure = match readable_trails(request, &inventory, principal, &details)? {
            Ok(trails) => {
                let mut view = TrailView::default();
                for (wanted, found) in details.trails.iter().zip(&trails) {
                    view.add_trail(&inventory, wanted, found)?;
                }
                generation.observe(request, &snapshot, view)?;
                None
            }
            Err(failure) => Some(failure),
        };
        Ok(JobResult { answer: json!(generation), failure })
    })?;
    Ok(answer(json!({"jobId": id})))
}

/// The trails of the details, in their order, as the role may read them; else why the job fails.
fn readable_trails(
    request: &Request<'_>,
    inventory: &Inventory<'_>,
    principal: &str,
    details: &CloudTrailDetails,
) -> Result<Result<Vec<Entity>, AwsJobFailure>, OperationError> {
    let known = trail::all(request)?;
    let mut found = Vec::new();
    for wanted in &details.trails {
        let Some(trail) = known.iter().find(|trail| trail.key == wanted.arn) else {
            let message = format!("The trail {} was not found.", wanted.arn);
            return Ok(Err(AwsJobFailure { code: "RESOURCE_NOT_FOUND_ERROR".to_owned(), message }));
        };
        found.push(trail.clone());
    }
    let why = access_role::missing_permission(request, inventory, &details.access_role, principal, &found)?;
    Ok(match why {
        Some(message) => Err(AwsJobFailure { code: "AUTHORIZATION_ERROR".to_owned(), message }),
        None => Ok(found),
    })
}

/// Who calls as a session asks for itself by the session's ARN: told is the role's, which has the activity of all its sessions.
fn refuse_session(inventory: &Inventory<'_>, principal: &str) -> Result<(), OperationError> {
    let Some(arn) = Arn::parse(principal).filter(|arn| arn.service == "sts" && arn.session_name().is_some()) else {
        return Ok(());
    };
    let Some(name) = arn.role_name() else { return Ok(()) };
    let known = inventory.named(EntityKind::Role, name)?.into_iter().find(|role| role.extent.scope == arn.account);
    let role = known.map_or_else(|| format!("arn:{}:iam::{}:role/{name}", arn.partition, arn.account), |role| role.key);
    Err(invalid(format!(
        "Invalid principalArn {principal}: it is a session, and policies are generated for users and roles. Use the ARN of \
         the role: {role}"
    )))
}

/// The principal must be of the caller's account, and there; in an account without an inventory nobody knows better.
fn check_principal(
    request: &Request<'_>,
    inventory: &Inventory<'_>,
    arn: &Arn<'_>,
    principal: &str,
) -> Result<(), OperationError> {
    let account = &request.caller.account;
    if arn.account != account {
        let text = format!(
            "User: {} is not authorized to perform: access-analyzer:StartPolicyGeneration for {principal}, which is not of \
             the account {account}",
            request.caller.arn
        );
        return Err(AwsError::with_status("AccessDeniedException", 403, text).into());
    }
    let kind = if arn.user_name().is_some() { EntityKind::User } else { EntityKind::Role };
    let is_known = inventory.part(kind, account).is_none() || inventory.find(kind, account, principal)?.is_some();
    if is_known { Ok(()) } else { Err(invalid(format!("The principal {principal} does not exist."))) }
}
