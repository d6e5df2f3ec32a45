//! CSV as Athena writes it: header and every cell in double quotes, NULL as nothing at all. With `excel` a byte order
//! mark, digits that a spreadsheet would round kept as text, and formulas defused.

use serde_json::Value;

use super::Column;
use super::cell::{text, visible};

pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

pub(super) fn header(columns: &[Column], terminal: bool) -> String {
    columns.iter().map(|column| quoted(&shown(&column.name, terminal))).collect::<Vec<_>>().join(",")
}

pub(super) fn row<'a>(values: impl Iterator<Item = &'a Value>, terminal: bool, excel: bool) -> String {
    let cell = |value: &Value| {
        let Some(content) = text(value) else { return String::new() };
        let content = shown(&content, terminal);
        match value {
            Value::String(_) if excel => quoted(&defused(&content)),
            _ => quoted(&content),
        }
    };
    values.map(cell).collect::<Vec<_>>().join(",")
}

fn shown(content: &str, terminal: bool) -> String {
    if terminal { visible(content).into_owned() } else { content.to_owned() }
}

fn quoted(content: &str) -> String {
    format!("\"{}\"", content.replace('"', "\"\""))
}

/// `="012345678901"` keeps digits as text; an apostrophe keeps what begins like a formula from being run.
fn defused(content: &str) -> String {
    let digits = !content.is_empty() && content.bytes().all(|byte| byte.is_ascii_digit());
    if digits && (content.len() >= 12 || content.len() > 1 && content.starts_with('0')) {
        return format!("=\"{content}\"");
    }
    let formula = content.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if formula || content.starts_with(['\t', '\r', '\n']) { format!("'{content}") } else { content.to_owned() }
}
