//! `sso-admin:ListPermissionSetsProvisionedToAccount`: the permission sets that somebody has in an account.

use std::collections::BTreeSet;

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::{USUAL_PAGE, entities};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let account = request.required("AccountId");
    let assignments = entities(request, EntityKind::AccountAssignment)?;
    let of_account = assignments.iter().filter(|assignment| assignment.text("AccountId") == Some(account));
    let sets: BTreeSet<&str> = of_account.filter_map(|assignment| assignment.text("PermissionSetArn")).collect();
    let sets = sets.into_iter().map(Value::from).collect();
    Ok(request.page(sets, USUAL_PAGE, &[request.required("InstanceArn"), account])?.answer_with_token("PermissionSets"))
}
