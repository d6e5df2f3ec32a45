//! `tadoru keys create|list|delete`: the keys with which clients sign their requests to `tadoru serve`. They are the lake's own and
//! good for nothing at AWS.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use lake::catalog::{Catalog, IssuedKey};
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
    Ok(Exit::Done)
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
    Failure::failed(message.try_this("tadoru keys list")).into()
}

/// An id and a secret in AWS's forms.
fn new_key() -> anyhow::Result<(String, String)> {
    let mut secret = [0_u8; 30];
    getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("the system gives no random bytes: {error}"))?;
    Ok((unique_id::new("AKIA", 20)?, STANDARD.encode(secret)))
}
