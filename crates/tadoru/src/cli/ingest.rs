//! `tadoru ingest SOURCE...`: lists the sources, ingests what is new, shows progress on stderr and the summary on stdout.
//! `--dry-run` only says what there is to do.

mod bucket;
mod dry_run;
mod source;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use cloudtrail::log_file::Limits;
use indicatif::{ProgressBar, ProgressStyle};
use lake::ingest::{BATCH_BYTES, IngestError, IngestOptions, Outcome, Progress, ingest};
use lake::source::{NO_KEY, SourceFault};
use lake::stop_point;
use serde_json::{Value, json};

use super::{Context, argument};
use crate::clock::Now;
use crate::error::{Exit, Failure, Message, bad_lake};
use crate::output::Table;
use source::{SourceFlags, Sources};

pub use bucket::url as bucket_url;

#[derive(Debug, Args)]
pub struct Flags {
    /// Folders, files, s3://bucket/prefix, or - for standard input
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<PathBuf>,
    #[command(flatten)]
    source: SourceFlags,
    /// Say what would be read and how long it may take, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Threads that read and write [default: one a core]
    #[arg(long, value_name = "N", value_parser = argument::jobs, allow_negative_numbers = true)]
    jobs: Option<usize>,
    /// Seconds to wait for another process that writes to the lake
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let stop = stop_on_ctrl_c()?;
    let limits = Limits::default();
    let in_memory_bytes = context.config.test.stream_bytes.unwrap_or(limits.in_memory_bytes);
    let Some(sources) = Sources::open(context, &flags.sources, &flags.source, &stop)? else {
        return Ok(Exit::Interrupted);
    };
    if flags.dry_run {
        return dry_run::run(context, sources, &stop);
    }
    let options = IngestOptions {
        workers: flags.jobs.unwrap_or_else(cores),
        wait: Duration::from_secs(flags.wait),
        now_us: Now::clock().us,
        limits: Limits { in_memory_bytes, ..limits },
        batch_bytes: context.config.test.batch_bytes.unwrap_or(BATCH_BYTES),
    };
    if let Some((name, pass)) = context.config.test.stop_point.clone() {
        stop_point::arm(name, pass);
    }
    let began = Instant::now();
    let mut display = Display::new(context.quiet);
    let urls = sources.urls();
    let outcome = ingest_all(context, sources, &options, &stop, &mut display);
    display.end();
    let outcome = outcome.map_err(explain)?;
    let seconds = began.elapsed().as_secs_f64();
    report(context, &outcome, flags.source.is_narrow());
    report_faults(&outcome.faults, &urls);
    if !outcome.interrupted {
        super::lake::keep_up(context, options.workers, options.wait, &stop);
    }
    context.print(&summary_table(&outcome, seconds))?;
    Ok(exit(&outcome))
}

/// The sources one after the other, so that each sees what those before it left in the ledger.
fn ingest_all(
    context: &Context,
    sources: Sources,
    options: &IngestOptions,
    stop: &AtomicBool,
    display: &mut Display,
) -> Result<Outcome, IngestError> {
    let lake = &context.config.lake;
    let mut all = Outcome::default();
    if let Some(local) = sources.local {
        all.absorb(ingest(lake, local, options, stop, &mut |progress| display.show(&progress))?);
    }
    for (_, bucket) in sources.buckets {
        if !all.interrupted {
            all.absorb(ingest(lake, bucket, options, stop, &mut |progress| display.show(&progress))?);
        }
    }
    Ok(all)
}

fn exit(outcome: &Outcome) -> Exit {
    let is_refused = |fault: &SourceFault| bucket::is_refusal(fault);
    if outcome.interrupted {
        Exit::Interrupted
    } else if outcome.faults.is_empty() {
        Exit::Done
    } else if found(outcome) == 0 && outcome.faults.iter().all(is_refused) {
        Exit::NotPermitted
    } else {
        Exit::Partial
    }
}

