//! `tadoru unused-access`: what nobody used for so many days, each with its last use, what that rests on, and the exception that
//! lets it be.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use questions::coverage::Coverage;
use questions::inventory::Inventory;
use questions::unused_access::exception::Exception;
use questions::unused_access::{self, Answer, Finding, FindingKind, Input, LastUseSource};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access_advisor::Level;
use super::{Context, argument};
use crate::clock::Now;
use crate::error::{Exit, Failure, Message};
use crate::output::{Table, from_lake};
use crate::time_argument;

const DAY_US: i64 = 86_400_000_000;

#[derive(Debug, Args)]
pub struct Flags {
    /// What was not used for so many days before now
    #[arg(long, value_name = "N", default_value = "90", value_parser = argument::days, allow_negative_numbers = true)]
    days: u32,
    /// Only these kinds; repeatable [default: all]
    #[arg(long, value_enum, value_name = "KIND")]
    kind: Vec<Kind>,
    /// Permissions by service, or by action
    #[arg(long, value_enum, default_value_t = Level::Service)]
    granularity: Level,
    /// Only this account; repeatable
    #[arg(long, value_name = "ID")]
    account: Vec<String>,
    /// Exceptions: a TOML file of [[exception]] with principal, finding, owner, reason, until, and detail if wanted
    #[arg(long, value_name = "FILE")]
    exceptions: Option<PathBuf>,
    /// List what an exception lets be, too
    #[arg(long)]
    with_exceptions: bool,
    /// End with exit code 3 where something is unused and no exception lets it be
    #[arg(long)]
    fail_on_findings: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Role,
    User,
    AccessKey,
    Password,
    Permission,
    Assignment,
}

impl From<Kind> for FindingKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Role => Self::Role,
            Kind::User => Self::User,
            Kind::AccessKey => Self::AccessKey,
            Kind::Password => Self::Password,
            Kind::Permission => Self::Permission,
            Kind::Assignment => Self::Assignment,
        }
    }
}

pub fn run(context: &Context, flags: &Flags) -> anyhow::Result<Exit> {
    let (snapshot, now) = context.open()?;
    let exceptions =
        flags.exceptions.as_deref().map(|path| read_exceptions(path, now)).transpose()?.unwrap_or_default();
    let inventory = Inventory::read(&snapshot, now.us)?;
    if inventory.is_empty() {
        let message = Message::error("the lake holds no inventory, so nothing says what exists");
        let message = message.why("what is unused does not appear in logs");
        return Err(Failure::failed(message.try_this("tadoru inventory import, or tadoru inventory collect")).into());
    }
    let kinds: BTreeSet<FindingKind> = flags.kind.iter().map(|kind| (*kind).into()).collect();
    let input = Input {
        since_us: now.us - i64::from(flags.days) * DAY_US,
        kinds: if kinds.is_empty() { FindingKind::ALL.into() } else { kinds },
        granularity: flags.granularity.into(),
        accounts: flags.account.clone(),
        exceptions,
    };
    context.explain(&unused_access::statement(now.us));
    let coverage = Coverage::read(&snapshot)?;
    let reference = context.service_reference()?;
    let answer = unused_access::ask(&snapshot, &reference, &inventory, &coverage, &input, now.us)?;
    let is_excepted = |finding: &Finding| finding.exception.as_ref().is_some_and(|exception| !exception.is_expired);
    let listed = answer.findings.iter().filter(|finding| flags.with_exceptions || !is_excepted(finding));
    context.print(&table(listed, now))?;
    say_what_it_rests_on(context, &answer, flags);
    let active = answer.findings.iter().any(Finding::is_active);
    Ok(if flags.fail_on_findings && active { Exit::Findings } else { Exit::Done })
}

fn table<'a>(findings: impl Iterator<Item = &'a Finding>, now: Now) -> Table {
    let mut table = Table::new(&[
        "finding",
        "verdict",
        "account",
        "principal",
        "detail",
        "last_used",
        "days_unused",
        "last_used_by",
        "last_event_id",
        "created_at",
        "why",
        "exception_owner",
        "exception_reason",
        "exception_until",
    ]);
    table.rows = findings.map(|finding| row(finding, now)).collect();
    table
}

