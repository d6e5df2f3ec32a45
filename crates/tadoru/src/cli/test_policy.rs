//! `tadoru test-policy FILE... --principal WHO`: which calls of the log would these policies have denied?

mod policy_file;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use questions::coverage::Coverage;
use questions::inventory::Inventory;
use questions::recorded_call::{Calls, Counts};
use questions::subject::permission_set;
use questions::test_policy::{self, Answer, Input, Line, Verdict};
use serde_json::json;

use super::access_advisor::{note_unseen_session, window};
use super::{Context, argument};
use crate::error::{Exit, Failure, Message};
use crate::output::{Table, from_lake};

/// More names than these are counted.
const MOST_NAMES: usize = 10;

#[derive(Debug, Args)]
#[command(
    after_help = "Several files are together the policies of the identity. Evaluated are these, the boundary and, with --with-current,
the policies that the inventory has; not resource policies, service control policies or session policies.
Unknown is what depends on a condition key or a resource that the record does not tell; it never counts as denied."
)]
pub struct Flags {
    /// Policy documents as JSON, or - for standard input; an array of documents counts as several
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whose calls: user, role, group (its members), policy (its holders), permission set; ARN or name
    #[arg(long, value_name = "WHO")]
    principal: String,
    /// From this time on: 30d, 2024-06-01, RFC 3339 [default: the beginning of the logs]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Up to this time [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only calls recorded in this region, as ap-northeast-1 or ap-*; repeatable
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// Only calls recorded in this account, * and ? allowed; repeatable
    #[arg(long, value_name = "ACCOUNT", value_delimiter = ',', value_parser = argument::account_pattern)]
    account: Vec<String>,
    /// A permissions boundary, which must allow too
    #[arg(long, value_name = "FILE")]
    boundary: Option<PathBuf>,
    /// Together with the policies that the inventory says it has
    #[arg(long)]
    with_current: bool,
    /// Exit with 3 where a call would have been denied
    #[arg(long)]
    fail_on_findings: bool,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let mut policies = Vec::new();
    for path in &flags.files {
        policies.extend(policy_file::read(path)?);
    }
    let boundary = flags.boundary.as_deref().map(policy_file::read_one).transpose()?;
    let (snapshot, now) = context.open()?;
    let inventory = Inventory::read(&snapshot, now.us)?;
    let subject = permission_set::resolve(&snapshot, &inventory, context.unquoted(&flags.principal), now.us)?;
    note_unseen_session(context, &subject.arn, subject.unseen_session.as_deref());
    let calls = Calls {
        principals: subject.members.clone(),
        window: window(flags.since.as_deref(), flags.until.as_deref(), now)?,
        regions: flags.region,
        accounts: flags.account,
    };
    let input = Input { calls, policies, boundary, with_current: flags.with_current };
    let coverage = Coverage::read(&snapshot)?;
    let reference = context.service_reference()?;
    let answer = test_policy::ask(&snapshot, &reference, &inventory, &coverage, &input, now.us)?;
    context.explain(&answer.sql);
    context.print(&table(&answer.lines))?;
    say_the_sum(context, &answer, &subject.arn);
    say_what_it_rests_on(context, &answer);
    if flags.fail_on_findings && answer.evaluated == 0 {
        let message = Message::error("nothing was tested: no call could be evaluated");
        return Err(Failure::failed(message.try_this("another --since, or another principal")).into());
    }
    Ok(if flags.fail_on_findings && answer.would_be_denied > 0 { Exit::Findings } else { Exit::Done })
}

fn table(lines: &[Line]) -> Table {
    let mut table = Table::new(&[
        "verdict",
        "action",
        "resource",
        "outcome",
        "call_count",
        "first_call",
        "last_call",
        "why",
        "first_event_id",
        "last_event_id",
    ]);
    table.rows.extend(lines.iter().map(|line| {
        vec![
            json!(line.verdict.as_str()),
            json!(line.action),
            json!(line.resource),
            json!(line.outcome),
            json!(line.seen.calls),
            json!(from_lake::time(line.seen.first_us)),
            json!(from_lake::time(line.seen.last_us)),
            json!(line.why),
            json!(line.seen.first_event_id),
            json!(line.seen.last_event_id),
        ]
    }));
    table
}

/// `48,112`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn say_the_sum(context: &Context, answer: &Answer, who: &str) {
    if answer.evaluated == 0 {
        let message = Message::note(format!("no call of {who} could be evaluated in this window"));
        let why = match answer.without_action.is_empty() && answer.unmapped.is_empty() {
            true => "there is no event of it",
            false => "no event of it stands for a known action",
        };
        context.note(&message.why(why).try_this(format!("tadoru activity {who}")));
        return;
    }
    let what = format!(
        "would have denied {} of {} call{} of {who}",
        grouped(answer.would_be_denied),
        grouped(answer.evaluated),
        if answer.evaluated == 1 { "" } else { "s" },
    );
    let mut why = vec![format!("{} allowed", grouped(answer.allowed))];
    if answer.unknown > 0 {
        why.push(format!("{} unknown, since they depend on what no record tells", grouped(answer.unknown)));
    }
    if answer.denied_then > 0 {
        let of = |verdict: Verdict| -> u64 {
            let lines = answer.lines.iter().filter(|line| line.verdict == verdict && line.outcome == "denied");
            lines.map(|line| line.seen.calls).sum()
        };
        let allowed = of(Verdict::WouldBeAllowed);
        why.push(format!(
            "{} denied at the time, of which {} would be allowed",
            grouped(answer.denied_then),
            grouped(allowed)
        ));
    }
    context.note(&Message::note(what).why(why.join("; ")));
}

fn say_what_it_rests_on(context: &Context, answer: &Answer) {
    let listed = |counts: &Counts| {
        let shown: Vec<String> = counts.iter().take(MOST_NAMES).map(|(name, n)| format!("{name} ({n})")).collect();
        let more = counts.len().saturating_sub(MOST_NAMES);
        let more = if more > 0 { format!(", {more} more") } else { String::new() };
        format!("{}{more}", shown.join(", "))
    };
    if !answer.without_action.is_empty() {
        let what = format!("not evaluated, since no permission decides them: {}", listed(&answer.without_action));
        context.note(&Message::note(what));
    }
    if !answer.unmapped.is_empty() {
        let message = Message::warning(format!("not evaluated, no known action: {}", listed(&answer.unmapped)));
        context.note(&message.why("no action of the service authorization reference is known to stand for them"));
    }
    if !answer.unread.is_empty() {
        let shown = answer.unread.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join("\n");
        let message = Message::warning("of --with-current something could not be taken into account");
        context.note(&message.why(shown).try_this("tadoru inventory import"));
    }
    let missing: BTreeSet<&str> = answer.reach.iter().flat_map(|reach| reach.why.iter().map(String::as_str)).collect();
    if answer.reach.iter().any(|reach| !reach.complete) {
        let why: Vec<&str> = missing.into_iter().take(MOST_NAMES).collect();
        let message = Message::warning("logs are missing in this window: calls of that time were not tested");
        context.note(&message.why(why.join("\n")).try_this("tadoru status --gaps"));
    }
}

/// The error of a file that is no policy; the command line names it, so it is wrong usage.
fn bad_file(path: &std::path::Path, why: impl Into<String>) -> Failure {
    let name = if path == std::path::Path::new("-") { "standard input".into() } else { path.to_string_lossy() };
    let message = Message::error(format!("{name} is no policy of an identity")).why(why);
    Failure::usage(message.try_this("a policy document as IAM takes it, such as tadoru generate-policy prints"))
}