/// Objects that were read now or before.
fn found(outcome: &Outcome) -> u64 {
    outcome.summary.files + outcome.summary.files_skipped - outcome.skipped.len() as u64
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The first Ctrl-C ends the run before the next batch; a second one ends the process at once. Both lose nothing that was
/// acknowledged.
pub(super) fn stop_on_ctrl_c() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::abort();
        }
    })?;
    Ok(stop)
}

fn explain(error: IngestError) -> anyhow::Error {
    let message = Message::error(error.to_string());
    let causes = |error: &dyn std::error::Error| {
        std::iter::successors(error.source(), |e| e.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
    };
    let why = causes(&error);
    let message = if why.is_empty() { message } else { message.why(why) };
    let kept = "what was committed before stays; mend it and run the same command again";
    match &error {
        IngestError::Lock(error) => bad_lake::of_lock(error).into(),
        IngestError::Catalog(_) => error.into(),
        IngestError::Write(_) | IngestError::Probe(_) => Failure::failed(message.try_this(kept)).into(),
    }
}

fn summary_table(outcome: &Outcome, seconds: f64) -> Table {
    let sum = &outcome.summary;
    let mut table = Table::new(&[
        "files",
        "files_skipped",
        "files_rejected",
        "records",
        "new_events",
        "duplicates",
        "conflicts",
        "rejected",
        "expired",
        "bytes_in",
        "seconds",
    ])
    .needing(&["files", "new_events", "duplicates", "rejected", "files_rejected", "files_skipped", "records"]);
    let numbers = [
        sum.files,
        sum.files_skipped,
        sum.files_rejected,
        sum.records,
        sum.new_events,
        sum.duplicates,
        sum.conflicts,
        sum.rejected,
        sum.expired,
        sum.bytes_in,
    ];
    let rounded = (seconds * 1000.0).round() / 1000.0;
    table.rows.push(numbers.into_iter().map(Value::from).chain([json!(rounded)]).collect());
    table
}

/// What the run found; `is_narrow`: as far as flags let it look.
fn report(context: &Context, outcome: &Outcome, is_narrow: bool) {
    if found(outcome) == 0 && outcome.faults.is_empty() {
        let message = Message::note("there was nothing to ingest");
        let other_source = "give the folder that holds AWSLogs/, or the .json.gz files themselves";
        context.note(&match outcome.skipped.is_empty() {
            true if is_narrow => message
                .why("no file of the source is of the accounts, regions and days that the flags ask for")
                .try_this("the same without --since, --until, --account and --region"),
            true => message.why("the source holds no files").try_this(other_source),
            false => message.why("no file may be opened").try_this(other_source),
        });
    }
    if found(outcome) > 0 {
        note_skipped(context, &outcome.skipped);
    }
    note_without_key(context, &outcome.skipped);
    report_rejected_files(outcome);
    if !outcome.record_rejects.is_empty() {
        let count: u64 = outcome.record_rejects.iter().map(|(_, n)| n).sum();
        context.note(
            &Message::note(counted(count, "record was", "records were", "rejected"))
                .why(words(&outcome.record_rejects))
                .try_this("tadoru sql 'select name, record_index, reason, detail from rejected_records'"),
        );
    }
    if outcome.interrupted {
        say_interrupted();
    }
}

/// What a run says that Ctrl-C ended.
pub(super) fn say_interrupted() {
    super::say(
        &Message::warning("interrupted; what was committed is kept")
            .try_this("run the same command again: it goes on where it stopped"),
    );
}

/// Rejected files are data and no failure, but somebody should look: `--quiet` does not hide them.
fn report_rejected_files(outcome: &Outcome) {
    let rejected = outcome.summary.files_rejected;
    let what = match rejected {
        0 => return,
        1 if outcome.summary.files == 1 => "the file was rejected as a whole: no event came from it".to_owned(),
        all if all == outcome.summary.files => {
            format!("all {all} files were rejected as a whole: no event came of them")
        }
        _ => counted(rejected, "file was", "files were", "rejected as a whole"),
    };
    super::say(
        &Message::warning(what)
            .why(words(&outcome.file_rejects))
            .try_this("tadoru sql 'select name, reason, detail from rejected_records'"),
    );
}

fn note_skipped(context: &Context, skipped: &[(String, &'static str)]) {
    let mut reasons: Vec<(&str, u64)> = Vec::new();
    for (_, reason) in skipped {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason, 1)),
        }
    }
    if !skipped.is_empty() {
        let what = counted(skipped.len() as u64, "object was", "objects were", "not opened");
        context.note(&Message::note(what).why(words(&reasons)));
    }
}

