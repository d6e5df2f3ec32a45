//! A table for eyes: aligned columns, numbers to the right, NULL as `-`, times in the zone asked for. Where a terminal's
//! width is known, wide cells are wrapped, and it can be told which columns have room; a cell of more than a thousand
//! characters is cut with `…` there.

use std::io::{self, Write};

use anstyle::Style;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, presets};
use serde_json::Value;

use super::cell::{local_time, text, visible};
use super::{OutputOptions, Table};

const LONGEST_CELL: usize = 1_000;

pub(super) fn write(table: &Table, options: &OutputOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut drawn = comfy_table::Table::new();
    drawn.load_preset(presets::NOTHING);
    match options.width {
        Some(width) => drawn.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => drawn.set_content_arrangement(ContentArrangement::Disabled),
    };
    drawn.set_header(table.columns.iter().map(|column| Cell::new(visible(&column.name))));
    for row in &table.rows {
        drawn.add_row(row.iter().map(|value| Cell::new(shown(value, options))));
    }
    if let Some(width) = options.width {
        for position in kept_whole(&drawn.column_max_content_widths(), width) {
            let column = drawn.column_mut(position).expect("a width for each column");
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    for (position, column) in drawn.column_iter_mut().enumerate() {
        column.set_padding((if position == 0 { 0 } else { 1 }, 1));
        let mut values =
            table.rows.iter().filter_map(|row| row.get(position)).filter(|value| !value.is_null()).peekable();
        if values.peek().is_some() && values.all(Value::is_number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let bold = if options.color { Style::new().bold() } else { Style::new() };
    for (position, line) in drawn.lines().enumerate() {
        let line = line.trim_end();
        match position {
            0 => writeln!(out, "{bold}{line}{bold:#}")?,
            _ => writeln!(out, "{line}")?,
        }
    }
    out.flush()
}

/// The positions of the columns that have room in `width`: one after the other as they are needed, the first in any case.
/// The widest cells of a column may take three lines, or as many as a third of the terminal makes; numbers, times and ids
/// stay whole.
pub(super) fn fitting(table: &Table, width: u16, options: &OutputOptions) -> Vec<usize> {
    let needed = table.need.iter().filter_map(|name| table.columns.iter().position(|column| column.name == *name));
    let mut order: Vec<usize> = needed.collect();
    order.extend((0..table.columns.len()).filter(|position| !order.contains(position)).collect::<Vec<_>>());
    // Two characters between columns, one behind the last.
    let mut left = usize::from(width) + 1;
    let mut kept = Vec::new();
    for position in order {
        let least = least_width(table, position, width, options) + PADDING;
        if least <= left || kept.is_empty() {
            left = left.saturating_sub(least);
            kept.push(position);
        }
    }
    kept.sort_unstable();
    kept
}

/// The characters between two columns.
const PADDING: usize = 2;

/// The least width in which a column can be read on a terminal of `width`.
fn least_width(table: &Table, position: usize, width: u16, options: &OutputOptions) -> usize {
    /// What is no longer is not wrapped, if all cells are alike: times, ids, account ids.
    const LONGEST_ID: usize = 40;
    const NARROWEST: usize = 20;
    const LINES: usize = 3;
    let widest = NARROWEST.max(usize::from(width) / 3);
    let values = table.rows.iter().filter_map(|row| row.get(position)).filter(|value| !value.is_null());
    let lengths: Vec<usize> = values.clone().map(|value| shown(value, options).chars().count()).collect();
    let longest = lengths.iter().copied().max().unwrap_or(1);
    let is_alike = lengths.iter().all(|length| *length == longest);
    let is_whole = longest <= LONGEST_ID && (is_alike || values.clone().all(Value::is_number));
    let least = if is_whole { longest } else { longest.min(longest.div_ceil(LINES).clamp(NARROWEST, widest)) };
    least.max(table.columns[position].name.chars().count())
}

/// The columns that are not wrapped: the narrowest, as long as the others have room to wrap in. A time or an id cut into
/// pieces cannot be read, a long ARN can.
fn kept_whole(widths: &[u16], width: u16) -> Vec<usize> {
    const ROOM: usize = 28;
    const ROOM_EACH: usize = 14;
    let mut narrowest_first: Vec<usize> = (0..widths.len()).collect();
    narrowest_first.sort_by_key(|position| widths[*position]);
    let mut left = usize::from(width);
    let mut kept = Vec::new();
    for (others_before, position) in narrowest_first.into_iter().enumerate() {
        let others = widths.len() - others_before - 1;
        left = left.saturating_sub(usize::from(widths[position]) + PADDING);
        if left < ROOM.max(others * ROOM_EACH) {
            break;
        }
        kept.push(position);
    }
    kept
}

/// One cell's text.
pub(super) fn shown(value: &Value, options: &OutputOptions) -> String {
    let Some(content) = text(value) else { return "-".to_owned() };
    let local = options.zone.as_ref().and_then(|zone| local_time(&content, zone));
    let content = visible(local.as_deref().unwrap_or(&content)).into_owned();
    match content.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) if options.width.is_some() => format!("{}…", &content[..end]),
        _ => content,
    }
}
