//! `tadoru access-advisor WHO...|--all`: services and actions permitted and last used, with the verdict and what it rests on.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use questions::access_advisor::{self, Answer, GrantedBy, Granularity, Input, Line, Listed, PermissionBasis};
use questions::access_use::Use;
use questions::access_window::AccessWindow;
use questions::coverage::Coverage;
use questions::inventory::Inventory;
use questions::subject::{self, Subject};
use serde_json::{Value, json};

use super::Context;
use crate::clock::Now;
use crate::error::{Exit, Failure, Message};
use crate::output::{Table, from_lake};
use crate::time_argument;

#[derive(Debug, Args)]
pub struct Flags {
    /// User, role, group or policy: ARN or name
    #[arg(value_name = "WHO", required_unless_present = "all")]
    who: Vec<String>,
    /// Every user and role of the inventory, and every user, role and root of the logs
    #[arg(long, conflicts_with = "who")]
    all: bool,
    /// Services, or each action
    #[arg(long, value_enum, default_value_t = Level::Service)]
    granularity: Level,
    /// From this time on: 30d, 2024-06-01, RFC 3339 [default: the beginning of the logs]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Up to this time [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only calls recorded in this region, as ap-northeast-1 or ap-*; repeatable
    #[arg(long, value_name = "REGION")]
    region: Vec<String>,
    /// Only what was used [default: also what else is permitted, as far as the inventory knows]
    #[arg(long, conflicts_with = "unused")]
    used: bool,
    /// Only what was not seen: unused, or unknown where the logs do not reach
    #[arg(long)]
    unused: bool,
    /// One line for each user or role that has the permission, the last one to use it first
    #[arg(long)]
    with_entities: bool,
    /// Which policies permit it
    #[arg(long)]
    granted_by: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    Service,
    Action,
}

impl From<Level> for Granularity {
    fn from(level: Level) -> Self {
        match level {
            Level::Service => Self::Service,
            Level::Action => Self::Action,
        }
    }
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let (snapshot, now) = context.open()?;
    let window = window(flags.since.as_deref(), flags.until.as_deref(), now)?;
    let inventory = Inventory::read(&snapshot, now.us)?;
    let mut subjects: Vec<Subject> = Vec::new();
    for name in &flags.who {
        let subject = subject::resolve(&snapshot, &inventory, context.unquoted(name))?;
        note_unseen_session(context, &subject.arn, subject.unseen_session.as_deref());
        if !subjects.iter().any(|known| known.arn == subject.arn) {
            subjects.push(subject);
        }
    }
    let granularity = Granularity::from(flags.granularity);
    let listed = match (flags.used, flags.unused) {
        (true, _) => Listed::Used,
        (_, true) => Listed::NotSeen,
        _ => Listed::All,
    };
    let input = Input { subjects, granularity, listed, window, regions: flags.region, granting: flags.granted_by };
    if context.explain {
        context.note(&Message::note(access_advisor::statement(&input).trim()));
    }
    let coverage = Coverage::read(&snapshot)?;
    let reference = context.service_reference()?;
    let answer = access_advisor::ask(&snapshot, &reference, &inventory, &coverage, &input, now.us)?;
    let columns = Columns { granularity, with_entities: flags.with_entities, granted_by: flags.granted_by };
    context.print(&columns.table(&answer.lines))?;
    say_what_it_rests_on(context, &answer, &input, snapshot.event_span());
    Ok(Exit::Done)
}

/// `--since` and `--until` as a window; the end is *now* where none is given.
pub fn window(since: Option<&str>, until: Option<&str>, now: Now) -> anyhow::Result<AccessWindow> {
    let since_us = since.map(|text| time_argument::parse(text, now)).transpose()?;
    let until_us = until.map(|text| time_argument::parse(text, now)).transpose()?.unwrap_or(now.us);
    refuse_empty_window(since_us, until_us)?;
    Ok(AccessWindow { since_us, until_us })
}