/// So many names are shown of what was left out or not read.
const NAMES_SHOWN: usize = 5;

fn note_without_key(context: &Context, skipped: &[(String, &'static str)]) {
    let names: Vec<&str> =
        skipped.iter().filter(|(_, reason)| *reason == NO_KEY).map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        return;
    }
    let shown = first_names(names.iter().copied());
    context.note(
        &Message::note(format!("left out, their names tell no account, region or time to go by:\n{shown}"))
            .try_this("ingest them without --since, --until, --account and --region"),
    );
}

/// The first names, one a line, and how many more there are.
fn first_names<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = names.len().saturating_sub(NAMES_SHOWN);
    let mut shown = names.take(NAMES_SHOWN).collect::<Vec<_>>().join("\n");
    if more > 0 {
        shown.push_str(&format!("\n… and {more} more"));
    }
    shown
}

/// Each kind of refusal comes once with what mends it.
fn report_faults(faults: &[SourceFault], urls: &[lake::source::s3_bucket::url::S3Url]) {
    let mut explained: Vec<&str> = Vec::new();
    for fault in faults.iter().take(NAMES_SHOWN) {
        let mut message =
            Message::warning(format!("not read: {}", fault.name)).why(format!("{}: {}", fault.reason, fault.detail));
        if !explained.contains(&fault.reason)
            && let Some(advice) = bucket::advice(fault, urls)
        {
            explained.push(fault.reason);
            message = message.try_this(advice);
        }
        super::say(&message);
    }
    if faults.len() > NAMES_SHOWN {
        super::say(&Message::warning(format!("{} more objects were not read", faults.len() - NAMES_SHOWN)));
    }
}

fn words(counts: &[(&str, u64)]) -> String {
    counts.iter().map(|(reason, count)| format!("{reason} {count}")).collect::<Vec<_>>().join(", ")
}

fn counted(count: u64, one: &str, several: &str, what: &str) -> String {
    format!("{count} {} {what}", if count == 1 { one } else { several })
}

/// A progress bar on a terminal, else a line every ten seconds.
struct Display {
    bar: Option<ProgressBar>,
    quiet: bool,
    began: Instant,
    last_line: Instant,
    bytes: u64,
}

impl Display {
    fn new(quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let style = "{bar:30} {bytes}/{total_bytes} · {msg} · {eta} left";
            ProgressBar::no_length().with_style(ProgressStyle::with_template(style).expect("the template is sound"))
        });
        let now = Instant::now();
        Self { bar, quiet, began: now, last_line: now, bytes: 0 }
    }

    fn show(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Listed { bytes, .. } => {
                self.bytes = *bytes;
                if let Some(bar) = &self.bar {
                    bar.set_length(*bytes);
                }
            }
            Progress::Waiting(who) => {
                if !self.quiet {
                    let what = "waiting for another process that writes to the lake";
                    super::say(&Message::note(what).why(who.to_string()));
                }
            }
            Progress::Committed(sum) => {
                let rate = sum.records as f64 / self.began.elapsed().as_secs_f64().max(0.001);
                let words = format!("{} files, {} records, {rate:.0} records/s", sum.files, sum.records);
                if let Some(bar) = &self.bar {
                    bar.set_position(sum.bytes_in);
                    bar.set_message(words);
                } else if !self.quiet && self.last_line.elapsed() >= Duration::from_secs(10) {
                    self.last_line = Instant::now();
                    let share = 100 * sum.bytes_in / self.bytes.max(1);
                    super::say(&Message::note(format!("{share} % of what is listed: {words}")));
                }
            }
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
