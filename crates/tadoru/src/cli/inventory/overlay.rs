//! `tadoru inventory overlay list|clear`: what clients of `tadoru serve` wrote into the inventory. It lies over what was imported for
//! those clients alone; no other command reads it.

use ::lake::catalog::{Catalog, OverlayEntry};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::super::{Context, argument};
use crate::error::{Exit, Message};
use crate::output::{Table, from_lake};

#[derive(Debug, Args)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The entities that were written, one a row
    List(Of),
    /// Forget them: clients of tadoru serve see the imported inventory again
    Clear(Of),
}

#[derive(Debug, Args)]
struct Of {
    /// Those of one account alone
    #[arg(long, value_name = "ID", value_parser = argument::account)]
    account: Option<String>,
}

pub fn run(context: &Context, flags: &Flags) -> anyhow::Result<Exit> {
    match &flags.command {
        Command::List(of) => list(context, of),
        Command::Clear(of) => clear(context, of),
    }
}

fn list(context: &Context, of: &Of) -> anyhow::Result<Exit> {
    let mut entries = Catalog::open(&context.config.lake)?.inventory_overlay()?;
    entries.retain(|entry| of.account.as_ref().is_none_or(|account| entry.extent.scope == *account));
    let mut table = Table::new(&["account", "kind", "name", "arn", "state", "written_at", "written_by"]);
    table.rows = entries.iter().map(row).collect();
    context.print(&table)?;
    if entries.is_empty() {
        let why = "no client of tadoru serve wrote to it, or it was cleared";
        context.note(&Message::note("nothing lies over the inventory").why(why));
    }
    Ok(Exit::Done)
}

fn row(entry: &OverlayEntry) -> Vec<Value> {
    vec![
        json!(entry.extent.scope),
        json!(entry.extent.kind.name()),
        json!(entry.name),
        json!(entry.key),
        json!(if entry.document.is_some() { "written" } else { "deleted" }),
        json!(from_lake::time(entry.written_at_us)),
        json!(entry.written_by),
    ]
}

fn clear(context: &Context, of: &Of) -> anyhow::Result<Exit> {
    let cleared = Catalog::open_to_write(&context.config.lake)?.clear_inventory_overlay(of.account.as_deref())?;
    let mut table = Table::new(&["cleared"]);
    table.rows.push(vec![json!(cleared)]);
    context.print(&table)?;
    Ok(Exit::Done)
}
