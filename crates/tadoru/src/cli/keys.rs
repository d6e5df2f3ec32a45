//! `tadoru keys create|list|delete`: the keys with which clients sign their requests to `tadoru serve`. They are the lake's own and
//! good for nothing at AWS.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use iam::arn::Arn;
use iam::inventory::EntityKind;
use lake::catalog::{Catalog, IssuedKey};
use lake::snapshot::Snapshot;
use questions::coverage::Coverage;
use questions::inventory::Inventory;
use questions::principal_name;
use questions::question_error::QuestionError;
use serde_json::json;

use super::{Context, serve};
use crate::aws::unique_id;
use crate::clock::Now;
use crate::error::{Exit, Failure, Message};
use crate::output::{OutputFormat, Table, from_lake};

#[derive(Debug, Args)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A new key with its secret
    Create {
        /// Whom it stands for: a user, role or session
        #[arg(long = "for", value_name = "ARN")]
        principal: String,
    },
    /// The keys, without their secrets
    List,
    /// Forget a key
    Delete {
        /// As tadoru keys list shows it
        #[arg(value_name = "ACCESS_KEY_ID")]
        access_key_id: String,
    },
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    match flags.command {
        Command::Create { principal } => create(context, &principal),
        Command::List => list(context),
        Command::Delete { access_key_id } => delete(context, &access_key_id),
    }
}

fn create(context: &Context, principal: &str) -> anyhow::Result<Exit> {
    let caller = serve::caller(context.unquoted(principal))?;
    let catalog = Catalog::open_to_write(&context.config.lake)?;
    refuse_other_readers(catalog.folder())?;
    let (snapshot, now) = context.snapshot()?;
    let is_known = is_known(&snapshot, &Inventory::read(&snapshot, now.us)?, &caller.arn)?;
    drop(snapshot);
    let (access_key_id, secret_access_key) = new_key()?;
    let created_at_us = Now::clock().us;
    let key = IssuedKey { access_key_id, secret_access_key, principal: caller.arn, created_at_us };
    catalog.add_issued_key(&key)?;
    let IssuedKey { access_key_id, secret_access_key, principal, .. } = key;
    if matches!(context.format, OutputFormat::Json | OutputFormat::Jsonl) {
        let names = json!({
            "access_key_id": access_key_id,
            "secret_access_key": secret_access_key,
            "principal": principal,
        });
        context.print_document(&names, context.format)?;
    } else {
        let mut table = Table::new(&["access_key_id", "secret_access_key", "principal"]);
        table.rows.push(vec![json!(access_key_id), json!(secret_access_key), json!(principal)]);
        context.print(&table)?;
    }
    let note = Message::note("the key is this lake's alone: AWS does not know it");
    context.note(&note.try_this(format!("tadoru aws-profile {access_key_id}, and tadoru serve")));
    if !is_known {
        let note = Message::note(format!("nobody in the lake is {principal}"))
            .why("neither its inventory nor its logs know that principal; what it asks about itself will be empty");
        context.note(&note.try_this("tadoru access-advisor --all, or tadoru inventory list, which list whom it knows"));
    }
    Ok(Exit::Done)
}

/// Whether the inventory or the logs know a caller: a user, a role or its session, the root user of a known account.
fn is_known(snapshot: &Snapshot, inventory: &Inventory<'_>, principal: &str) -> Result<bool, QuestionError> {
    let Some(arn) = Arn::parse(principal) else { return Ok(false) };
    if arn.is_root() {
        let is_covered = Coverage::read(snapshot)?.accounts.iter().any(|known| known.account == arn.account);
        return Ok(is_covered || inventory.part(EntityKind::User, arn.account).is_some());
    }
    let named = match (arn.user_name(), arn.role_name()) {
        (Some(name), _) => inventory.named(EntityKind::User, name)?,
        (None, Some(name)) => inventory.named(EntityKind::Role, name)?,
        (None, None) => Vec::new(),
    };
    let is_same = |key: &str| key == principal || arn.session_name().is_some();
    if named.iter().any(|entity| entity.extent.scope == arn.account && is_same(&entity.key)) {
        return Ok(true);
    }
    match principal_name::resolve_principal(snapshot, principal) {
        Ok(_) | Err(QuestionError::AmbiguousPrincipal { .. }) => Ok(true),
        Err(QuestionError::UnknownPrincipal { .. } | QuestionError::Input { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Secrets of keys stand in the catalog as they are: it must be its owner's alone, or the folder must keep others out.
///
/// # Errors
/// A lake that others can read; a folder whose mode cannot be read.
pub fn refuse_other_readers(folder: &Path) -> anyhow::Result<()> {
    let is_open = |path: &Path| -> anyhow::Result<bool> { Ok(path.metadata()?.permissions().mode() & 0o077 != 0) };
    if !(is_open(folder)? && is_open(&Catalog::path(folder))?) {
        return Ok(());
    }
    let message = Message::error(format!("others than its owner can read the lake in {}", folder.display()))
        .why("keys and their secrets stand in its catalog, which must be its owner's alone");
    Err(Failure { message: message.try_this(format!("chmod 700 '{}'", folder.display())), exit: Exit::NotPermitted }
        .into())
}

fn list(context: &Context) -> anyhow::Result<Exit> {
    let mut table = Table::new(&["access_key_id", "principal", "created"]);
    for key in Catalog::open(&context.config.lake)?.issued_keys()? {
        table.rows.push(vec![
            json!(key.access_key_id),
            json!(key.principal),
            json!(from_lake::time(key.created_at_us)),
        ]);
    }
    context.print(&table)?;
    Ok(Exit::Done)
}

fn delete(context: &Context, access_key_id: &str) -> anyhow::Result<Exit> {
    if Catalog::open_to_write(&context.config.lake)?.delete_issued_key(access_key_id)? {
        return Ok(Exit::Done);
    }
    Err(no_key(access_key_id))
}

/// What is said where the lake has no such key.
pub fn no_key(access_key_id: &str) -> anyhow::Error {
    let message =
        Message::error(format!("there is no key {access_key_id}")).why("the lake has not issued it, or it was deleted");
    Failure::failed(message.try_this("tadoru keys list; tadoru keys create --for ARN issues one")).into()
}

/// An id and a secret in AWS's forms.
fn new_key() -> anyhow::Result<(String, String)> {
    let mut secret = [0_u8; 30];
    getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("the system gives no random bytes: {error}"))?;
    Ok((unique_id::new("AKIA", 20)?, STANDARD.encode(secret)))
}
