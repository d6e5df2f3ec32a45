//! `tadoru inventory import FILE...`: one snapshot out of the files that `aws` printed, in any order.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::lake::catalog::{Catalog, PartChange};
use ::lake::stop_point;
use ::lake::writer_lock::WriterLock;
use anyhow::Context as _;
use clap::Args;
use iam::inventory::Entity;
use iam::inventory::content::Fault;
use iam::inventory::import::Import;
use iam::policy_document::PolicyDocument;
use serde_json::{Value, json};

use super::super::Context;
use crate::clock::Now;
use crate::error::{Exit, Failure, Message};
use crate::output::{Table, from_lake};
use crate::time_argument;

/// A file of more bytes is no inventory: the largest accounts have some tens of MB.
const MOST_BYTES: u64 = 1 << 30;

#[derive(Debug, Args)]
#[command(after_help = "Recognised are the answers, as JSON, of
  iam            get-account-authorization-details, get-credential-report (also its CSV), list-access-keys, list-account-aliases
  identitystore  list-users, list-groups, list-group-memberships
  sso-admin      list-instances, list-permission-sets, describe-permission-set, list-account-assignments
  organizations  list-accounts, list-roots, list-organizational-units-for-parent, list-policies, describe-policy
  cloudtrail     describe-trails, get-event-selectors
