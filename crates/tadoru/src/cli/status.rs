//! `tadoru status`: what the lake holds, one row per account; `--gaps`, `--sources` and `--rejects` are its other tables.
//! What concerns the whole lake is said in notes on stderr.

use clap::Args;
use lake::catalog::LakeCounts;
use questions::coverage::{Basis, Gap, GapRule};
use questions::status::Status;
use serde_json::{Value, json};

use super::{Context, plural};
use crate::clock::Now;
use crate::error::{Exit, Message};
use crate::output::{Table, from_lake};

/// What empties of a lake are mended by.
const TRY_TO_FILL: &str = "tadoru ingest FOLDER   (or tadoru demo: the sample organisation)";
/// Gaps that the notes name one by one.
const NAMED_GAPS: usize = 5;
/// Log files that are named for a gap.
const NAMED_FILES: usize = 3;

#[derive(Debug, Args)]
pub struct Flags {
    /// The stretches without logs, each with the rule that found it
    #[arg(long, conflicts_with_all = ["sources", "rejects"])]
    gaps: bool,
    /// What was ingested, by kind of object
    #[arg(long, conflicts_with = "rejects")]
    sources: bool,
    /// What was rejected, by reason
    #[arg(long)]
    rejects: bool,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let (snapshot, now) = context.open()?;
    if context.explain {
        for statement in Status::statements() {
            context.note(&Message::note(statement.trim()));
        }
    }
    let status = Status::read(&snapshot, now.us)?;
    say_what_concerns_the_lake(context, &status);
    context.print(&match () {
        () if flags.gaps => gaps(&status),
        () if flags.sources => sources(&status),
        () if flags.rejects => rejects(&status),
        () => accounts(&status, now),
    })?;
    if !flags.gaps {
        say_gaps(context, &status);
    }
    say_files(context, &status);
    say_proof(context, &status);
    if !flags.rejects {
        say_rejects(context, &status);
    }
    Ok(Exit::Done)
}

fn say_what_concerns_the_lake(context: &Context, status: &Status) {
    let counts = &status.counts;
    let folder = status.folder.display();
    if counts.objects == 0 {
        let empty = Message::note(format!("the lake in {folder} is empty")).why("nothing was ingested into it");
        return context.note(&empty.try_this(TRY_TO_FILL));
    }
    let events = status.event_count;
    let mut head = format!(
        "{} of {} in {folder}: DuckLake 1.0, snapshot {}",
        plural(events, "event"),
        plural(status.accounts.len() as u64, "account"),
        status.snapshot
    );
    if let Some((first, last)) = status.event_span_us {
        head.push_str(&format!("\n{} to {}", from_lake::time(first), from_lake::time(last)));
    }
    if status.retired_count > 0 {
        let retired = plural(status.retired_count, "more event");
        head.push_str(&format!("\nretention took out days with {retired}"));
    }
    let sum = format!(
        "{}\n{} of {}; the lake takes {}",
        conservation(counts),
        plural(counts.objects.unsigned_abs(), "object"),
        size(counts.bytes_in),
        size(status.size_bytes as i64)
    );
    context.note(&Message::note(head).why(sum));
    if !status.is_conserved() {
        let what = format!("the counts do not add up: {events} events are in the lake");
        context.note(&Message::warning(what).why(conservation(counts)).try_this("report it: this is a bug of tadoru"));
    } else if events == 0 && status.retired_count == 0 {
        context.note(
            &Message::note("no object held an event").why("see what was rejected").try_this("tadoru status --rejects"),
        );
    }
}

fn conservation(counts: &LakeCounts) -> String {
    let LakeCounts { records, new_events, duplicates, rejected, expired, conflicts, .. } = counts;
    let conflicts = if *conflicts > 0 { format!(" ({conflicts} with another event's id)") } else { String::new() };
    format!(
        "{records} records = {new_events} new{conflicts} + {duplicates} duplicate + {rejected} rejected + {expired} expired"
    )
}

