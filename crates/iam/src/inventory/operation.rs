//! What each operation's output says: the entities in it, and of which kinds and scopes it is the whole. Fields of one entity
//! that come by several operations (a permission set's policies, a trail's status) are joined by its key.

use std::collections::BTreeSet;

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::content::{Call, Fault};
use super::{Entity, EntityKind, Extent, credential_report};
use crate::arn::Arn;

/// What one call says.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub entities: Vec<Entity>,
    /// Kinds and scopes that this output lists whole, even where there is nothing to list.
    pub lists: Vec<Extent>,
    /// Whether pages are missing after this one.
    pub is_cut: bool,
}

/// Scope of what belongs to an organization whose id no file says.
pub(super) const UNKNOWN_ORGANIZATION: &str = "organization";

impl Said {
    fn list(&mut self, kind: EntityKind, scope: &str) {
        self.lists.push(Extent { kind, scope: scope.to_owned() });
    }

    fn add(&mut self, kind: EntityKind, scope: &str, key: &str, name: &str, document: Map<String, Value>) {
        let extent = Extent { kind, scope: scope.to_owned() };
        self.entities.push(Entity { extent, key: key.to_owned(), name: name.to_owned(), document });
    }
}

/// Reads a call; `account` is what the user says where the output does not.
pub(super) fn read(call: Call, account: Option<&str>) -> Result<Said, Fault> {
    let mut said = Said { is_cut: is_cut(&call.output), ..Said::default() };
    let call_account = call.account.clone();
    let account = call_account.as_deref().or(account);
    let operation = call.operation.as_str();
    match operation {
        "GetAccountAuthorizationDetails" => authorization_details(&mut said, call, account)?,
        "GetCredentialReport" => credentials(&mut said, &call)?,
        "ListAccessKeys" => access_keys(&mut said, call, account)?,
        "ListAccountAliases" => aliases(&mut said, &call, account)?,
        "ListUsers" | "ListGroups" | "ListGroupMemberships" => identity_store(&mut said, call)?,
        "ListInstances" => instances(&mut said, call)?,
        "ListPermissionSets" => permission_sets(&mut said, &call)?,
        "DescribePermissionSet"
        | "GetInlinePolicyForPermissionSet"
        | "ListManagedPoliciesInPermissionSet"
        | "ListCustomerManagedPolicyReferencesInPermissionSet"
        | "GetPermissionsBoundaryForPermissionSet" => permission_set(&mut said, call)?,
        "ListAccountAssignments" => assignments(&mut said, call)?,
        "DescribeOrganization"
        | "ListAccounts"
        | "ListAccountsForParent"
        | "ListRoots"
        | "ListOrganizationalUnitsForParent" => organization(&mut said, call)?,
        "ListPolicies" | "DescribePolicy" | "ListTargetsForPolicy" => service_control_policies(&mut said, call)?,
        "DescribeTrails" | "ListTrails" | "GetTrailStatus" | "GetEventSelectors" => trails(&mut said, call)?,
        // They say nothing that the others do not.
        "ListAccountsForProvisionedPermissionSet" | "GetCallerIdentity" => {}
        other => return Err(Fault::new(format!("the inventory knows no operation {other}"))),
    }
    Ok(said)
}

fn is_cut(output: &Map<String, Value>) -> bool {
    output.get("IsTruncated") == Some(&Value::Bool(true))
        || ["NextToken", "nextToken", "Marker"]
            .iter()
            .any(|name| output.get(*name).and_then(Value::as_str).is_some_and(|token| !token.is_empty()))
}

