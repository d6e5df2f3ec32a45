//! `tadoru inventory show [NAME]`: the entities that are in force, or the one of a name with all of AWS's fields.

use ::lake::catalog::{Catalog, DatedPart, InventoryPoint};
use clap::Args;
use iam::inventory::{Entity, EntityKind};
use serde_json::{Value, json};

use super::super::Context;
use crate::error::{Exit, Failure, Message};
use crate::output::{OutputFormat, Table, from_lake};

#[derive(Debug, Args)]
pub struct Flags {
    /// The entity's name, ARN or id; without it all are listed
    name: Option<String>,
    /// Only this kind: user, group, role, policy, permission-set, account, trail, …
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<EntityKind>,
    /// Only this account, organization, instance or identity store
    #[arg(long, value_name = "ID")]
    scope: Option<String>,
    /// As of this snapshot's number or time [default: now]
    #[arg(long, value_name = "WHEN")]
    at: Option<String>,
}

fn kind(text: &str) -> Result<EntityKind, String> {
    EntityKind::from_name(text).ok_or_else(|| {
        let known = EntityKind::ALL.map(EntityKind::name).join(", ");
        format!("the kinds are {known}")
    })
}

pub fn run(context: &Context, flags: &Flags) -> anyhow::Result<Exit> {
    let catalog = Catalog::open(&context.config.lake)?;
    let now = context.now(catalog.setting("as_of")?.and_then(|text| text.parse().ok()))?;
    let point = match &flags.at {
        Some(at) => super::point(&catalog, at, now)?,
        None => InventoryPoint::at(now.us),
    };
    let parts = catalog.inventory_at(point)?;
    let is_wanted = |part: &&DatedPart| {
        flags.kind.is_none_or(|kind| part.extent.kind == kind)
            && flags.scope.as_ref().is_none_or(|scope| part.extent.scope == *scope)
    };
    let mut found = Vec::new();
    for part in parts.iter().filter(is_wanted) {
        let entities = catalog.inventory_entities(part)?;
        found.extend(entities.into_iter().map(|entity| (part.taken_at_us, entity)));
    }
    if parts.is_empty() {
        super::note_none(context);
    }
    let later = parts.iter().filter(is_wanted).filter(|part| part.is_later).map(|part| part.taken_at_us).min();
    if let Some(later) = later {
        let message = Message::note(format!(
            "of this time nothing is known; shown is what was taken from {} on",
            from_lake::time(later)
        ));
        context.note(&message.try_this("tadoru inventory list"));
    }
    let Some(name) = flags.name.as_deref().map(|name| context.unquoted(name)) else {
        context.print(&table(&found))?;
        return Ok(Exit::Done);
    };
    let fits = |entity: &Entity| entity.key == name || entity.name == name;
    let mut fitting: Vec<_> = found.into_iter().filter(|(_, entity)| fits(entity)).collect();
    // The user is meant, not what is reported of it.
    let is_report =
        |entity: &Entity| matches!(entity.extent.kind, EntityKind::CredentialReport | EntityKind::AccessKey);
    if flags.kind.is_none() && fitting.iter().any(|(_, entity)| !is_report(entity)) {
        fitting.retain(|(_, entity)| !is_report(entity));
    }
    match fitting.as_slice() {
        [(taken_at_us, entity)] => {
            let document = document(*taken_at_us, entity);
            context.print_document(&document, OutputFormat::Json)?;
            Ok(Exit::Done)
        }
        [] => {
            let message = Message::error(format!("the inventory has no {name}"));
            Err(Failure::failed(message.try_this("tadoru inventory show, which lists what it has")).into())
        }
        several => {
            let keys: Vec<String> =
                several.iter().map(|(_, entity)| format!("{} {}", entity.extent.kind, entity.key)).collect();
            let message = Message::error(format!("{name} fits {} entities", several.len())).why(keys.join("\n"));
            Err(Failure::usage(message.try_this("the ARN, or --kind and --scope")).into())
        }
    }
}

fn document(taken_at_us: i64, entity: &Entity) -> Value {
    json!({
        "kind": entity.extent.kind.name(),
        "scope": entity.extent.scope,
        "key": entity.key,
        "name": entity.name,
        "taken_at": from_lake::time(taken_at_us),
        "document": entity.document,
    })
}

fn table(found: &[(i64, Entity)]) -> Table {
    let mut table = Table::new(&["kind", "scope", "name", "key", "taken_at"]);
    table.rows = found
        .iter()
        .map(|(taken_at_us, entity)| {
            vec![
                json!(entity.extent.kind.name()),
                json!(entity.extent.scope),
                json!(entity.name),
                json!(entity.key),
                json!(from_lake::time(*taken_at_us)),
            ]
        })
        .collect();
    table
}
