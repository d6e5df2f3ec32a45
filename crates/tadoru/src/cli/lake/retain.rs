//! `tadoru lake retain`: retires days of events and months of the rollup that are older than they are to be kept, and says which.

use std::time::Duration;

use ::lake::catalog::Table as LakeTable;
use ::lake::clean_up::clean_up;
use ::lake::retention::{Retention, retain};
use ::lake::timestamp::date_text;
use clap::Args;
use serde_json::{Value, json};

use super::super::{Context, argument};
use crate::clock::Now;
use crate::error::{Exit, Failure, Message};
use crate::output::Table;

#[derive(Debug, Args)]
pub struct Flags {
    /// Days of events to keep before today, or before an earlier --as-of [config: retention_days]
    #[arg(long, value_name = "N", value_parser = argument::days, allow_negative_numbers = true)]
    days: Option<u32>,
    /// Days of the rollup to keep; it goes by whole months [config: rollup_retention_days]
    #[arg(long, value_name = "N", value_parser = argument::days, allow_negative_numbers = true)]
    rollup_days: Option<u32>,
    /// Only show what would go
    #[arg(long)]
    dry_run: bool,
    /// Seconds to wait for another process that writes to the lake
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

pub fn run(context: &Context, flags: &Flags) -> anyhow::Result<Exit> {
    let config = &context.config;
    let end = super::counted_from(context)?;
    let retention = Retention {
        event_days: flags.days.or(config.retention_days),
        rollup_days: flags.rollup_days.or(config.rollup_retention_days),
        as_of_us: end.us,
    };
    if retention.event_days.is_none() && retention.rollup_days.is_none() {
        let message = Message::error("nothing says how long to keep what").why("the lake keeps everything by default");
        return Err(Failure::usage(message.try_this("tadoru lake retain --days 400 --dry-run")).into());
    }
    context.note(&super::counted_in_words(end));
    let now_us = Now::clock().us;
    let wait = Duration::from_secs(flags.wait);
    let on_wait = &mut |who: &str| super::say_waiting(context, who);
    let summary = retain(&config.lake, &retention, now_us, wait, flags.dry_run, on_wait).map_err(super::explain)?;
    if !flags.dry_run {
        clean_up(&config.lake, Now::clock().us, super::grace(context)).map_err(super::explain)?;
    }
    let mut table = Table::new(&["table", "day", "events", "files", "bytes", "result"]);
    let result = if flags.dry_run { "would_be_retired" } else { "retired" };
    table.rows = summary
        .parts
        .iter()
        .map(|part| {
            vec![
                json!(part.table.name()),
                json!(date_text(part.day)),
                json!(part.events),
                json!(part.files.len()),
                json!(part.size_bytes),
                Value::from(result),
            ]
        })
        .collect();
    if summary.parts.is_empty() {
        context.note(&Message::note("nothing is old enough").why(format!(
            "events of {} and the rollup of {} are kept",
            days(retention.event_days),
            days(retention.rollup_days)
        )));
    } else if flags.dry_run {
        context.note(&Message::note("nothing was retired: this was a dry run").try_this("the same without --dry-run"));
    } else {
        let days = summary.parts.iter().filter(|part| part.table == LakeTable::Events).count();
        let why = "what still arrives for them counts as expired; their files go 10 minutes from now";
        context.note(&Message::note(super::retired_in_words(&summary)).why(if days > 0 {
            why
        } else {
            "questions about them answer unknown"
        }));
    }
    if !summary.kept_months.is_empty() {
        let months: Vec<String> = summary.kept_months.iter().map(|month| date_text(*month)).collect();
        context.note(
            &Message::note(format!("the rollup keeps the months {}", months.join(", ")))
                .why("the lake still holds events of them, and the rollup sums up all events")
                .try_this("--days with no more days than --rollup-days"),
        );
    }
    context.print(&table)?;
    Ok(Exit::Done)
}

fn days(days: Option<u32>) -> String {
    days.map_or_else(|| "all days".to_owned(), |days| format!("{days} days"))
}
