//! What a person reads when something went wrong or an answer is empty: what, why, and what to try, in three lines on
//! stderr; and the exit code that scripts read. Lower layers return typed errors; the commands turn them into these.

pub mod bad_command_line;
pub mod bad_lake;
pub mod bad_statement;

use std::fmt;
use std::io::ErrorKind;

use anstyle::{AnsiColor, Style};
use lake::sql_error::SqlError;
use query_syntax::event_filter::FilterError;
use questions::question_error::QuestionError;

use crate::config::ConfigError;
use crate::output::{OutputError, visible};
use crate::time_argument::TimeArgumentError;

/// How the program ends. The numbers are an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done; an empty answer and rejected records are that too.
    Done = 0,
    /// The job could not be done.
    Failed = 1,
    /// The command line was not understood.
    Usage = 2,
    /// There are findings, and `--fail-on-findings` was given.
    Findings = 3,
    /// The operating system or AWS did not permit it.
    NotPermitted = 4,
    /// An object could not be read; the rest is done.
    Partial = 5,
    /// Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// How grave a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The job failed.
    Error,
    /// Somebody should look.
    Warning,
    /// Explains an answer, mostly an empty one.
    Note,
}

/// A message in up to three lines. Text from logs in it is shown without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// How grave it is.
    pub severity: Severity,
    /// What happened.
    pub what: String,
    /// Why, if it is known.
    pub why: Option<String>,
    /// The flag or command that mends it.
    pub try_this: Option<String>,
}

impl Message {
    /// An error without reason yet.
    pub fn error(what: impl Into<String>) -> Self {
        Self::new(Severity::Error, what)
    }

    /// A warning without reason yet.
    pub fn warning(what: impl Into<String>) -> Self {
        Self::new(Severity::Warning, what)
    }

    /// A note without reason yet.
    pub fn note(what: impl Into<String>) -> Self {
        Self::new(Severity::Note, what)
    }

    fn new(severity: Severity, what: impl Into<String>) -> Self {
        Self { severity, what: what.into(), why: None, try_this: None }
    }

    /// With the reason.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// With what mends it.
    #[must_use]
    pub fn try_this(mut self, try_this: impl Into<String>) -> Self {
        self.try_this = Some(try_this.into());
        self
    }

    /// The lines, each with its line break; the labels end in one column. With ANSI styles: print it through
    /// `anstream::stderr()`, which takes them out where they do not belong.
    pub fn styled(&self) -> String {
        let (label, color) = match self.severity {
            Severity::Error => ("error", AnsiColor::Red),
            Severity::Warning => ("warning", AnsiColor::Yellow),
            Severity::Note => ("note", AnsiColor::Cyan),
        };
        let strong = Style::new().bold().fg_color(Some(color.into()));
        let mut text = String::new();
        let lines = [(label, strong, Some(&self.what)), ("why", Style::new().bold(), self.why.as_ref())];
        let last = ("try", Style::new().bold(), self.try_this.as_ref());
        for (name, style, content) in lines.into_iter().chain([last]) {
            let Some(content) = content else { continue };
            let indent = label.len() - name.len();
            for (position, line) in content.lines().enumerate() {
                let line = visible(line);
                text.push_str(&match position {
                    0 => format!("{:indent$}{style}{name}:{style:#} {line}\n", ""),
                    _ => format!("{:width$}{line}\n", "", width = label.len() + 2),
                });
            }
        }
        text
    }
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(anstream::adapter::strip_str(&self.styled()).to_string().trim_end())
    }
}

/// The end of a command that did not do all it should: what to say and how to exit. It travels inside `anyhow::Error`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", message.what)]
pub struct Failure {
    /// What to say.
    pub message: Message,
    /// How to exit.
    pub exit: Exit,
}

impl Failure {
    /// The command line asks for something that does not exist.
    pub fn usage(message: Message) -> Self {
        Self { message, exit: Exit::Usage }
    }

    /// The job could not be done.
    pub fn failed(message: Message) -> Self {
        Self { message, exit: Exit::Failed }
    }

