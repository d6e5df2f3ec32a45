//! Rows printed as they come, for answers that need not fit into memory: every format except the table, which must know
//! all cells to align them.

use std::io::Write;

use serde_json::Value;

use super::{Column, OutputError, OutputFormat, OutputOptions, Table, csv, expanded, json, object, picks, table, tsv};

/// Begin, any number of rows, end. A table is held back until the end.
pub struct RowWriter<W> {
    columns: Vec<Column>,
    picks: Vec<usize>,
    options: OutputOptions,
    held: Table,
    count: usize,
    out: W,
}

impl<W: Write> RowWriter<W> {
    /// Writes what stands before the first row. Rows come with one value for each of `columns`, from which `--columns`
    /// picks; an unknown one is an error here, as is `--query`.
    pub fn begin(columns: &[Column], options: &OutputOptions, mut out: W) -> Result<Self, OutputError> {
        if options.query.is_some() {
            return Err(OutputError::QueryOfStream);
        }
        let picks = match &options.columns {
            Some(names) => picks(columns, names)?,
            None => (0..columns.len()).collect(),
        };
        let columns: Vec<Column> = picks.iter().map(|pick| columns[*pick].clone()).collect();
        match options.format {
            OutputFormat::Csv => {
                let mark = if options.excel { csv::BYTE_ORDER_MARK } else { "" };
                writeln!(out, "{mark}{}", csv::header(&columns, options.terminal))?;
            }
            OutputFormat::Tsv => writeln!(out, "{}", tsv::header(&columns))?,
            OutputFormat::Json => write!(out, "[")?,
            OutputFormat::Jsonl | OutputFormat::Table => {}
        }
        let held = Table { columns: columns.clone(), ..Table::default() };
        Ok(Self { columns, picks, options: options.clone(), held, count: 0, out })
    }

    /// Writes one row.
    pub fn row(&mut self, values: &[Value]) -> Result<(), OutputError> {
        let picked = self.picks.iter().map(|pick| &values[*pick]);
        match self.options.format {
            OutputFormat::Csv => {
                writeln!(self.out, "{}", csv::row(picked, self.options.terminal, self.options.excel))?;
            }
            OutputFormat::Tsv => writeln!(self.out, "{}", tsv::row(picked))?,
            OutputFormat::Jsonl => {
                let row: Vec<Value> = picked.cloned().collect();
                writeln!(self.out, "{}", json::compact(&object(&self.columns, &row)))?;
            }
            OutputFormat::Json => {
                let row: Vec<Value> = picked.cloned().collect();
                let object = object(&self.columns, &row);
                let separator = if self.count > 0 { ",\n" } else { "\n" };
                let text = match self.options.terminal {
                    true => {
                        json::indented(&object).lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
                    }
                    false => json::compact(&object),
                };
                write!(self.out, "{separator}{text}")?;
            }
            OutputFormat::Table if self.options.expanded => {
                expanded::write(&self.columns, picked, self.count + 1, &self.options, &mut self.out)?;
            }
            OutputFormat::Table => self.held.rows.push(picked.cloned().collect()),
        }
        self.count += 1;
        Ok(())
    }

    /// Writes what stands after the last row, and flushes.
    pub fn end(mut self) -> Result<(), OutputError> {
        match self.options.format {
            OutputFormat::Json => writeln!(self.out, "{}]", if self.count > 0 { "\n" } else { "" })?,
            OutputFormat::Table if self.options.expanded => {}
            OutputFormat::Table => table::write(&self.held, &self.options, &mut self.out)?,
            OutputFormat::Csv | OutputFormat::Tsv | OutputFormat::Jsonl => {}
        }
        Ok(self.out.flush()?)
    }
}
