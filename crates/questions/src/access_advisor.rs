//! Access Advisor: which services and actions did a user, role, group or policy use, when last, how often, and what may be said
//! of the rest of what it is permitted. As AWS, an attempt counts, denied or not, and permissions are those of identity policies
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html>). Without an inventory the answer is the
//! logs' alone.

mod recorded_action;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use iam::arn::Arn;
use iam::event_action;
use iam::service_reference::ServiceReference;
use lake::engine::Mode;
use lake::snapshot::Snapshot;

use crate::access_use::{Use, UseRow, UseSum};
use crate::access_window::AccessWindow;
use crate::coverage::{Coverage, Reach};
use crate::events::condition::{equals_any_of, is_any_of};
use crate::inventory::Inventory;
use crate::permission::{GrantingPolicy, Permissions, PolicyReader};
use crate::question_error::QuestionError;
use crate::recorded_event::AccountTrails;
use crate::statement::{Parameter, bind};
use crate::subject::{self, Subject};
use crate::verdict::Verdict;

const SQL: &str = include_str!("access_advisor.sql");

/// An answer of more lines would not fit into memory, and nobody reads it.
const MOST_LINES: usize = 1_000_000;

/// Services, or services and actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granularity {
    Service,
    Action,
}

/// Which services or actions to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// What was used and, where the inventory knows the permissions, what else is permitted.
    All,
    Used,
    /// What is permitted and was not seen; where no permissions are known, all that AWS has.
    NotSeen,
}

/// The question.
#[derive(Debug, Clone)]
pub struct Input {
    /// Empty: every user and role of the inventory, and every IAM user, role and root of the logs.
    pub subjects: Vec<Subject>,
    pub granularity: Granularity,
    pub listed: Listed,
    pub window: AccessWindow,
    /// Only calls recorded in these regions; empty: all.
    pub regions: Vec<String>,
    /// Also say which policies grant.
    pub granting: bool,
}

/// One line of the answer.
#[derive(Debug, Clone)]
pub struct Line {
    /// The subject's ARN.
    pub principal: String,
    pub service_namespace: String,
    /// As Access Advisor shows it; the namespace where no name is known.
    pub service_name: String,
    /// With `Granularity::Action`, as in policies, without the namespace.
    pub action_name: Option<String>,
    /// No known action: `action_name` is the event's name.
    pub is_unmapped: bool,
    pub verdict: Verdict,
    /// Whether identity policies permit it; `None` where the inventory does not know.
    pub is_permitted: Option<bool>,
    /// The sum over all who used it; `None` where it was not seen.
    pub seen: Option<Use>,
    /// Whose use counts, the last one to use it first, those that did not last.
    pub entities: Vec<EntityUse>,
    /// Which policies permit it, if that was asked.
    pub granted_by: Vec<GrantedBy>,
}

/// The use by one user or role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityUse {
    pub arn: String,
    /// `None` where it was not seen.
    pub seen: Option<Use>,
}

/// A policy that permits a service, in the words of ListPoliciesGrantingServiceAccess.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GrantedBy {
    pub policy_name: String,
    /// Of a managed policy.
    pub policy_arn: Option<String>,
    /// Of an inline policy, `user`, `group` or `role`.
    pub entity_type: Option<&'static str>,
    pub entity_name: Option<String>,
}

/// The answer, with what it rests on.
#[derive(Debug, Clone)]
pub struct Answer {
    /// By subject, namespace, action.
    pub lines: Vec<Line>,
    /// What the logs reach, by account.
    pub reach: BTreeMap<String, Reach>,
    pub basis: PermissionBasis,
    /// The statement that was run.
    pub sql: String,
}

/// What is known of the permissions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionBasis {
    /// When the inventories were taken that the permissions are from, µs UTC.
    pub taken_at_us: BTreeSet<i64>,
    /// Subjects that no inventory has, though it has their account: deleted, or newer than it.
    pub not_in_inventory: Vec<String>,
    /// Accounts of which there is no inventory.
    pub without_inventory: BTreeSet<String>,
    /// Policies that could not be read, each with its subject.
    pub unread: Vec<String>,
    /// Subjects with a permissions boundary, which is not evaluated.
    pub with_boundary: usize,
}

/// The statement of the question.
pub fn statement(input: &Input) -> String {
    let members: BTreeSet<&String> = input.subjects.iter().flat_map(|subject| &subject.members).collect();
    let members: Vec<String> = members.into_iter().cloned().collect();
    let who = match input.subjects.is_empty() {
        true => "principal LIKE 'arn:%'".to_owned(),
        false => equals_any_of("principal", &members),
    };
    let who = match input.regions.as_slice() {
        [] => who,
        regions => format!("{who} AND {}", is_any_of("awsregion", regions)),
    };
    let (whole_days, cut_days) = (input.window.whole_days(), input.window.cut_days());
    bind(
        SQL,
        &[
            ("who", Parameter::Sql(&who)),
            ("whole_days", Parameter::Sql(&whole_days)),
            ("cut_days", Parameter::Sql(&cut_days)),
        ],
    )
}

