//! `tadoru lake info`: what the lake is made of, one property a row.

use ::lake::lake_info::LakeInfo;
use ::lake::timestamp::date_text;
use serde_json::{Value, json};

use super::super::Context;
use crate::error::Exit;
use crate::output::Table;

pub fn run(context: &Context) -> anyhow::Result<Exit> {
    let info = LakeInfo::read(&context.config.lake).map_err(super::explain)?;
    let mut table = Table::new(&["property", "value"]);
    let mut add = |name: &str, value: Value| table.rows.push(vec![json!(name), value]);
    let catalog = &info.catalog;
    add("folder", json!(info.folder.display().to_string()));
    add("ducklake_version", json!(catalog.ducklake_version));
    add("lake_version", json!(catalog.lake_version));
    add("newest_snapshot", json!(catalog.newest_snapshot));
    add("snapshots", json!(catalog.snapshots));
    add("catalog_bytes", json!(catalog.catalog_bytes));
    for part in &info.tables {
        for (name, value) in [
            ("rows", part.rows),
            ("files", part.files),
            ("bytes", part.bytes),
            ("partitions", part.partitions),
            ("mergeable_files", part.mergeable_files),
        ] {
            add(&format!("{}_{name}", part.name), json!(value));
        }
    }
    add("ended_files", json!(catalog.ended_files));
    add("files_to_unlink", json!(catalog.scheduled_files));
    add("orphans", json!(info.unnamed.orphans.len()));
    add("uncommitted_files", json!(info.unnamed.in_work.len()));
    add("foreign_files", json!(info.unnamed.foreign.len()));
    add("ledger_rows", json!(catalog.ledger_rows));
    add("folded_prefixes", json!(catalog.folded_prefixes));
    add("rejected_rows", json!(catalog.rejected_rows));
    let retired = &info.retired;
    add("retired_days", json!(retired.days.len()));
    add("retired_events", json!(retired.event_count()));
    add("last_retired_day", json!(retired.days.keys().next_back().map(|day| date_text(*day))));
    add("retired_months", json!(retired.months.len()));
    add("last_retired_month", json!(retired.months.keys().next_back().map(|month| date_text(*month))));
    context.print(&table)?;
    Ok(Exit::Done)
}