/// An error where nothing can lie in the window.
pub fn refuse_empty_window(since_us: Option<i64>, until_us: i64) -> Result<(), Failure> {
    if since_us.is_none_or(|since| since < until_us) {
        return Ok(());
    }
    let message = Message::error("the window is empty").why("it ends before it begins");
    Err(Failure::usage(message.try_this("--since before --until")))
}

/// Says that a session was named of which there is no event.
pub fn note_unseen_session(context: &Context, principal: &str, session: Option<&str>) {
    if let Some(session) = session {
        let message = Message::note(format!("no event is of the session {session}; the answer is its role's"));
        context.note(&message.why(format!("permissions are the role's: {principal}")));
    }
}

/// What a narrow terminal shows first of one principal; a name that an answer does not have is passed over.
const OF_ONE: &[&str] = &[
    "service_namespace",
    "action_name",
    "last_authenticated",
    "verdict",
    "granted_by",
    "event_count",
    "denied_count",
    "permitted",
];
/// The same of several, whose names matter.
const OF_SEVERAL: &[&str] = &[
    "principal",
    "service_namespace",
    "action_name",
    "last_authenticated",
    "verdict",
    "granted_by",
    "event_count",
    "denied_count",
    "permitted",
    "last_authenticated_region",
    "service_name",
];
/// The same where the users and roles behind each line are listed.
const OF_ENTITIES: &[&str] =
    &["service_namespace", "action_name", "last_authenticated_entity", "last_authenticated", "verdict", "event_count"];

/// Which columns the answer has.
struct Columns {
    granularity: Granularity,
    with_entities: bool,
    granted_by: bool,
}

impl Columns {
    fn table(&self, lines: &[Line]) -> Table {
        let mut names = vec!["principal", "service_namespace", "service_name"];
        if self.granularity == Granularity::Action {
            names.push("action_name");
        }
        names.extend([
            "last_authenticated",
            "last_authenticated_entity",
            "last_authenticated_region",
            "total_authenticated_entities",
            "event_count",
            "denied_count",
            "data_event_count",
            "first_authenticated",
            "last_event_id",
            "permitted",
            "verdict",
        ]);
        if self.granted_by {
            names.push("granted_by");
        }
        let is_of_one = lines.windows(2).all(|pair| pair[0].principal == pair[1].principal);
        let mut table = Table::new(&names).needing(match () {
            () if self.with_entities => OF_ENTITIES,
            () if is_of_one => OF_ONE,
            () => OF_SEVERAL,
        });
        for line in lines {
            if self.with_entities {
                let rows = line.entities.iter().map(|entity| self.row(line, Some(&entity.arn), entity.seen.as_ref()));
                table.rows.extend(rows);
            } else {
                let last =
                    line.entities.first().filter(|entity| entity.seen.is_some()).map(|entity| entity.arn.as_str());
                table.rows.push(self.row(line, last, line.seen.as_ref()));
            }
        }
        table
    }

    fn row(&self, line: &Line, entity: Option<&str>, seen: Option<&Use>) -> Vec<Value> {
        let mut row = vec![json!(line.principal), json!(line.service_namespace), json!(line.service_name)];
        if self.granularity == Granularity::Action {
            let name = line.action_name.as_deref().unwrap_or_default();
            row.push(if line.is_unmapped { json!(format!("{name} (unmapped)")) } else { json!(name) });
        }
        let users = line.entities.iter().filter(|entity| entity.seen.is_some()).count();
        row.extend([
            seen.map_or(Value::Null, |s| json!(from_lake::time(s.last_us))),
            json!(entity),
            seen.map_or(Value::Null, |s| json!(s.last_region)),
            json!(users),
            json!(seen.map_or(0, |s| s.event_count)),
            json!(seen.map_or(0, |s| s.denied_count)),
            json!(seen.map_or(0, |s| s.data_event_count)),
            seen.map_or(Value::Null, |s| json!(from_lake::time(s.first_us))),
            seen.map_or(Value::Null, |s| json!(s.last_event_id)),
            json!(line.is_permitted),
            json!(line.verdict.as_str()),
        ]);
        if self.granted_by {
            row.push(line.granted_by.iter().map(policy).collect());
        }
        row
    }
}

