//! `iam:ListPolicies`: the managed policies that the inventory has of the account: its own, and those of AWS's that are in use there.

use iam::arn::Arn;
use iam::inventory::{Entity, EntityKind};
use serde_json::{Map, Value};

use super::{USUAL_PAGE, attachment_count, below, entities, without};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let prefix = request.text("PathPrefix");
    let scope = request.text("Scope").unwrap_or("All");
    let usage = request.text("PolicyUsageFilter");
    let only_attached = request.input.get("OnlyAttached") == Some(&Value::Bool(true));
    let is_asked = |policy: &Entity| {
        let is_aws = Arn::parse(&policy.key).is_some_and(|arn| arn.account == "aws");
        let in_scope = scope == "All" || (scope == "AWS") == is_aws;
        let count = |member: &str| policy.document.get(member).and_then(Value::as_i64).unwrap_or(0);
        let (attached, boundary) = (count("AttachmentCount") > 0, count("PermissionsBoundaryUsageCount") > 0);
        let is_used = match usage {
            Some("PermissionsPolicy") => attached,
            Some("PermissionsBoundary") => boundary,
            _ => true,
        };
        in_scope && is_used && (!only_attached || attached || boundary)
    };
    let mut policies = below(entities(request, &inventory, EntityKind::Policy)?, prefix);
    attachment_count::add(request, &inventory, &mut policies)?;
    let policies =
        policies.into_iter().filter(is_asked).map(|policy| without(policy, &["Tags", "Description"])).collect();
    let bound_to =
        [prefix.unwrap_or_default(), scope, usage.unwrap_or_default(), if only_attached { "attached" } else { "" }];
    Ok(request.page(policies, USUAL_PAGE, &bound_to)?.answer("Policies"))
}
