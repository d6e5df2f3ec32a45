//! Whom a question about permissions is about: a user, role, group or policy of the inventory, or a principal that only the logs
//! know. A group's use is its members', a policy's that of the users and roles it is attached to, directly or by a group.

pub mod permission_set;

use iam::arn::Arn;
use iam::inventory::{Entity, EntityKind};
use lake::snapshot::Snapshot;

use crate::inventory::Inventory;
use crate::permission::PolicySource;
use crate::principal_name::{self, Holder};
use crate::question_error::QuestionError;

/// One subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The ARN; of a principal without one what the lake calls it.
    pub arn: String,
    /// As the inventory has it; none where only the logs know the subject. AWS's own policy has one for each account.
    pub entities: Vec<Entity>,
    /// The principals whose calls count.
    pub members: Vec<String>,
    /// The session of a role that was named, where no event is of it.
    pub unseen_session: Option<String>,
}

/// The kinds that can be asked about.
const KINDS: [EntityKind; 4] = [EntityKind::User, EntityKind::Role, EntityKind::Group, EntityKind::Policy];

impl Subject {
    /// A principal that only the logs know.
    pub fn of_logs(principal: impl Into<String>) -> Self {
        let arn = principal.into();
        Self { members: vec![arn.clone()], arn, entities: Vec::new(), unseen_session: None }
    }

    /// A user or role of the inventory.
    pub fn of_principal(entity: Entity) -> Self {
        let arn = entity.key.clone();
        Self { members: vec![arn.clone()], arn, entities: vec![entity], unseen_session: None }
    }

    /// What it is in the inventory.
    pub fn kind(&self) -> Option<EntityKind> {
        self.entities.first().map(|entity| entity.extent.kind)
    }

    /// Whether its own calls are asked about, not those of others.
    pub fn is_principal(&self) -> bool {
        !matches!(self.kind(), Some(EntityKind::Group | EntityKind::Policy))
    }

    fn of_entity(inventory: &Inventory<'_>, entity: Entity) -> Result<Self, QuestionError> {
        let members = members(inventory, &entity)?;
        Ok(Self { arn: entity.key.clone(), entities: vec![entity], members, unseen_session: None })
    }
}

/// The subject that `text` means: an ARN or name of the inventory, else what the logs know.
///
/// # Errors
/// As `principal_name::resolve_principal`; `AmbiguousPrincipal` also where the inventory has several of that name.
pub fn resolve(snapshot: &Snapshot, inventory: &Inventory<'_>, text: &str) -> Result<Subject, QuestionError> {
    let text = text.trim();
    if let Some(subject) = by_arn(inventory, text)? {
        return Ok(subject);
    }
    let named = by_name(inventory, text)?;
    let logged = principal_name::resolve_principal(snapshot, text);
    match (named.as_slice(), logged) {
        ([], Ok(holder)) => {
            let Holder { principal, unseen_session } = holder;
            let subject = by_arn(inventory, &principal)?.unwrap_or_else(|| Subject::of_logs(principal));
            Ok(Subject { unseen_session, ..subject })
        }
        ([], Err(error)) => Err(error),
        ([one], Ok(Holder { principal, .. })) if principal == one.key => of_known(inventory, one),
        ([one], Err(QuestionError::UnknownPrincipal { .. })) => of_known(inventory, one),
        (several, logged) => {
            let mut candidates: Vec<String> = several.iter().map(|entity| entity.key.clone()).collect();
            match logged {
                Ok(holder) => candidates.push(holder.principal),
                Err(QuestionError::AmbiguousPrincipal { candidates: further, .. }) => candidates.extend(further),
                Err(_) => {}
            }
            candidates.sort();
            candidates.dedup();
            Err(QuestionError::AmbiguousPrincipal { name: text.to_owned(), candidates })
        }
    }
}

/// Every user and role of the inventory, and every principal of the logs that has an ARN, each once, by ARN.
pub fn all(inventory: &Inventory<'_>, logged: Vec<String>) -> Result<Vec<Subject>, QuestionError> {
    let mut subjects = Vec::new();
    for kind in [EntityKind::User, EntityKind::Role] {
        for entity in inventory.entities(kind)? {
            subjects.push(Subject::of_principal(entity));
        }
    }
    subjects.sort_by(|a: &Subject, b| a.arn.cmp(&b.arn));
    let is_new = |principal: &String| subjects.binary_search_by(|subject| subject.arn.cmp(principal)).is_err();
    let further: Vec<Subject> = logged.into_iter().filter(is_new).map(Subject::of_logs).collect();
    subjects.extend(further);
    subjects.sort_by(|a, b| a.arn.cmp(&b.arn));
    Ok(subjects)
}

