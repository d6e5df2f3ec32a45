//! Unused access: roles, users, access keys, passwords, permissions and permission-set assignments of the inventory that nobody
//! used for so many days, each with its last use and what that rests on. Never *unused* where logs are missing, and nothing is
//! found that is younger than the window. Kinds as IAM Access Analyzer's unused access findings
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-findings.html>), and two of our own.

mod assignment;
mod credential;
pub mod exception;
mod last_use;
mod shown_call;

use std::collections::{BTreeMap, BTreeSet};

use iam::inventory::{Entity, EntityKind};
use iam::service_reference::ServiceReference;
use lake::snapshot::Snapshot;

use crate::access_advisor::{self, Granularity, Listed};
use crate::access_window::AccessWindow;
use crate::coverage::{Coverage, Reach};
use crate::inventory::Inventory;
use crate::question_error::QuestionError;
use crate::subject::Subject;
use crate::verdict::Verdict;
use exception::{Exception, ExceptionUse};
use last_use::LastUses;
pub use last_use::{LastUse, LastUseSource};
use shown_call::ShownCalls;

/// What is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    Role,
    User,
    AccessKey,
    Password,
    /// A service, or an action, that a role or user in use is permitted.
    Permission,
    /// A permission set that a person has in an account.
    Assignment,
}

impl FindingKind {
    /// All, in the order in which answers list them.
    pub const ALL: [Self; 6] =
        [Self::Role, Self::User, Self::AccessKey, Self::Password, Self::Permission, Self::Assignment];

    /// As answers print it and exceptions name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Role => "unused_role",
            Self::User => "unused_user",
            Self::AccessKey => "unused_access_key",
            Self::Password => "unused_password",
            Self::Permission => "unused_permission",
            Self::Assignment => "unused_assignment",
        }
    }
}

/// The question.
#[derive(Debug, Clone)]
pub struct Input {
    /// Use before this time is none, µs UTC.
    pub since_us: i64,
    pub kinds: BTreeSet<FindingKind>,
    /// Of permissions: services, or actions too.
    pub granularity: Granularity,
    /// Only these accounts; empty: all.
    pub accounts: Vec<String>,
    pub exceptions: Vec<Exception>,
}

/// Something that is not used, or of which that cannot be said.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub kind: FindingKind,
    /// `Unused` or `Unknown`.
    pub verdict: Verdict,
    pub account: String,
    /// The ARN of the user or role; of an assignment the Identity Center user's name, or its id where the name is not known.
    pub principal: String,
    /// Which access key, service, action or permission set.
    pub detail: Option<String>,
    pub created_at_us: Option<i64>,
    /// The last use before the window.
    pub last_use: Option<LastUse>,
    /// Why it is unknown.
    pub why: Option<String>,
    pub exception: Option<ExceptionUse>,
}

impl Finding {
    /// Whether it is to be acted on: unused, and no exception in force.
    pub fn is_active(&self) -> bool {
        self.verdict == Verdict::Unused && self.exception.as_ref().is_none_or(|exception| exception.is_expired)
    }
}

/// The answer, with what it rests on.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// By kind, account, principal, detail.
    pub findings: Vec<Finding>,
    /// Entities younger than the window, of which nothing is said.
    pub younger: usize,
    /// Roles linked to a service, which only the service can delete.
    pub service_linked: usize,
    /// What reach the logs have, by account.
    pub reach: BTreeMap<String, Reach>,
    /// Exceptions that fit no finding.
    pub unfitting_exceptions: Vec<Exception>,
    /// When the inventories were taken, µs UTC.
    pub taken_at_us: BTreeSet<i64>,
}

/// The statement of the question.
pub fn statement(now_us: i64) -> String {
    last_use::statement(now_us)
}

/// Answers the question.
pub fn ask(
    snapshot: &Snapshot,
    reference: &ServiceReference,
    inventory: &Inventory<'_>,
    coverage: &Coverage,
    input: &Input,
    now_us: i64,
) -> Result<Answer, QuestionError> {
    let mut search = Search {
        snapshot,
        inventory,
        coverage,
        input,
        now_us,
        uses: LastUses::read(snapshot, inventory, now_us)?,
        shown: ShownCalls::read(reference, inventory)?,
        answer: Answer::default(),
    };
    let in_use = search.principals()?;
    search.credentials()?;
    if input.kinds.contains(&FindingKind::Permission) {
        search.permissions(reference, in_use)?;
    }
    if input.kinds.contains(&FindingKind::Assignment) {
        search.assignments()?;
    }
    let mut answer = search.answer;
    exception::apply(&input.exceptions, now_us, &mut answer);
    answer.taken_at_us = inventory.taken_at(answer.reach.keys().map(String::as_str));
    let order =
        |finding: &Finding| (finding.kind, finding.account.clone(), finding.principal.clone(), finding.detail.clone());
    answer.findings.sort_by_key(order);
    Ok(answer)
}

/// The search for findings of one question.
struct Search<'a, 's> {
    snapshot: &'s Snapshot,
    inventory: &'a Inventory<'s>,
    coverage: &'a Coverage,
    input: &'a Input,
    now_us: i64,
    uses: LastUses,
    shown: ShownCalls<'a, 's>,
    answer: Answer,
}