fn row(finding: &Finding, now: Now) -> Vec<Value> {
    let last = finding.last_use.as_ref();
    let (source, event_id) = match last.map(|last| &last.source) {
        None => (Value::Null, Value::Null),
        Some(LastUseSource::Inventory) => (json!("inventory"), Value::Null),
        Some(LastUseSource::Event(id)) => (json!("log"), json!(id)),
    };
    let since = last.map(|last| last.at_us).or(finding.created_at_us);
    let exception = finding.exception.as_ref();
    let until = exception.map(|exception| {
        if exception.is_expired { format!("{} (expired)", exception.until) } else { exception.until.clone() }
    });
    vec![
        json!(finding.kind.name()),
        json!(finding.verdict.as_str()),
        json!(finding.account),
        json!(finding.principal),
        json!(finding.detail),
        json!(last.map(|last| from_lake::time(last.at_us))),
        json!(since.map(|since| (now.us - since) / DAY_US)),
        source,
        event_id,
        json!(finding.created_at_us.map(from_lake::time)),
        json!(finding.why),
        json!(exception.map(|exception| &exception.owner)),
        json!(exception.map(|exception| &exception.reason)),
        json!(until),
    ]
}

fn say_what_it_rests_on(context: &Context, answer: &Answer, flags: &Flags) {
    let count = |verdict: &str| answer.findings.iter().filter(|finding| finding.verdict.as_str() == verdict).count();
    let taken: Vec<String> = answer.taken_at_us.iter().map(|us| from_lake::time(*us)).collect();
    let basis: BTreeSet<&str> = answer.reach.values().map(|reach| reach.basis.as_str()).collect();
    let basis = basis.into_iter().collect::<Vec<_>>().join(", ");
    let what = format!(
        "{} unused, {} unknown, of the inventory of {}; coverage of the logs {basis}",
        count("unused"),
        count("unknown"),
        taken.join(", ")
    );
    let younger = format!(
        "{} younger than {} days and {} service-linked roles are left out",
        answer.younger, flags.days, answer.service_linked
    );
    context.note(&Message::note(what).why(younger));
    let cut = answer.reach.values().filter(|reach| !reach.complete);
    let reasons: BTreeSet<&str> = cut.flat_map(|reach| reach.why.iter().map(String::as_str)).collect();
    if !reasons.is_empty() {
        let shown: Vec<&str> = reasons.iter().copied().take(3).collect();
        let message = Message::warning("the logs do not cover the window everywhere: there nothing is called unused");
        context.note(&message.why(shown.join("; ")).try_this("tadoru status --gaps, or fewer --days"));
    }
    let expired: BTreeSet<&str> = answer
        .findings
        .iter()
        .filter_map(|finding| finding.exception.as_ref())
        .filter(|exception| exception.is_expired)
        .map(|exception| exception.until.as_str())
        .collect();
    if !expired.is_empty() {
        let expired: Vec<&str> = expired.into_iter().collect();
        context.note(
            &Message::warning(format!("exceptions have expired: until {}", expired.join(", "))).why("they count again"),
        );
    }
    for exception in &answer.unfitting_exceptions {
        let what = format!("the exception for {} ({}) fits nothing", exception.principal, exception.finding);
        context.note(&Message::note(what).try_this("take it out of the file"));
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionsFile {
    #[serde(default)]
    exception: Vec<ExceptionEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionEntry {
    principal: String,
    finding: String,
    detail: Option<String>,
    owner: String,
    reason: String,
    until: String,
}

fn read_exceptions(path: &Path, now: Now) -> anyhow::Result<Vec<Exception>> {
    let refuse = |why: String| {
        let message = Message::error(format!("the exceptions in {} cannot be used", path.display())).why(why);
        let example = "[[exception]] with principal, finding = \"unused_role\", owner, reason, until = \"2026-12-31\"";
        Failure::usage(message.try_this(example))
    };
    let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
    let file: ExceptionsFile = toml::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    let mut exceptions = Vec::new();
    for (index, entry) in file.exception.into_iter().enumerate() {
        let place = format!("exception {}", index + 1);
        if entry.finding != "*" && !FindingKind::ALL.iter().any(|kind| kind.name() == entry.finding) {
            let known = FindingKind::ALL.map(FindingKind::name).join(", ");
            return Err(refuse(format!("{place}: {} is no finding; there are {known}, and *", entry.finding)).into());
        }
        for (name, value) in [("principal", &entry.principal), ("owner", &entry.owner), ("reason", &entry.reason)] {
            if value.trim().is_empty() {
                return Err(refuse(format!("{place}: {name} is empty")).into());
            }
        }
        let until_us =
            time_argument::parse(&entry.until, now).map_err(|error| refuse(format!("{place}: until: {error}")))?;
        exceptions.push(Exception {
            principal: entry.principal,
            finding: entry.finding,
            detail: entry.detail,
            owner: entry.owner,
            reason: entry.reason,
            until: (until_us, entry.until),
        });
    }
    Ok(exceptions)
}
