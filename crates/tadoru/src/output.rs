//! Answers as rows and columns, and the ways they are printed: a table on a terminal, untruncated TSV when piped, JSON,
//! JSON lines, CSV in Athena's form. Commands turn a question's answer into a `Table`; `write` prints it to stdout.
//! The keys are the same in every format. Nothing from a log reaches a terminal as a control character.

mod cell;
mod csv;
pub mod document;
mod expanded;
pub mod from_lake;
mod json;
mod mask;
mod query;
pub mod record;
mod rows;
mod table;
mod tsv;

use std::io::Write;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

pub use cell::visible;
pub use json::{compact, indented};
pub use mask::masked;
pub use rows::RowWriter;

/// An answer, plain: each row has one value for each column. NULL is `Value::Null`, times are RFC 3339 text in UTC,
/// account ids text, structs and lists JSON.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// In the order in which they are printed.
    pub columns: Vec<Column>,
    /// In the order in which they are printed.
    pub rows: Vec<Vec<Value>>,
    /// The columns that a narrow terminal shows before others; then come the rest, as they stand.
    pub need: &'static [&'static str],
}

/// A column of a `Table`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// snake_case, or for SQL the label as written in the query.
    pub name: String,
}

impl Column {
    /// A column of that name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

impl Table {
    /// A table without rows.
    pub fn new(names: &[&str]) -> Self {
        Self { columns: names.iter().map(|name| Column::new(*name)).collect(), ..Self::default() }
    }

    /// With the columns that a narrow terminal shows first, the most telling one before the others.
    #[must_use]
    pub fn needing(self, need: &'static [&'static str]) -> Self {
        Self { need, ..self }
    }

    /// Only these columns, in this order (letter case does not count).
    fn select(&self, names: &[String]) -> Result<Self, OutputError> {
        let picks = picks(&self.columns, names)?;
        Ok(Self {
            columns: picks.iter().map(|pick| self.columns[*pick].clone()).collect(),
            rows: self.rows.iter().map(|row| picks.iter().map(|pick| row[*pick].clone()).collect()).collect(),
            need: self.need,
        })
    }

    /// The rows as JSON objects, keys in order of the columns.
    fn objects(&self) -> impl Iterator<Item = Value> {
        self.rows.iter().map(|row| object(&self.columns, row))
    }
}

fn object(columns: &[Column], row: &[Value]) -> Value {
    Value::Object(
        columns.iter().zip(row).map(|(column, value)| (column.name.clone(), value.clone())).collect::<Map<_, _>>(),
    )
}

fn picks(columns: &[Column], names: &[String]) -> Result<Vec<usize>, OutputError> {
    let find = |name: &String| {
        let exact = columns.iter().position(|column| column.name == *name);
        exact.or_else(|| columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))).ok_or_else(|| {
            OutputError::UnknownColumn {
                name: name.clone(),
                known: columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", "),
            }
        })
    };
    names.iter().map(find).collect()
}

/// The formats of `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// Aligned columns for eyes.
    Table,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Athena's form: each cell quoted, NULL empty.
    Csv,
    /// A header and a line for each row, cells separated by tabs.
    Tsv,
}

impl OutputFormat {
    /// The names for `-o`.
    pub const NAMES: [&'static str; 5] = ["table", "json", "jsonl", "csv", "tsv"];

    /// What is printed if nobody asked: a table on a terminal, else TSV.
    pub fn default_for(terminal: bool) -> Self {
        if terminal { Self::Table } else { Self::Tsv }
    }
}

impl FromStr for OutputFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "table" => Ok(Self::Table),
            "json" => Ok(Self::Json),
            "jsonl" => Ok(Self::Jsonl),
            "csv" => Ok(Self::Csv),
            "tsv" => Ok(Self::Tsv),
            _ => Err(format!("unknown output format `{text}`; there are {}", Self::NAMES.join(", "))),
        }
    }
}

