//! Tab-separated lines for `cut`, `awk` and `sort`: a header, nothing cut, NULL empty. A tab or line break inside a cell
//! is written `\t`, `\n`, `\r`, other control characters as escapes, so that a row is always one line.

use serde_json::Value;

use super::Column;
use super::cell::{text, visible};

pub(super) fn header(columns: &[Column]) -> String {
    columns.iter().map(|column| visible(&column.name)).collect::<Vec<_>>().join("\t")
}

pub(super) fn row<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let cell = |value: &Value| text(value).map(|content| visible(&content).into_owned()).unwrap_or_default();
    values.map(cell).collect::<Vec<_>>().join("\t")
}