    /// What to say and how to exit for any error of a command: a `Failure` as it is, the errors of this crate's arguments
    /// as wrong usage and the lake's as failures, both with what mends them, else the outermost message with its causes as
    /// the reason.
    pub fn of(error: &anyhow::Error) -> Self {
        if let Some(failure) = error.downcast_ref::<Self>() {
            return failure.clone();
        }
        if let Some(usage) = wrong_usage(error) {
            return Self::usage(usage);
        }
        if let Some(failure) = error.downcast_ref::<QuestionError>().and_then(of_question) {
            return failure;
        }
        if let Some(failure) = bad_lake::failure(error) {
            return failure;
        }
        if let Some(statement) = error.downcast_ref::<SqlError>() {
            return bad_statement::failure(statement);
        }
        let mut message = Message::error(error.to_string());
        let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
        if !causes.is_empty() {
            message = message.why(causes.join(": "));
        }
        let denied = io_kinds(error).any(|kind| kind == ErrorKind::PermissionDenied);
        let message = message.try_this(match io_kinds(error).next() {
            Some(ErrorKind::PermissionDenied) => "another user, or the right to read and write it",
            Some(ErrorKind::NotFound) => "a path that exists",
            Some(ErrorKind::StorageFull) => "free space, then the same command again",
            _ => "tadoru status, which says what the lake holds and where it is",
        });
        Self { message, exit: if denied { Exit::NotPermitted } else { Exit::Failed } }
    }
}

/// Has the reader of stdout gone away, as `head` does? Then the program ends without a word.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    io_kinds(error).any(|kind| kind == ErrorKind::BrokenPipe)
}

fn io_kinds(error: &anyhow::Error) -> impl Iterator<Item = ErrorKind> {
    error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind))
}

/// More candidates than these are counted.
const MOST_CANDIDATES: usize = 20;

/// A question that names what is wrong with its input; the engine's and the catalog's errors are not among them.
fn of_question(error: &QuestionError) -> Option<Failure> {
    let message = Message::error(error.to_string());
    match error {
        QuestionError::Input { try_this, .. } => {
            Some(Failure::usage(message.why("the question cannot be asked in this form").try_this(try_this)))
        }
        QuestionError::UnknownPrincipal { similar, .. } => Some(Failure::failed(match similar.as_slice() {
            [] => message
                .why("no event in the lake has it")
                .try_this("tadoru sql 'select distinct principal from access_daily'"),
            [nearest, ..] => message.why(format!("similar: {}", similar.join("\n         "))).try_this(nearest),
        })),
        QuestionError::AmbiguousPrincipal { candidates, .. } => {
            let mut lines: Vec<String> = candidates.iter().take(MOST_CANDIDATES).cloned().collect();
            if candidates.len() > MOST_CANDIDATES {
                lines.push(format!("… and {} more", candidates.len() - MOST_CANDIDATES));
            }
            let one = candidates.first().map_or("its full ARN", String::as_str);
            let message = message.why(format!("it fits {}", lines.join("\n        ")));
            Some(Failure::failed(message.try_this(format!("the full ARN, such as {one}"))))
        }
        QuestionError::Sql(error) => Some(bad_statement::failure(error)),
        QuestionError::Catalog(_) => None,
    }
}

fn wrong_usage(error: &anyhow::Error) -> Option<Message> {
    if let Some(filter) = error.downcast_ref::<FilterError>() {
        let why = "a filter is KEY=VALUE or KEY!=VALUE, with * and ? in the value; all terms must hold";
        return Some(Message::error(filter.to_string()).why(why).try_this(filter.suggestion()));
    }
    if let Some(time) = error.downcast_ref::<TimeArgumentError>() {
        let (text, why) = match time {
            TimeArgumentError::Unknown(text) => (text, "it has none of the forms of a time"),
            TimeArgumentError::Impossible { text, reason } => (text, reason.as_str()),
        };
        return Some(Message::error(format!("`{text}` is no time")).why(why).try_this(TimeArgumentError::FORMS));
    }
    match (error.downcast_ref::<OutputError>(), error.downcast_ref::<ConfigError>()) {
        (Some(OutputError::UnknownColumn { name, known }), _) => Some(
            Message::error(format!("there is no column `{name}`"))
                .why("the answer has other columns")
                .try_this(format!("--columns with some of {known}")),
        ),
        (Some(OutputError::Query { expression, reason }), _) => Some(
            Message::error(format!("--query `{expression}` cannot be answered"))
                .why(reason)
                .try_this("a JMESPath over the array that -o json prints, as in --query '[].event_name'"),
        ),
        (Some(OutputError::QueryOfStream), _) => {
            Some(Message::error(error.to_string()).why("JMESPath needs all rows at once").try_this("-o jsonl | jq"))
        }
        (_, Some(config)) => of_configuration(config),
        _ => None,
    }
}

