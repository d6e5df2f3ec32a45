//! `sso-admin:ListAccountAssignments`: who has a permission set in an account.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{USUAL_PAGE, entities};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let (account, set) = (request.required("AccountId"), request.required("PermissionSetArn"));
    let mut assignments = entities(request, EntityKind::AccountAssignment)?;
    assignments.retain(|assignment| {
        assignment.text("AccountId") == Some(account) && assignment.text("PermissionSetArn") == Some(set)
    });
    let items = assignments.into_iter().map(|assignment| Value::Object(assignment.document)).collect();
    let bound_to = [request.required("InstanceArn"), account, set];
    Ok(request.page(items, USUAL_PAGE, &bound_to)?.answer_with_token("AccountAssignments"))
}
