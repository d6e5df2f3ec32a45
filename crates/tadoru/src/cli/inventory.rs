//! `tadoru inventory import|collect|list|show|diff|overlay`: snapshots of IAM, Identity Center, Organizations and trails. What they say is
//! permitted is asked by `access-advisor`, `generate-policy` and `unused-access`.

mod collect;
mod diff;
mod import;
mod list;
mod overlay;
mod show;

use ::lake::catalog::{Catalog, InventoryPoint};
use clap::{Args, Subcommand};

use super::Context;
use crate::clock::Now;
use crate::error::{Exit, Failure, Message};
use crate::time_argument;

#[derive(Debug, Args)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Take files that aws printed; each is recognised by its content
    Import(import::Flags),
    /// Ask AWS itself, with read-only calls
    Collect(collect::Flags),
    /// The snapshots, oldest first
    List,
    /// The entities of a snapshot, or one entity whole
    Show(show::Flags),
    /// What differs between two snapshots
    Diff(diff::Flags),
    /// What clients of tadoru serve wrote, which is not AWS's
    Overlay(overlay::Flags),
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    match flags.command {
        Command::Import(flags) => import::run(context, &flags),
        Command::Collect(flags) => collect::run(context, &flags),
        Command::List => list::run(context),
        Command::Show(flags) => show::run(context, &flags),
        Command::Diff(flags) => diff::run(context, &flags),
        Command::Overlay(flags) => overlay::run(context, &flags),
    }
}

/// The point that somebody typed: a snapshot's number or a time.
fn point(catalog: &Catalog, text: &str, now: Now) -> anyhow::Result<InventoryPoint> {
    if let Ok(id) = text.parse::<i64>()
        && text.len() < 8
    {
        return catalog.inventory_point(id)?.ok_or_else(|| {
            let message = Message::error(format!("there is no inventory snapshot {id}"));
            Failure::usage(message.try_this("tadoru inventory list")).into()
        });
    }
    Ok(InventoryPoint::at(time_argument::parse(text, now)?))
}

/// Says that the lake holds no inventory.
fn note_none(context: &Context) {
    let message = Message::note("the lake holds no inventory").why("none was imported");
    context.note(&message.try_this(
        "tadoru inventory collect, which asks AWS; or aws iam get-account-authorization-details > iam.json and \
             tadoru inventory import iam.json",
    ));
}