/// A policy in the words of ListPoliciesGrantingServiceAccess.
fn policy(granted_by: &GrantedBy) -> Value {
    json!({
        "policy_name": granted_by.policy_name,
        "policy_type": if granted_by.policy_arn.is_some() { "MANAGED" } else { "INLINE" },
        "policy_arn": granted_by.policy_arn,
        "entity_type": granted_by.entity_type.map(str::to_uppercase),
        "entity_name": granted_by.entity_name,
    })
}

fn say_what_it_rests_on(context: &Context, answer: &Answer, input: &Input, span: Option<(i64, i64)>) {
    if answer.lines.is_empty() {
        if !answer.basis.unread.is_empty() || !answer.basis.not_in_inventory.is_empty() {
            say_permissions(context, &answer.basis);
        }
        let why = match span {
            None => "the lake holds no events".to_owned(),
            Some((_, newest)) => format!("the newest event of the lake is of {}", from_lake::time(newest)),
        };
        let message = Message::note("nothing in this window").why(why);
        context.note(&message.try_this("tadoru status, or an earlier --since"));
        return;
    }
    let reasons: BTreeSet<&str> =
        answer.reach.values().flat_map(|reach| reach.why.iter().map(String::as_str)).collect();
    let basis: BTreeSet<&str> = answer.reach.values().map(|reach| reach.basis.as_str()).collect();
    let basis = basis.into_iter().collect::<Vec<_>>().join(", ");
    say_permissions(context, &answer.basis);
    let mut message = Message::note(format!("coverage of the logs {basis}; denied attempts count, as in AWS"));
    if !reasons.is_empty() {
        let shown: Vec<&str> = reasons.iter().copied().take(3).collect();
        let more = reasons.len().saturating_sub(3);
        let more = if more > 0 { format!("; {more} more") } else { String::new() };
        message = message.why(format!("{}{more}", shown.join("; "))).try_this("tadoru status --gaps");
    } else if input.listed == Listed::NotSeen {
        message = message
            .why("unknown are data events that no trail delivered, and what tadoru actions calls never or unsure");
    }
    context.note(&message);
}

/// Says what the permissions are known from, and what was not evaluated.
fn say_permissions(context: &Context, basis: &PermissionBasis) {
    if basis.taken_at_us.is_empty() {
        let message = Message::note("from the logs alone: the lake holds no inventory that says what is permitted");
        context.note(&message.try_this("tadoru inventory import"));
        return;
    }
    let taken: Vec<String> = basis.taken_at_us.iter().map(|us| from_lake::time(*us).to_string()).collect();
    let mut why = "not evaluated, as in AWS: resource policies, service control policies, session policies, boundaries"
        .to_owned();
    if basis.with_boundary > 0 {
        why += &format!(" (subjects with a boundary: {})", basis.with_boundary);
    }
    context.note(&Message::note(format!("permitted by identity policies as of {}", taken.join(", "))).why(why));
    let listed = |names: &[String]| {
        let more = names.len().saturating_sub(3);
        let shown = names.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
        if more > 0 { format!("{shown}; {more} more") } else { shown }
    };
    if !basis.not_in_inventory.is_empty() {
        let what = format!("not in the inventory: {}", listed(&basis.not_in_inventory));
        context
            .note(&Message::note(what).why("deleted since, or made after it was taken; what they may do is not known"));
    }
    if !basis.without_inventory.is_empty() {
        let accounts: Vec<String> = basis.without_inventory.iter().cloned().collect();
        context.note(&Message::note(format!("no inventory of the accounts {}", listed(&accounts))));
    }
    if !basis.unread.is_empty() {
        context.note(&Message::warning(listed(&basis.unread)).why("what these policies grant is not known"));
    }
}
