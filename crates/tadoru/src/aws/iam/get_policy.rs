//! `iam:GetPolicy`: one managed policy, without its documents.

use serde_json::{Map, Value};

use super::{attachment_count, one, policy};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let mut policies = [policy(request, &inventory, request.required("PolicyArn"))?];
    attachment_count::add(request, &inventory, &mut policies)?;
    let [policy] = policies;
    Ok(one("Policy", policy))
}
