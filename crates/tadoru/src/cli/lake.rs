//! `tadoru lake compact|retain|check|info`: what keeps a lake fit and shows that it is. `ingest` does the first two by itself at
//! its end, through `keep_up`.

mod check;
mod compact;
mod info;
mod retain;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ::lake::catalog::{Catalog, Table};
use ::lake::retention::{Retention, RetentionSummary};
use ::lake::stop_point;
use ::lake::upkeep::{self, GRACE, UpkeepError, UpkeepOptions, UpkeepSummary};
use clap::{Args, Subcommand};

use super::Context;
use crate::clock::{Now, NowSource};
use crate::error::{Exit, Failure, Message, bad_lake};

#[derive(Debug, Args)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Merge small files, fold the ledger's finished days, remove files that nothing needs any more
    Compact(compact::Flags),
    /// Retire days that are older than they are to be kept
    Retain(retain::Flags),
    /// Verify that the lake is what it should be; exit code 1 where it is not
    Check,
    /// What the lake is made of: versions, files, bytes, snapshots, retired days
    Info,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    if let Some((name, pass)) = context.config.test.stop_point.clone() {
        stop_point::arm(name, pass);
    }
    match flags.command {
        Command::Compact(flags) => compact::run(context, &flags),
        Command::Retain(flags) => retain::run(context, &flags),
        Command::Check => check::run(context),
        Command::Info => info::run(context),
    }
}

/// Retention, compaction and clean-up at the end of an ingest, as far as they are due. What was ingested is acknowledged
/// already, so a failure is a warning.
pub fn keep_up(context: &Context, workers: usize, wait: Duration, stop: &AtomicBool) {
    let kept = counted_from(context).and_then(|end| {
        let retention = Retention {
            event_days: context.config.retention_days,
            rollup_days: context.config.rollup_retention_days,
            as_of_us: end.us,
        };
        let options = UpkeepOptions { workers, wait, now_us: Now::clock().us, grace: grace(context), retention };
        let kept = upkeep::keep(&context.config.lake, &options, stop, &mut |who| say_waiting(context, who))?;
        Ok((kept, end))
    });
    match kept {
        Ok((kept, end)) => say_kept(context, &kept, end),
        Err(error) => {
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            super::say(
                &Message::warning("what was ingested is kept, but the lake was not tidied up")
                    .why(causes.join(": "))
                    .try_this("tadoru lake check, then tadoru lake compact"),
            );
        }
    }
}

fn say_kept(context: &Context, kept: &UpkeepSummary, end: Now) {
    let merged = &kept.compaction;
    if merged.merges > 0 {
        context.note(&Message::note(format!("{} small files were merged into {}", merged.files_in, merged.merges)));
    }
    if !kept.retention.parts.is_empty() {
        context.note(&Message::note(retired_in_words(&kept.retention)).why("retention_days, rollup_retention_days"));
        context.note(&counted_in_words(end));
    }
}

fn retired_in_words(summary: &RetentionSummary) -> String {
    let of = |table: Table| summary.parts.iter().filter(move |part| part.table == table);
    let events: u64 = of(Table::Events).map(|part| part.events).sum();
    let (days, months) = (of(Table::Events).count(), of(Table::AccessDaily).count());
    let (days, months) = (super::plural(days as u64, "day"), super::plural(months as u64, "month"));
    format!("{days} with {} and {months} of the rollup were retired", super::plural(events, "event"))
}

/// How long replaced and retired files stay.
fn grace(context: &Context) -> Duration {
    context.config.test.grace_seconds.map_or(GRACE, Duration::from_secs)
}

/// The time that days are counted back from: the earlier of *now* and the clock, since a stray `--as-of` of a time to come
/// would retire everything.
fn counted_from(context: &Context) -> anyhow::Result<Now> {
    let own = Catalog::open(&context.config.lake)?.setting("as_of")?.and_then(|text| text.parse().ok());
    let (now, clock) = (context.now(own)?, Now::clock());
    Ok(if now.us < clock.us { now } else { clock })
}

fn counted_in_words(end: Now) -> Message {
    Message::note(format!("days are counted back from {}", end.to_rfc3339())).why(match end.source {
        NowSource::Clock => "it is the machine's clock; nothing is retired before its time, whatever --as-of says",
        NowSource::Lake => "the lake says so: it holds the sample organisation",
        NowSource::AsOf => "--as-of, TADORU_AS_OF or the configuration says so",
    })
}

pub fn say_waiting(context: &Context, who: &str) {
    context.note(&Message::note("waiting for another process that writes to the lake").why(who));
}

/// The failure of a command of this family, with what mends it.
pub fn explain(error: UpkeepError) -> anyhow::Error {
    let message = Message::error(error.to_string());
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    let message = match cause {
        Some(cause) => message.why(cause),
        None => message,
    };
    match &error {
        UpkeepError::Catalog(_) => error.into(),
        UpkeepError::Lock(error) => bad_lake::of_lock(error).into(),
        UpkeepError::Damaged(_) => Failure::failed(
            message
                .why("its bytes have another checksum; merging it would hide that")
                .try_this("tadoru lake check names all damage; restore the file from a backup"),
        )
        .into(),
        UpkeepError::Read(_) => Failure::failed(message.try_this("tadoru lake check")).into(),
        UpkeepError::Write(_) | UpkeepError::Io { .. } => {
            Failure::failed(message.try_this("mend it and run the same command again; the lake is as it was")).into()
        }
    }
}
