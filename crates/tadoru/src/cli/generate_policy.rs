//! `tadoru generate-policy WHO`: the policy document alone on stdout, everything else about it on stderr; or, with `-o
//! table` and its like, the actions with their evidence and what became of each.

use std::collections::BTreeSet;

use clap::Args;
use iam::policy_document::{MANAGED_POLICY_CHARACTERS, counted_characters};
use lake::timestamp::{date_text, day_of};
use questions::coverage::Coverage;
use questions::generate_policy::{self, Answer, Input, Line, Place};
use questions::principal_name;
use serde_json::json;

use super::access_advisor::{note_unseen_session, window};
use super::{Context, argument};
use crate::error::{Exit, Failure, Message};
use crate::output::{OutputFormat, Table, from_lake};

/// More names than these are counted.
const MOST_NAMES: usize = 20;

#[derive(Debug, Args)]
pub struct Flags {
    /// User or role: ARN or name; a session means its role
    #[arg(value_name = "WHO")]
    who: String,
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
    /// Leave out actions whose every call was denied
    #[arg(long)]
    exclude_denied: bool,
    /// Leave out actions that only data events show, as AWS's own policy generation does
    #[arg(long)]
    exclude_data_events: bool,
    /// Fail where logs are missing in the window
    #[arg(long)]
    strict: bool,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let as_document = !context.format_is_flag || matches!(context.format, OutputFormat::Json | OutputFormat::Jsonl);
    if as_document && context.columns.is_some() {
        let message = Message::error("--columns chooses columns of a table, and a policy document has none");
        let message = message.why("without -o table, csv or tsv the answer is the policy document");
        return Err(Failure::usage(message.try_this("-o table, or --query 'Statement[0].Action'")).into());
    }
    let (snapshot, now) = context.open()?;
    let window = window(flags.since.as_deref(), flags.until.as_deref(), now)?;
    let holder = principal_name::resolve_principal(&snapshot, context.unquoted(&flags.who))?;
    note_unseen_session(context, &holder.principal, holder.unseen_session.as_deref());
    let input = Input {
        principal: holder.principal,
        window,
        regions: flags.region,
        accounts: flags.account,
        exclude_denied: flags.exclude_denied,
        exclude_data_events: flags.exclude_data_events,
    };
    context.explain(&generate_policy::statement(&input));
    let coverage = Coverage::read(&snapshot)?;
    let answer = generate_policy::ask(&snapshot, &context.service_reference()?, &coverage, &input, now.us)?;
    if let Some(message) = missing_logs(&answer, flags.strict) {
        if flags.strict {
            return Err(Failure::failed(message).into());
        }
        context.note(&message);
    }
    match (&answer.document, as_document) {
        (_, false) => context.print(&table(&answer))?,
        (Some(document), true) => {
            let format = if context.format_is_flag { context.format } else { OutputFormat::Json };
            context.print_document(document, format)?;
        }
        (None, true) => {}
    }
    say_what_it_holds(context, &answer, &input);
    say_what_is_left_out(context, &answer, &input);
    Ok(Exit::Done)
}

fn table(answer: &Answer) -> Table {
    let mut table = Table::new(&[
        "action",
        "place",
        "event_count",
        "denied_count",
        "data_event_count",
        "first_used",
        "last_used",
        "last_region",
        "last_event_id",
    ]);
    table.rows.extend(answer.lines.iter().map(|Line { action, place, seen }| {
        vec![
            json!(action),
            json!(place.as_str()),
            json!(seen.event_count),
            json!(seen.denied_count),
            json!(seen.data_event_count),
            json!(from_lake::time(seen.first_us)),
            json!(from_lake::time(seen.last_us)),
            json!(seen.last_region),
            json!(seen.last_event_id),
        ]
    }));
    table
}

/// What is wrong with the logs of the window, if anything is: as the error of `--strict`, or as a warning.
fn missing_logs(answer: &Answer, strict: bool) -> Option<Message> {
    let missing = answer.reach.iter().filter(|reach| !reach.complete);
    let why: BTreeSet<&str> = missing.flat_map(|reach| reach.why.iter().map(String::as_str)).collect();
    if answer.reach.iter().all(|reach| reach.complete) && !answer.reach.is_empty() {
        return None;
    }
    let message = if strict {
        Message::error("logs are missing in this window, so no policy is made")
    } else {
        Message::warning("logs are missing in this window: what was used then is not in the policy")
    };
    let why = if why.is_empty() { "no logs of that account".to_owned() } else { listed(why.into_iter(), "\n") };
    Some(message.why(why).try_this("tadoru status --gaps, or a window without the gap"))
}

