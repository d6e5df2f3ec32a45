//! `--query`: JMESPath over the array of objects that `-o json` would print, as `aws` does it. What comes out is printed in
//! the format asked for; a list of objects is a table again, anything else as `aws --output text` prints it.

use std::io::Write;

use serde_json::{Map, Value};

use super::{Column, OutputError, OutputFormat, OutputOptions, Table, json, tsv, write_rows};

pub(super) fn write(
    table: &Table,
    expression: &str,
    options: &OutputOptions,
    out: &mut dyn Write,
) -> Result<(), OutputError> {
    let input = Value::Array(table.objects().collect());
    write_found(input, &table.columns, expression, options, out)
}

/// Prints what the expression finds in a whole JSON value; `columns` say the order of keys.
pub(super) fn write_found(
    input: Value,
    columns: &[Column],
    expression: &str,
    options: &OutputOptions,
    out: &mut dyn Write,
) -> Result<(), OutputError> {
    let answer = search(input, columns, expression)?;
    match options.format {
        OutputFormat::Json => {
            let text = if options.terminal { json::indented(&answer) } else { json::compact(&answer) };
            writeln!(out, "{text}")?;
        }
        OutputFormat::Jsonl => match &answer {
            Value::Array(items) => {
                for item in items {
                    writeln!(out, "{}", json::compact(item))?;
                }
            }
            other => writeln!(out, "{}", json::compact(other))?,
        },
        OutputFormat::Table | OutputFormat::Csv | OutputFormat::Tsv => match tabulated(&answer) {
            Some(table) => return write_rows(&table, options, out),
            None => write_text(&answer, out)?,
        },
    }
    Ok(out.flush()?)
}

fn search(input: Value, columns: &[Column], expression: &str) -> Result<Value, OutputError> {
    let failed = |reason: String| OutputError::Query { expression: expression.to_owned(), reason };
    let compiled = jmespath::compile(expression).map_err(|error| failed(error.reason.to_string()))?;
    let found = compiled.search(input).map_err(|error| failed(error.reason.to_string()))?;
    let answer = serde_json::to_value(&*found).map_err(|error| failed(error.to_string()))?;
    Ok(ordered(answer, &|key| rank(key, columns, expression)))
}

/// JMESPath sorts keys; people expect them as they wrote them, or as the answer has them.
fn ordered(value: Value, rank: &dyn Fn(&str) -> (usize, usize)) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(|item| ordered(item, rank)).collect()),
        Value::Object(entries) => {
            let mut entries: Vec<(String, Value)> = entries.into_iter().collect();
            entries.sort_by_cached_key(|(key, _)| rank(key));
            Value::Object(entries.into_iter().map(|(key, value)| (key, ordered(value, rank))).collect::<Map<_, _>>())
        }
        scalar => scalar,
    }
}

fn rank(key: &str, columns: &[Column], expression: &str) -> (usize, usize) {
    let written = [format!("{key}:"), format!("{key}\":"), format!("{key} :")];
    let in_query = written.iter().filter_map(|text| expression.find(text)).min();
    let in_table = columns.iter().position(|column| column.name == key);
    (in_query.unwrap_or(usize::MAX), in_table.unwrap_or(usize::MAX))
}

/// A list of objects with their keys as columns, in order of appearance.
pub(super) fn tabulated(answer: &Value) -> Option<Table> {
    let objects: Vec<&Map<String, Value>> = answer.as_array()?.iter().map(Value::as_object).collect::<Option<_>>()?;
    let mut columns: Vec<Column> = Vec::new();
    for key in objects.iter().flat_map(|object| object.keys()) {
        if !columns.iter().any(|column| column.name == *key) {
            columns.push(Column::new(key));
        }
    }
    let row = |object: &&Map<String, Value>| {
        columns.iter().map(|column| object.get(&column.name).cloned().unwrap_or_default()).collect()
    };
    let rows = objects.iter().map(row).collect();
    Some(Table { columns, rows, need: &[] })
}

/// A scalar on a line, a list of scalars on one line, a list of lists a line each, as `aws --output text`.
fn write_text(answer: &Value, out: &mut dyn Write) -> std::io::Result<()> {
    match answer {
        Value::Array(items) if items.iter().any(Value::is_array) => {
            items.iter().try_for_each(|item| write_text(item, out))
        }
        Value::Array(items) => writeln!(out, "{}", tsv::row(items.iter())),
        Value::Null => writeln!(out, "None"),
        scalar => writeln!(out, "{}", tsv::row(std::iter::once(scalar))),
    }
}
