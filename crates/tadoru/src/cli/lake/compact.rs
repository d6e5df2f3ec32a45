//! `tadoru lake compact`: merges small files until none is left to merge, folds the ledger's finished days, then removes
//! what no snapshot needs.

use std::time::{Duration, Instant};

use ::lake::catalog::Catalog;
use ::lake::clean_up::clean_up;
use ::lake::compaction::{CompactionOptions, compact};
use clap::Args;
use serde_json::{Value, json};

use super::super::{Context, argument, ingest, plural};
use crate::clock::Now;
use crate::error::{Exit, Message};
use crate::output::Table;

#[derive(Debug, Args)]
pub struct Flags {
    /// Merge larger files too, as long as what they make stays below 256 MB
    #[arg(long)]
    all: bool,
    /// Merges at once [default: one a core]
    #[arg(long, value_name = "N", value_parser = argument::jobs, allow_negative_numbers = true)]
    jobs: Option<usize>,
    /// Seconds to wait for another process that writes to the lake
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

pub fn run(context: &Context, flags: &Flags) -> anyhow::Result<Exit> {
    let stop = ingest::stop_on_ctrl_c()?;
    let options = CompactionOptions {
        workers: flags.jobs.unwrap_or_else(ingest::cores),
        wait: Duration::from_secs(flags.wait),
        least_files: 2,
        every_size: flags.all,
    };
    let folder = &context.config.lake;
    let began = Instant::now();
    let mut last_line = Instant::now();
    let sum = compact(
        folder,
        &options,
        &stop,
        &mut |sum| {
            if last_line.elapsed() >= Duration::from_secs(10) {
                last_line = Instant::now();
                context.note(&Message::note(format!("{} files merged into {}", sum.files_in, sum.merges)));
            }
        },
        &mut |who| super::say_waiting(context, who),
    )
    .map_err(super::explain)?;
    let seconds = began.elapsed().as_secs_f64();
    let folded = Catalog::open_to_write(folder)?.fold_ledger(1)?;
    let cleaned = clean_up(folder, Now::clock().us, super::grace(context)).map_err(super::explain)?;
    if sum.interrupted {
        ingest::say_interrupted();
    } else if sum.merges == 0 {
        context.note(&Message::note("there was nothing to merge").why("no partition has two small files"));
    }
    if sum.rows_out < sum.rows_in {
        context.note(&summed_up(sum.rows_in - sum.rows_out));
    }
    let rate = |amount: u64| json!((amount as f64 / seconds.max(0.001)).round() as u64);
    let columns: [(&str, Value); 15] = [
        ("merges", sum.merges.into()),
        ("files_in", sum.files_in.into()),
        ("rows_in", sum.rows_in.into()),
        ("rows_out", sum.rows_out.into()),
        ("bytes_in", sum.bytes_in.into()),
        ("bytes_out", sum.bytes_out.into()),
        ("dropped", sum.dropped.into()),
        ("ledger_rows_folded", folded.into()),
        ("snapshots_expired", cleaned.snapshots_expired.into()),
        ("files_removed", cleaned.files_removed.into()),
        ("orphans_removed", cleaned.orphans_removed.into()),
        ("bytes_removed", cleaned.bytes_removed.into()),
        ("seconds", json!((seconds * 1000.0).round() / 1000.0)),
        ("rows_per_second", rate(sum.rows_in)),
        ("bytes_per_second", rate(sum.bytes_in)),
    ];
    let mut table = Table::new(&columns.each_ref().map(|(name, _)| *name));
    table.rows.push(columns.into_iter().map(|(_, value)| value).collect());
    context.print(&table)?;
    Ok(if sum.interrupted { Exit::Interrupted } else { Exit::Done })
}

/// Why fewer rows come out of a merge than go in.
fn summed_up(fewer: u64) -> Message {
    let rows = plural(fewer, "row");
    Message::note(format!("{rows} of the rollup became part of others; no event is lost"))
        .why("access_daily holds partial sums by principal, event and day, and a merge adds them up")
}