fn say_what_it_holds(context: &Context, answer: &Answer, input: &Input) {
    let actions: Vec<&Line> = answer.of(Place::InPolicy).collect();
    let Some(document) = &answer.document else {
        let why = match answer.lines.len() {
            0 => "no event of it stands for an action in this window".to_owned(),
            _ => "all that it used is left out, as said below".to_owned(),
        };
        let message = Message::note(format!("no policy: {} used nothing that a policy could allow", input.principal));
        context.note(&message.why(why).try_this(format!("tadoru activity {}", input.principal)));
        return;
    };
    let events: u64 = actions.iter().map(|line| line.seen.event_count).sum();
    let basis: BTreeSet<&str> = answer.reach.iter().map(|reach| reach.basis.as_str()).collect();
    let basis = basis.into_iter().collect::<Vec<_>>().join(", ");
    let what = format!("{} that {} used; coverage {basis}", number_of(actions.len() as u64, "action"), input.principal);
    context.note(
        &Message::note(what)
            .why(format!(
                "from {}; iam:PassRole is in no log and so in no policy made from one",
                number_of(events, "call")
            ))
            .try_this("-o table for the evidence of each action"),
    );
    let denied: Vec<String> = actions.iter().filter(|line| is_denied(line)).map(|line| counted(line)).collect();
    if !denied.is_empty() {
        let what = format!("{} of them were only ever denied: {}", denied.len(), names(&denied));
        let message = Message::note(what).why("denied calls count, as in AWS's own policy generation");
        context.note(&message.try_this("--exclude-denied"));
    }
    let data: Vec<String> = actions.iter().filter(|line| is_data(line)).map(|line| counted(line)).collect();
    if !data.is_empty() {
        let what = format!("{} of them are known from data events alone: {}", data.len(), names(&data));
        let message = Message::note(what).why("AWS's own policy generation leaves them out");
        context.note(&message.try_this("--exclude-data-events"));
    }
    let characters = counted_characters(document);
    if characters > MANAGED_POLICY_CHARACTERS {
        let what = format!("the policy has {characters} characters, too many for one managed policy");
        let message = Message::warning(what).why(format!("IAM takes {MANAGED_POLICY_CHARACTERS} without white space"));
        context.note(&message.try_this("split its actions over several managed policies"));
    }
}

fn say_what_is_left_out(context: &Context, answer: &Answer, input: &Input) {
    let left_out = |place: Place, detail: &dyn Fn(&Line) -> String| -> Option<(u64, String)> {
        let texts: Vec<String> = answer.of(place).map(detail).collect();
        (!texts.is_empty()).then(|| (texts.len() as u64, names(&texts)))
    };
    if let Some((count, names)) = left_out(Place::Denied, &counted) {
        let message = Message::note(format!("left out, only ever denied: {}: {names}", number_of(count, "action")));
        context.note(&message.why("--exclude-denied says so"));
    }
    if let Some((count, names)) = left_out(Place::DataEvent, &counted) {
        let message =
            Message::note(format!("left out, known from data events alone: {}: {names}", number_of(count, "action")));
        context.note(&message.why("--exclude-data-events says so"));
    }
    if let Some((count, names)) = left_out(Place::Unmapped, &counted) {
        let message =
            Message::warning(format!("left out, no known action: {}: {names}", number_of(count, "event name")));
        let why = "no action of the service authorization reference is known to stand for them";
        context.note(&message.why(why).try_this("add by hand what the caller needs"));
    }
    let with_region = |line: &Line| {
        let region = line.seen.last_region.as_deref().unwrap_or("no region");
        format!("{} ({}, {region})", line.action, times(line.seen.event_count))
    };
    if let Some((count, names)) = left_out(Place::OutsideFilter, &with_region) {
        context.note(&outside_filter(count, &names, answer, input));
    }
    let with_last = |line: &Line| {
        format!("{} ({}, last {})", line.action, times(line.seen.event_count), from_lake::time(line.seen.last_us))
    };
    if let Some((count, names)) = left_out(Place::BeforeWindow, &with_last) {
        let earliest = answer.of(Place::BeforeWindow).map(|line| line.seen.last_us).min().unwrap_or_default();
        let message = Message::note(format!("used only before the window: {}: {names}", number_of(count, "action")));
        let message = message.why("a job that runs seldom may need them again");
        context.note(&message.try_this(format!("--since {}", date_text(day_of(earliest)))));
    }
}

fn outside_filter(count: u64, names: &str, answer: &Answer, input: &Input) -> Message {
    let flags = match (input.regions.is_empty(), input.accounts.is_empty()) {
        (false, true) => "--region",
        (true, false) => "--account",
        _ => "--region and --account",
    };
    let message = Message::note(format!("left out by {flags}: {}: {names}", number_of(count, "action")));
    if input.regions.is_empty() {
        return message.why("they were recorded in other accounts").try_this("without --account");
    }
    let regions = answer.of(Place::OutsideFilter).filter_map(|line| line.seen.last_region.as_deref());
    let regions: BTreeSet<&str> = regions.collect();
    let why = if regions.contains("us-east-1") {
        "CloudTrail records IAM and other global services in us-east-1"
    } else {
        "they were recorded elsewhere"
    };
    let wanted = input.regions.iter().map(String::as_str).chain(regions);
    let wanted: BTreeSet<&str> = wanted.collect();
    message.why(why).try_this(format!("--region {}", wanted.into_iter().collect::<Vec<_>>().join(",")))
}

fn is_denied(line: &Line) -> bool {
    line.seen.denied_count == line.seen.event_count
}

fn is_data(line: &Line) -> bool {
    line.seen.data_event_count == line.seen.event_count
}

fn counted(line: &Line) -> String {
    format!("{} ({})", line.action, times(line.seen.event_count))
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// `3 actions`.
fn number_of(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn names(texts: &[String]) -> String {
    listed(texts.iter().map(String::as_str), ", ")
}

/// The first of them, and how many more there are.
fn listed<'t>(texts: impl ExactSizeIterator<Item = &'t str>, separator: &str) -> String {
    let more = texts.len().saturating_sub(MOST_NAMES);
    let shown: Vec<&str> = texts.take(MOST_NAMES).collect();
    let more = if more > 0 { format!("{separator}{more} more") } else { String::new() };
    format!("{}{more}", shown.join(separator))
}
