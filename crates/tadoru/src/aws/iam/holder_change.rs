//! Changes of users and roles that have policies: attached and detached, put inside and deleted.

use aws_wire::error::AwsError;
use iam::inventory::{Entity, EntityKind};
use iam::policy_document::{ROLE_POLICIES_CHARACTERS, USER_POLICIES_CHARACTERS, counted_characters};
use serde_json::{Map, Value, json};

use super::inventory_change::{change, list};
use super::new_document::{inline, limit_exceeded, within};
use super::{no_such_entity, policy};
use crate::aws::{OperationError, Request};

/// How many managed policies a user or role can have
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const ATTACHED: usize = 10;

/// What users and roles are called in requests and quotas, and where their own policies stand.
struct Holder {
    kind: EntityKind,
    name_member: &'static str,
    inline_member: &'static str,
    attached_quota: &'static str,
    inline_characters: usize,
}

impl Holder {
    fn of(kind: EntityKind) -> Self {
        match kind {
            EntityKind::User => Self {
                kind,
                name_member: "UserName",
                inline_member: "UserPolicyList",
                attached_quota: "PoliciesPerUser",
                inline_characters: USER_POLICIES_CHARACTERS,
            },
            _ => Self {
                kind: EntityKind::Role,
                name_member: "RoleName",
                inline_member: "RolePolicyList",
                attached_quota: "PoliciesPerRole",
                inline_characters: ROLE_POLICIES_CHARACTERS,
            },
        }
    }
}

/// `Attach…Policy`; what is attached already stays so.
pub fn attach(request: &Request<'_>, kind: EntityKind) -> Result<Map<String, Value>, OperationError> {
    let holder = Holder::of(kind);
    let arn = request.required("PolicyArn");
    change(request, holder.kind, request.required(holder.name_member), |inventory, entity| {
        let policy = policy(request, inventory, arn)?;
        if policy.document.get("IsAttachable") == Some(&Value::Bool(false)) {
            return Err(AwsError::new("PolicyNotAttachable", format!("Policy {arn} is not attachable.")).into());
        }
        if entity.attached_policies().any(|known| known.arn == arn) {
            return Ok(());
        }
        within(entity.attached_policies().count() + 1, ATTACHED, holder.attached_quota)?;
        list(entity, "AttachedManagedPolicies").push(json!({"PolicyName": policy.name, "PolicyArn": arn}));
        Ok(())
    })
}

/// `Detach…Policy`.
pub fn detach(request: &Request<'_>, kind: EntityKind) -> Result<Map<String, Value>, OperationError> {
    let holder = Holder::of(kind);
    let arn = request.required("PolicyArn");
    super::parse_policy_arn(arn)?;
    change(request, holder.kind, request.required(holder.name_member), |_, entity| {
        let is_it = |policy: &Value| policy["PolicyArn"] == arn;
        take(entity, "AttachedManagedPolicies", is_it)
            .ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
    })
}

/// `Put…Policy`: a new policy inside of it, or a new document of one.
pub fn put(request: &Request<'_>, kind: EntityKind) -> Result<Map<String, Value>, OperationError> {
    let holder = Holder::of(kind);
    let (holder_name, name) = (request.required(holder.name_member), request.required("PolicyName"));
    let document = inline(request.required("PolicyDocument"))?;
    change(request, holder.kind, holder_name, |_, entity| {
        let others = entity.inline_policies().filter(|(known, _)| *known != name);
        let size: usize = others.map(|(_, document)| counted_characters(document)).sum();
        let limit = holder.inline_characters;
        if size + counted_characters(&document) > limit {
            let text = format!("Maximum policy size of {limit} bytes exceeded for {kind} {holder_name}");
            return Err(limit_exceeded(text));
        }
        let policies = list(entity, holder.inline_member);
        match policies.iter_mut().find(|policy| policy["PolicyName"] == name) {
            Some(policy) => policy["PolicyDocument"] = document,
            None => policies.push(json!({"PolicyName": name, "PolicyDocument": document})),
        }
        Ok(())
    })
}

/// `Delete…Policy` of a policy inside of it.
pub fn delete(request: &Request<'_>, kind: EntityKind) -> Result<Map<String, Value>, OperationError> {
    let holder = Holder::of(kind);
    let name = request.required("PolicyName");
    change(request, holder.kind, request.required(holder.name_member), |_, entity| {
        let is_it = |policy: &Value| policy["PolicyName"] == name;
        take(entity, holder.inline_member, is_it)
            .ok_or_else(|| no_such_entity(format!("The {kind} policy with name {name} cannot be found.")))
    })
}

/// Takes an item out of a list; `None` where it is not in it.
fn take(entity: &mut Entity, member: &str, is_it: impl Fn(&Value) -> bool) -> Option<()> {
    let items = list(entity, member);
    let place = items.iter().position(is_it)?;
    items.remove(place);
    Some(())
}
