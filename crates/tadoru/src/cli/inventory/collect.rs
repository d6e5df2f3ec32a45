//! `tadoru inventory collect`: reads what one or several accounts say about permissions, with read-only calls, and hands the
//! answers over as one document for each account. What was refused is told, the rest is done.

mod document_file;
mod refusal;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Args;
use iam::inventory::import::Import;
use indicatif::{ProgressBar, ProgressStyle};
use lake::source::aws_account::{ApiFailure, AwsAccount, AwsOptions, Caller, CollectedAccount, operation};
use serde_json::{Value, json};

use crate::cli::{Context, argument, ingest};
use crate::clock::Now;
use crate::error::{Exit, Failure, Message};
use crate::output::Table;

#[derive(Debug, Args)]
pub struct Flags {
    /// Profile of ~/.aws/config; repeatable, one account each [default: as the AWS SDK chooses]
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// Role to assume, with the credentials of the one profile; repeatable, one account each
    #[arg(long, value_name = "ARN", value_parser = argument::role_arn)]
    role_arn: Vec<String>,
    /// External id that the roles' trust policies ask for
    #[arg(long, value_name = "ID", requires = "role_arn")]
    external_id: Option<String>,
    /// Region to look in for trails and IAM Identity Center; repeatable [default: the configured one]
    #[arg(long, value_name = "REGION", value_delimiter = ',', value_parser = argument::region)]
    region: Vec<String>,
    /// Folder that keeps the answers too, a file for each account, to be reviewed or imported elsewhere
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// Only keep the answers; make no snapshot in the lake
    #[arg(long, requires = "save")]
    no_import: bool,
    /// Only ask whose credentials these are, and say which calls would be made
    #[arg(long)]
    dry_run: bool,
    /// Seconds to wait for another process that writes to the lake
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
}

/// Answers of one account, as an import reads them.
pub struct CollectedDocument {
    pub account: String,
    /// Whose credentials were used, for people.
    source: String,
    answers: usize,
    requests: u64,
    pub document: Value,
}

/// One set of credentials.
struct Target {
    options: AwsOptions,
    /// As typed, for people.
    name: String,
}

/// What came of all targets.
struct Outcome {
    collected_at: Now,
    documents: Vec<CollectedDocument>,
    /// Of targets that could not be asked, and of calls that were refused.
    failures: Vec<ApiFailure>,
    /// Whether anything was answered but whose credentials these are.
    is_anything_answered: bool,
    is_interrupted: bool,
}

pub fn run(context: &Context, flags: &Flags) -> anyhow::Result<Exit> {
    let targets = targets(flags)?;
    let stop = ingest::stop_on_ctrl_c()?;
    if flags.dry_run {
        return dry_run(context, flags, &targets, &stop);
    }
    if let Some(folder) = &flags.save {
        document_file::make_folder(folder)?;
    }
    let mut outcome = Outcome::new();
    for target in &targets {
        collect(context, flags, target, &stop, &mut outcome)?;
        if outcome.is_interrupted {
            break;
        }
    }
    let mut saved = Table::new(&["account", "file", "answers", "requests"]);
    for document in &outcome.documents {
        let Some(folder) = &flags.save else { break };
        let file = document_file::save(folder, document)?;
        let numbers = [document.answers.into(), document.requests.into()];
        saved.rows.push([json!(document.account), json!(file)].into_iter().chain(numbers).collect());
    }
    if flags.no_import {
        context.print(&saved)?;
    } else if outcome.is_anything_answered && !outcome.is_interrupted {
        // A snapshot of some of the accounts would look as if that had been wanted.
        hand_over(context, flags, std::mem::take(&mut outcome.documents), outcome.collected_at)?;
    }
    Ok(outcome.exit())
}

/// Hands the documents to the import, which makes one snapshot of them and prints what it changed.
fn hand_over(
    context: &Context,
    flags: &Flags,
    documents: Vec<CollectedDocument>,
    collected_at: Now,
) -> anyhow::Result<()> {
    let mut import = Import::default();
    let mut sources = Vec::new();
    for CollectedDocument { account, source, document, .. } in documents {
        let bytes = serde_json::to_vec(&document)?;
        // Large accounts are large: one form of the answers at a time.
        drop(document);
        let added = import.add(&bytes, Some(&account));
        let what = format!("what account {account} answered cannot be imported");
        added.map_err(|fault| Failure::failed(super::import::refusal(&what, &fault)))?;
        sources.push(format!("account {account} by {source}"));
    }
    // AWS answers of the clock's now, whatever --as-of says.
    super::import::store(context, import, &sources, flags.wait, |_| Ok(collected_at.us))
}

/// The accounts to ask: one for each role, else for each profile, else the one of the SDK's choice.
fn targets(flags: &Flags) -> anyhow::Result<Vec<Target>> {
    let options = AwsOptions { external_id: flags.external_id.clone(), ..AwsOptions::default() };
    if flags.role_arn.is_empty() {
        let of = |profile: &String| Target {
            options: AwsOptions { profile: Some(profile.clone()), ..options.clone() },
            name: format!("profile {profile}"),
        };
        if flags.profile.is_empty() {
            return Ok(vec![Target { options, name: "the configured credentials".to_owned() }]);
        }
        return Ok(flags.profile.iter().map(of).collect());
    }
    if flags.profile.len() > 1 {
        return Err(refusal::several_profiles().into());
    }
    let profile = flags.profile.first().cloned();
    let of = |role: &String| Target {
        options: AwsOptions { profile: profile.clone(), role_arn: Some(role.clone()), ..options.clone() },
        name: format!("role {role}"),
    };
    Ok(flags.role_arn.iter().map(of).collect())
}

