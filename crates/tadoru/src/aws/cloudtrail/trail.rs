//! The trails of the inventory as a caller sees them: its account's own, and those of the organization, which reach into every
//! account of it and are seen there alone.

use aws_wire::error::AwsError;
use iam::arn::Arn;
use iam::inventory::{Entity, EntityKind};
use serde_json::Value;

use crate::aws::organizations::organization::Organization;
use crate::aws::{OperationError, Request};

/// The trails that the caller's account sees, by name.
pub fn all(request: &Request<'_>) -> Result<Vec<Entity>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let organization = Organization::find(&inventory, &request.caller.account)?;
    let is_member = |trail: &Entity| {
        let owner = Arn::parse(&trail.key).map(|arn| arn.account);
        let accounts = organization.iter().flat_map(|organization| &organization.accounts);
        accounts.into_iter().any(|account| Some(account.key.as_str()) == owner)
    };
    let mut trails = inventory.entities(EntityKind::Trail)?;
    trails.retain(|trail| is_own(request, trail) || is_flagged(trail, "IsOrganizationTrail") && is_member(trail));
    trails.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.key.cmp(&b.key)));
    Ok(trails)
}

/// Whether it is the caller's account's own.
pub fn is_own(request: &Request<'_>, trail: &Entity) -> bool {
    Arn::parse(&trail.key).is_some_and(|arn| arn.account == request.caller.account)
}

/// Where it was made.
pub fn home_region(trail: &Entity) -> &str {
    trail.text("HomeRegion").or_else(|| Some(Arn::parse(&trail.key)?.region)).unwrap_or_default()
}

/// Whether it records in the caller's region.
pub fn is_in_region(request: &Request<'_>, trail: &Entity) -> bool {
    home_region(trail) == request.caller.region || is_flagged(trail, "IsMultiRegionTrail")
}

/// The trail of an ARN, or of a name in the caller's region.
///
/// # Errors
/// CloudTrail's own for ARNs and names that cannot be, and for trails that are not there.
pub fn named(request: &Request<'_>, name: &str) -> Result<Entity, OperationError> {
    if name.starts_with("arn:") {
        let is_trail =
            Arn::parse(name).is_some_and(|arn| arn.service == "cloudtrail" && arn.resource.starts_with("trail/"));
        if !is_trail {
            let text = format!("Trail ARN {name} is not valid.");
            return Err(AwsError::new("CloudTrailARNInvalidException", text).into());
        }
    } else if !is_name(name) {
        return Err(AwsError::new("InvalidTrailNameException", format!("Trail name {name} is not valid.")).into());
    }
    let found = all(request)?.into_iter().find(|trail| {
        trail.key == name || trail.name == name && is_own(request, trail) && is_in_region(request, trail)
    });
    let account = &request.caller.account;
    let text = || format!("Unknown trail: {name} for the user: {account}");
    found.ok_or_else(|| AwsError::new("TrailNotFoundException", text()).into())
}

fn is_name(name: &str) -> bool {
    let is_letter = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    (3..=128).contains(&name.len()) && name.chars().all(is_letter)
}

/// Whether a member of it says yes.
pub fn is_flagged(trail: &Entity, member: &str) -> bool {
    trail.document.get(member) == Some(&Value::Bool(true))
}
