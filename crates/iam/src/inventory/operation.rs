//! What each operation's output says: the entities in it, and of which kinds and scopes it is the whole. Fields of one entity
//! that come by several operations (a permission set's policies, a trail's status) are joined by its key.

mod identity_center;
mod organization;
mod trail;

use std::collections::BTreeSet;

use base64::Engine as _;
use serde_json::{Map, Value};

use super::content::{Call, Fault};
use super::{Entity, EntityKind, Extent, credential_report};
use crate::arn::Arn;
use crate::percent_encoding::percent_decoded;
use identity_center::{assignments, identity_store, instances, permission_set, permission_sets};
use organization::{organization, service_control_policies};
use trail::trails;

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
            if Arn::parse(&key).is_none_or(|arn| arn.service != "iam") {
                return Err(Fault::new(format!("{place}: {key} is no ARN of IAM")));
            }
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
