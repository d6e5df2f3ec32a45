//! One untidy place, in the three parts every message of this project has: what, why, and what to try.

use std::fmt;

/// Whether a finding fails the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

/// One untidy place. `line` counts from 1; 1 where the file as a whole is meant.
#[derive(Debug, Clone)]
pub struct Finding {
    pub severity: Severity,
    pub path: String,
    pub line: usize,
    pub what: String,
    pub why: &'static str,
    pub remedy: String,
}

impl Finding {
    /// A finding that fails the check.
    pub fn error(path: &str, line: usize, what: String, why: &'static str, remedy: &str) -> Finding {
        Finding { severity: Severity::Error, path: path.to_owned(), line, what, why, remedy: remedy.to_owned() }
    }

    /// A finding that is shown and passes.
    pub fn warning(path: &str, line: usize, what: String, why: &'static str, remedy: &str) -> Finding {
        Finding { severity: Severity::Warning, ..Finding::error(path, line, what, why, remedy) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { severity, path, line, what, why, remedy } = self;
        let word = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{path}:{line}: {word}: {what} / why: {why} / try: {remedy}")
    }
}
