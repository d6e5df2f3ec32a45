//! IAM: Access Advisor from the logs, and what the inventory says of users, groups, roles and policies; what clients write is laid
//! over it by `inventory_change`. As in AWS, a caller sees its own account.

mod access_report;
mod attach_role_policy;
mod attach_user_policy;
mod attachment_count;
mod create_policy;
mod create_policy_version;
mod create_role;
mod credential_report;
mod delete_policy;
mod delete_policy_version;
mod delete_role;
mod delete_role_policy;
mod delete_user_policy;
mod detach_role_policy;
mod detach_user_policy;
mod generate_credential_report;
mod generate_service_last_accessed_details;
mod get_access_key_last_used;
mod get_account_authorization_details;
mod get_credential_report;
mod get_group;
mod get_group_policy;
mod get_policy;
mod get_policy_version;
mod get_role;
mod get_role_policy;
mod get_service_last_accessed_details;
mod get_service_last_accessed_details_with_entities;
mod get_user;
mod get_user_policy;
mod holder;
mod holder_change;
mod inventory_change;
mod list_access_keys;
mod list_account_aliases;
mod list_attached_group_policies;
mod list_attached_role_policies;
mod list_attached_user_policies;
mod list_entities_for_policy;
mod list_group_policies;
mod list_groups;
mod list_groups_for_user;
mod list_policies;
mod list_policies_granting_service_access;
mod list_policy_versions;
mod list_role_policies;
mod list_roles;
mod list_user_policies;
mod list_users;
mod new_document;
mod new_tag;
mod put_role_policy;
mod put_user_policy;
pub mod text_rule;

use aws_wire::error::AwsError;
use iam::arn::Arn;
use iam::inventory::{Entity, EntityKind};
use questions::inventory::Inventory;
use questions::subject::{self, Subject};
use serde_json::{Map, Value};

use super::{OperationError, Request, Run};

pub const OPERATIONS: &[(&str, Run)] = &[
    ("AttachRolePolicy", attach_role_policy::run),
    ("AttachUserPolicy", attach_user_policy::run),
    ("CreatePolicy", create_policy::run),
    ("CreatePolicyVersion", create_policy_version::run),
    ("CreateRole", create_role::run),
    ("DeletePolicy", delete_policy::run),
    ("DeletePolicyVersion", delete_policy_version::run),
    ("DeleteRole", delete_role::run),
    ("DeleteRolePolicy", delete_role_policy::run),
    ("DeleteUserPolicy", delete_user_policy::run),
    ("DetachRolePolicy", detach_role_policy::run),
    ("DetachUserPolicy", detach_user_policy::run),
    ("GenerateCredentialReport", generate_credential_report::run),
    ("GenerateServiceLastAccessedDetails", generate_service_last_accessed_details::run),
    ("GetAccessKeyLastUsed", get_access_key_last_used::run),
    ("GetAccountAuthorizationDetails", get_account_authorization_details::run),
    ("GetCredentialReport", get_credential_report::run),
    ("GetGroup", get_group::run),
    ("GetGroupPolicy", get_group_policy::run),
    ("GetPolicy", get_policy::run),
    ("GetPolicyVersion", get_policy_version::run),
    ("GetRole", get_role::run),
    ("GetRolePolicy", get_role_policy::run),
    ("GetServiceLastAccessedDetails", get_service_last_accessed_details::run),
    ("GetServiceLastAccessedDetailsWithEntities", get_service_last_accessed_details_with_entities::run),
    ("GetUser", get_user::run),
    ("GetUserPolicy", get_user_policy::run),
    ("ListAccessKeys", list_access_keys::run),
    ("ListAccountAliases", list_account_aliases::run),
    ("ListAttachedGroupPolicies", list_attached_group_policies::run),
    ("ListAttachedRolePolicies", list_attached_role_policies::run),
    ("ListAttachedUserPolicies", list_attached_user_policies::run),
    ("ListEntitiesForPolicy", list_entities_for_policy::run),
    ("ListGroupPolicies", list_group_policies::run),
    ("ListGroups", list_groups::run),
    ("ListGroupsForUser", list_groups_for_user::run),
    ("ListPolicies", list_policies::run),
    ("ListPoliciesGrantingServiceAccess", list_policies_granting_service_access::run),
    ("ListPolicyVersions", list_policy_versions::run),
    ("ListRolePolicies", list_role_policies::run),
    ("ListRoles", list_roles::run),
    ("ListUserPolicies", list_user_policies::run),
    ("ListUsers", list_users::run),
    ("PutRolePolicy", put_role_policy::run),
    ("PutUserPolicy", put_user_policy::run),
];

/// The page that lists of entities have where nobody says.
const USUAL_PAGE: usize = 100;

fn no_such_entity(text: impl Into<String>) -> OperationError {
    AwsError::new("NoSuchEntity", text).into()
}

fn invalid_input(text: impl Into<String>) -> OperationError {
    AwsError::new("InvalidInput", text).into()
}