/// The user or role of the inventory that a principal of the logs is.
pub fn entity(inventory: &Inventory<'_>, principal: &str) -> Result<Option<Entity>, QuestionError> {
    Ok(by_arn(inventory, principal)?.and_then(|subject| subject.entities.into_iter().next()))
}

/// The principals that have a managed policy, or are in a group of an account.
pub fn sharers(inventory: &Inventory<'_>, account: &str, source: &PolicySource) -> Result<Vec<String>, QuestionError> {
    match source {
        PolicySource::Managed { arn } => Ok(by_arn(inventory, arn)?.map(|policy| policy.members).unwrap_or_default()),
        PolicySource::Inline { entity: EntityKind::Group, entity_name } => {
            let groups = inventory.named(EntityKind::Group, entity_name)?;
            let group = groups.iter().find(|group| group.extent.scope == account);
            group.map_or(Ok(Vec::new()), |group| members(inventory, group))
        }
        PolicySource::Inline { .. } => Ok(Vec::new()),
    }
}

/// The entity of the inventory with that ARN, in every account that has it.
pub fn by_arn(inventory: &Inventory<'_>, text: &str) -> Result<Option<Subject>, QuestionError> {
    let Some(arn) = Arn::parse(text).filter(|arn| arn.service == "iam") else { return Ok(None) };
    let kind = match arn.resource.split('/').next() {
        Some("user") => EntityKind::User,
        Some("role") => EntityKind::Role,
        Some("group") => EntityKind::Group,
        Some("policy") => EntityKind::Policy,
        _ => return Ok(None),
    };
    if arn.account != "aws" {
        let entity = inventory.find(kind, arn.account, text)?;
        return entity.map(|entity| Subject::of_entity(inventory, entity)).transpose();
    }
    let mut subject: Option<Subject> = None;
    for part in inventory.parts(kind) {
        let Some(entity) = inventory.find(kind, &part.extent.scope, text)? else { continue };
        let found = Subject::of_entity(inventory, entity)?;
        match &mut subject {
            None => subject = Some(found),
            Some(known) => {
                known.entities.extend(found.entities);
                known.members.extend(found.members);
            }
        }
    }
    Ok(subject)
}

fn of_known(inventory: &Inventory<'_>, entity: &Entity) -> Result<Subject, QuestionError> {
    let subject = by_arn(inventory, &entity.key)?;
    Ok(subject.expect("the inventory has the entity that it was just found as"))
}

fn by_name(inventory: &Inventory<'_>, name: &str) -> Result<Vec<Entity>, QuestionError> {
    let mut found = Vec::new();
    for kind in KINDS {
        for entity in inventory.named(kind, name)? {
            // AWS's own policy stands in every account that uses it.
            if !found.iter().any(|known: &Entity| known.key == entity.key) {
                found.push(entity);
            }
        }
    }
    Ok(found)
}

fn members(inventory: &Inventory<'_>, entity: &Entity) -> Result<Vec<String>, QuestionError> {
    let scope = &entity.extent.scope;
    let read = |kind| inventory.entities_in(kind, scope);
    let is_in = |user: &Entity, groups: &[String]| user.groups().any(|group| groups.iter().any(|known| known == group));
    let members = match entity.extent.kind {
        EntityKind::Group => {
            let group = [entity.name.clone()];
            read(EntityKind::User)?.into_iter().filter(|user| is_in(user, &group)).map(|user| user.key).collect()
        }
        EntityKind::Policy => {
            let has = |holder: &Entity| holder.attached_policies().any(|policy| policy.arn == entity.key);
            let groups: Vec<String> =
                read(EntityKind::Group)?.into_iter().filter(has).map(|group| group.name).collect();
            let users = read(EntityKind::User)?.into_iter().filter(|user| has(user) || is_in(user, &groups));
            let roles = read(EntityKind::Role)?.into_iter().filter(has);
            users.chain(roles).map(|holder| holder.key).collect()
        }
        _ => vec![entity.key.clone()],
    };
    Ok(members)
}
