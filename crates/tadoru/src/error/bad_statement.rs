//! What a person reads when a statement was refused or failed: the engine's words, its code, and what to try.

use lake::sql_error::SqlError;

use super::{Failure, Message};

const EXAMPLE: &str = "tadoru sql 'SELECT eventname, count(*) FROM events GROUP BY 1'";

/// The failure of a statement.
pub fn failure(error: &SqlError) -> Failure {
    let why = match error {
        SqlError::UnreadableFile { reason, .. } => *reason,
        _ => error.code(),
    };
    let message = Message::error(error.to_string()).why(why).try_this(try_this(error));
    let is_usage = !matches!(
        error,
        SqlError::Execution(_)
            | SqlError::UnreadableFile { .. }
            | SqlError::QueryTimeout(_)
            | SqlError::MemoryLimit(_)
            | SqlError::Cancelled
    );
    if is_usage { Failure::usage(message) } else { Failure::failed(message) }
}

fn try_this(error: &SqlError) -> String {
    let words = match error {
        SqlError::UnknownColumn { tables, .. } if !tables.is_empty() => {
            let describe: Vec<String> = tables.iter().map(|table| format!("tadoru sql 'DESCRIBE {table}'")).collect();
            return describe.join(", ");
        }
        SqlError::UnknownColumn { .. } | SqlError::Plan(_) => "tadoru sql 'DESCRIBE events'",
        SqlError::UnknownTable { .. } => "tadoru sql 'SHOW TABLES'",
        SqlError::StatementNotAllowed(_) => "a SELECT; what writes belongs into a database of your own",
        SqlError::OneStatement => "each by itself, or the prompt: tadoru sql alone on a terminal",
        SqlError::UnknownFunction(_) => "a function of Athena's; at the prompt (tadoru sql) Tab completes their names",
        SqlError::NotSupported(_) => "another way to say it, or DuckDB on the same lake",
        SqlError::Syntax(_) => EXAMPLE,
        SqlError::QueryTimeout(_) | SqlError::MemoryLimit(_) => {
            "narrow eventtimestamp or eventdate, or ask the lake with DuckDB"
        }
        SqlError::UnreadableFile { .. } => "tadoru lake check",
        SqlError::SqlDepth(_) | SqlError::SqlComplexity(_) | SqlError::SqlLength(_) => {
            "parts of the statement in WITH, or fewer of them"
        }
        SqlError::Execution(_) => "the part that fails by itself, with a LIMIT",
        SqlError::Cancelled => "the same statement again",
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn each_refused_statement_has_what_why_and_try() {
        let check = |error: SqlError, exit: Exit, expected: &str| {
            let failure = failure(&error);
            assert_eq!((failure.exit, failure.message.to_string().as_str()), (exit, expected));
        };
        check(
            SqlError::OneStatement,
            Exit::Usage,
            "error: one statement at a time, please: there is more after the semicolon\n  why: ONE_STATEMENT\n  \
             try: each by itself, or the prompt: tadoru sql alone on a terminal",
        );
        check(
            SqlError::UnknownColumn { name: "x".into(), tables: vec!["access_daily".into()] },
            Exit::Usage,
            "error: Column 'x' cannot be resolved\n  why: UNKNOWN_COLUMN\n  try: tadoru sql 'DESCRIBE access_daily'",
        );
        check(
            SqlError::UnreadableFile { file: Some("x.parquet".into()), reason: "it is missing" },
            Exit::Failed,
            "error: the lake's file x.parquet cannot be read\n  why: it is missing\n  try: tadoru lake check",
        );
    }
}