fn already_exists(text: impl Into<String>) -> OperationError {
    AwsError::new("EntityAlreadyExists", text).into()
}

fn delete_conflict(text: impl Into<String>) -> OperationError {
    AwsError::new("DeleteConflict", text).into()
}

/// The entities of a kind in the caller's account, by name.
fn entities(request: &Request<'_>, inventory: &Inventory<'_>, kind: EntityKind) -> Result<Vec<Entity>, OperationError> {
    let mut entities = inventory.entities_in(kind, &request.caller.account)?;
    entities.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entities)
}

/// The entity of a kind and name in the caller's account.
fn named(
    request: &Request<'_>,
    inventory: &Inventory<'_>,
    kind: EntityKind,
    name: &str,
) -> Result<Entity, OperationError> {
    let found = inventory.named(kind, name)?.into_iter().find(|entity| entity.extent.scope == request.caller.account);
    found.ok_or_else(|| no_such_entity(format!("The {kind} with name {name} cannot be found.")))
}

/// The ARN of a managed policy.
fn parse_policy_arn(arn: &str) -> Result<Arn<'_>, OperationError> {
    let parsed = Arn::parse(arn).filter(|parsed| parsed.service == "iam" && parsed.resource.starts_with("policy/"));
    parsed.ok_or_else(|| invalid_input(format!("ARN {arn} is not valid.")))
}

/// A managed policy of the caller's account, or AWS's own as the account has it.
fn policy(request: &Request<'_>, inventory: &Inventory<'_>, arn: &str) -> Result<Entity, OperationError> {
    parse_policy_arn(arn)?;
    let found = inventory.find(EntityKind::Policy, &request.caller.account, arn)?;
    found.ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
}

/// A managed policy that the caller's account may change.
fn own_policy(request: &Request<'_>, inventory: &Inventory<'_>, arn: &str) -> Result<Entity, OperationError> {
    if parse_policy_arn(arn)?.account != request.caller.account {
        return Err(AwsError::with_status("AccessDenied", 403, "Policy is outside your own account.").into());
    }
    policy(request, inventory, arn)
}

/// Entities below a path.
fn below(entities: Vec<Entity>, path_prefix: Option<&str>) -> Vec<Entity> {
    let prefix = path_prefix.unwrap_or("/");
    let is_below = |entity: &Entity| entity.text("Path").unwrap_or("/").starts_with(prefix);
    entities.into_iter().filter(is_below).collect()
}

/// The members of an entity without those that AWS leaves out of a list.
fn without(entity: Entity, left_out: &[&str]) -> Value {
    let mut members = entity.document;
    members.retain(|name, _| !left_out.contains(&name.as_str()));
    Value::Object(members)
}

/// Adds to users when they last signed in with their password, as the credential report says.
fn add_password_use(
    request: &Request<'_>,
    inventory: &Inventory<'_>,
    users: &mut [Entity],
) -> Result<(), OperationError> {
    let reports = entities(request, inventory, EntityKind::CredentialReport)?;
    for user in users {
        let report = reports.iter().find(|report| report.text("arn") == Some(&user.key));
        let used = report.and_then(|report| report.text("password_last_used"));
        if let Some(used) = used.filter(|text| aws_wire::timestamp::of_text(text).is_some()) {
            user.document.insert("PasswordLastUsed".to_owned(), Value::from(used));
        }
    }
    Ok(())
}

/// The user, role, group or policy of an ARN, in the caller's account. A principal that only the logs know is one where the
/// account has no inventory.
fn subject(request: &Request<'_>, inventory: &Inventory<'_>, text: &str) -> Result<Subject, OperationError> {
    let account = request.caller.account.as_str();
    let invalid = || invalid_input(format!("ARN {text} is not valid."));
    let missing = || no_such_entity(format!("ARN {text} was not found."));
    let arn = Arn::parse(text).ok_or_else(invalid)?;
    let kind = match arn.resource.split('/').next() {
        Some("user") => EntityKind::User,
        Some("role") => EntityKind::Role,
        Some("group") => EntityKind::Group,
        Some("policy") => EntityKind::Policy,
        _ => return Err(invalid()),
    };
    if arn.service != "iam" || !arn.resource.contains('/') {
        return Err(invalid());
    }
    if arn.account != account && (kind, arn.account) != (EntityKind::Policy, "aws") {
        return Err(missing());
    }
    let Some(mut subject) = subject::by_arn(inventory, text)? else {
        let is_of_logs = inventory.part(kind, account).is_none() && arn.is_principal();
        return if is_of_logs { Ok(Subject::of_logs(text)) } else { Err(missing()) };
    };
    subject.entities.retain(|entity| entity.extent.scope == account);
    subject.members.retain(|member| Arn::parse(member).is_some_and(|member| member.account == account));
    if subject.entities.is_empty() { Err(missing()) } else { Ok(subject) }
}

/// The members of one entity, as `{member: {…}}`.
fn one(member: &str, entity: Entity) -> Map<String, Value> {
    Map::from_iter([(member.to_owned(), Value::Object(entity.document))])
}
