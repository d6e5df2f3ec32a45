//! `iam:DeletePolicy`: deletes a managed policy that nothing has and that has one version; kept in the overlay of the inventory, not
//! sent to AWS.

use serde_json::{Map, Value};

use super::inventory_change::{Change, make};
use super::{attachment_count, delete_conflict, own_policy};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    make(request, |inventory| {
        let mut policies = [own_policy(request, inventory, request.required("PolicyArn"))?];
        attachment_count::add(request, inventory, &mut policies)?;
        let [policy] = policies;
        if attachment_count::is_used(&policy.document) {
            return Err(delete_conflict("Cannot delete a policy attached to entities."));
        }
        let versions = policy.document.get("PolicyVersionList").and_then(Value::as_array);
        if versions.is_some_and(|versions| versions.len() > 1) {
            return Err(delete_conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                 versions. The default version is deleted with the policy.",
            ));
        }
        Ok((Map::new(), Change::Delete(policy)))
    })
}