several of them in one file as {\"ListInstances\": {…}, \"DescribePermissionSet\": [{…}, …]}, and what tadoru inventory collect saved.")]
pub struct Flags {
    /// Files, folders with .json and .csv files, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The account of answers that do not name it
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Option<String>,
    /// When AWS gave the answers [default: now]
    #[arg(long, value_name = "TIME")]
    taken_at: Option<String>,
    /// Seconds to wait for another process that writes to the lake
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

fn account(text: &str) -> Result<String, String> {
    let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_id { Ok(text.to_owned()) } else { Err("an account id has 12 digits".to_owned()) }
}

pub fn run(context: &Context, flags: &Flags) -> anyhow::Result<Exit> {
    if let Some((name, pass)) = context.config.test.stop_point.clone() {
        stop_point::arm(name, pass);
    }
    let mut files = Vec::new();
    for path in &flags.files {
        list(path, &mut files).with_context(|| format!("cannot read {}", path.display()))?;
    }
    let mut import = Import::default();
    let mut taken = Vec::new();
    let mut refused = 0;
    for path in &files {
        match read(path).and_then(|bytes| import.add(&bytes, flags.account.as_deref())) {
            Ok(_) => taken.push(path.display().to_string()),
            Err(fault) => {
                refused += 1;
                context.say(&refusal(&format!("{} was not taken", path.display()), &fault));
            }
        }
    }
    if taken.is_empty() {
        let message = Message::error("nothing was imported").why(match files.len() {
            0 => "there is no .json or .csv file".to_owned(),
            count => format!("{count} files, and none was taken"),
        });
        return Err(
            Failure::failed(message.try_this("tadoru inventory import --help, which lists what is known")).into()
        );
    }
    let taken_at = |now: Now| match &flags.taken_at {
        Some(text) => Ok(time_argument::parse(text, now)?),
        None => Ok(now.us),
    };
    store(context, import, &taken, flags.wait, taken_at)?;
    if refused > 0 {
        let message =
            Message::warning(format!("{refused} of {} files were not taken; the rest is imported", files.len()));
        context.note(&message);
        return Ok(Exit::Partial);
    }
    Ok(Exit::Done)
}

/// Makes a snapshot of what was read from `sources`, and prints what it changed. `taken_at` says when AWS gave the answers,
/// from the one *now*.
pub(super) fn store(
    context: &Context,
    import: Import,
    sources: &[String],
    wait_seconds: u64,
    taken_at: impl FnOnce(Now) -> anyhow::Result<i64>,
) -> anyhow::Result<()> {
    let (parts, warnings) =
        import.finish().map_err(|fault| Failure::failed(refusal("nothing was imported", &fault)))?;
    warnings.iter().for_each(|warning| context.note(&Message::warning(warning)));
    let broken: Vec<String> = parts.iter().flat_map(|part| &part.entities).flat_map(broken_policies).collect();
    if !broken.is_empty() {
        let more = broken.len().saturating_sub(5);
        let more = if more > 0 { format!("\n{more} more") } else { String::new() };
        let message =
            Message::warning(format!("{} policies cannot be read; what they grant is not known", broken.len()));
        context.note(&message.why(broken[..broken.len().min(5)].join("\n") + &more));
    }

    let lake = &context.config.lake;
    let mut catalog = Catalog::open_or_create(lake)?;
    let now = context.now(catalog.setting("as_of")?.and_then(|text| text.parse().ok()))?;
    let taken_at_us = taken_at(now)?;
    let on_wait = &mut |who: &str| super::super::lake::say_waiting(context, who);
    let _lock = WriterLock::acquire(lake, Duration::from_secs(wait_seconds), on_wait)
        .map_err(|error| super::super::lake::explain(error.into()))?;
    let (id, changes) = catalog.import_inventory(&parts, sources, taken_at_us, Now::clock().us)?;
    context.print(&table(id, taken_at_us, &changes))?;
    note_emptied(context, &changes);
    Ok(())
}

/// The policies of an entity that are no policies, each with the reason.
fn broken_policies(entity: &Entity) -> Vec<String> {
    let own = entity.inline_policies();
    let managed = entity.default_version().map(|document| (entity.name.as_str(), document));
    let broken = |(name, document): (&str, &Value)| {
        let parsed = match document {
            Value::String(text) => PolicyDocument::parse_text(text),
            document => PolicyDocument::parse(document),
        };
        parsed.err().map(|error| format!("{} {}: {name}: {error}", entity.extent.kind, entity.key))
    };
    own.chain(managed).filter_map(broken).collect()
}

pub(super) fn refusal(what: &str, fault: &Fault) -> Message {
    let message = Message::error(what).why(&fault.what);
    match &fault.try_this {
        Some(try_this) => message.try_this(try_this),
        None => message.try_this("tadoru inventory import --help, which lists what is known"),
    }
}

/// The files that a path means, those of a folder by name.
fn list(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path == Path::new("-") || !path.metadata()?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        let kind = entry.symlink_metadata()?.file_type();
        let ending = entry.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
        if kind.is_dir() {
            list(&entry, files)?;
        } else if kind.is_file() && matches!(ending.as_str(), "json" | "csv") {
            files.push(entry);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let read = |source: &mut dyn Read| {
        let mut bytes = Vec::new();
        source.take(MOST_BYTES + 1).read_to_end(&mut bytes).map(|_| bytes)
    };
    let bytes = if path == Path::new("-") {
        read(&mut std::io::stdin().lock())
    } else if path.metadata().is_ok_and(|file| !file.is_file()) {
        return Err(Fault::new("it is not a file"));
    } else {
        std::fs::File::open(path).and_then(|mut file| read(&mut file))
    };
    match bytes {
        Ok(bytes) if bytes.len() as u64 > MOST_BYTES => Err(Fault::new("it has more than 1 GiB")),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(Fault::new(format!("it cannot be read: {error}"))),
    }
}

fn table(id: i64, taken_at_us: i64, changes: &[PartChange]) -> Table {
    let mut table =
        Table::new(&["inventory_id", "taken_at", "kind", "scope", "entities", "before", "added", "removed", "changed"]);
    table.rows = changes
        .iter()
        .map(|change| {
            vec![
                json!(id),
                json!(from_lake::time(taken_at_us)),
                json!(change.extent.kind.name()),
                json!(change.extent.scope),
                json!(change.entities),
                json!(change.before),
                json!(change.added),
                json!(change.removed),
                json!(change.changed),
            ]
        })
        .collect();
    table
}

/// A list that was full before and is empty now is more often a filter than a clean-up.
fn note_emptied(context: &Context, changes: &[PartChange]) {
    for change in changes.iter().filter(|change| change.entities == 0) {
        let Some(before) = change.before.filter(|before| *before > 0) else { continue };
        let what = format!("{} of {}: none now, {before} before", change.extent.kind, change.extent.scope);
        let message = Message::warning(what).why("the file lists none; was it made with --filter?");
        context.note(&message.try_this("tadoru inventory diff, which shows what went"));
    }
}