impl Search<'_, '_> {
    fn is_wanted(&self, account: &str) -> bool {
        self.input.accounts.is_empty() || self.input.accounts.iter().any(|wanted| wanted == account)
    }

    fn entities(&self, kind: EntityKind) -> Result<Vec<Entity>, QuestionError> {
        let mut entities = self.inventory.entities(kind)?;
        entities.retain(|entity| self.is_wanted(&entity.extent.scope));
        Ok(entities)
    }

    fn reach(&mut self, account: &str) -> &Reach {
        let window = AccessWindow { since_us: Some(self.input.since_us), until_us: self.now_us };
        let (coverage, now_us) = (self.coverage, self.now_us);
        self.answer.reach.entry(account.to_owned()).or_insert_with(|| window.reach(coverage, Some(account), now_us))
    }

    fn is_young(&self, created_at_us: Option<i64>) -> bool {
        created_at_us.is_some_and(|created| created >= self.input.since_us)
    }

    fn is_in_use(&self, last_use: Option<&LastUse>) -> bool {
        last_use.is_some_and(|last| last.at_us >= self.input.since_us)
    }

    /// Adds a finding, unknown where the logs do not reach: `needs_events` says that the rollup is not enough.
    fn find(&mut self, finding: Finding, needs_events: bool) {
        if !self.input.kinds.contains(&finding.kind) {
            return;
        }
        let reach = self.reach(&finding.account);
        let mut why = if reach.complete { None } else { reach.why.first().cloned() };
        if needs_events && self.coverage.retired.holds_day_from(self.input.since_us) {
            why = why.or_else(|| Some("retention: the events of some days are gone".to_owned()));
        }
        let verdict = Verdict::of_unseen(why.is_none(), finding.verdict == Verdict::Unused);
        self.answer.findings.push(Finding { verdict, why: why.or(finding.why), ..finding });
    }

    /// Users and roles; returns those in use.
    fn principals(&mut self) -> Result<Vec<Subject>, QuestionError> {
        let mut in_use = Vec::new();
        for (kind, entity_kind) in [(FindingKind::Role, EntityKind::Role), (FindingKind::User, EntityKind::User)] {
            for entity in self.entities(entity_kind)? {
                if entity.text("Path").is_some_and(|path| path.starts_with("/aws-service-role/")) {
                    self.answer.service_linked += 1;
                    continue;
                }
                let created_at_us = last_use::time(entity.text("CreateDate"));
                if self.is_young(created_at_us) {
                    self.answer.younger += 1;
                    continue;
                }
                // What was before it was made was another's of the same name.
                let last_use = self.uses.of_principal(&entity.key);
                let last_use = last_use.filter(|last| created_at_us.is_none_or(|created| last.at_us >= created));
                if self.is_in_use(last_use.as_ref()) {
                    in_use.push(Subject::of_principal(entity));
                    continue;
                }
                let why = self.shown.why_not(&entity)?;
                let finding = Finding {
                    kind,
                    verdict: if why.is_none() { Verdict::Unused } else { Verdict::Unknown },
                    account: entity.extent.scope,
                    principal: entity.key,
                    detail: None,
                    created_at_us,
                    last_use,
                    why,
                    exception: None,
                };
                self.find(finding, false);
            }
        }
        Ok(in_use)
    }

    /// What users and roles in use are permitted and did not use.
    fn permissions(&mut self, reference: &ServiceReference, subjects: Vec<Subject>) -> Result<(), QuestionError> {
        if subjects.is_empty() {
            return Ok(());
        }
        let created: BTreeMap<String, Option<i64>> = subjects
            .iter()
            .map(|subject| {
                let date = subject.entities.first().and_then(|entity| last_use::time(entity.text("CreateDate")));
                (subject.arn.clone(), date)
            })
            .collect();
        let advise = |listed, since_us| {
            let input = access_advisor::Input {
                subjects: subjects.clone(),
                granularity: self.input.granularity,
                listed,
                window: AccessWindow { since_us, until_us: self.now_us },
                regions: Vec::new(),
                granting: false,
            };
            access_advisor::ask(self.snapshot, reference, self.inventory, self.coverage, &input, self.now_us)
        };
        let ever: BTreeMap<_, _> = advise(Listed::Used, None)?
            .lines
            .into_iter()
            .filter_map(|line| Some(((line.principal, line.service_namespace, line.action_name), line.seen?)))
            .collect();
        for line in advise(Listed::NotSeen, Some(self.input.since_us))?.lines {
            let detail = match &line.action_name {
                None => line.service_namespace.clone(),
                Some(action) => format!("{}:{action}", line.service_namespace),
            };
            let created_at_us = created.get(&line.principal).copied().flatten();
            let key = (line.principal, line.service_namespace, line.action_name);
            let account = iam::arn::Arn::parse(&key.0).map(|arn| arn.account.to_owned()).unwrap_or_default();
            let why = (line.verdict == Verdict::Unknown)
                .then(|| "trails do not record it, as far as was delivered".to_owned());
            let finding = Finding {
                kind: FindingKind::Permission,
                verdict: line.verdict,
                account,
                last_use: ever.get(&key).map(LastUse::from),
                principal: key.0,
                detail: Some(detail),
                created_at_us,
                why,
                exception: None,
            };
            self.find(finding, false);
        }
        Ok(())
    }
}
