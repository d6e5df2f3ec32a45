//! How a command's answer is printed on stdout: as the flags say, and on a terminal with the columns that it has room for.

use std::io::Write;

use super::{Context, data_out};
use crate::error::Message;
use crate::output::{self, OutputFormat, OutputOptions, Table};

impl Context {
    /// How answers are printed on stdout.
    pub(super) fn output_options(&self) -> OutputOptions {
        OutputOptions {
            columns: self.columns.clone(),
            query: self.query.clone(),
            excel: self.excel,
            zone: self.config.zone.clone(),
            ..OutputOptions::for_stdout(self.format)
        }
    }

    /// Prints whole records on stdout.
    pub(super) fn print_records(&self, records: &[String]) -> anyhow::Result<()> {
        let mut out = anstream::stdout().lock();
        output::record::write(records, &self.output_options(), &mut out)?;
        out.flush()?;
        Ok(())
    }

    /// Prints one JSON document on stdout.
    pub(super) fn print_document(&self, document: &serde_json::Value, format: OutputFormat) -> anyhow::Result<()> {
        let mut out = data_out();
        output::document::write(document, &OutputOptions { format, ..self.output_options() }, &mut out)?;
        out.flush()?;
        Ok(())
    }

    /// Prints an answer on stdout.
    pub(super) fn print(&self, table: &Table) -> anyhow::Result<()> {
        let mut options = self.output_options();
        let fitting = output::fitting_columns(table, &options);
        if fitting.is_some() {
            options.columns.clone_from(&fitting);
        }
        let mut out = data_out();
        output::write(table, &options, &mut out)?;
        out.flush()?;
        if let Some(shown) = fitting {
            self.note_left_out(table, &shown);
        }
        Ok(())
    }

    /// Says which columns the terminal has no room for.
    fn note_left_out(&self, table: &Table, shown: &[String]) {
        let names = table.columns.iter().map(|column| column.name.as_str());
        let left_out: Vec<&str> = names.filter(|name| !shown.iter().any(|other| other == name)).collect();
        let what = format!("{} of {} columns are left out", left_out.len(), table.columns.len());
        let message = Message::note(what).why(format!("the terminal has no room for {}", left_out.join(", ")));
        self.note(&message.try_this("--columns NAME,…, -o jsonl, or a wider terminal"));
    }
}
