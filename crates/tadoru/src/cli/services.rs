//! `tadoru services`: every AWS service, those of today and those that AWS withdrew.

use clap::Args;
use iam::service_reference::{ServiceReference, retired};
use serde_json::{Value, json};

use super::Context;
use crate::error::Exit;
use crate::output::Table;

#[derive(Debug, Args)]
pub struct Flags {
    /// Only services that AWS withdrew
    #[arg(long)]
    retired: bool,
}

pub fn run(context: &Context, flags: &Flags) -> anyhow::Result<Exit> {
    let mut table = table(&context.service_reference()?);
    if flags.retired {
        let place = table.columns.iter().position(|column| column.name == "retired").expect("the table has the column");
        table.rows.retain(|row| row[place] == Value::Bool(true));
    }
    context.print(&table)?;
    Ok(Exit::Done)
}

fn table(reference: &ServiceReference) -> Table {
    let mut table = Table::new(&[
        "service_namespace",
        "service_name",
        "action_count",
        "retired",
        "retired_since",
        "successor",
        "former_names",
    ]);
    let today = reference.services().map(|service| (service.namespace, service.name));
    let gone = retired::RETIRED.iter().filter(|gone| reference.actions(gone.namespace).is_empty());
    let mut services: Vec<_> = today.chain(gone.map(|gone| (gone.namespace, gone.name))).collect();
    services.sort_unstable();
    services.dedup_by_key(|(namespace, _)| *namespace);
    for (namespace, name) in services {
        let retirement = reference.retirement(namespace);
        let former = retired::FORMER_NAMES.iter().filter(|(of, _)| *of == namespace).map(|(_, name)| *name);
        table.rows.push(vec![
            json!(namespace),
            json!(name),
            json!(reference.actions(namespace).len()),
            json!(retirement.is_some()),
            json!(retirement.and_then(|known| known.since)),
            json!(retirement.and_then(|known| known.successor)),
            json!(former.collect::<Vec<_>>()),
        ]);
    }
    table
}
