//! What a generated policy has to say besides itself, on stderr: what it rests on, what it lacks and why, which limits it
//! exceeds.

use std::collections::BTreeSet;

use iam::least_privilege::ATTACHED_POLICIES;
use iam::policy_document::{MANAGED_POLICY_CHARACTERS, counted_characters};
use lake::timestamp::{date_text, day_of};
use questions::generate_policy::{Answer, Input, Line, Place, Resources};

use super::super::Context;
use crate::error::Message;
use crate::output::from_lake;

/// More names than these are counted.
const MOST_NAMES: usize = 20;

/// What was asked, and in which form it is printed.
pub struct Asked<'a> {
    pub who: &'a str,
    pub input: &'a Input,
    /// Over how many documents the policy was split; 0 where that was not asked.
    pub split: usize,
    /// What holds it, and how many characters its inline policies may have.
    pub inline_limit: Option<(&'static str, usize)>,
}

/// What is wrong with the logs of the window, if anything is: as the error of `--strict`, or as a warning.
pub fn missing_logs(answer: &Answer, strict: bool) -> Option<Message> {
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

pub fn say_what_it_holds(context: &Context, answer: &Answer, asked: &Asked<'_>) {
    let actions: Vec<&Line> = answer.of(Place::InPolicy).collect();
    let Some(document) = &answer.document else {
        let why = match answer.lines.len() {
            0 => "no event of it stands for an action in this window".to_owned(),
            _ => "all that it used is left out, as said below".to_owned(),
        };
        let message = Message::note(format!("no policy: {} used nothing that a policy could allow", asked.who));
        context.note(&message.why(why).try_this(format!("tadoru activity {}", asked.who)));
        return;
    };
    let events: u64 = actions.iter().map(|line| line.seen.event_count).sum();
    let basis: BTreeSet<&str> = answer.reach.iter().map(|reach| reach.basis.as_str()).collect();
    let basis = basis.into_iter().collect::<Vec<_>>().join(", ");
    let what = format!("{} that {} used; coverage {basis}", number_of(actions.len() as u64, "action"), asked.who);
    let from = format!("from {}", number_of(events, "call"));
    // With companions their own note says what no log shows.
    let why = match asked.input.companions {
        true => from,
        false => format!("{from}; iam:PassRole is in no log and so in no policy made from one"),
    };
    context.note(&Message::note(what).why(why).try_this("-o table for the evidence of each action"));
    let denied: Vec<String> = actions.iter().filter(|line| is_denied(line)).map(|line| counted(line)).collect();
    if !denied.is_empty() {
        let what = format!("{} of them were only ever denied: {}", denied.len(), names_of(&denied));
        let message = Message::note(what).why("denied calls count, as in AWS's own policy generation");
        context.note(&message.try_this("--exclude-denied"));
    }
    let data: Vec<String> = actions.iter().filter(|line| is_data(line)).map(|line| counted(line)).collect();
    if !data.is_empty() {
        let what = format!("{} of them are known from data events alone: {}", data.len(), names_of(&data));
        let message = Message::note(what).why("AWS's own policy generation leaves them out");
        context.note(&message.try_this("--exclude-data-events"));
    }
    say_resources(context, answer, asked.input);
    say_companions(context, answer, asked.input);
    say_size(context, document, asked);
}

/// What stands for Resource, and where it could not be told.
fn say_resources(context: &Context, answer: &Answer, input: &Input) {
    match input.resources {
        Resources::None => {}
        Resources::Placeholder => {
            let message = Message::note("the resources are placeholders, as in AWS's own policy generation");
            context.note(&message.why("IAM takes no ${BucketName}").try_this("fill them in, or --resources observed"));
        }
        Resources::Observed => {
            if !answer.not_told.is_empty() {
                let names: Vec<String> = answer.not_told.iter().cloned().collect();
                let what = format!("Resource \"*\" where no record tells one: {}", names_of(&names));
                context.note(&Message::note(what).why("neither the record's resources nor its parameters name it"));
            }
            if !answer.partly_told.is_empty() {
                let names: Vec<String> = answer.partly_told.iter().cloned().collect();
                let what = format!("some calls do not tell their resource: {}", names_of(&names));
                let message = Message::note(what).why("the policy has the resources of their other calls");
                context.note(&message.try_this("tadoru test-policy, which counts such calls as unknown"));
            }
        }
    }
}

fn say_companions(context: &Context, answer: &Answer, input: &Input) {
    let proposed: Vec<String> = answer
        .of(Place::Companion)
        .map(|line| {
            let resources: Vec<String> = line.resources.iter().cloned().collect();
            format!("{} on {}", line.action, names_of(&resources))
        })
        .collect();
    if proposed.is_empty() {
        return;
    }
    let message = if input.companions {
        let message = Message::note(format!("in the policy though no log shows them: {}", names_of(&proposed)));
        message.why("--companions says so; their statements are named Companion…")
    } else {
        let message = Message::note(format!("probably needed, and in no log: {}", names_of(&proposed)));
        let message = message.why("calls passed a role to a service, or wrote under a KMS key");
        message.try_this("--companions, which adds them as statements of their own")
    };
    context.note(&message);
}

/// The limits of IAM that the document exceeds.
fn say_size(context: &Context, document: &serde_json::Value, asked: &Asked<'_>) {
    let characters = counted_characters(document);
    if let Some((kind, limit)) = asked.inline_limit.filter(|(_, limit)| characters > *limit) {
        let what = format!("with {characters} characters it fits no inline policy of a {kind}");
        let why = format!("IAM takes {limit} over all inline policies of a {kind}, without white space");
        context.note(&Message::note(what).why(why).try_this("a managed policy"));
    }
    if characters <= MANAGED_POLICY_CHARACTERS {
        return;
    }
    if asked.split == 0 {
        let what = format!("the policy has {characters} characters, too many for one managed policy");
        let message = Message::warning(what).why(format!("IAM takes {MANAGED_POLICY_CHARACTERS} without white space"));
        context.note(&message.try_this("--split, which makes several documents that fit"));
    } else if asked.split > ATTACHED_POLICIES {
        let what = format!("{} documents, and IAM attaches {ATTACHED_POLICIES} managed policies to one", asked.split);
        let message = Message::warning(what).why("that is the quota, which AWS raises on request");
        context.note(&message.try_this("--resources none, or a shorter window"));
    }
}

pub fn say_what_is_left_out(context: &Context, answer: &Answer, input: &Input) {
    let left_out = |place: Place, detail: &dyn Fn(&Line) -> String| -> Option<(u64, String)> {
        let texts: Vec<String> = answer.of(place).map(detail).collect();
        (!texts.is_empty()).then(|| (texts.len() as u64, names_of(&texts)))
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
    let flags = match (input.calls.regions.is_empty(), input.calls.accounts.is_empty()) {
        (false, true) => "--region",
        (true, false) => "--account",
        _ => "--region and --account",
    };
    let message = Message::note(format!("left out by {flags}: {}: {names}", number_of(count, "action")));
    if input.calls.regions.is_empty() {
        return message.why("they were recorded in other accounts").try_this("without --account");
    }
    let regions = answer.of(Place::OutsideFilter).filter_map(|line| line.seen.last_region.as_deref());
    let regions: BTreeSet<&str> = regions.collect();
    let why = if regions.contains("us-east-1") {
        "CloudTrail records IAM and other global services in us-east-1"
    } else {
        "they were recorded elsewhere"
    };
    let wanted = input.calls.regions.iter().map(String::as_str).chain(regions);
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

fn names_of(texts: &[String]) -> String {
    listed(texts.iter().map(String::as_str), ", ")
}

/// The first of them, and how many more there are.
pub fn listed<'t>(texts: impl ExactSizeIterator<Item = &'t str>, separator: &str) -> String {
    let more = texts.len().saturating_sub(MOST_NAMES);
    let shown: Vec<&str> = texts.take(MOST_NAMES).collect();
    let more = if more > 0 { format!("{separator}{more} more") } else { String::new() };
    format!("{}{more}", shown.join(separator))
}

/// Events of the principal that no known action stands for: no policy can be cut to them.
pub fn say_unmapped(context: &Context, answer: &Answer) {
    let unmapped: BTreeSet<&str> = answer.of(Place::Unmapped).map(|line| line.action.as_str()).collect();
    if !unmapped.is_empty() {
        let message =
            Message::warning("used, and no known action stands for it: what permits it may have been taken out");
        context.note(&message.why(listed(unmapped.into_iter(), ", ")));
    }
}
