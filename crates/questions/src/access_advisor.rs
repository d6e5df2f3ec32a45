//! Access Advisor: which services and actions did a principal use, when last, how often, and what may be said of the rest.
//! From the logs alone; what a principal is permitted comes from the inventory. As AWS, an attempt counts, denied or not
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_access-advisor.html>).

use std::collections::{BTreeMap, BTreeSet};

use iam::arn::Arn;
use iam::event_action;
use iam::service_reference::ServiceReference;
use lake::engine::Mode;
use lake::snapshot::Snapshot;
use lake::value::Value;

use crate::access_use::{Use, UseRow, UseSum};
use crate::access_window::AccessWindow;
use crate::coverage::{Coverage, Reach};
use crate::events::condition::is_any_of;
use crate::question_error::QuestionError;
use crate::statement::{Parameter, bind};
use crate::verdict::{self, Verdict};

const SQL: &str = include_str!("access_advisor.sql");
const DATA_EVENTS_SQL: &str = include_str!("access_advisor/data_events.sql");

/// Services, or services and actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granularity {
    Service,
    Action,
}

/// Which services or actions to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    Used,
    /// What the service reference knows and the logs do not show.
    NotSeen,
}

/// The question.
#[derive(Debug, Clone)]
pub struct Input {
    /// Principals as the lake names them; empty: every IAM user, role and root of the logs.
    pub principals: Vec<String>,
    pub granularity: Granularity,
    pub listed: Listed,
    pub window: AccessWindow,
    /// Only calls recorded in these regions; empty: all.
    pub regions: Vec<String>,
}

/// One line of the answer.
#[derive(Debug, Clone)]
pub struct Line {
    pub principal: String,
    pub service_namespace: String,
    /// As Access Advisor shows it; the namespace where no name is known.
    pub service_name: String,
    /// With `Granularity::Action`, as in policies, without the namespace.
    pub action_name: Option<String>,
    /// No known action: `action_name` is the event's name.
    pub is_unmapped: bool,
    pub verdict: Verdict,
    /// `None` where it was not seen.
    pub seen: Option<Use>,
}

/// The answer, with what it rests on.
#[derive(Debug, Clone)]
pub struct Answer {
    /// By principal, namespace, action.
    pub lines: Vec<Line>,
    /// What the logs reach, by principal.
    pub reach: BTreeMap<String, Reach>,
    /// The statement that was run.
    pub sql: String,
}

/// The statement of the question.
pub fn statement(input: &Input) -> String {
    let who = match input.principals.as_slice() {
        [] => "principal LIKE 'arn:%'".to_owned(),
        [one] => bind("principal = :one", &[("one", Parameter::Text(one))]).trim().to_owned(),
        several => bind("principal IN (:several)", &[("several", Parameter::Texts(several))]).trim().to_owned(),
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
pub fn ask(
    snapshot: &Snapshot,
    reference: &ServiceReference,
    coverage: &Coverage,
    input: &Input,
    now_us: i64,
) -> Result<Answer, QuestionError> {
    let sql = statement(input);
    let rows = snapshot.query(&sql, now_us, Mode::Trusted)?.rows;
    let mut sums = Sums::new();
    let mut principals: BTreeSet<String> = input.principals.iter().cloned().collect();
    for row in rows.into_iter().filter_map(UseRow::read) {
        principals.insert(row.principal.clone());
        let actions = row.actions(reference);
        if UseRow::is_no_use(&actions) {
            continue;
        }
        let namespace = actions.service_namespace.clone();
        let unmapped = actions.kind == event_action::ActionKind::Unmapped;
        match input.granularity {
            Granularity::Service => {
                sums.entry((row.principal.clone(), namespace, None)).or_default().0.add(&row);
            }
            Granularity::Action => {
                for action in actions.actions {
                    let (namespace, name) = action.split_once(':').unwrap_or((&namespace, &action));
                    let key = (row.principal.clone(), namespace.to_owned(), Some(name.to_owned()));
                    let sum = sums.entry(key).or_default();
                    sum.0.add(&row);
                    sum.1 = unmapped;
                }
            }
        }
    }
    let reach: BTreeMap<String, Reach> = principals
        .into_iter()
        .map(|principal| {
            let account = account_of(&principal);
            let reach = input.window.reach(coverage, account.as_deref(), now_us);
            (principal, reach)
        })
        .collect();
    let lines = match input.listed {
        Listed::Used => used_lines(reference, sums),
        Listed::NotSeen => {
            let recorded = recorded_data_events(snapshot, input.window, now_us)?;
            unseen_lines(reference, &sums, &reach, input.granularity, &recorded)
        }
    };
    Ok(Answer { lines, reach, sql })
}

/// The accounts and service namespaces whose data events were delivered: there their absence means something.
fn recorded_data_events(
    snapshot: &Snapshot,
    window: AccessWindow,
    now_us: i64,
) -> Result<BTreeSet<(Option<String>, String)>, QuestionError> {
    let whole_days = window.whole_days();
    let sql = bind(DATA_EVENTS_SQL, &[("whole_days", Parameter::Sql(&whole_days))]);
    let rows = snapshot.query(&sql, now_us, Mode::Trusted)?.rows.into_iter();
    let pair = |row: Vec<Value>| match row.as_slice() {
        [Value::Text(account), Value::Text(source)] => {
            Some((Some(account.clone()), event_action::service_namespace(source).to_owned()))
        }
        _ => None,
    };
    Ok(rows.filter_map(pair).collect())
}

/// By principal, namespace and action: the use, and whether the action is unmapped.
type Sums = BTreeMap<(String, String, Option<String>), (UseSum, bool)>;

fn used_lines(reference: &ServiceReference, sums: Sums) -> Vec<Line> {
    sums.into_iter()
        .map(|((principal, service_namespace, action_name), (sum, is_unmapped))| {
            let service_name = service_name(reference, &service_namespace);
            let (verdict, seen) = (Verdict::Used, sum.finish());
            Line { principal, service_namespace, service_name, action_name, is_unmapped, verdict, seen }
        })
        .collect()
}

fn unseen_lines(
    reference: &ServiceReference,
    sums: &Sums,
    reach: &BTreeMap<String, Reach>,
    granularity: Granularity,
    with_data_events: &BTreeSet<(Option<String>, String)>,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for (principal, reach) in reach {
        let account = account_of(principal);
        for service in reference.services() {
            let namespace = service.namespace;
            let data_events_come = with_data_events.contains(&(account.clone(), namespace.to_owned()));
            let recorded = data_events_come || !verdict::may_be_data_events(namespace);
            let mut push = |action: Option<&str>, recorded| {
                let key = (principal.clone(), namespace.to_owned(), action.map(str::to_owned));
                if sums.contains_key(&key) {
                    return;
                }
                lines.push(Line {
                    principal: principal.clone(),
                    service_namespace: namespace.to_owned(),
                    service_name: service_name(reference, namespace),
                    action_name: key.2,
                    is_unmapped: false,
                    verdict: Verdict::of_unseen(reach, recorded),
                    seen: None,
                });
            };
            match granularity {
                Granularity::Service => push(None, recorded),
                Granularity::Action => {
                    for action in reference.actions(namespace) {
                        let never = verdict::is_never_recorded(&format!("{namespace}:{}", action.name));
                        push(Some(action.name), recorded && !never);
                    }
                }
            }
        }
    }
    lines
}

fn service_name(reference: &ServiceReference, namespace: &str) -> String {
    reference.service_name(namespace).unwrap_or(namespace).to_owned()
}

fn account_of(principal: &str) -> Option<String> {
    Arn::parse(principal).map(|arn| arn.account.to_owned())
}
