//! `tadoru inventory diff [FROM] [TO]`: what came, went and changed between two snapshots, down to the statement of a policy.

use std::collections::BTreeSet;

use ::lake::catalog::{Catalog, DatedPart, InventoryPoint, InventorySnapshot};
use clap::Args;
use iam::inventory::{Entity, EntityKind, Extent};
use iam::inventory_diff::{self, Difference};
use serde_json::{Value, json};

use super::super::Context;
use crate::error::{Exit, Failure, Message};
use crate::output::Table;

#[derive(Debug, Args)]
pub struct Flags {
    /// A snapshot's number or a time [default: the last but one]
    from: Option<String>,
    /// A snapshot's number or a time [default: the newest]
    to: Option<String>,
    /// Only this kind: user, group, role, policy, …
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// End with exit code 3 where something differs
    #[arg(long)]
    fail_on_findings: bool,
}

pub fn run(context: &Context, flags: &Flags) -> anyhow::Result<Exit> {
    let kind = flags.kind.as_deref().map(wanted_kind).transpose()?;
    let catalog = Catalog::open(&context.config.lake)?;
    let now = context.now(catalog.setting("as_of")?.and_then(|text| text.parse().ok()))?;
    let snapshots = catalog.inventory_snapshots()?;
    let point = |text: &Option<String>, default: Option<&InventorySnapshot>| match (text, default) {
        (Some(text), _) => super::point(&catalog, text, now),
        (None, Some(snapshot)) => Ok(catalog.inventory_point(snapshot.id)?.unwrap_or(InventoryPoint::NEWEST)),
        (None, None) => {
            let message = Message::error("there are not two inventory snapshots to compare");
            Err(Failure::usage(
                message
                    .why(format!("the lake holds {}", snapshots.len()))
                    .try_this("tadoru inventory import FILE..., once more when things have changed"),
            )
            .into())
        }
    };
    let (newest, last_but_one) = (snapshots.last(), snapshots.len().checked_sub(2).map(|index| &snapshots[index]));
    let (from, to) = (point(&flags.from, last_but_one)?, point(&flags.to, newest)?);
    let (before, after) = (parts(&catalog, from, kind)?, parts(&catalog, to, kind)?);
    note_not_compared(context, &before, &after);
    let both: BTreeSet<&Extent> = extents(&before).intersection(&extents(&after)).copied().collect();
    let read = |parts: &[DatedPart]| -> anyhow::Result<Vec<Entity>> {
        let mut entities = Vec::new();
        for part in parts.iter().filter(|part| both.contains(&part.extent)) {
            entities.extend(catalog.inventory_entities(part)?);
        }
        Ok(entities)
    };
    let differences = inventory_diff::diff(&read(&before)?, &read(&after)?);
    context.print(&table(&differences))?;
    if differences.is_empty() {
        context.note(
            &Message::note("nothing differs").why("last uses and counts are left out: they change by themselves"),
        );
    }
    Ok(if flags.fail_on_findings && !differences.is_empty() { Exit::Findings } else { Exit::Done })
}

fn wanted_kind(name: &str) -> Result<EntityKind, Failure> {
    EntityKind::from_name(name).ok_or_else(|| {
        let message = Message::error(format!("{name} is no kind of the inventory"));
        Failure::usage(message.try_this(EntityKind::ALL.map(EntityKind::name).join(", ")))
    })
}

fn parts(catalog: &Catalog, point: InventoryPoint, kind: Option<EntityKind>) -> anyhow::Result<Vec<DatedPart>> {
    let mut parts = catalog.inventory_at(point)?;
    parts.retain(|part| !part.is_later && kind.is_none_or(|kind| part.extent.kind == kind));
    Ok(parts)
}

fn extents(parts: &[DatedPart]) -> BTreeSet<&Extent> {
    parts.iter().map(|part| &part.extent).collect()
}

fn note_not_compared(context: &Context, before: &[DatedPart], after: &[DatedPart]) {
    let only: Vec<String> = extents(after)
        .symmetric_difference(&extents(before))
        .map(|extent| format!("{} of {}", extent.kind, extent.scope))
        .collect();
    if !only.is_empty() {
        let message = Message::note(format!("not compared: {}", only.join(", ")));
        context.note(&message.why("only one of the two snapshots knows them"));
    }
}

fn table(differences: &[Difference]) -> Table {
    let mut table = Table::new(&["change", "kind", "scope", "name", "key", "path", "before", "after"]);
    let value = |value: &Option<Value>| value.clone().unwrap_or(Value::Null);
    table.rows = differences
        .iter()
        .map(|difference| {
            vec![
                json!(difference.change.name()),
                json!(difference.extent.kind.name()),
                json!(difference.extent.scope),
                json!(difference.name),
                json!(difference.key),
                json!(difference.path),
                value(&difference.before),
                value(&difference.after),
            ]
        })
        .collect();
    table
}
