//! Whole records, printed as CloudTrail wrote them: the bytes as they are in JSON and JSON lines, indented for eyes, one
//! column for each top-level field in CSV and where `--query` or `--columns` ask for fields.

use std::io::Write;

use serde_json::Value;

use super::query::tabulated;
use super::{OutputError, OutputFormat, OutputOptions, json};

/// Prints records, each one JSON text.
pub fn write(records: &[String], options: &OutputOptions, out: &mut dyn Write) -> Result<(), OutputError> {
    let by_field = options.query.is_some() || options.columns.is_some() || options.format == OutputFormat::Csv;
    if by_field {
        let objects = Value::Array(records.iter().map(|record| parsed(record)).collect());
        let table = tabulated(&objects).unwrap_or_default();
        return super::write(&table, options, out);
    }
    match options.format {
        OutputFormat::Json => {
            let separator = if records.is_empty() { "" } else { "\n" };
            let texts: Vec<String> = records.iter().map(|record| harmless(record, options)).collect();
            writeln!(out, "[{separator}{}{separator}]", texts.join(",\n"))?;
        }
        OutputFormat::Jsonl => {
            for record in records {
                // A record that was delivered on several lines must become one.
                let has_lines = record.contains(['\n', '\r']);
                let text = if has_lines { json::compact(&parsed(record)) } else { harmless(record, options) };
                writeln!(out, "{text}")?;
            }
        }
        OutputFormat::Table | OutputFormat::Tsv | OutputFormat::Csv => {
            for record in records {
                writeln!(out, "{}", json::indented(&parsed(record)))?;
            }
        }
    }
    Ok(out.flush()?)
}

/// As it is; for a terminal indented and without characters that a terminal acts on.
fn harmless(record: &str, options: &OutputOptions) -> String {
    match (options.terminal, options.format) {
        (false, _) => record.to_owned(),
        (true, OutputFormat::Json) => json::indented(&parsed(record)),
        (true, _) => json::compact(&parsed(record)),
    }
}

fn parsed(record: &str) -> Value {
    serde_json::from_str(record).unwrap_or_else(|_| Value::String(record.to_owned()))
}