fn of_configuration(error: &ConfigError) -> Option<Message> {
    Some(match error {
        ConfigError::Unreadable { .. } => return None,
        ConfigError::NoHome => Message::error("no lake is named")
            .why("and neither XDG_DATA_HOME nor HOME is set, so there is no place for one")
            .try_this("--lake DIR"),
        ConfigError::UnknownVariable { name, known } => Message::error(format!("unknown environment variable {name}"))
            .why(format!("there are {known}"))
            .try_this(format!("unset {name}")),
        ConfigError::ImpossibleValue { origin, key, value, expected } => {
            Message::error(format!("{key} cannot be `{value}`"))
                .why(format!("it is {expected}; this one comes from: {origin}"))
                .try_this("another value, or none")
        }
        ConfigError::Malformed { path, reason } => {
            Message::error(format!("{} is no configuration of tadoru", path.display()))
                .why(reason)
                .try_this("TOML with some of the keys lake, output, tz, color, as_of, service_reference")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_end_in_one_column() {
        let check = |message: Message, expected: &str| assert_eq!(message.to_string(), expected);
        check(
            Message::note("no events for iam.amazonaws.com in ap-northeast-1")
                .why("IAM is a global service; CloudTrail records it in us-east-1")
                .try_this("tadoru events 'source=iam.amazonaws.com'      (all regions)"),
            "note: no events for iam.amazonaws.com in ap-northeast-1\n \
             why: IAM is a global service; CloudTrail records it in us-east-1\n \
             try: tadoru events 'source=iam.amazonaws.com'      (all regions)",
        );
        check(Message::error("a\nb").try_this("c"), "error: a\n       b\n  try: c");
        check(Message::warning("esc \u{1b}[2J").why("x"), "warning: esc \\x1b[2J\n    why: x");
    }

    #[test]
    fn wrong_usage_says_what_mends_it() {
        let check = |error: anyhow::Error, expected: &str| {
            let failure = Failure::of(&error);
            assert_eq!((failure.exit, failure.message.to_string().as_str()), (Exit::Usage, expected));
        };
        let filter = query_syntax::event_filter::parse("user>a").unwrap_err();
        check(
            anyhow::Error::from(filter).context("FILTER"),
            "error: unsupported operator `>` at character 5\n  \
             why: a filter is KEY=VALUE or KEY!=VALUE, with * and ? in the value; all terms must hold\n  \
             try: --since and --until for times; the operators are = and != with * and ?",
        );
        let column = OutputError::UnknownColumn { name: "x".into(), known: "a, b".into() };
        check(
            column.into(),
            "error: there is no column `x`\n  why: the answer has other columns\n  try: --columns with some of a, b",
        );
        check(
            ConfigError::NoHome.into(),
            "error: no lake is named\n  \
             why: and neither XDG_DATA_HOME nor HOME is set, so there is no place for one\n  try: --lake DIR",
        );
    }

    #[test]
    fn any_error_becomes_what_and_why() {
        let cause = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let failure = Failure::of(&anyhow::Error::from(cause).context("cannot read logs/"));
        assert_eq!(failure.exit, Exit::NotPermitted);
        assert_eq!(
            failure.message.to_string(),
            "error: cannot read logs/\n  why: permission denied\n  try: another user, or the right to read and write it"
        );
        let usage = Failure::usage(Message::error("no"));
        assert_eq!(Failure::of(&anyhow::Error::from(usage.clone()).context("more")), usage);
    }
}