/// Opens one target; `None` where it failed, which is told, or Ctrl-C came first.
fn open(
    context: &Context,
    flags: &Flags,
    target: &Target,
    stop: &AtomicBool,
    outcome: &mut Outcome,
) -> anyhow::Result<Option<AwsAccount>> {
    match AwsAccount::open(&target.options, &flags.region, stop)? {
        None => outcome.is_interrupted = true,
        Some(Ok(account)) => return Ok(Some(account)),
        Some(Err(failure)) => {
            context.say(&refusal::not_opened(&target.name, &failure));
            outcome.failures.push(failure);
        }
    }
    Ok(None)
}

fn collect(
    context: &Context,
    flags: &Flags,
    target: &Target,
    stop: &Arc<AtomicBool>,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let Some(account) = open(context, flags, target, stop, outcome)? else { return Ok(()) };
    let id = account.caller().account.clone();
    if let Some(earlier) = outcome.documents.iter().find(|document| document.account == id) {
        let why = format!("{} is of the same account, and one inventory of it is enough", earlier.source);
        context.note(&Message::note(format!("{} is account {id} too, and was left out", target.name)).why(why));
        return Ok(());
    }
    let display = display(context, &id);
    let collected = account.collect(stop, &|requests| display.set_position(requests));
    display.finish_and_clear();
    let Some(collected) = collected else {
        outcome.is_interrupted = true;
        return Ok(());
    };
    for absence in &collected.absences {
        context.note(&Message::note(format!("account {id}: {absence}")));
    }
    for refused in &collected.refusals {
        context.say(&refusal::refused(&collected.caller, refused));
    }
    note_done(context, &collected);
    outcome.add(target.name.clone(), collected);
    Ok(())
}

fn note_done(context: &Context, collected: &CollectedAccount) {
    let account = &collected.caller.account;
    if !collected.left_out.is_empty() {
        let names: Vec<String> = collected.left_out.iter().map(operation::Operation::action).collect();
        context.note(
            &Message::note(format!("account {account}: left out what {} answered", names.join(", ")))
                .why("without what was refused it is not whole, and what is missing would count as deleted"),
        );
    }
    let (calls, requests) = (collected.calls.len(), collected.requests);
    context.aside(&format!("account {account}: {calls} answers in {requests} requests"));
}

/// A line that counts requests, on a terminal.
fn display(context: &Context, account: &str) -> ProgressBar {
    let bar = if context.quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    let style = ProgressStyle::with_template("{spinner} account {msg}: {pos} requests, {elapsed}");
    bar.set_style(style.expect("the template is sound"));
    bar.set_message(account.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

impl Outcome {
    fn new() -> Self {
        Self {
            collected_at: Now::clock(),
            documents: Vec::new(),
            failures: Vec::new(),
            is_anything_answered: false,
            is_interrupted: false,
        }
    }

    fn add(&mut self, source: String, collected: CollectedAccount) {
        self.is_anything_answered |= collected.calls.len() > 1;
        self.failures.extend(collected.refusals.iter().map(|refusal| refusal.failure.clone()));
        let account = collected.caller.account.clone();
        let (answers, requests) = (collected.calls.len(), collected.requests);
        let document = collected.into_document(&self.collected_at.to_rfc3339());
        self.documents.push(CollectedDocument { account, source, answers, requests, document });
    }

    fn exit(&self) -> Exit {
        if self.is_interrupted {
            Exit::Interrupted
        } else if self.failures.is_empty() {
            Exit::Done
        } else if self.is_anything_answered {
            Exit::Partial
        } else if self.failures.iter().all(refusal::is_for_want_of_permission) {
            Exit::NotPermitted
        } else {
            Exit::Failed
        }
    }
}

fn dry_run(context: &Context, flags: &Flags, targets: &[Target], stop: &AtomicBool) -> anyhow::Result<Exit> {
    let mut outcome = Outcome::new();
    let mut table = Table::new(&["account", "caller", "regions", "service", "operation", "action", "once_per"]);
    for target in targets {
        let account = open(context, flags, target, stop, &mut outcome)?;
        if outcome.is_interrupted {
            return Ok(Exit::Interrupted);
        }
        let Some(account) = account else { continue };
        outcome.is_anything_answered = true;
        let Caller { account: id, arn, regions } = account.caller();
        for operation in operation::ALL {
            let regions = if operation.service.is_global() { "" } else { &regions.join(",") };
            let action = if operation.needs_permission() { json!(operation.action()) } else { Value::Null };
            table.rows.push(vec![
                json!(id),
                json!(arn),
                json!(regions),
                json!(operation.service.name()),
                json!(operation.name),
                action,
                json!(operation.per),
            ]);
        }
    }
    context.print(&table)?;
    Ok(outcome.exit())
}