/// Bytes as people read them; the tables have the numbers.
fn size(bytes: i64) -> String {
    let mut amount = bytes as f64;
    let mut unit = "B";
    for larger in ["kB", "MB", "GB", "TB"] {
        if amount < 1000.0 {
            break;
        }
        amount /= 1000.0;
        unit = larger;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{amount:.1} {unit}") }
}

fn say_gaps(context: &Context, status: &Status) {
    let all: Vec<_> = all_gaps(status).collect();
    if all.is_empty() {
        return;
    }
    let mut lines: Vec<String> =
        all.iter().take(NAMED_GAPS).map(|(account, gap)| format!("{account} {gap} ({})", gap.rule.as_str())).collect();
    if all.len() > NAMED_GAPS {
        lines.push(format!("and {} more", all.len() - NAMED_GAPS));
    }
    let what = format!("{} in the logs; what lies in one is unknown, not unused", plural(all.len() as u64, "gap"));
    context.note(&Message::note(what).why(lines.join("\n")).try_this("tadoru status --gaps"));
}

/// The log files that digests list and the lake lacks, or has otherwise.
fn say_files(context: &Context, status: &Status) {
    for rule in [GapRule::MissingFile, GapRule::AlteredFile, GapRule::RejectedFile] {
        let gaps = all_gaps(status).filter(|(_, gap)| gap.rule == rule);
        let files: Vec<&String> = gaps.flat_map(|(_, gap)| &gap.files).collect();
        if files.is_empty() {
            continue;
        }
        let mut lines: Vec<String> = files.iter().take(NAMED_FILES).map(|name| (*name).clone()).collect();
        if files.len() > NAMED_FILES {
            lines.push(format!("and {} more", files.len() - NAMED_FILES));
        }
        let (what, mend) = match rule {
            GapRule::MissingFile => {
                ("that digests list and the lake lacks", "ingest the folder or bucket that has them")
            }
            GapRule::AlteredFile => {
                ("with other bytes than their digests list", "ingest the originals from the bucket")
            }
            _ => ("rejected as a whole", "tadoru status --rejects"),
        };
        let what = format!("{} {what}", plural(files.len() as u64, "log file"));
        context.note(&Message::note(what).why(lines.join("\n")).try_this(mend));
    }
}

/// What a proof rests on, where there is one.
fn say_proof(context: &Context, status: &Status) {
    let coverages = || status.accounts.iter().filter_map(|account| account.coverage.as_ref());
    let proven = coverages().filter(|coverage| coverage.basis() == Basis::Proven).count();
    if proven > 0 {
        let what = format!("the coverage of {} is proven by digest files", plural(proven as u64, "account"));
        context
            .note(&Message::note(what).why("they list each log file and its hash; their signatures were not checked"));
    }
    let not_compared: i64 = coverages().map(|coverage| coverage.not_compared).sum();
    if not_compared > 0 {
        let files = plural(not_compared.unsigned_abs(), "listed log file");
        let why = "they are there, but their digests came when only their names were kept";
        context.note(&Message::note(format!("{files} could not be compared with their digests")).why(why));
    }
}

fn say_rejects(context: &Context, status: &Status) {
    if status.rejects.is_empty() {
        return;
    }
    let records: i64 = status.rejects.iter().map(|reject| reject.records).sum();
    let files: i64 = status.rejects.iter().map(|reject| reject.files).sum();
    let reasons: Vec<String> =
        status.rejects.iter().map(|reject| format!("{} {}", reject.reason, reject.records + reject.files)).collect();
    let what = format!(
        "{} and {} were rejected",
        plural(records.unsigned_abs(), "record"),
        plural(files.unsigned_abs(), "whole file")
    );
    context.note(&Message::note(what).why(reasons.join(", ")).try_this("tadoru status --rejects"));
}

fn accounts(status: &Status, now: Now) -> Table {
    let mut table = Table::new(&[
        "account",
        "event_count",
        "first_event",
        "last_event",
        "regions",
        "covered_from",
        "complete_to",
        "hours_behind",
        "basis",
        "gap_count",
    ])
    .needing(&[
        "account",
        "event_count",
        "complete_to",
        "gap_count",
        "basis",
        "hours_behind",
        "last_event",
        "first_event",
    ]);
    for account in &status.accounts {
        let coverage = account.coverage.as_ref();
        let behind = |until_us: i64| {
            let hours = (now.us - until_us).max(0) as f64 / 3_600_000_000.0;
            json!((hours * 10.0).round() / 10.0)
        };
        table.rows.push(vec![
            json!(account.account),
            json!(account.event_count),
            time(account.event_span_us.map(|span| span.0)),
            time(account.event_span_us.map(|span| span.1)),
            coverage.map_or(Value::Null, |c| json!(c.regions)),
            time(coverage.map(|c| c.from_us)),
            time(coverage.map(|c| c.until_us)),
            coverage.map_or(Value::Null, |c| behind(c.until_us)),
            coverage.map_or(Value::Null, |c| json!(c.basis().as_str())),
            coverage.map_or(Value::Null, |c| json!(c.gaps.len())),
        ]);
    }
    table
}

fn all_gaps(status: &Status) -> impl Iterator<Item = (&str, &Gap)> {
    let coverages = status.accounts.iter().filter_map(|account| account.coverage.as_ref());
    coverages.flat_map(|coverage| coverage.gaps.iter().map(|gap| (coverage.account.as_str(), gap)))
}

fn gaps(status: &Status) -> Table {
    let mut table = Table::new(&[
        "account",
        "region",
        "gap_from",
        "gap_until",
        "hours",
        "rule",
        "rule_text",
        "file_count",
        "files",
    ])
    .needing(&["account", "region", "gap_from", "gap_until", "rule", "file_count", "hours"]);
    table.rows = all_gaps(status)
        .map(|(account, gap)| {
            let hours = (gap.until_us - gap.from_us) as f64 / 3_600_000_000.0;
            vec![
                json!(account),
                json!(gap.region),
                time(Some(gap.from_us)),
                time(Some(gap.until_us)),
                json!((hours * 10.0).round() / 10.0),
                json!(gap.rule.as_str()),
                json!(gap.rule.sentence()),
                json!(gap.files.len()),
                json!(gap.files.iter().take(NAMED_FILES).collect::<Vec<_>>()),
            ]
        })
        .collect();
    table
}

fn sources(status: &Status) -> Table {
    let mut table = Table::new(&[
        "kind",
        "objects",
        "rejected_objects",
        "bytes_in",
        "inflated_bytes",
        "records",
        "new_events",
        "duplicates",
        "conflicts",
        "rejected",
        "expired",
        "first_delivered",
        "last_delivered",
        "last_ingested",
    ])
    .needing(&[
        "kind",
        "objects",
        "records",
        "new_events",
        "duplicates",
        "rejected",
        "rejected_objects",
        "last_delivered",
    ]);
    for source in &status.sources {
        let counts = &source.counts;
        table.rows.push(vec![
            json!(source.kind),
            json!(counts.objects),
            json!(source.rejected_objects),
            json!(counts.bytes_in),
            json!(source.inflated_bytes),
            json!(counts.records),
            json!(counts.new_events),
            json!(counts.duplicates),
            json!(counts.conflicts),
            json!(counts.rejected),
            json!(counts.expired),
            time(source.delivery_span_us.map(|span| span.0)),
            time(source.delivery_span_us.map(|span| span.1)),
            time(source.last_ingested_at_us),
        ]);
    }
    table
}

fn rejects(status: &Status) -> Table {
    let mut table = Table::new(&["reason", "records", "files", "objects", "example", "detail"]);
    for reject in &status.rejects {
        table.rows.push(vec![
            json!(reject.reason),
            json!(reject.records),
            json!(reject.files),
            json!(reject.objects),
            json!(reject.example),
            json!(reject.detail),
        ]);
    }
    table
}

fn time(us: Option<i64>) -> Value {
    us.map_or(Value::Null, |us| from_lake::time(us).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal_above_a_kilobyte() {
        let check = |bytes: i64, expected: &str| assert_eq!(size(bytes), expected);
        check(0, "0 B");
        check(999, "999 B");
        check(1_000, "1.0 kB");
        check(12_345_678, "12.3 MB");
        check(5_000_000_000_000_000, "5000.0 TB");
    }
}