/// How to print.
#[derive(Debug, Clone)]
pub struct OutputOptions {
    /// The format.
    pub format: OutputFormat,
    /// Is stdout a terminal? Then control characters are shown as text in every format and JSON is indented.
    pub terminal: bool,
    /// The width to which a table's cells are wrapped; None: not at all.
    pub width: Option<u16>,
    /// Styles in the header of a table. What is written is to go through `anstream`, which also knows `NO_COLOR`.
    pub color: bool,
    /// In place of a table: each column of a row on a line of its own.
    pub expanded: bool,
    /// `--columns`, in the order asked for.
    pub columns: Option<Vec<String>>,
    /// `--query`: JMESPath over the array of objects, as in `aws`.
    pub query: Option<String>,
    /// `--excel`, for CSV: a byte order mark, account ids as text, formulas as text.
    pub excel: bool,
    /// The zone in which a table shows times; all other formats are UTC.
    pub zone: Option<TimeZone>,
}

impl OutputOptions {
    /// The plain form of that format, as into a pipe.
    pub fn new(format: OutputFormat) -> Self {
        Self {
            format,
            terminal: false,
            width: None,
            color: false,
            expanded: false,
            columns: None,
            query: None,
            excel: false,
            zone: None,
        }
    }

    /// The same for stdout as it is: a terminal with its width, or not.
    pub fn for_stdout(format: OutputFormat) -> Self {
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stdout());
        let width = terminal.then(|| terminal_size::terminal_size().map_or(80, |(width, _)| width.0));
        Self { terminal, width, color: terminal, ..Self::new(format) }
    }
}

/// Why an answer could not be printed.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// `--columns` names one that is not there.
    #[error("there is no column `{name}`; there are {known}")]
    UnknownColumn {
        /// As asked for.
        name: String,
        /// All names, separated by commas.
        known: String,
    },
    /// `--query` is no JMESPath, or does not fit the answer.
    #[error("--query `{expression}`: {reason}")]
    Query {
        /// As given.
        expression: String,
        /// What JMESPath says.
        reason: String,
    },
    /// `--query` cannot be answered row by row.
    #[error("--query needs the whole answer and cannot be used where rows are printed as they come")]
    QueryOfStream,
    /// The reader went away, the disk is full, …
    #[error("cannot write the answer")]
    Io(#[from] std::io::Error),
}

/// The columns of a table that a terminal has room for, if not for all: the others would wrap every row into many lines.
/// `None` too where somebody chose the columns, and wherever nothing is a table on a terminal.
pub fn fitting_columns(table: &Table, options: &OutputOptions) -> Option<Vec<String>> {
    let width = options.width.filter(|_| options.format == OutputFormat::Table)?;
    if options.columns.is_some() || options.query.is_some() || options.expanded {
        return None;
    }
    let kept = table::fitting(table, width, options);
    let names = kept.iter().map(|position| table.columns[*position].name.clone());
    (kept.len() < table.columns.len()).then(|| names.collect())
}

/// Prints the whole answer.
pub fn write(table: &Table, options: &OutputOptions, out: &mut dyn Write) -> Result<(), OutputError> {
    let selected;
    let table = match &options.columns {
        Some(names) => {
            selected = table.select(names)?;
            &selected
        }
        None => table,
    };
    match &options.query {
        Some(expression) => query::write(table, expression, options, out),
        None => write_rows(table, options, out),
    }
}

fn write_rows(table: &Table, options: &OutputOptions, out: &mut dyn Write) -> Result<(), OutputError> {
    if options.format == OutputFormat::Table {
        return Ok(table::write(table, options, out)?);
    }
    let options = OutputOptions { columns: None, query: None, ..options.clone() };
    let mut writer = RowWriter::begin(&table.columns, &options, out)?;
    for row in &table.rows {
        writer.row(row)?;
    }
    writer.end()
}

#[cfg(test)]
mod tests;
