//! How many entities have a managed policy, as permissions and as their boundary: what the import says of it, and what clients
//! changed since. Where the import does not say it, entities are counted.

use iam::inventory::{Entity, EntityKind};
use questions::inventory::Inventory;
use serde_json::{Map, Value};

use super::entities;
use crate::aws::{OperationError, Request};

const HOLDERS: [EntityKind; 3] = [EntityKind::User, EntityKind::Group, EntityKind::Role];

/// A member of a policy, and whether an entity counts for it.
type Count = (&'static str, fn(&Entity, &str) -> bool);

const COUNTS: [Count; 2] = [
    ("AttachmentCount", |holder, arn| holder.attached_policies().any(|found| found.arn == arn)),
    ("PermissionsBoundaryUsageCount", |holder, arn| holder.permissions_boundary() == Some(arn)),
];

/// Adds the counts to policies.
pub fn add(request: &Request<'_>, inventory: &Inventory<'_>, policies: &mut [Entity]) -> Result<(), OperationError> {
    let account = request.caller.account.as_str();
    let (mut holders, mut before, mut since) = (Vec::new(), Vec::new(), Vec::new());
    for kind in HOLDERS {
        holders.extend(entities(request, inventory, kind)?);
        for entry in inventory.overlay(kind, account) {
            before.extend(inventory.imported(kind, account, &entry.key)?);
            since.extend(entry.entity());
        }
    }
    for policy in policies {
        for (member, counts) in COUNTS {
            let count = |holders: &[Entity]| {
                let number = holders.iter().filter(|holder| counts(holder, &policy.key)).count();
                i64::try_from(number).expect("an account has fewer entities")
            };
            let number = match policy.document.get(member).and_then(Value::as_i64) {
                Some(imported) => imported + count(&since) - count(&before),
                None => count(&holders),
            };
            policy.document.insert(member.to_owned(), Value::from(number.max(0)));
        }
    }
    Ok(())
}

/// Whether anything has the policy.
pub fn is_used(policy: &Map<String, Value>) -> bool {
    COUNTS.iter().any(|(member, _)| policy.get(*member).and_then(Value::as_i64).unwrap_or(0) > 0)
}
