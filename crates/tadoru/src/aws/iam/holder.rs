//! What users, groups and roles have in common: policies attached to them and policies inside of them.

use iam::inventory::EntityKind;
use serde_json::{Map, Value, json};

use super::{USUAL_PAGE, named, no_such_entity};
use crate::aws::{OperationError, Request, answer};

/// `ListAttached…Policies` of the holder that the member of the input names.
pub fn attached_policies(
    request: &Request<'_>,
    kind: EntityKind,
    member: &str,
) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let name = request.required(member);
    let prefix = request.text("PathPrefix").unwrap_or("/");
    let holder = named(request, &inventory, kind, name)?;
    let path = |arn: &str| iam::arn::Arn::parse(arn).and_then(|arn| arn.path()).unwrap_or("/").to_owned();
    let policies = holder.attached_policies().filter(|policy| path(policy.arn).starts_with(prefix));
    let policies = policies.map(|policy| json!({"PolicyName": policy.name, "PolicyArn": policy.arn})).collect();
    Ok(request.page(policies, USUAL_PAGE, &[name, prefix])?.answer("AttachedPolicies"))
}

/// `List…Policies`: the names of the policies inside of it.
pub fn inline_policies(
    request: &Request<'_>,
    kind: EntityKind,
    member: &str,
) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let name = request.required(member);
    let holder = named(request, &inventory, kind, name)?;
    let names = holder.inline_policies().map(|(name, _)| Value::from(name)).collect();
    Ok(request.page(names, USUAL_PAGE, &[name])?.answer("PolicyNames"))
}

/// `Get…Policy`: one policy inside of it.
pub fn inline_policy(
    request: &Request<'_>,
    kind: EntityKind,
    member: &str,
) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let (name, policy) = (request.required(member), request.required("PolicyName"));
    let holder = named(request, &inventory, kind, name)?;
    let found = holder.inline_policies().find(|(known, _)| *known == policy);
    let (_, document) =
        found.ok_or_else(|| no_such_entity(format!("The {kind} policy with name {policy} cannot be found.")))?;
    Ok(answer(json!({member: name, "PolicyName": policy, "PolicyDocument": document})))
}