/// Answers the question.
///
/// # Errors
/// `Input` for an answer of more than a million lines.
pub fn ask(
    snapshot: &Snapshot,
    reference: &ServiceReference,
    inventory: &Inventory<'_>,
    coverage: &Coverage,
    input: &Input,
    now_us: i64,
) -> Result<Answer, QuestionError> {
    let sql = statement(input);
    let uses = uses(snapshot, reference, input.granularity, &sql, now_us)?;
    let all;
    let subjects = if input.subjects.is_empty() {
        all = subject::all(inventory, uses.keys().cloned().collect())?;
        &all
    } else {
        &input.subjects
    };
    let index = reference.action_index();
    let mut policies = PolicyReader::new(inventory, index);
    let recorded_actions = recorded_action::RecordedActions::new(reference);
    let trails = AccountTrails::read(inventory)?;
    let mut answer =
        Answer { lines: Vec::new(), reach: BTreeMap::new(), basis: PermissionBasis::default(), sql: String::new() };
    for subject in subjects {
        for account in accounts_of(subject) {
            let reach = || input.window.reach(coverage, Some(&account), now_us);
            answer.reach.entry(account.clone()).or_insert_with(reach);
        }
        let permissions = permissions(&mut policies, subject)?;
        note_basis(&mut answer.basis, inventory, subject, &permissions);
        let report = report::Report {
            reference,
            index,
            subject,
            permissions: &permissions,
            uses: &uses,
            reach: &answer.reach,
            trails: &trails,
            recorded_actions: &recorded_actions,
            granting: input.granting,
        };
        answer.lines.extend(report.lines(input.granularity, input.listed));
        if answer.lines.len() > MOST_LINES {
            return Err(QuestionError::Input {
                what: format!("the answer has more than {MOST_LINES} lines"),
                try_this: "some users and roles by name, services instead of actions, or only what was used".to_owned(),
            });
        }
    }
    answer.basis.taken_at_us = inventory.taken_at(answer.reach.keys().map(String::as_str));
    Ok(Answer { sql, ..answer })
}

/// By principal, then by namespace and action: the use, and whether the action is unmapped.
type Uses = BTreeMap<String, BTreeMap<(String, Option<String>), (Use, bool)>>;

/// The same while it is summed up.
type Sums = BTreeMap<(String, Option<String>), (UseSum, bool)>;

fn uses(
    snapshot: &Snapshot,
    reference: &ServiceReference,
    granularity: Granularity,
    sql: &str,
    now_us: i64,
) -> Result<Uses, QuestionError> {
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    for row in snapshot.query(sql, now_us, Mode::Trusted)?.rows.into_iter().filter_map(UseRow::read) {
        let actions = row.actions(reference);
        let principal = sums.entry(row.principal.clone()).or_default();
        if UseRow::is_no_use(&actions) {
            continue;
        }
        let is_unmapped = actions.kind == event_action::ActionKind::Unmapped;
        let mut add = |namespace: &str, action: Option<&str>| {
            let sum = principal.entry((namespace.to_owned(), action.map(str::to_owned))).or_default();
            sum.0.add(&row);
            sum.1 = is_unmapped;
        };
        match granularity {
            Granularity::Service => add(&actions.service_namespace, None),
            Granularity::Action => {
                for action in &actions.actions {
                    let (namespace, name) = action.split_once(':').unwrap_or((&actions.service_namespace, action));
                    add(namespace, Some(name));
                }
            }
        }
    }
    let finish = |sums: Sums| {
        sums.into_iter().filter_map(|(key, (sum, is_unmapped))| Some((key, (sum.finish()?, is_unmapped)))).collect()
    };
    Ok(sums.into_iter().map(|(principal, sums)| (principal, finish(sums))).collect())
}

/// What the subject is permitted in each account that has it: one, but of AWS's own policies.
fn permissions(policies: &mut PolicyReader<'_, '_>, subject: &Subject) -> Result<Option<Permissions>, QuestionError> {
    // AWS's own policy says the same in each account.
    subject.entities.first().map(|entity| policies.permissions(entity)).transpose()
}

fn note_basis(
    basis: &mut PermissionBasis,
    inventory: &Inventory<'_>,
    subject: &Subject,
    permissions: &Option<Permissions>,
) {
    match permissions {
        Some(permissions) => {
            basis.unread.extend(permissions.unread.iter().map(|why| format!("{}: {why}", subject.arn)));
            basis.with_boundary += usize::from(permissions.boundary.is_some());
        }
        None => {
            for account in accounts_of(subject) {
                if inventory.taken_at([account.as_str()]).is_empty() {
                    basis.without_inventory.insert(account);
                } else if Arn::parse(&subject.arn).is_some_and(|arn| arn.resource != "root") {
                    basis.not_in_inventory.push(subject.arn.clone());
                }
            }
        }
    }
}

fn accounts_of(subject: &Subject) -> BTreeSet<String> {
    let scopes = subject.entities.iter().map(|entity| entity.extent.scope.clone());
    let own = Arn::parse(&subject.arn).map(|arn| arn.account.to_owned()).filter(|_| subject.entities.is_empty());
    scopes.chain(own).collect()
}

impl From<&GrantingPolicy> for GrantedBy {
    fn from(policy: &GrantingPolicy) -> Self {
        use crate::permission::PolicySource;
        let (policy_arn, entity_type, entity_name) = match &policy.source {
            PolicySource::Managed { arn } => (Some(arn.clone()), None, None),
            PolicySource::Inline { entity, entity_name } => (None, Some(entity.name()), Some(entity_name.clone())),
        };
        Self { policy_name: policy.name.clone(), policy_arn, entity_type, entity_name }
    }
}
