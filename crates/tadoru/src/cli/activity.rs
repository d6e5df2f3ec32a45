//! `tadoru activity WHO`: one timeline of everything that a user, role, access key, session or Identity Center user did. A
//! name that fits several principals is answered with the list of them.

use clap::Args;
use lake::timestamp::rfc3339_seconds;
use questions::activity::{self, Activity, Input, Summary};
use questions::principal_name::Who;
use questions::question_error::QuestionError;

use super::Context;
use super::selection::{SelectionFlags, note_cut};
use crate::error::{Exit, Failure, Message};

#[derive(Debug, Args)]
pub struct Flags {
    /// User name, ARN, role, access key id, session, Identity Center user, account id for its root user
    #[arg(value_name = "WHO")]
    who: String,
    #[command(flatten)]
    selection: SelectionFlags,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let (snapshot, now) = context.open()?;
    let selection = flags.selection.selection(context, now, &["via"])?;
    let input = Input { who: context.unquoted(&flags.who).to_owned(), selection };
    let timeline = activity::prepare(&snapshot, &input, now.us).map_err(named_in_full)?;
    context.explain(&timeline.statement()?);
    let Activity { who, answer, summary, is_cut, event_count_outside } = activity::list(&snapshot, timeline, now.us)?;
    let shown = answer.rows.len();
    flags.selection.print(context, &answer.columns, answer.rows)?;
    context.note(&match summary.event_count {
        0 => Message::note(format!("{}: no events in this window", name_of(&who)))
            .why(format!("{event_count_outside} events are of other times, or of other accounts or regions"))
            .try_this("another --since or --until, or none"),
        _ => {
            let ways: Vec<String> = summary.via.iter().map(|(label, count)| format!("{count} {label}")).collect();
            Message::note(format!("{}: {}", name_of(&who), told(&summary))).why(ways.join(", "))
        }
    });
    note_cut(context, shown, summary.event_count);
    if is_cut {
        context.note(
            &Message::warning("not all sessions that were started from here were followed")
                .why("more temporary keys were issued than are looked for at once")
                .try_this("a shorter window with --since and --until"),
        );
    }
    Ok(Exit::Done)
}

/// A name that fits several is mended by the command with the full ARN.
fn named_in_full(error: QuestionError) -> anyhow::Error {
    let one = match &error {
        QuestionError::AmbiguousPrincipal { candidates: names, .. }
        | QuestionError::UnknownPrincipal { similar: names, .. } => names.first().cloned(),
        _ => None,
    };
    let error = anyhow::Error::from(error);
    match one {
        Some(one) => {
            let Failure { message, exit } = Failure::of(&error);
            Failure { message: message.try_this(format!("tadoru activity {}", quoted(&one))), exit }.into()
        }
        None => error,
    }
}

/// As a shell takes it.
fn quoted(word: &str) -> String {
    if word.contains([' ', '$', '\'', '*']) { format!("'{}'", word.replace('\'', "'\\''")) } else { word.to_owned() }
}

fn name_of(who: &Who) -> String {
    match who {
        Who::Principal(principal) => principal.clone(),
        Who::AccessKey(key) => format!("access key {key}"),
        Who::Session { principal, session } => format!("session {session} of {principal}"),
        Who::IdentityCenterUser { principals, user_name } => {
            let name = user_name.as_deref().or_else(|| principals.first().map(String::as_str));
            format!("Identity Center user {}", name.unwrap_or("?"))
        }
    }
}

fn told(summary: &Summary) -> String {
    let count = |number: u64, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let span = summary
        .span_us
        .map_or_else(String::new, |(first, last)| format!(", {} to {}", rfc3339_seconds(first), rfc3339_seconds(last)));
    let (denied, errors) = (summary.denied_count, summary.error_count);
    format!(
        "{}{span}, {}, {denied} denied, {}",
        count(summary.event_count, "event"),
        count(summary.service_count, "service"),
        count(errors, "other error")
    )
}
