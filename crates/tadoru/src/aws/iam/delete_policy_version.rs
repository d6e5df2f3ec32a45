//! `iam:DeletePolicyVersion`: deletes a version of a managed policy that is not the default one; kept in the overlay of the inventory,
//! not sent to AWS.

use serde_json::{Map, Value, json};

use super::create_policy_version::{LAST_VERSION, number};
use super::inventory_change::{Change, list, make};
use super::{delete_conflict, no_such_entity, own_policy};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let (arn, id) = (request.required("PolicyArn"), request.required("VersionId"));
    make(request, |inventory| {
        let mut policy = own_policy(request, inventory, arn)?;
        let default = policy.text("DefaultVersionId").map(str::to_owned);
        let last_ever = policy.document.get(LAST_VERSION).and_then(Value::as_u64);
        let versions = list(&mut policy, "PolicyVersionList");
        let place = versions.iter().position(|version| version["VersionId"] == id);
        let place = place
            .ok_or_else(|| no_such_entity(format!("Policy {arn} version {id} does not exist or is not attachable.")))?;
        if default.as_deref() == Some(id) || versions[place]["IsDefaultVersion"] == true {
            return Err(delete_conflict("Cannot delete the default version of a policy."));
        }
        let last = versions.iter().filter_map(number).chain(last_ever).max();
        versions.remove(place);
        policy.document.insert(LAST_VERSION.to_owned(), json!(last));
        Ok((Map::new(), Change::Write(policy)))
    })
}
