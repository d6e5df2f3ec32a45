//! What an entity of the inventory is permitted: its policies, inline, attached and by its groups, read into grants. A policy is
//! read once however many entities share it. As Access Advisor, by identity policies alone; what else there is (a permissions
//! boundary, service control policies) is named as not evaluated.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use iam::inventory::{Entity, EntityKind};
use iam::permitted_actions::{ActionIndex, Grant, PermittedActions};
use iam::policy_document::PolicyDocument;
use serde_json::Value;

use crate::inventory::Inventory;
use crate::question_error::QuestionError;

/// A policy by which an entity is permitted something.
#[derive(Debug, Clone)]
pub struct GrantingPolicy {
    pub name: String,
    pub source: PolicySource,
    pub document: Rc<PolicyDocument>,
    pub grant: Rc<Grant>,
    /// The document as it is written.
    pub written: Rc<Value>,
}

/// Where a policy stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicySource {
    /// In an entity: a user, group or role.
    Inline { entity: EntityKind, entity_name: String },
    /// By itself.
    Managed { arn: String },
}

/// What an entity is permitted.
#[derive(Debug, Clone)]
pub struct Permissions {
    /// Inline ones first, then attached ones, then those of groups.
    pub policies: Vec<GrantingPolicy>,
    pub permitted: PermittedActions,
    /// Sentences on policies that could not be read: what they grant is unknown.
    pub unread: Vec<String>,
    /// The ARN of the permissions boundary, which is not evaluated.
    pub boundary: Option<String>,
}

impl Permissions {
    /// The policies that, each judged alone, permit an action of the service.
    pub fn granting<'a>(&'a self, namespace: &str, index: &ActionIndex) -> Vec<&'a GrantingPolicy> {
        let ids: Vec<_> = index.actions_of(namespace).collect();
        let grants = |policy: &&GrantingPolicy| {
            let alone = policy.grant.alone();
            ids.iter().any(|id| alone.contains(*id))
        };
        self.policies.iter().filter(grants).collect()
    }
}

/// Documents already read, by the text of a policy; and the index of actions they are read by.
pub struct PolicyReader<'i, 's> {
    inventory: &'i Inventory<'s>,
    index: &'i ActionIndex,
    managed: HashMap<(String, String), Option<ReadPolicy>>,
    groups: BTreeMap<(String, String), Rc<Entity>>,
    groups_of: BTreeSet<String>,
}

type ReadPolicy = Result<(Rc<PolicyDocument>, Rc<Grant>, Rc<Value>), String>;

impl<'i, 's> PolicyReader<'i, 's> {
    pub fn new(inventory: &'i Inventory<'s>, index: &'i ActionIndex) -> Self {
        Self { inventory, index, managed: HashMap::new(), groups: BTreeMap::new(), groups_of: BTreeSet::new() }
    }

    /// What a user, group or role is permitted, or a managed policy permits.
    pub fn permissions(&mut self, entity: &Entity) -> Result<Permissions, QuestionError> {
        let mut found = Found::default();
        match entity.extent.kind {
            EntityKind::Policy => {
                let source = PolicySource::Managed { arn: entity.key.clone() };
                let read = self.managed(&entity.extent.scope, &entity.key)?;
                found.add(&entity.name, source, read.unwrap_or_else(|| Err("it is not in the inventory".to_owned())));
            }
            _ => self.own(entity, &mut found)?,
        }
        if entity.extent.kind == EntityKind::User {
            for name in entity.groups() {
                match self.group(&entity.extent.scope, name)? {
                    Some(group) => self.own(&group, &mut found)?,
                    None => found.unread.push(format!("the group {name} is not in the inventory")),
                }
            }
        }
        let grants: Vec<&Grant> = found.policies.iter().map(|policy| policy.grant.as_ref()).collect();
        let permitted = PermittedActions::of(&grants, self.index);
        let boundary = entity.permissions_boundary().map(str::to_owned);
        Ok(Permissions { permitted, policies: found.policies, unread: found.unread, boundary })
    }

    /// Inline and attached policies of a user, group or role.
    fn own(&mut self, entity: &Entity, found: &mut Found) -> Result<(), QuestionError> {
        for (name, document) in entity.inline_policies() {
            let source = PolicySource::Inline { entity: entity.extent.kind, entity_name: entity.name.clone() };
            found.add(name, source, self.read(document));
        }
        for policy in entity.attached_policies() {
            let source = PolicySource::Managed { arn: policy.arn.to_owned() };
            let read = self.managed(&entity.extent.scope, policy.arn)?;
            found.add(policy.name, source, read.unwrap_or_else(|| Err("it is not in the inventory".to_owned())));
        }
        Ok(())
    }

    fn read(&self, document: &Value) -> ReadPolicy {
        let written = match document {
            Value::String(text) => serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?,
            document => document.clone(),
        };
        let document = PolicyDocument::parse(&written).map_err(|error| error.to_string())?;
        let grant = Grant::of(&document, self.index);
        Ok((Rc::new(document), Rc::new(grant), Rc::new(written)))
    }

    fn managed(&mut self, account: &str, arn: &str) -> Result<Option<ReadPolicy>, QuestionError> {
        let key = (account.to_owned(), arn.to_owned());
        if let Some(known) = self.managed.get(&key) {
            return Ok(known.clone());
        }
        let entity = self.inventory.find(EntityKind::Policy, account, arn)?;
        let no_version = || Err("the inventory has no version of it that is in force".to_owned());
        let read =
            entity.map(|entity| entity.default_version().map_or_else(no_version, |document| self.read(document)));
        self.managed.insert(key, read.clone());
        Ok(read)
    }

    fn group(&mut self, account: &str, name: &str) -> Result<Option<Rc<Entity>>, QuestionError> {
        if self.groups_of.insert(account.to_owned()) {
            for group in self.inventory.entities_in(EntityKind::Group, account)? {
                self.groups.insert((account.to_owned(), group.name.clone()), Rc::new(group));
            }
        }
        Ok(self.groups.get(&(account.to_owned(), name.to_owned())).cloned())
    }
}

#[derive(Default)]
struct Found {
    policies: Vec<GrantingPolicy>,
    unread: Vec<String>,
}

impl Found {
    fn add(&mut self, name: &str, source: PolicySource, read: ReadPolicy) {
        let is_known = self.policies.iter().any(|known| known.name == name && known.source == source);
        match read {
            Ok((document, grant, written)) if !is_known => {
                self.policies.push(GrantingPolicy { name: name.to_owned(), source, document, grant, written });
            }
            Ok(_) => {}
            Err(why) => self.unread.push(format!("the policy {name} cannot be read: {why}")),
        }
    }
}
