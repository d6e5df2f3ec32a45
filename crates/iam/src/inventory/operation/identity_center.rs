//! What Identity Center answers: instances, permission sets, assignments, and the users and groups of its identity store.

use serde_json::{Map, Value, json};

use super::super::EntityKind;
use super::super::content::{Call, Fault};
use super::{Said, decode_document, needed, take_list, text};

pub(super) fn identity_store(said: &mut Said, call: Call) -> Result<(), Fault> {
    let mut output = call.output;
    let (list, kind, key, name) = match call.operation.as_str() {
        "ListUsers" => ("Users", EntityKind::IdentityUser, "UserId", "UserName"),
        "ListGroups" => ("Groups", EntityKind::IdentityGroup, "GroupId", "DisplayName"),
        _ => ("GroupMemberships", EntityKind::GroupMembership, "GroupId", "MembershipId"),
    };
    let told = text(&call.input, "IdentityStoreId").map(str::to_owned);
    let items = take_list(&mut output, list)?;
    if items.is_empty() && told.is_none() {
        return Err(Fault::new(format!("{list} is empty, and nothing says of which identity store it is")));
    }
    if let Some(store) = &told {
        said.list(kind, store);
    }
    for (index, fields) in items.into_iter().enumerate() {
        let place = format!("{list}[{index}]");
        let store = text(&fields, "IdentityStoreId").map(str::to_owned).or_else(|| told.clone());
        let store = store.ok_or_else(|| Fault::new(format!("{place} has no IdentityStoreId")))?;
        let mut id = needed(&fields, key, &place)?;
        if kind == EntityKind::GroupMembership {
            let member = fields.get("MemberId").and_then(|member| member.get("UserId")).and_then(Value::as_str);
            let member = member.ok_or_else(|| Fault::new(format!("{place} has no MemberId.UserId")))?;
            id = format!("{id}/{member}");
        }
        let shown = text(&fields, name).unwrap_or(&id).to_owned();
        said.list(kind, &store);
        said.add(kind, &store, &id, &shown, fields);
    }
    Ok(())
}

pub(super) fn instances(said: &mut Said, call: Call) -> Result<(), Fault> {
    let mut output = call.output;
    for (index, fields) in take_list(&mut output, "Instances")?.into_iter().enumerate() {
        let arn = needed(&fields, "InstanceArn", &format!("Instances[{index}]"))?;
        let name = text(&fields, "Name").unwrap_or(&arn).to_owned();
        said.list(EntityKind::Instance, &arn);
        said.add(EntityKind::Instance, &arn, &arn, &name, fields);
    }
    Ok(())
}

/// The instance that a permission set belongs to: `arn:aws:sso:::permissionSet/ssoins-x/ps-y` → `arn:aws:sso:::instance/ssoins-x`.
fn instance_of(permission_set: &str) -> Result<String, Fault> {
    let (head, rest) = permission_set
        .split_once(":permissionSet/")
        .ok_or_else(|| Fault::new(format!("{permission_set} is no permission set's ARN")))?;
    let instance = rest.split('/').next().unwrap_or_default();
    Ok(format!("{head}:instance/{instance}"))
}

pub(super) fn permission_sets(said: &mut Said, call: &Call) -> Result<(), Fault> {
    if let Some(instance) = text(&call.input, "InstanceArn") {
        said.list(EntityKind::PermissionSet, instance);
    }
    for arn in call.output.get("PermissionSets").and_then(Value::as_array).into_iter().flatten() {
        let arn = arn.as_str().ok_or_else(|| Fault::new("PermissionSets is not a list of ARNs"))?;
        let instance = instance_of(arn)?;
        said.list(EntityKind::PermissionSet, &instance);
        said.add(EntityKind::PermissionSet, &instance, arn, "", Map::new());
    }
    Ok(())
}

pub(super) fn permission_set(said: &mut Said, call: Call) -> Result<(), Fault> {
    let mut output = call.output;
    let mut fields = match output.remove("PermissionSet") {
        Some(Value::Object(fields)) => fields,
        _ => output,
    };
    let arn = text(&fields, "PermissionSetArn").or_else(|| text(&call.input, "PermissionSetArn")).map(str::to_owned);
    let arn = arn.ok_or_else(|| {
        Fault::new(format!("the output of {} does not say of which permission set it is", call.operation))
            .try_this("tadoru inventory collect, which keeps that beside each answer")
    })?;
    decode_document(&mut fields, "InlinePolicy");
    fields.retain(|name, value| !matches!(name.as_str(), "NextToken" | "ResponseMetadata") && *value != json!(""));
    let name = text(&fields, "Name").unwrap_or_default().to_owned();
    said.add(EntityKind::PermissionSet, &instance_of(&arn)?, &arn, &name, fields);
    Ok(())
}

pub(super) fn assignments(said: &mut Said, call: Call) -> Result<(), Fault> {
    let mut output = call.output;
    if let Some(instance) = text(&call.input, "InstanceArn") {
        said.list(EntityKind::AccountAssignment, instance);
    }
    for (index, fields) in take_list(&mut output, "AccountAssignments")?.into_iter().enumerate() {
        let place = format!("AccountAssignments[{index}]");
        let part = |name| needed(&fields, name, &place);
        let (account, set) = (part("AccountId")?, part("PermissionSetArn")?);
        let (kind, principal) = (part("PrincipalType")?, part("PrincipalId")?);
        let instance = instance_of(&set)?;
        let key = format!("{account}/{set}/{kind}/{principal}");
        said.list(EntityKind::AccountAssignment, &instance);
        said.add(EntityKind::AccountAssignment, &instance, &key, &principal, fields);
    }
    Ok(())
}
