//! Why a statement was not answered, in words for the person who typed it and a code for programs.
//! DataFusion's errors are translated here: no file path, no backtrace and no list of every column gets out.
//! The faces decide how to print it; AWS's spelling of the same failure is the endpoint's matter.

use std::time::Duration;

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

/// A statement that was refused, or failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SqlError {
    #[error("{0} is not allowed: SQL here only reads (SELECT, WITH, VALUES, EXPLAIN, SHOW, DESCRIBE)")]
    StatementNotAllowed(String),
    #[error("one statement at a time, please: there is more after the semicolon")]
    OneStatement,
    #[error("there is no table '{name}'; there is {}", known.join(", "))]
    UnknownTable { name: String, known: Vec<String> },
    #[error("Column '{name}' cannot be resolved")]
    UnknownColumn {
        name: String,
        /// The tables that the statement names.
        tables: Vec<String>,
    },
    #[error("there is no function '{0}' here")]
    UnknownFunction(String),
    #[error("{0} is not supported")]
    NotSupported(String),
    #[error("syntax error: {0}")]
    Syntax(String),
    #[error("{0}")]
    Plan(String),
    #[error("{0}")]
    Execution(String),
    /// One of the lake's own files, where it is known which; the folder is not named.
    #[error("{} cannot be read", file.as_ref().map_or_else(|| "a file of the lake".to_owned(), |file| format!("the lake's file {file}")))]
    UnreadableFile { file: Option<String>, reason: &'static str },
    #[error("the statement was stopped after {} s", .0.as_secs_f64())]
    QueryTimeout(Duration),
    #[error("the statement was cancelled")]
    Cancelled,
    #[error("the statement needs more memory than it may have: {0}")]
    MemoryLimit(String),
    #[error("the statement is nested deeper than {0} levels")]
    SqlDepth(usize),
    #[error("the statement is too complex: {0}")]
    SqlComplexity(String),
    #[error("the statement is longer than {0} bytes")]
    SqlLength(usize),
}

impl SqlError {
    /// A stable code that programs may branch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::StatementNotAllowed(_) => "STATEMENT_NOT_ALLOWED",
            Self::OneStatement => "ONE_STATEMENT",
            Self::UnknownTable { .. } => "UNKNOWN_TABLE",
            Self::UnknownColumn { .. } => "UNKNOWN_COLUMN",
            Self::UnknownFunction(_) => "UNKNOWN_FUNCTION",
            Self::NotSupported(_) => "NOT_SUPPORTED",
            Self::Syntax(_) => "SYNTAX",
            Self::Plan(_) => "PLAN",
            Self::Execution(_) => "EXECUTION",
            Self::UnreadableFile { .. } => "UNREADABLE_FILE",
            Self::QueryTimeout(_) => "QUERY_TIMEOUT",
            Self::Cancelled => "CANCELLED",
            Self::MemoryLimit(_) => "MEMORY_LIMIT",
            Self::SqlDepth(_) => "SQL_DEPTH",
            Self::SqlComplexity(_) => "SQL_COMPLEXITY",
            Self::SqlLength(_) => "SQL_LENGTH",
        }
    }

    /// With the tables that the statement names, where a column was not found in them.
    pub(crate) fn in_tables(self, named: &[String]) -> Self {
        match self {
            Self::UnknownColumn { name, .. } => Self::UnknownColumn { name, tables: named.to_vec() },
            other => other,
        }
    }

    /// Wraps this error for its way through DataFusion; `from` unwraps it.
    pub(crate) fn into_datafusion(self) -> DataFusionError {
        DataFusionError::External(Box::new(self))
    }
}

impl From<DataFusionError> for SqlError {
    fn from(error: DataFusionError) -> Self {
        // Before folders are taken out of it.
        let whole = error.to_string();
        match Self::translate(error) {
            Self::Execution(_) | Self::Plan(_) if is_of_file(&whole) => unreadable(&whole),
            other => other,
        }
    }
}

/// Whether the engine speaks of a file: by its name, or, where a page is damaged, only of Parquet.
fn is_of_file(text: &str) -> bool {
    [".parquet", "Parquet error: ", "Parquet argument error: "].iter().any(|words| text.contains(words))
}

