//! Identity Center: instances, permission sets and who has them where, as the inventory has them. An instance is its owner
//! account's.

mod describe_instance;
mod describe_permission_set;
mod list_account_assignments;
mod list_account_assignments_for_principal;
mod list_instances;
mod list_permission_sets;
mod list_permission_sets_provisioned_to_account;

use aws_wire::error::AwsError;
use iam::inventory::{Entity, EntityKind};
use questions::inventory::Inventory;

use super::{OperationError, Request, Run};

pub const OPERATIONS: &[(&str, Run)] = &[
    ("DescribeInstance", describe_instance::run),
    ("DescribePermissionSet", describe_permission_set::run),
    ("ListAccountAssignments", list_account_assignments::run),
    ("ListAccountAssignmentsForPrincipal", list_account_assignments_for_principal::run),
    ("ListInstances", list_instances::run),
    ("ListPermissionSets", list_permission_sets::run),
    ("ListPermissionSetsProvisionedToAccount", list_permission_sets_provisioned_to_account::run),
];

/// The page where nobody says.
const USUAL_PAGE: usize = 100;

fn not_found(what: &str) -> OperationError {
    AwsError::new("ResourceNotFoundException", format!("{what} not found.")).into()
}

/// The instances that the caller's account owns; where the inventory does not say whose one is, it is anybody's.
pub fn instances(request: &Request<'_>, inventory: &Inventory<'_>) -> Result<Vec<Entity>, OperationError> {
    let mut instances = inventory.entities(EntityKind::Instance)?;
    instances.retain(|instance| instance.text("OwnerAccountId").is_none_or(|owner| owner == request.caller.account));
    Ok(instances)
}

/// The entities of a kind in the instance that the request names.
fn entities(request: &Request<'_>, kind: EntityKind) -> Result<Vec<Entity>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let instance = request.required("InstanceArn");
    if !instances(request, &inventory)?.iter().any(|known| known.key == instance) {
        return Err(not_found("Instance"));
    }
    Ok(inventory.entities_in(kind, instance)?)
}
