//! `tadoru demo`: makes the sample organisation, ingests it into a lake of its own and asks the questions whose answers its
//! stories are. Needs no AWS account and no network.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use clap::Args;
use cloudtrail::log_file::Limits;
use iam::inventory::import::Import;
use lake::catalog::Catalog;
use lake::ingest::{BATCH_BYTES, IngestOptions, ingest};
use lake::source::{Listing, Place, SourceObject};
use sample::{Organization, Settings};

use super::Context;
use crate::clock::Now;
use crate::demo_story;
use crate::error::{Exit, Failure, Message};

#[derive(Debug, Args)]
pub struct Flags {
    /// How many distinct events
    #[arg(long, value_name = "N", default_value_t = Settings::default().events)]
    events: u64,
    /// Stop after the stories; serving comes with the endpoint
    #[arg(long)]
    no_serve: bool,
    /// Make the demo's lake anew where there is one
    #[arg(long)]
    fresh: bool,
}

/// Objects handed to one ingest at once: bounds what the demo holds in memory.
const OBJECTS_AT_ONCE: usize = 20_000;
/// Fewer events leave no room for the stories.
const FEWEST_EVENTS: u64 = 20_000;

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    if flags.events < FEWEST_EVENTS {
        let message = Message::error(format!("{} events are too few for the stories", flags.events));
        let message = message.why("the stories alone take thousands, and the days around them the rest");
        return Err(Failure::usage(message.try_this(format!("--events {FEWEST_EVENTS} or more"))).into());
    }
    let began = Instant::now();
    let organization = Organization::new(Settings { events: flags.events, ..Settings::default() });
    let folder = folder(context, flags.fresh)?;
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "Tadoru follows the trail: the sample organisation, 4 AWS accounts, {} days.\n",
        organization.days()
    )?;
    let summary = fill(&folder, &organization)?;
    take_inventory(&folder, &organization)?;
    let seconds = began.elapsed().as_secs_f64();
    if summary.files == 0 {
        writeln!(out, "Its lake stands already, in {}; --fresh makes it anew.\n", folder.display())?;
    } else {
        writeln!(
            out,
            "{} records in {} files: {} events, {} delivered twice and counted once. {seconds:.1} s.\n",
            summary.records, summary.files, summary.new_events, summary.duplicates
        )?;
    }
    out.flush()?;
    drop(out);
    tell(context, &folder)?;
    Ok(Exit::Done)
}

/// The demo's lake: `--lake`, else a folder beside the default lake, so that it never mixes with a company's logs.
fn folder(context: &Context, fresh: bool) -> anyhow::Result<PathBuf> {
    let folder = context.demo_lake();
    if !Catalog::path(&folder).exists() {
        return Ok(folder);
    }
    let holds_demo = Catalog::open(&folder)?.setting("as_of")?.is_some();
    if !holds_demo {
        let message = Message::error(format!("{} holds a lake that is not the demo's", folder.display()));
        let why = "the sample organisation must not mix with other logs";
        return Err(Failure::usage(message.why(why).try_this("tadoru demo --lake ./demo-lake")).into());
    }
    if fresh {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(folder)
}

/// Ingests the organisation's objects, as if they lay in a bucket.
fn fill(folder: &std::path::Path, organization: &Organization) -> anyhow::Result<lake::ingest::Summary> {
    let as_of_us = organization.as_of_us();
    let options = IngestOptions {
        workers: std::thread::available_parallelism().map_or(1, usize::from),
        wait: Duration::from_secs(60),
        now_us: Now::clock().us.max(as_of_us),
        limits: Limits::default(),
        batch_bytes: BATCH_BYTES,
    };
    let catalog = Catalog::open_or_create(folder)?;
    catalog.set_setting("as_of", &as_of_us.to_string())?;
    let never = AtomicBool::new(false);
    let mut objects = organization.objects().peekable();
    let mut sum = lake::ingest::Summary::default();
    while objects.peek().is_some() {
        let listing = Listing {
            objects: objects
                .by_ref()
                .take(OBJECTS_AT_ONCE)
                .map(|object| SourceObject {
                    name: format!("s3://sample-trail/{}", object.key),
                    size_bytes: object.bytes.len() as u64,
                    stamp: organization_stamp(&object.key),
                    place: Place::Memory(object.bytes.into()),
                })
                .collect(),
            ..Listing::default()
        };
        let outcome = ingest(folder, [listing], &options, &never, &mut |_| {})?;
        sum.add(&outcome.summary);
    }
    Ok(sum)
}

/// Imports the organisation's inventory, once.
fn take_inventory(folder: &std::path::Path, organization: &Organization) -> anyhow::Result<()> {
    let mut catalog = Catalog::open_or_create(folder)?;
    if !catalog.inventory_snapshots()?.is_empty() {
        return Ok(());
    }
    let mut import = Import::default();
    let mut sources = Vec::new();
    for file in organization.inventory(0) {
        import.add(file.document.to_string().as_bytes(), None)?;
        sources.push(format!("s3://sample-trail/{}", file.name));
    }
    let (parts, _) = import.finish()?;
    let as_of_us = organization.as_of_us();
    catalog.import_inventory(&parts, &sources, as_of_us, Now::clock().us.max(as_of_us))?;
    Ok(())
}

/// The sample's objects never change, so their keys are stamp enough.
fn organization_stamp(key: &str) -> String {
    key.rsplit('/').next().unwrap_or(key).to_owned()
}

fn tell(context: &Context, folder: &std::path::Path) -> anyhow::Result<()> {
    for (question, command) in demo_story::STORIES {
        let mut out = anstream::stdout().lock();
        writeln!(out, "\n{question}\n$ tadoru {}", shown(command))?;
        out.flush()?;
        drop(out);
        context.run_again(folder, command)?;
    }
    let mut out = anstream::stdout().lock();
    let lake = folder.display();
    writeln!(
        out,
        "\nTry next:\n  export TADORU_LAKE='{lake}'\n  tadoru activity Alice\n  tadoru access-advisor --all\n  \
         tadoru who-accessed 'iam:Create*'\n  tadoru sql 'SELECT eventsource, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC'\n\n\
         AWS's own commands, asked of this lake:\n  tadoru keys create --for arn:aws:iam::222222222222:user/Alice\n  tadoru serve &\n  \
         export AWS_ENDPOINT_URL=http://127.0.0.1:4599 AWS_DEFAULT_REGION=ap-northeast-1\n  \
         export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…      (what keys create printed)\n  \
         aws sts get-caller-identity\n  aws cloudtrail lookup-events --lookup-attributes AttributeKey=Username,AttributeValue=Alice\n\n\
         Your own logs:\n  tadoru ingest ./AWSLogs --lake ./lake && tadoru status --lake ./lake"
    )?;
    Ok(())
}

/// The command as a person would type it.
fn shown(command: &[&str]) -> String {
    let quoted = |word: &&str| {
        if word.contains(['\'']) {
            format!("\"{word}\"")
        } else if word.contains([' ', '*', '$', '(', '?']) {
            format!("'{word}'")
        } else {
            (*word).to_owned()
        }
    };
    command.iter().map(quoted).collect::<Vec<_>>().join(" ")
}
