//! The FILTER of `tadoru events`: `user=Alice source=iam.amazonaws.com event=Delete* region!=us-east-1`.
//! Terms stand side by side and must all hold; several values of a term, by comma, are alternatives. Text becomes an
//! `EventFilter` or an error that names what is wrong and where; what a field means in the lake is decided by `questions`.

mod field;
mod scan;

use std::fmt;

pub use field::Field;

/// A whole filter: every term must hold. Without terms it holds for every event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// In the order written.
    pub terms: Vec<Term>,
}

/// One comparison. `=` holds if any of the values fits; `!=` holds if none does, also for an event without the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// What is compared.
    pub field: Field,
    /// How.
    pub operator: Operator,
    /// At least one.
    pub values: Vec<Pattern>,
}

/// The two comparisons there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
}

/// A value, in which `*` stands for any run of characters and `?` for one, quoted or not; `\*`, `\?` and `\\` stand for
/// themselves. `error=*` therefore holds for every event that has an error code, `error!=*` for those without one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// In order; never empty, no two literals side by side.
    pub pieces: Vec<Piece>,
}

/// A part of a `Pattern`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    /// Exactly this text.
    Literal(String),
    /// Any run of characters, also none.
    AnyRun,
    /// Exactly one character.
    AnyOne,
}

impl Pattern {
    /// The pattern that a text with plain wildcards is, as in a policy's `iam:Create*`; nothing is quoted or escaped.
    pub fn of(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        for character in text.chars() {
            let wildcard = match character {
                '*' => Piece::AnyRun,
                '?' => Piece::AnyOne,
                other => {
                    literal.push(other);
                    continue;
                }
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            if !(wildcard == Piece::AnyRun && pieces.last() == Some(&Piece::AnyRun)) {
                pieces.push(wildcard);
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self { pieces }
    }

    /// The text, if there is no wildcard in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Does the whole of `text` fit? Letter case counts.
    pub fn matches(&self, text: &str) -> bool {
        matches(&self.pieces, text)
    }
}

fn matches(pieces: &[Piece], text: &str) -> bool {
    let Some((first, rest)) = pieces.split_first() else { return text.is_empty() };
    match first {
        Piece::Literal(literal) => text.strip_prefix(literal.as_str()).is_some_and(|after| matches(rest, after)),
        Piece::AnyOne => text.chars().next().is_some_and(|one| matches(rest, &text[one.len_utf8()..])),
        Piece::AnyRun if rest.is_empty() => true,
        Piece::AnyRun => text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(rest, &text[at..])),
    }
}

/// A filter together with what the person who wrote it should hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// What was understood.
    pub filter: EventFilter,
    /// What was accepted although it was not quite right.
    pub warnings: Vec<FilterWarning>,
}

/// Something accepted with a word about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterWarning {
    /// `“Alice”` as pasted from an article.
    #[error("typographic quotes at character {position} are read as plain ones")]
    TypographicQuotes {
        /// Counted in characters from 1.
        position: usize,
    },
}

/// Why a filter was refused. Positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// A field that does not exist.
    #[error("unknown field `{field}` at character {position}")]
    UnknownField {
        /// As written.
        field: String,
        /// Where it begins.
        position: usize,
        /// The known field that looks most like it, if one does.
        nearest: Option<&'static str>,
    },
    /// A word without `=` or `!=`.
    #[error("`{word}` at character {position} is not of the form field=value")]
    NoOperator {
        /// As written.
        word: String,
        /// Where it begins.
        position: usize,
    },
    /// `==`, `>`, `~`, …
    #[error("unsupported operator `{operator}` at character {position}")]
    UnsupportedOperator {
        /// As written.
        operator: String,
        /// Where it stands.
        position: usize,
    },
    /// `user=` or `user=a,,b`.
    #[error("`{field}` has an empty value at character {position}")]
    EmptyValue {
        /// The field's name.
        field: String,
        /// Where the value should begin.
        position: usize,
    },
    /// A quote that is never closed.
    #[error("the quote at character {position} is not closed")]
    OpenQuote {
        /// Where the quote stands.
        position: usize,
    },
    /// A value that the field cannot have.
    #[error("`{field}` cannot be `{value}` (character {position}): {expected}")]
    ImpossibleValue {
        /// The field's name.
        field: String,
        /// As written.
        value: String,
        /// Where the value begins.
        position: usize,
        /// What it can be.
        expected: &'static str,
    },
}

impl FilterError {
    /// One line on how to mend it, for the `try:` of an error.
    pub fn suggestion(&self) -> String {
        match self {
            Self::UnknownField { nearest: Some(nearest), .. } => {
                format!("{nearest}=…  (fields: {})", Field::names().join(", "))
            }
            Self::UnknownField { .. } => format!("fields: {}", Field::names().join(", ")),
            Self::NoOperator { word, .. } => format!("user={word} or event={word}"),
            Self::UnsupportedOperator { operator, .. } if operator.starts_with(['<', '>']) => {
                "--since and --until for times; the operators are = and != with * and ?".to_owned()
            }
            Self::UnsupportedOperator { .. } => "the operators are = and !=, with * and ? in the value".to_owned(),
            Self::EmptyValue { field, .. } => format!("{field}=* (has one) or {field}!=* (has none)"),
            Self::OpenQuote { .. } => "close it, or leave the quote out".to_owned(),
            Self::ImpossibleValue { expected, .. } => (*expected).to_owned(),
        }
    }
}

/// Parses a filter. Terms are separated by white space; a value may be quoted with `"` or `'`, typographic quotes are
/// accepted with a warning; inside `"…"` a backslash keeps the next character.
pub fn parse(text: &str) -> Result<Parsed, FilterError> {
    scan::parse(text)
}

impl fmt::Display for EventFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, term) in self.terms.iter().enumerate() {
            if position > 0 {
                formatter.write_str(" ")?;
            }
            write!(formatter, "{term}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = match self.operator {
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
        };
        write!(formatter, "{}{operator}", self.field)?;
        for (position, value) in self.values.iter().enumerate() {
            if position > 0 {
                formatter.write_str(",")?;
            }
            write!(formatter, "{value}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Pattern {
    /// The shortest text that parses to this pattern again: plain where possible, else in double quotes.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let mut quote = false;
        for piece in &self.pieces {
            match piece {
                Piece::AnyRun => text.push('*'),
                Piece::AnyOne => text.push('?'),
                Piece::Literal(literal) => {
                    for character in literal.chars() {
                        let reads_as_operator = text.is_empty() && scan::is_operator(character);
                        quote |= character.is_whitespace() || character == ',' || reads_as_operator;
                        quote |= scan::is_quote(character);
                        if matches!(character, '\\' | '*' | '?') || scan::DOUBLE_QUOTES.contains(&character) {
                            text.push('\\');
                        }
                        text.push(character);
                    }
                }
            }
        }
        if quote { write!(formatter, "\"{text}\"") } else { formatter.write_str(&text) }
    }
}

#[cfg(test)]
mod tests;
