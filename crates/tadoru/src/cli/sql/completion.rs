//! What Tab offers at the prompt: the prompt's own commands, tables, columns down to the nested ones, functions, keywords.
//! The lake says what there is; the line editor shows it.

use lake::column_path::ColumnPath;
use reedline::{Completer, CompletionResult, Span, Suggestion};

use super::prompt_command;

/// Words of a statement that are neither tables, columns nor functions.
pub const KEYWORDS: &[&str] = &[
    "ALL",
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "CROSS",
    "DATE",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FILTER",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "IN",
    "INNER",
    "INTERSECT",
    "INTERVAL",
    "IS",
    "JOIN",
    "LAST",
    "LEFT",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "NULLS",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "RIGHT",
    "SELECT",
    "SHOW",
    "TABLES",
    "THEN",
    "TIMESTAMP",
    "TRUE",
    "UNION",
    "UNNEST",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

/// What can be offered.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    pub tables: Vec<String>,
    /// Of all tables: `useridentity`, `useridentity.arn`.
    pub columns: Vec<String>,
    pub functions: Vec<String>,
}

impl Vocabulary {
    /// From the lake's tables and the engine's functions.
    pub fn new<'l>(tables: impl Iterator<Item = (&'l str, Vec<ColumnPath>)>, functions: Vec<String>) -> Self {
        let mut vocabulary = Self { functions, ..Self::default() };
        for (name, columns) in tables {
            vocabulary.tables.push(name.to_owned());
            vocabulary.columns.extend(columns.into_iter().map(|column| column.path));
        }
        vocabulary.columns.sort();
        vocabulary.columns.dedup();
        vocabulary.functions.retain(|name| name.starts_with(|first: char| first.is_ascii_alphabetic()));
        vocabulary.functions.sort();
        vocabulary
    }

    /// What may stand in place of the word that ends the text, and where that word begins.
    fn offers(&self, text: &str) -> (usize, Vec<String>) {
        if let Some(command) = text.strip_prefix('\\') {
            return match command.rfind(' ') {
                None => (0, beginning_with(prompt_command::NAMES.iter().copied(), text)),
                Some(space) => {
                    (space + 2, beginning_with(self.tables.iter().map(String::as_str), &command[space + 1..]))
                }
            };
        }
        let is_word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.');
        let start = text
            .rfind(|character| !is_word(character))
            .map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8));
        let word = &text[start..];
        match word.rfind('.') {
            None if word.is_empty() => (start, Vec::new()),
            None => (start, self.of_any_kind(word)),
            Some(_) => self.nested(start, word),
        }
    }

    fn of_any_kind(&self, word: &str) -> Vec<String> {
        let top_level = self.columns.iter().map(String::as_str).filter(|path| !path.contains('.'));
        let mut offers = beginning_with(top_level, word);
        offers.extend(beginning_with(self.tables.iter().map(String::as_str), word));
        let keywords = beginning_with(KEYWORDS.iter().copied(), word);
        // In the letters that the person types.
        let is_lower = word.starts_with(|first: char| first.is_lowercase());
        offers.extend(keywords.into_iter().map(|word| if is_lower { word.to_lowercase() } else { word }));
        let functions = beginning_with(self.functions.iter().map(String::as_str), word);
        offers.extend(functions.into_iter().map(|name| format!("{name}(")));
        offers
    }

    /// The fields of a struct, one level at a time; behind a table or its alias (`e.useridentity.`) too.
    fn nested(&self, start: usize, word: &str) -> (usize, Vec<String>) {
        let depth = word.matches('.').count();
        let paths = self.columns.iter().map(String::as_str);
        let offers = beginning_with(paths.filter(|path| path.matches('.').count() == depth), word);
        match word.split_once('.') {
            Some((alias, rest)) if offers.is_empty() => {
                let start = start + alias.len() + 1;
                let columns = self.columns.iter().map(String::as_str);
                let depth = depth - 1;
                (start, beginning_with(columns.filter(|path| path.matches('.').count() == depth), rest))
            }
            _ => (start, offers),
        }
    }
}

fn beginning_with<'w>(words: impl Iterator<Item = &'w str>, text: &str) -> Vec<String> {
    let begins = |word: &&str| word.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
    words.filter(begins).map(str::to_owned).collect()
}

impl Completer for Vocabulary {
    fn complete(&mut self, line: &str, position: usize) -> CompletionResult {
        let (start, offers) = self.offers(line.get(..position).unwrap_or(line));
        let suggestion = |value: String| Suggestion {
            span: Span::new(start, position),
            display_override: value.rsplit_once('.').map(|(_, field)| field.to_owned()),
            value,
            ..Suggestion::default()
        };
        CompletionResult::fresh(offers.into_iter().map(suggestion).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_at_the_cursor_is_completed() {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let vocabulary = Vocabulary {
            tables: texts(&["events", "access_daily"]),
            columns: texts(&[
                "eventname",
                "eventtime",
                "useridentity",
                "useridentity.arn",
                "useridentity.sessioncontext",
            ]),
            functions: texts(&["avg", "from_iso8601_timestamp"]),
        };
        let check = |text: &str, start: usize, expected: &[&str]| {
            assert_eq!(vocabulary.offers(text), (start, texts(expected)), "{text}");
        };
        check("", 0, &[]);
        check("sel", 0, &["select"]);
        check("SELECT a", 7, &["access_daily", "all", "and", "as", "asc", "avg("]);
        check("SELECT eventn", 7, &["eventname"]);
        check("SELECT * FROM events WHERE useridentity.", 27, &["useridentity.arn", "useridentity.sessioncontext"]);
        check("SELECT e.useridentity.a", 9, &["useridentity.arn"]);
        check("SELECT e.eventt", 9, &["eventtime"]);
        check("SELECT count(FROM_", 13, &["from_iso8601_timestamp("]);
        check("SELECT '日本' eventt", 16, &["eventtime"]);
        check("\\d ev", 3, &["events"]);
        check("\\ti", 0, &["\\timing"]);
        check("SELECT x.", 9, &["eventname", "eventtime", "useridentity"]);
    }
}
