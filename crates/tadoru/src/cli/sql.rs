//! `tadoru sql [STATEMENT|-f FILE]`: Athena's SQL over the lake, read only. Rows are printed as they come where the format
//! allows it.

use std::io::Read;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use lake::engine::{AnswerColumns, Cancellation, Mode, Rows};
use lake::sql_error::SqlError;
use lake::sql_guard::straighten_quotes;
use lake::value::Value as LakeValue;
use serde_json::Value;

use super::Context;
use crate::error::{Exit, Failure, Message};
use crate::output::{Column, RowWriter, Table, from_lake, masked};

#[derive(Debug, Args)]
pub struct Flags {
    /// The statement; - reads it from standard input
    #[arg(value_name = "STATEMENT", required_unless_present = "file")]
    statement: Option<String>,
    /// Read the statement from a file
    #[arg(short, long, value_name = "FILE", conflicts_with = "statement")]
    file: Option<PathBuf>,
    /// Show secrets in records (session tokens, secret keys, passwords) as they are
    #[arg(long)]
    reveal: bool,
}

pub fn run(context: &Context, flags: Flags) -> anyhow::Result<Exit> {
    let reveal = flags.reveal;
    let written = statement(flags)?;
    let statement = straighten_quotes(&written);
    if matches!(statement, std::borrow::Cow::Owned(_)) {
        context.note(&Message::warning("typographic quotes were read as plain ones"));
    }
    let (snapshot, now) = context.open()?;
    context.explain(&statement);
    let cancellation = Cancellation::default();
    let on_interrupt = cancellation.clone();
    ctrlc::set_handler(move || on_interrupt.cancel())?;
    let ask = |on_rows: &mut dyn FnMut(&AnswerColumns, Rows) -> ControlFlow<()>| {
        snapshot.query_stream(&statement, now.us, Mode::Guarded, &cancellation, on_rows)
    };
    let result =
        if context.query.is_some() { print_whole(context, reveal, ask)? } else { print_rows(context, reveal, ask)? };
    match result {
        Ok(()) => Ok(Exit::Done),
        Err(SqlError::Cancelled) => Ok(Exit::Interrupted),
        Err(error) => Err(explain(&error).into()),
    }
}

/// Prints rows as they come. The outer error is of printing, the inner one of the statement.
fn print_rows(
    context: &Context,
    reveal: bool,
    ask: impl Fn(&mut dyn FnMut(&AnswerColumns, Rows) -> ControlFlow<()>) -> Result<AnswerColumns, SqlError>,
) -> anyhow::Result<Result<(), SqlError>> {
    let options = context.output_options();
    let mut writer = None;
    let mut printed = Ok(());
    let answered = ask(&mut |head, rows| {
        printed = (|| {
            let writer = match &mut writer {
                Some(writer) => writer,
                none => none.insert(RowWriter::begin(&columns(head), &options, super::data_out())?),
            };
            rows.into_iter().try_for_each(|row| writer.row(&shown(row, reveal)))
        })();
        if printed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    printed?;
    match (answered, writer) {
        (Ok(_), Some(writer)) => writer.end()?,
        (Ok(head), None) => RowWriter::begin(&columns(&head), &options, super::data_out())?.end()?,
        (Err(error), _) => return Ok(Err(error)),
    }
    Ok(Ok(()))
}

/// Prints the whole answer at once, for `--query`.
fn print_whole(
    context: &Context,
    reveal: bool,
    ask: impl Fn(&mut dyn FnMut(&AnswerColumns, Rows) -> ControlFlow<()>) -> Result<AnswerColumns, SqlError>,
) -> anyhow::Result<Result<(), SqlError>> {
    let mut rows = Vec::new();
    let head = match ask(&mut |_, some| {
        rows.extend(some.into_iter().map(|row| shown(row, reveal)));
        ControlFlow::Continue(())
    }) {
        Ok(head) => head,
        Err(error) => return Ok(Err(error)),
    };
    context.print(&Table { columns: columns(&head), rows })?;
    Ok(Ok(()))
}

/// A row as it is printed: secrets inside of records hidden unless `--reveal`.
fn shown(row: Vec<LakeValue>, reveal: bool) -> Vec<Value> {
    let values = from_lake::row(row);
    if reveal { values } else { values.into_iter().map(masked).collect() }
}

fn statement(flags: Flags) -> anyhow::Result<String> {
    let from =
        |path: &PathBuf| std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    match (flags.statement, flags.file) {
        (Some(text), _) if text == "-" => {
            let mut text = String::new();
            std::io::stdin().lock().read_to_string(&mut text).context("cannot read standard input")?;
            Ok(text)
        }
        (Some(text), _) => Ok(text),
        (None, Some(path)) => from(&path),
        (None, None) => Ok(String::new()),
    }
}

fn columns(head: &AnswerColumns) -> Vec<Column> {
    head.columns.iter().map(|name| Column::new(name.as_str())).collect()
}

fn explain(error: &SqlError) -> Failure {
    let message = Message::error(error.to_string()).why(error.code());
    let message = match error {
        SqlError::UnknownColumn(_) => message.try_this("tadoru sql 'DESCRIBE events'"),
        SqlError::UnknownTable { .. } => message.try_this("tadoru sql 'SHOW TABLES'"),
        SqlError::QueryTimeout(_) | SqlError::MemoryLimit(_) => {
            message.try_this("narrow eventtimestamp or eventdate, or ask the lake with DuckDB")
        }
        _ => message,
    };
    let usage = !matches!(error, SqlError::Execution(_) | SqlError::QueryTimeout(_) | SqlError::MemoryLimit(_));
    if usage { Failure::usage(message) } else { Failure::failed(message) }
}
