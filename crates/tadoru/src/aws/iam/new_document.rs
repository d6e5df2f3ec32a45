//! Policy documents that clients send: read by IAM's rules and within its limits. The texts of refusals are Tadoru's own; they say
//! the place.

use aws_wire::error::AwsError;
use iam::policy_document::written;
use iam::policy_document::{MANAGED_POLICY_CHARACTERS, PolicyError, TRUST_POLICY_CHARACTERS, counted_characters};
use serde_json::Value;

use crate::aws::OperationError;

/// The document of a managed policy.
pub fn managed(text: &str) -> Result<Value, OperationError> {
    let document = written::identity_document(text).map_err(|error| malformed(&error))?;
    within(counted_characters(&document), MANAGED_POLICY_CHARACTERS, "PolicySize")?;
    Ok(document)
}

/// The document of a policy inside of a user or role; how large it may be is for the holder to say.
pub fn inline(text: &str) -> Result<Value, OperationError> {
    written::identity_document(text).map_err(|error| malformed(&error))
}

/// The trust policy of a role.
pub fn trust(text: &str) -> Result<Value, OperationError> {
    let document = written::trust_document(text).map_err(|error| malformed(&error))?;
    within(counted_characters(&document), TRUST_POLICY_CHARACTERS, "ACLSizePerRole")?;
    Ok(document)
}

/// Refuses what is more than a quota of that name.
pub fn within(count: usize, limit: usize, quota: &str) -> Result<(), OperationError> {
    if count <= limit {
        return Ok(());
    }
    Err(limit_exceeded(format!("Cannot exceed quota for {quota}: {limit}")))
}

/// `LimitExceeded` with that text.
pub fn limit_exceeded(text: impl Into<String>) -> OperationError {
    AwsError::new("LimitExceeded", text).into()
}

fn malformed(error: &PolicyError) -> OperationError {
    AwsError::new("MalformedPolicyDocument", error.to_string()).into()
}