/// The error of a file that a message names: the last part of its path, and whether it is there.
fn unreadable(text: &str) -> SqlError {
    let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let name = text.find(".parquet").map(|at| {
        let start = text[..at].rfind(|character| !is_name(character)).map_or(0, |before| before + 1);
        text[start..at + ".parquet".len()].to_owned()
    });
    let is_missing = ["not found", "No such file", "NotFound"].iter().any(|words| text.contains(words));
    let reason = if is_missing { "it is missing" } else { "it is damaged, or may not be opened" };
    SqlError::UnreadableFile { file: name, reason }
}

impl SqlError {
    fn translate(error: DataFusionError) -> Self {
        match error {
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => Self::from(*inner),
            DataFusionError::Collection(mut errors) if !errors.is_empty() => Self::from(errors.swap_remove(0)),
            DataFusionError::Shared(shared) => match shared.as_ref() {
                DataFusionError::External(inner) => external(inner.as_ref()),
                DataFusionError::ResourcesExhausted(_) => memory(),
                other => Self::Execution(sentence(&other.to_string())),
            },
            DataFusionError::External(inner) => external(inner.as_ref()),
            DataFusionError::ArrowError(inner, _) => match *inner {
                arrow::error::ArrowError::ExternalError(inner) => external(inner.as_ref()),
                arrow::error::ArrowError::DivideByZero => Self::Execution("DIVISION_BY_ZERO: Division by zero".into()),
                other => Self::Execution(sentence(&other.to_string())),
            },
            DataFusionError::SchemaError(inner, _) => match *inner {
                SchemaError::FieldNotFound { field, .. } => {
                    Self::UnknownColumn { name: field.name, tables: Vec::new() }
                }
                other => Self::Plan(sentence(&other.to_string())),
            },
            DataFusionError::SQL(inner, _) => Self::Syntax(sentence(&inner.to_string())),
            DataFusionError::ResourcesExhausted(_) => memory(),
            DataFusionError::NotImplemented(text) if text.contains("OuterReferenceColumn") => {
                Self::NotSupported("this kind of correlated subquery".into())
            }
            DataFusionError::NotImplemented(text) => Self::NotSupported(sentence(&text)),
            DataFusionError::Plan(text) => plan(&text),
            DataFusionError::ExecutionJoin(join) if join.is_panic() => panicked(),
            other => Self::Execution(sentence(&other.to_string())),
        }
    }
}

/// The error of a statement during which the engine itself failed.
pub(crate) fn panicked() -> SqlError {
    SqlError::Execution("the engine failed on this statement; nothing else was affected".into())
}

fn memory() -> SqlError {
    SqlError::MemoryLimit("try a smaller window, fewer columns, or a LIMIT".into())
}

fn external(error: &(dyn std::error::Error + Send + Sync + 'static)) -> SqlError {
    if let Some(own) = error.downcast_ref::<SqlError>() {
        return own.clone();
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if let Some(own) = inner.downcast_ref::<SqlError>() {
            return own.clone();
        }
        cause = inner.source();
    }
    unreadable(&error.to_string())
}

fn plan(text: &str) -> SqlError {
    let quoted = || text.split('\'').nth(1).unwrap_or_default().to_owned();
    if text.starts_with("Invalid function '") {
        SqlError::UnknownFunction(quoted())
    } else {
        SqlError::Plan(sentence(text))
    }
}

/// The first lines of a message that concern the reader: no prefix, no candidate lists, no backtrace, no path.
fn sentence(text: &str) -> String {
    let text = text.split("\n\nbacktrace:").next().unwrap_or_default();
    let text = text.split("\nThis issue was likely caused by a bug").next().unwrap_or_default();
    let mut text = text.split("Candidate functions:").next().unwrap_or_default().trim();
    const PREFIXES: &[&str] = &[
        "Error during planning: ",
        "Execution error: ",
        "Internal error: ",
        "Arrow error: ",
        "SQL error: ",
        "sql parser error: ",
        "Schema error: ",
        "Invalid argument error: ",
        "Parquet error: ",
        "Cast error: ",
        "Optimizer rule ",
        "Compute error: ",
        "Parser error: ",
        "This feature is not implemented: ",
        "type_coercion\ncaused by\n",
        "External error: ",
    ];
    while let Some(rest) = PREFIXES.iter().find_map(|p| text.strip_prefix(p)) {
        text = rest;
    }
    let words = text.split_whitespace().map(|word| if word.matches('/').count() > 2 { "…" } else { word });
    let mut text = words.collect::<Vec<_>>().join(" ");
    if text.chars().count() > 400 {
        text = text.chars().take(400).chain(['…']).collect();
    }
    text
}
