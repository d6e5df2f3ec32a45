//! `tadoru sql [STATEMENT|-f FILE]`: Athena's SQL over the lake, read only. Rows are printed as they come where the format
//! allows it. Without a statement it is a prompt on a terminal, and elsewhere reads one from standard input.

mod completion;
mod line_editor;
mod prompt;
mod prompt_command;
mod token;

use std::borrow::Cow;
use std::io::{IsTerminal, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use lake::engine::{AnswerColumns, Cancellation, Mode, Rows};
use lake::snapshot::Snapshot;
use lake::sql_error::SqlError;
use lake::sql_guard::straighten_quotes;
use lake::value::Value as LakeValue;
use serde_json::Value;

use super::Context;
use crate::clock::Now;
use crate::error::{Exit, Failure, Message, bad_statement};
use crate::output::{self, Column, OutputOptions, RowWriter, Table, from_lake, masked};

#[derive(Debug, Args)]
pub struct Flags {
    /// The statement; - reads it from standard input; none is a prompt
    #[arg(value_name = "STATEMENT")]
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
    let Some(written) = statement(flags)? else { return prompt::run(context, reveal) };
    let statement = straightened(context, &written);
    let (snapshot, now) = context.open()?;
    context.explain(&statement);
    let cancellation = Cancellation::default();
    let on_interrupt = cancellation.clone();
    ctrlc::set_handler(move || on_interrupt.cancel())?;
    let asked = Asked { snapshot: &snapshot, statement: &statement, now, cancellation: &cancellation, reveal };
    match asked.print(&context.output_options())? {
        Ok(_) => Ok(Exit::Done),
        Err(SqlError::Cancelled) => Ok(Exit::Interrupted),
        Err(error) => Err(bad_statement::failure(&error).into()),
    }
}

/// The statement without typographic quotes, and a word about it.
fn straightened<'t>(context: &Context, written: &'t str) -> Cow<'t, str> {
    let statement = straighten_quotes(written);
    if matches!(statement, Cow::Owned(_)) {
        context.note(&Message::warning("typographic quotes were read as plain ones"));
    }
    statement
}

/// The statement that flags or standard input give; None where a person is to be asked.
fn statement(flags: Flags) -> anyhow::Result<Option<String>> {
    let from =
        |path: &PathBuf| std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let from_input = || {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).context("cannot read standard input")?;
        Ok(Some(text))
    };
    match (flags.statement, flags.file) {
        (Some(text), _) if text == "-" => from_input(),
        (Some(text), _) => Ok(Some(text)),
        (None, Some(path)) if path.as_os_str() == "-" => from_input(),
        (None, Some(path)) => from(&path).map(Some),
        (None, None) if !std::io::stdin().is_terminal() => {
            let text = from_input()?;
            let is_empty = text.as_ref().is_some_and(|text| text.trim().is_empty());
            if is_empty { Err(no_statement("standard input is empty").into()) } else { Ok(text) }
        }
        (None, None) if std::io::stdout().is_terminal() => Ok(None),
        (None, None) => Err(no_statement("the prompt needs a terminal for its answers too").into()),
    }
}

fn no_statement(why: &str) -> Failure {
    let message = Message::error("there is no statement").why(why);
    Failure::usage(message.try_this("tadoru sql 'SELECT …', tadoru sql -f FILE, or tadoru sql alone on a terminal"))
}

/// A statement that is to be answered and printed.
struct Asked<'s> {
    snapshot: &'s Snapshot,
    statement: &'s str,
    now: Now,
    cancellation: &'s Cancellation,
    reveal: bool,
}

impl Asked<'_> {
    /// Prints the answer and returns how many rows it has. The outer error is of printing, the inner one of the statement.
    fn print(&self, options: &OutputOptions) -> anyhow::Result<Result<usize, SqlError>> {
        if options.query.is_some() { self.print_whole(options) } else { self.print_rows(options) }
    }

    fn ask(&self, on_rows: &mut dyn FnMut(&AnswerColumns, Rows) -> ControlFlow<()>) -> Result<AnswerColumns, SqlError> {
        self.snapshot.query_stream(self.statement, self.now.us, Mode::Guarded, self.cancellation, on_rows)
    }

    /// Prints rows as they come.
    fn print_rows(&self, options: &OutputOptions) -> anyhow::Result<Result<usize, SqlError>> {
        let mut writer = None;
        let mut printed = Ok(());
        let mut count = 0;
        let answered = self.ask(&mut |head, rows| {
            count += rows.len();
            printed = (|| {
                let writer = match &mut writer {
                    Some(writer) => writer,
                    none => none.insert(RowWriter::begin(&columns(head), options, super::data_out())?),
                };
                rows.into_iter().try_for_each(|row| writer.row(&shown(row, self.reveal)))
            })();
            if printed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        printed?;
        match (answered, writer) {
            (Ok(_), Some(writer)) => writer.end()?,
            (Ok(head), None) => RowWriter::begin(&columns(&head), options, super::data_out())?.end()?,
            (Err(error), _) => return Ok(Err(error)),
        }
        Ok(Ok(count))
    }

    /// Prints the whole answer at once, for `--query`.
    fn print_whole(&self, options: &OutputOptions) -> anyhow::Result<Result<usize, SqlError>> {
        let mut rows = Vec::new();
        let head = match self.ask(&mut |_, some| {
            rows.extend(some.into_iter().map(|row| shown(row, self.reveal)));
            ControlFlow::Continue(())
        }) {
            Ok(head) => head,
            Err(error) => return Ok(Err(error)),
        };
        let count = rows.len();
        output::write(&Table { columns: columns(&head), rows, need: &[] }, options, &mut super::data_out())?;
        Ok(Ok(count))
    }
}

/// A row as it is printed: secrets inside of records hidden unless `--reveal`.
fn shown(row: Vec<LakeValue>, reveal: bool) -> Vec<Value> {
    let values = from_lake::row(row);
    if reveal { values } else { values.into_iter().map(masked).collect() }
}

fn columns(head: &AnswerColumns) -> Vec<Column> {
    head.columns.iter().map(|name| Column::new(name.as_str())).collect()
}
