//! The prompt's own commands, which begin with a backslash as psql's do.

/// What a line with a backslash asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptCommand {
    Help,
    /// `\d`: the tables.
    Tables,
    /// `\d TABLE`: its columns.
    Columns(String),
    /// `\x`: each column on a line of its own, or no more.
    Expanded,
    /// `\timing`: how long each statement took, or no more.
    Timing,
    Quit,
    /// Anything else, as typed.
    Unknown(String),
}

/// The names that there are.
pub const NAMES: &[&str] = &["\\?", "\\d", "\\q", "\\timing", "\\x"];

/// What `\?` prints.
pub const HELP: &str = "\
\\?          this help
\\d          tables
\\d TABLE    columns of a table, with the fields inside of them
\\x          each column on a line of its own, on and off
\\timing     how long each statement takes, on and off
\\q, Ctrl-D  leave

A statement ends with ; and may go over several lines. Tab completes tables, columns, functions and keywords;
the arrow keys and Ctrl-R find earlier statements; Ctrl-C stops a running statement.
";

/// The command of a line that begins with a backslash; None for any other.
pub fn parse(line: &str) -> Option<PromptCommand> {
    let line = line.trim().trim_end_matches(';').trim_end();
    let mut words = line.strip_prefix('\\')?.split_whitespace();
    Some(match (words.next(), words.next(), words.next()) {
        (Some("?" | "h" | "help"), None, _) => PromptCommand::Help,
        (Some("d" | "dt"), None, _) => PromptCommand::Tables,
        (Some("d"), Some(table), None) => PromptCommand::Columns(table.trim_matches('"').to_lowercase()),
        (Some("x"), None, _) => PromptCommand::Expanded,
        (Some("timing"), None, _) => PromptCommand::Timing,
        (Some("q" | "quit" | "exit"), None, _) => PromptCommand::Quit,
        _ => PromptCommand::Unknown(line.to_owned()),
    })
}

/// Words that other prompts leave by, and people type out of habit.
pub fn is_goodbye(line: &str) -> bool {
    let word = line.trim().trim_end_matches(';').trim_end();
    word.eq_ignore_ascii_case("quit") || word.eq_ignore_ascii_case("exit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_begin_with_a_backslash() {
        let check = |line: &str, expected: Option<PromptCommand>| assert_eq!(parse(line), expected, "{line}");
        check("SELECT 1;", None);
        check(" \\q", Some(PromptCommand::Quit));
        check("\\?", Some(PromptCommand::Help));
        check("\\d", Some(PromptCommand::Tables));
        check("\\d Events;", Some(PromptCommand::Columns("events".into())));
        check("\\d a b", Some(PromptCommand::Unknown("\\d a b".into())));
        check("\\copy", Some(PromptCommand::Unknown("\\copy".into())));
        check("\\", Some(PromptCommand::Unknown("\\".into())));
        assert!(is_goodbye("EXIT;") && !is_goodbye("exit 1"));
    }
}
