//! `iam:CreatePolicyVersion`: a new version of a managed policy of the account; kept in the overlay of the inventory, not sent to AWS.

use serde_json::{Map, Value, json};

use super::inventory_change::{Change, list, make, time};
use super::{new_document, own_policy};
use crate::aws::{OperationError, Request, answer};

/// How many versions a policy can have (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const VERSIONS: usize = 5;
/// The number of the newest version that ever was: AWS gives no number twice, also where that version is deleted.
pub const LAST_VERSION: &str = "LastVersionNumber";

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let document = new_document::managed(request.required("PolicyDocument"))?;
    let is_default = request.input.get("SetAsDefault") == Some(&Value::Bool(true));
    make(request, |inventory| {
        let mut policy = own_policy(request, inventory, request.required("PolicyArn"))?;
        let last_ever = policy.document.get(LAST_VERSION).and_then(Value::as_u64);
        let versions = list(&mut policy, "PolicyVersionList");
        if versions.len() >= VERSIONS {
            return Err(new_document::limit_exceeded(format!(
                "A managed policy can have up to {VERSIONS} versions. Before you create a new version, you must delete an existing version."
            )));
        }
        let last = versions.iter().filter_map(number).chain(last_ever).max().unwrap_or(0) + 1;
        let (id, now) = (format!("v{last}"), time());
        let version = json!({"VersionId": id, "IsDefaultVersion": is_default, "CreateDate": now});
        let mut kept = version.clone();
        kept["Document"] = document;
        if is_default {
            versions.iter_mut().for_each(|version| version["IsDefaultVersion"] = Value::Bool(false));
        }
        // The newest stands first, as AWS lists them.
        versions.insert(0, kept);
        if is_default {
            policy.document.insert("DefaultVersionId".to_owned(), json!(id));
        }
        policy.document.insert("UpdateDate".to_owned(), json!(now));
        policy.document.insert(LAST_VERSION.to_owned(), json!(last));
        Ok((answer(json!({"PolicyVersion": version})), Change::Write(policy)))
    })
}

/// The number of a version.
pub fn number(version: &Value) -> Option<u64> {
    version["VersionId"].as_str()?.strip_prefix('v')?.split('.').next()?.parse().ok()
}
