//! `tadoru who-accessed ACTION`: which principals used an action, newest first.

use clap::Args;
use questions::who_accessed::{self, Input};
use serde_json::json;

use super::Context;
use super::access_advisor::window;
use crate::error::{Exit, Message};
use crate::output::{Table, from_lake};

#[derive(Debug, Args)]
pub struct Flags {
    /// An action as in policies: s3:DeleteBucket, iam:Create*
    #[arg(value_name = "ACTION")]
    action: String,
    /// From this time on: 30d, 2024-06-01, RFC 3339 [default: the beginning of the logs]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Up to this time [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let (snapshot, now) = context.open()?;
    let action = context.unquoted(&flags.action).to_owned();
    let input = Input { action, window: window(flags.since.as_deref(), flags.until.as_deref(), now)? };
    let answer = who_accessed::ask(&snapshot, &context.service_reference()?, &input, now.us)?;
    if let Some(sql) = answer.sql.as_ref().filter(|_| context.explain) {
        context.note(&Message::note(sql.trim()));
    }
    let mut table = Table::new(&[
        "principal",
        "action",
        "last_used",
        "event_count",
        "denied_count",
        "last_region",
        "first_used",
        "last_event_id",
    ]);
    for line in &answer.lines {
        let seen = &line.seen;
        let action = if line.is_unmapped { format!("{} (unmapped)", line.action) } else { line.action.clone() };
        table.rows.push(vec![
            json!(line.principal),
            json!(action),
            json!(from_lake::time(seen.last_us)),
            json!(seen.event_count),
            json!(seen.denied_count),
            json!(seen.last_region),
            json!(from_lake::time(seen.first_us)),
            json!(seen.last_event_id),
        ]);
    }
    context.print(&table)?;
    if answer.lines.is_empty() {
        let why = match answer.events.as_slice() {
            [] => {
                "no event of the logs stands for it; data events are recorded only where a trail is told to".to_owned()
            }
            events => format!("its events ({}) lie outside the window", events.join(", ")),
        };
        context.note(&Message::note(format!("nobody used {}", input.action)).why(why).try_this("tadoru status"));
    }
    Ok(Exit::Done)
}
