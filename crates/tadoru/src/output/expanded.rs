//! A row as lines, a column on each, as psql's expanded display: for rows too wide for a table.

use std::io::{self, Write};

use serde_json::Value;

use super::cell::visible;
use super::table::shown;
use super::{Column, OutputOptions};

/// Writes the row of that number.
pub(super) fn write<'v>(
    columns: &[Column],
    values: impl Iterator<Item = &'v Value>,
    number: usize,
    options: &OutputOptions,
    out: &mut dyn Write,
) -> io::Result<()> {
    let names: Vec<_> = columns.iter().map(|column| visible(&column.name)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    writeln!(out, "-[ {number} ]{}", "-".repeat(width))?;
    for (name, value) in names.iter().zip(values) {
        writeln!(out, "{name:width$} | {}", shown(value, options))?;
    }
    Ok(())
}
