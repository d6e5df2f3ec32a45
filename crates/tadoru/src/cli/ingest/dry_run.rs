//! `tadoru ingest --dry-run`: objects, bytes, requests and an estimate of the time; nothing is read but listings and the
//! ledger, nothing is written.

use std::sync::atomic::{AtomicBool, Ordering};

use lake::ingest::plan::{Plan, plan};
use serde_json::Value;

use super::source::Sources;
use super::{note_skipped, note_without_key, report_faults};
use crate::cli::Context;
use crate::error::{Exit, Message};
use crate::output::Table;

/// Objects a second from S3: 16 requests at once, 40 ms each.
const OBJECTS_PER_SECOND: u64 = 400;
/// Stored bytes a second: gzipped logs on two cores.
const BYTES_PER_SECOND: u64 = 10 << 20;

pub fn run(context: &Context, sources: Sources, stop: &AtomicBool) -> anyhow::Result<Exit> {
    let urls = sources.urls();
    let lake = &context.config.lake;
    let mut plans = Vec::new();
    let (mut lists, mut gets) = (0, 0);
    if let Some(local) = sources.local {
        plans.push(plan(lake, local)?);
    }
    for (_, mut bucket) in sources.buckets {
        let of_bucket = plan(lake, &mut bucket)?;
        lists += bucket.requests().list;
        gets += of_bucket.files;
        plans.push(of_bucket);
    }
    if stop.load(Ordering::Relaxed) {
        return Ok(Exit::Interrupted);
    }
    let sum = |of: fn(&Plan) -> u64| plans.iter().map(of).sum::<u64>();
    let (files, bytes) = (sum(|plan| plan.files), sum(|plan| plan.bytes_in));
    let seconds = gets.div_ceil(OBJECTS_PER_SECOND).max(bytes.div_ceil(BYTES_PER_SECOND));
    let mut table =
        Table::new(&["files", "files_skipped", "bytes_in", "list_requests", "get_requests", "estimated_seconds"]);
    let numbers = [files, sum(|plan| plan.files_skipped), bytes, lists, gets, seconds];
    table.rows.push(numbers.into_iter().map(Value::from).collect());
    for plan in &plans {
        note_skipped(context, &plan.skipped);
        note_without_key(context, &plan.skipped);
        report_faults(&plan.faults, &urls);
    }
    let of_logs = format!("{} MiB/s of gzipped logs", BYTES_PER_SECOND >> 20);
    let rests_on = match urls.as_slice() {
        [] => of_logs,
        _ => format!(
            "{OBJECTS_PER_SECOND} objects/s from S3 (16 requests at once, 40 ms each) or {of_logs}, whichever takes longer"
        ),
    };
    context.note(
        &Message::note("nothing was read or written")
            .why(format!("the time rests on {rests_on}"))
            .try_this("the same command without --dry-run"),
    );
    context.print(&table)?;
    Ok(if plans.iter().all(|plan| plan.faults.is_empty()) { Exit::Done } else { Exit::Partial })
}
