//! `iam:CreateRole`: a new role of the account with its trust; kept in the overlay of the inventory, not sent to AWS.

use iam::inventory::EntityKind;
use questions::inventory::Inventory;
use serde_json::{Map, Value, json};

use super::inventory_change::{Change, SERVICE_ROLES, arn, make, new_entity, time};
use super::{
    already_exists, entities, invalid_input, new_document, new_tag, no_such_entity, parse_policy_arn, without,
};
use crate::aws::{OperationError, Request, answer, unique_id};

/// How long a session is where nobody says, in seconds.
const USUAL_SESSION_SECONDS: i64 = 3600;

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let (name, path) = (request.required("RoleName"), request.text("Path").unwrap_or("/"));
    let trust = new_document::trust(request.required("AssumeRolePolicyDocument"))?;
    let tags = new_tag::read(request)?;
    if path.starts_with(SERVICE_ROLES) {
        return Err(invalid_input(format!("Roles below {SERVICE_ROLES} are made by services of AWS alone.")));
    }
    make(request, |inventory| {
        let roles = entities(request, inventory, EntityKind::Role)?;
        if roles.iter().any(|role| role.name.eq_ignore_ascii_case(name)) {
            return Err(already_exists(format!("Role with name {name} already exists.")));
        }
        let key = arn(request, EntityKind::Role, path, name);
        let members = json!({
            "Path": path,
            "RoleName": name,
            "RoleId": unique_id::new("AROA", 21).map_err(|error| OperationError::Broken(error.to_string()))?,
            "Arn": key,
            "CreateDate": time(),
            "AssumeRolePolicyDocument": trust,
            "MaxSessionDuration": request.number("MaxSessionDuration").unwrap_or(USUAL_SESSION_SECONDS),
            "RoleLastUsed": {},
            "RolePolicyList": [],
            "AttachedManagedPolicies": [],
            "InstanceProfileList": [],
        });
        let mut role = new_entity(request, EntityKind::Role, key, name, members);
        role.document.extend(request.text("Description").map(|text| ("Description".to_owned(), json!(text))));
        if let Some(boundary) = request.text("PermissionsBoundary") {
            check_boundary(request, inventory, boundary)?;
            let boundary = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary});
            role.document.insert("PermissionsBoundary".to_owned(), boundary);
        }
        if !tags.is_empty() {
            role.document.insert("Tags".to_owned(), Value::Array(tags));
        }
        let shown = without(role.clone(), &["Description", "MaxSessionDuration", "RoleLastUsed"]);
        Ok((answer(json!({"Role": shown})), Change::Write(role)))
    })
}

/// A boundary is a managed policy of the account, or one of AWS's.
fn check_boundary(request: &Request<'_>, inventory: &Inventory<'_>, arn: &str) -> Result<(), OperationError> {
    parse_policy_arn(arn)?;
    let found = inventory.find(EntityKind::Policy, &request.caller.account, arn)?;
    match found {
        Some(_) => Ok(()),
        None => Err(no_such_entity(format!("Scope ARN: {arn} does not exist or is not attachable."))),
    }
}
