//! `tadoru access-advisor WHO...|--all`: services and actions last used, with the verdict and what it rests on.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use iam::service_reference::ServiceReference;
use questions::access_advisor::{self, Answer, Granularity, Input, Line, Listed};
use questions::access_window::AccessWindow;
use questions::coverage::Coverage;
use questions::principal_name::{self, Holder};
use serde_json::{Value, json};

use super::Context;
use crate::clock::Now;
use crate::error::{Exit, Failure, Message};
use crate::output::{Table, from_lake};
use crate::time_argument;

#[derive(Debug, Args)]
pub struct Flags {
    /// User or role: ARN or name
    #[arg(value_name = "WHO", required_unless_present = "all")]
    who: Vec<String>,
    /// Every user, role and root of the logs
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
    /// What was used; the default
    #[arg(long, conflicts_with = "unused")]
    used: bool,
    /// What was not seen: unused, or unknown where the logs do not reach
    #[arg(long)]
    unused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    Service,
    Action,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let (snapshot, now) = context.open()?;
    let window = window(flags.since.as_deref(), flags.until.as_deref(), now)?;
    let mut principals = Vec::new();
    for name in &flags.who {
        let holder = principal_name::resolve_principal(&snapshot, context.unquoted(name))?;
        note_unseen_session(context, &holder);
        principals.push(holder.principal);
    }
    let granularity = match flags.granularity {
        Level::Service => Granularity::Service,
        Level::Action => Granularity::Action,
    };
    let listed = if flags.unused { Listed::NotSeen } else { Listed::Used };
    let input = Input { principals, granularity, listed, window, regions: flags.region };
    if context.explain {
        context.note(&Message::note(access_advisor::statement(&input).trim()));
    }
    let coverage = Coverage::read(&snapshot)?;
    let answer = access_advisor::ask(&snapshot, &ServiceReference::embedded(), &coverage, &input, now.us)?;
    context.print(&table(&answer.lines, granularity))?;
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
pub fn note_unseen_session(context: &Context, holder: &Holder) {
    if let Some(session) = &holder.unseen_session {
        let message = Message::note(format!("no event is of the session {session}; the answer is its role's"));
        context.note(&message.why(format!("permissions are the role's: {}", holder.principal)));
    }
}

fn table(lines: &[Line], granularity: Granularity) -> Table {
    let mut names = vec!["principal", "service_namespace", "service_name"];
    if granularity == Granularity::Action {
        names.push("action_name");
    }
    names.extend([
        "last_authenticated",
        "last_authenticated_entity",
        "last_authenticated_region",
        "event_count",
        "denied_count",
        "data_event_count",
        "first_authenticated",
        "last_event_id",
        "verdict",
    ]);
    let mut table = Table::new(&names);
    for line in lines {
        let seen = line.seen.as_ref();
        let mut row = vec![json!(line.principal), json!(line.service_namespace), json!(line.service_name)];
        if granularity == Granularity::Action {
            let name = line.action_name.as_deref().unwrap_or_default();
            row.push(if line.is_unmapped { json!(format!("{name} (unmapped)")) } else { json!(name) });
        }
        row.extend([
            seen.map_or(Value::Null, |s| json!(from_lake::time(s.last_us))),
            seen.map_or(Value::Null, |_| json!(line.principal)),
            seen.map_or(Value::Null, |s| json!(s.last_region)),
            json!(seen.map_or(0, |s| s.event_count)),
            json!(seen.map_or(0, |s| s.denied_count)),
            json!(seen.map_or(0, |s| s.data_event_count)),
            seen.map_or(Value::Null, |s| json!(from_lake::time(s.first_us))),
            seen.map_or(Value::Null, |s| json!(s.last_event_id)),
            json!(line.verdict.as_str()),
        ]);
        table.rows.push(row);
    }
    table
}

fn say_what_it_rests_on(context: &Context, answer: &Answer, input: &Input, span: Option<(i64, i64)>) {
    if answer.lines.is_empty() {
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
    let mut message = Message::note(format!("from the logs alone; coverage {basis}; denied attempts count, as in AWS"));
    if !reasons.is_empty() {
        let shown: Vec<&str> = reasons.iter().copied().take(3).collect();
        let more = reasons.len().saturating_sub(3);
        let more = if more > 0 { format!("; {more} more") } else { String::new() };
        message = message.why(format!("{}{more}", shown.join("; "))).try_this("tadoru status --gaps");
    } else if input.listed == Listed::NotSeen {
        message = message.why("unknown are services whose data events no trail delivered, and iam:PassRole");
    }
    context.note(&message);
}
