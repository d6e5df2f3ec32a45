//! One JSON document as the answer, such as a policy: indented for people and files, on one line in JSON lines, or what
//! `--query` finds in it.

use std::io::Write;

use serde_json::Value;

use super::{OutputError, OutputFormat, OutputOptions, json, query};

/// Prints the document. A table's formats print it as JSON does: it has no rows.
pub fn write(document: &Value, options: &OutputOptions, out: &mut dyn Write) -> Result<(), OutputError> {
    match (&options.query, options.format) {
        (Some(expression), _) => query::write_found(document.clone(), &[], expression, options, out)?,
        (None, OutputFormat::Jsonl) => writeln!(out, "{}", json::compact(document))?,
        (None, _) => writeln!(out, "{}", json::indented(document))?,
    }
    Ok(out.flush()?)
}
