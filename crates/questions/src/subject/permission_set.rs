//! A permission set of Identity Center as a subject: the roles that Identity Center made of it, in every account. The inventory
//! tells its name where an ARN is given; its roles are those of the inventory and of the logs.

use iam::arn::Arn;
use iam::inventory::EntityKind;
use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::value::Value;

use super::Subject;
use crate::inventory::Inventory;
use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind};

/// What an explicit name of a permission set begins with: `permission-set/PowerUser`.
pub const PREFIX: &str = "permission-set/";

const ROLES: &str = "SELECT DISTINCT principal FROM access_daily WHERE principal LIKE :roles";

/// The subject that `text` means: a user, role, group, policy or principal of the logs as [`super::resolve`] has it, or a
/// permission set by its ARN, by `permission-set/NAME`, or by its name where nothing else bears it.
///
/// # Errors
/// As [`super::resolve`]; `AmbiguousPrincipal` where a permission set and something else have that name.
pub fn resolve(
    snapshot: &Snapshot,
    inventory: &Inventory<'_>,
    text: &str,
    now_us: i64,
) -> Result<Subject, QuestionError> {
    let text = text.trim();
    if let Some(name) = text.strip_prefix(PREFIX) {
        return match of_name(snapshot, inventory, name, now_us)? {
            Some(subject) => Ok(subject),
            None => Err(QuestionError::UnknownPrincipal { name: text.to_owned(), similar: Vec::new() }),
        };
    }
    if let Some(arn) = Arn::parse(text).filter(|arn| arn.service == "sso" && arn.resource.starts_with("permissionSet/"))
    {
        return match name_of(inventory, &arn.to_string())? {
            Some(name) => {
                Ok(of_name(snapshot, inventory, &name, now_us)?.unwrap_or_else(|| subject(&name, Vec::new())))
            }
            None => Err(QuestionError::Input {
                what: format!("no inventory has the permission set {text}"),
                try_this: "its name, or tadoru inventory import of sso-admin's answers".to_owned(),
            }),
        };
    }
    let other = super::resolve(snapshot, inventory, text);
    if Arn::parse(text).is_some() {
        return other;
    }
    match (of_name(snapshot, inventory, text, now_us)?, other) {
        (None, other) => other,
        (Some(set), Err(QuestionError::UnknownPrincipal { .. })) => Ok(set),
        (Some(_), Ok(other)) => Err(QuestionError::AmbiguousPrincipal {
            name: text.to_owned(),
            candidates: vec![other.arn, format!("{PREFIX}{text}")],
        }),
        (Some(_), Err(QuestionError::AmbiguousPrincipal { name, mut candidates })) => {
            candidates.push(format!("{PREFIX}{text}"));
            Err(QuestionError::AmbiguousPrincipal { name, candidates })
        }
        (_, Err(error)) => Err(error),
    }
}

fn subject(name: &str, members: Vec<String>) -> Subject {
    Subject { arn: format!("{PREFIX}{name}"), entities: Vec::new(), members, unseen_session: None }
}

fn name_of(inventory: &Inventory<'_>, arn: &str) -> Result<Option<String>, QuestionError> {
    let sets = inventory.entities(EntityKind::PermissionSet)?;
    Ok(sets.into_iter().find(|set| set.key == arn).map(|set| set.name))
}

/// None where neither the inventory nor the logs know a permission set of that name.
fn of_name(
    snapshot: &Snapshot,
    inventory: &Inventory<'_>,
    name: &str,
    now_us: i64,
) -> Result<Option<Subject>, QuestionError> {
    let pattern = format!("%:role/%AWSReservedSSO_{name}_%");
    let sql = bind(ROLES, &[("roles", Parameter::Text(&pattern))]);
    let logged =
        snapshot.query(&sql, now_us, Mode::Trusted)?.rows.into_iter().flatten().filter_map(|value| match value {
            Value::Text(principal) => Some(principal),
            _ => None,
        });
    let known = inventory.entities(EntityKind::Role)?.into_iter().map(|role| role.key);
    let is_of = |arn: &String| Arn::parse(arn).and_then(|arn| arn.permission_set()) == Some(name);
    let mut members: Vec<String> = logged.chain(known).filter(is_of).collect();
    members.sort();
    members.dedup();
    let is_known = !members.is_empty() || !inventory.named(EntityKind::PermissionSet, name)?.is_empty();
    Ok(is_known.then(|| subject(name, members)))
}