fn take_list(output: &mut Map<String, Value>, name: &str) -> Result<Vec<Map<String, Value>>, Fault> {
    let items = match output.remove(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(Fault::new(format!("{name} is not a list"))),
    };
    let item = |(index, item)| match item {
        Value::Object(fields) => Ok(fields),
        _ => Err(Fault::new(format!("{name}[{index}] is not an object"))),
    };
    items.into_iter().enumerate().map(item).collect()
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

fn needed(fields: &Map<String, Value>, name: &str, place: &str) -> Result<String, Fault> {
    let found = text(fields, name).filter(|text| !text.is_empty());
    found.map(str::to_owned).ok_or_else(|| Fault::new(format!("{place} has no {name}")))
}

fn no_account(operation: &str) -> Fault {
    Fault::new(format!("the output of {operation} does not say of which account it is"))
        .try_this("--account 111111111111")
}

/// A policy document as JSON, where it is text: IAM answers it URL-encoded, `aws` decodes it.
fn decode_document(fields: &mut Map<String, Value>, name: &str) {
    if let Some(Value::String(document)) = fields.get(name) {
        let plain = if document.trim_start().starts_with('%') { percent_decoded(document) } else { document.clone() };
        if let Ok(parsed @ Value::Object(_)) = serde_json::from_str(&plain) {
            fields.insert(name.to_owned(), parsed);
        }
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match pair.filter(|_| first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn decode_documents(fields: &mut Map<String, Value>, list: &str, name: &str) {
    for item in fields.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
        if let Value::Object(item) = item {
            decode_document(item, name);
        }
    }
}

/// The four lists of get-account-authorization-details: their member, the kind, and the name's member.
const DETAILS: [(&str, EntityKind, &str); 4] = [
    ("UserDetailList", EntityKind::User, "UserName"),
    ("GroupDetailList", EntityKind::Group, "GroupName"),
    ("RoleDetailList", EntityKind::Role, "RoleName"),
    ("Policies", EntityKind::Policy, "PolicyName"),
];

fn authorization_details(said: &mut Said, call: Call, account: Option<&str>) -> Result<(), Fault> {
    let mut output = call.output;
    let mut found = Vec::new();
    for (list, kind, name) in DETAILS {
        for (index, mut fields) in take_list(&mut output, list)?.into_iter().enumerate() {
            let place = format!("{list}[{index}]");
            let (key, name) = (needed(&fields, "Arn", &place)?, needed(&fields, name, &place)?);
            for list in ["UserPolicyList", "GroupPolicyList", "RolePolicyList"] {
                decode_documents(&mut fields, list, "PolicyDocument");
            }
            decode_documents(&mut fields, "PolicyVersionList", "Document");
            decode_document(&mut fields, "AssumeRolePolicyDocument");
            // The same role again, as it stands in RoleDetailList.
            for profile in fields.get_mut("InstanceProfileList").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::Object(profile) = profile {
                    profile.remove("Roles");
                }
            }
            found.push((kind, key, name, fields));
        }
    }
    let account_of = |arn: &str| Arn::parse(arn).map(|arn| arn.account.to_owned()).unwrap_or_default();
    let own = found.iter().map(|(_, arn, _, _)| account_of(arn));
    let mut accounts: BTreeSet<String> = own.filter(|account| account != "aws" && !account.is_empty()).collect();
    match (accounts.len(), account) {
        (0, None) => return Err(no_account("get-account-authorization-details")),
        (0, Some(told)) => accounts.extend([told.to_owned()]),
        (_, Some(told)) if !accounts.contains(told) => {
            let accounts: Vec<_> = accounts.into_iter().collect();
            return Err(Fault::new(format!("it is of account {}, not of {told}", accounts.join(", ")))
                .try_this("leave --account out"));
        }
        _ => {}
    }
    let filter: Vec<&str> =
        call.input.get("Filter").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for (_, kind, _) in DETAILS {
        let wanted = filter.iter().any(|filter| match kind {
            EntityKind::Policy => *filter == "LocalManagedPolicy",
            kind => filter.eq_ignore_ascii_case(kind.name()),
        });
        if filter.is_empty() || wanted {
            accounts.iter().for_each(|account| said.list(kind, account));
        }
    }
    for (kind, key, name, fields) in found {
        let own = account_of(&key);
        // AWS's own policies are attached in whichever account the file is of.
        for account in accounts.iter().filter(|account| **account == own || !accounts.contains(&own)) {
            said.add(kind, account, &key, &name, fields.clone());
        }
    }
    Ok(())
}

fn credentials(said: &mut Said, call: &Call) -> Result<(), Fault> {
    let content = needed(&call.output, "Content", "the credential report")?;
    let decoded = if credential_report::is_header(&content) {
        content
    } else {
        let compact: String = content.split_whitespace().collect();
        let bytes = base64::engine::general_purpose::STANDARD.decode(compact);
        let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(|| Fault::new("Content is not base64 text"))?
    };
    for (index, row) in credential_report::rows(&decoded)?.into_iter().enumerate() {
        let place = format!("row {}", index + 1);
        let (user, arn) = (needed(&row, "user", &place)?, needed(&row, "arn", &place)?);
        let account = Arn::parse(&arn).map(|arn| arn.account.to_owned());
        let account = account.ok_or_else(|| Fault::new(format!("{place}: {arn} is no ARN")))?;
        said.list(EntityKind::CredentialReport, &account);
        said.add(EntityKind::CredentialReport, &account, &arn, &user, row);
    }
    if said.entities.is_empty() {
        return Err(Fault::new("the credential report has no rows"));
    }
    Ok(())
}

fn access_keys(said: &mut Said, call: Call, account: Option<&str>) -> Result<(), Fault> {
    let account = account.ok_or_else(|| no_account("list-access-keys"))?;
    let mut output = call.output;
    said.list(EntityKind::AccessKey, account);
    for (index, fields) in take_list(&mut output, "AccessKeyMetadata")?.into_iter().enumerate() {
        let place = format!("AccessKeyMetadata[{index}]");
        let (key, user) = (needed(&fields, "AccessKeyId", &place)?, needed(&fields, "UserName", &place)?);
        said.add(EntityKind::AccessKey, account, &key, &user, fields);
    }
    Ok(())
}

fn aliases(said: &mut Said, call: &Call, account: Option<&str>) -> Result<(), Fault> {
    let account = account.ok_or_else(|| no_account("list-account-aliases"))?;
    said.list(EntityKind::AccountAlias, account);
    for alias in call.output.get("AccountAliases").and_then(Value::as_array).into_iter().flatten() {
        if let Some(alias) = alias.as_str() {
            said.add(EntityKind::AccountAlias, account, alias, alias, Map::new());
        }
    }
    Ok(())
}

fn identity_store(said: &mut Said, call: Call) -> Result<(), Fault> {
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

fn instances(said: &mut Said, call: Call) -> Result<(), Fault> {
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

fn permission_sets(said: &mut Said, call: &Call) -> Result<(), Fault> {
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

fn permission_set(said: &mut Said, call: Call) -> Result<(), Fault> {
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

fn assignments(said: &mut Said, call: Call) -> Result<(), Fault> {
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

/// The organization's id in an ARN of it: `arn:aws:organizations::111111111111:account/o-example/222222222222`.
fn organization_of(fields: &Map<String, Value>) -> String {
    let parts = text(fields, "Arn").and_then(Arn::parse).map(|arn| arn.resource).unwrap_or_default();
    let id = parts.split('/').find(|part| part.starts_with("o-"));
    id.unwrap_or(UNKNOWN_ORGANIZATION).to_owned()
}

fn organization(said: &mut Said, call: Call) -> Result<(), Fault> {
    let mut output = call.output;
    let (list, kind) = match call.operation.as_str() {
        "ListRoots" => ("Roots", EntityKind::OrganizationalUnit),
        "ListOrganizationalUnitsForParent" => ("OrganizationalUnits", EntityKind::OrganizationalUnit),
        "ListAccounts" | "ListAccountsForParent" => ("Accounts", EntityKind::Account),
        // It names the management account, which every account's ARN does too.
        _ => return Ok(()),
    };
    for (index, mut fields) in take_list(&mut output, list)?.into_iter().enumerate() {
        let id = needed(&fields, "Id", &format!("{list}[{index}]"))?;
        let scope = organization_of(&fields);
        if let Some(parent) = text(&call.input, "ParentId") {
            fields.insert("ParentId".to_owned(), json!(parent));
        }
        let name = text(&fields, "Name").unwrap_or(&id).to_owned();
        said.list(kind, &scope);
        said.add(kind, &scope, &id, &name, fields);
    }
    Ok(())
}

fn service_control_policies(said: &mut Said, call: Call) -> Result<(), Fault> {
    let mut output = call.output;
    let mut add = |fields: Map<String, Value>, id: &str, name: &str| {
        let scope = organization_of(&fields);
        said.list(EntityKind::ServiceControlPolicy, &scope);
        said.add(EntityKind::ServiceControlPolicy, &scope, id, name, fields);
    };
    match call.operation.as_str() {
        "ListPolicies" => {
            for (index, fields) in take_list(&mut output, "Policies")?.into_iter().enumerate() {
                if text(&fields, "Type").is_some_and(|kind| kind != "SERVICE_CONTROL_POLICY") {
                    continue;
                }
                let id = needed(&fields, "Id", &format!("Policies[{index}]"))?;
                let name = text(&fields, "Name").unwrap_or(&id).to_owned();
                add(fields, &id, &name);
            }
        }
        "DescribePolicy" => {
            let Some(Value::Object(mut policy)) = output.remove("Policy") else {
                return Err(Fault::new("Policy is not an object"));
            };
            let Some(Value::Object(mut fields)) = policy.remove("PolicySummary") else {
                return Err(Fault::new("Policy has no PolicySummary"));
            };
            let id = needed(&fields, "Id", "Policy.PolicySummary")?;
            let name = text(&fields, "Name").unwrap_or(&id).to_owned();
            fields.extend(policy.remove("Content").map(|content| ("Content".to_owned(), content)));
            decode_document(&mut fields, "Content");
            add(fields, &id, &name);
        }
        _ => {
            let id = text(&call.input, "PolicyId").map(str::to_owned).ok_or_else(|| {
                Fault::new("the output of ListTargetsForPolicy does not say of which policy it is")
                    .try_this("tadoru inventory collect, which keeps that beside each answer")
            })?;
            let targets = take_list(&mut output, "Targets")?;
            let ids: Vec<&str> = targets.iter().filter_map(|target| text(target, "TargetId")).collect();
            add(Map::from_iter([("Targets".to_owned(), json!(ids))]), &id, "");
        }
    }
    Ok(())
}

fn trails(said: &mut Said, call: Call) -> Result<(), Fault> {
    let mut output = call.output;
    let scope = |arn: &str| Arn::parse(arn).map_or(String::new(), |arn| arn.account.to_owned());
    let named = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_owned();
    match call.operation.as_str() {
        "DescribeTrails" | "ListTrails" => {
            let list = if call.operation == "ListTrails" { "Trails" } else { "trailList" };
            for (index, fields) in take_list(&mut output, list)?.into_iter().enumerate() {
                let arn = needed(&fields, "TrailARN", &format!("{list}[{index}]"))?;
                said.list(EntityKind::Trail, &scope(&arn));
                said.add(EntityKind::Trail, &scope(&arn), &arn, &named(&arn), fields);
            }
        }
        operation => {
            let arn = text(&output, "TrailARN").or_else(|| text(&call.input, "Name")).map(str::to_owned);
            let arn = arn.filter(|arn| Arn::parse(arn).is_some()).ok_or_else(|| {
                Fault::new(format!("the output of {operation} does not say of which trail it is"))
                    .try_this("tadoru inventory collect, which keeps that beside each answer")
            })?;
            said.add(EntityKind::Trail, &scope(&arn), &arn, &named(&arn), output);
        }
    }
    Ok(())
}
