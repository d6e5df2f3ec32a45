//! The reader of a filter's characters. It knows quotes, wildcards and commas; fields and what they may hold are in
//! `field`.

use super::{EventFilter, Field, FilterError, FilterWarning, Operator, Parsed, Pattern, Piece, Term};

pub(super) const DOUBLE_QUOTES: &[char] = &['"', '\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}'];
const SINGLE_QUOTES: &[char] = &['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

pub(super) fn is_quote(character: char) -> bool {
    DOUBLE_QUOTES.contains(&character) || SINGLE_QUOTES.contains(&character)
}

pub(super) fn is_operator(character: char) -> bool {
    matches!(character, '=' | '!' | '<' | '>' | '~')
}

struct Scanner {
    characters: Vec<char>,
    at: usize,
    warnings: Vec<FilterWarning>,
}

pub(super) fn parse(text: &str) -> Result<Parsed, FilterError> {
    let mut scanner = Scanner { characters: text.chars().collect(), at: 0, warnings: Vec::new() };
    let mut filter = EventFilter::default();
    loop {
        scanner.skip_space();
        if scanner.peek().is_none() {
            return Ok(Parsed { filter, warnings: scanner.warnings });
        }
        filter.terms.push(scanner.term()?);
    }
}

impl Scanner {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    /// Where the next character stands, for people.
    fn position(&self) -> usize {
        self.at + 1
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
        self.characters[start..self.at].iter().collect()
    }

    fn term(&mut self) -> Result<Term, FilterError> {
        let start = self.position();
        let name = self.take_while(|character| !character.is_whitespace() && !is_operator(character));
        let operator_position = self.position();
        let operator = match self.take_while(is_operator).as_str() {
            "=" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "" => return Err(FilterError::NoOperator { word: name, position: start }),
            other => {
                let operator = other.to_owned();
                return Err(FilterError::UnsupportedOperator { operator, position: operator_position });
            }
        };
        let Some(field) = Field::parse(&name) else {
            let nearest = Field::nearest(&name);
            return Err(FilterError::UnknownField { field: name, position: start, nearest });
        };
        let values = self.values(&field, operator)?;
        Ok(Term { field, operator, values })
    }

    fn values(&mut self, field: &Field, operator: Operator) -> Result<Vec<Pattern>, FilterError> {
        let mut values = Vec::new();
        loop {
            let position = self.position();
            let pieces = self.value()?;
            if pieces.is_empty() {
                return Err(FilterError::EmptyValue { field: field.to_string(), position });
            }
            let value = Pattern { pieces };
            if let Some(expected) = field.objection(operator, &value) {
                let (field, value) = (field.to_string(), value.to_string());
                return Err(FilterError::ImpossibleValue { field, value, position, expected });
            }
            values.push(value);
            if self.peek() != Some(',') {
                return Ok(values);
            }
            self.at += 1;
        }
    }

    /// One value up to a comma or white space; quoted and plain parts may follow each other.
    fn value(&mut self) -> Result<Vec<Piece>, FilterError> {
        let mut pieces = Vec::new();
        let mut begins = true;
        while let Some(character) = self.peek() {
            if character == ',' || character.is_whitespace() {
                break;
            }
            if character == '"' || begins && is_quote(character) {
                self.quoted(&mut pieces)?;
            } else {
                self.character(&mut pieces, false);
            }
            begins = false;
        }
        Ok(pieces)
    }

    fn quoted(&mut self, pieces: &mut Vec<Piece>) -> Result<(), FilterError> {
        let position = self.position();
        let open = self.characters[self.at];
        self.at += 1;
        let family = if DOUBLE_QUOTES.contains(&open) { DOUBLE_QUOTES } else { SINGLE_QUOTES };
        let mut typographic = !open.is_ascii();
        while let Some(character) = self.peek() {
            let after = self.characters.get(self.at + 1).copied();
            // O’Brien: an apostrophe inside a word does not close the quote.
            let ends_value = after.is_none_or(|next| next == ',' || next.is_whitespace());
            if family.contains(&character) && (ends_value || character == '"' && open == '"') {
                typographic |= !character.is_ascii();
                self.at += 1;
                if typographic {
                    self.warnings.push(FilterWarning::TypographicQuotes { position });
                }
                return Ok(());
            }
            self.character(pieces, true);
        }
        Err(FilterError::OpenQuote { position })
    }

    fn character(&mut self, pieces: &mut Vec<Piece>, quoted: bool) {
        let character = self.characters[self.at];
        self.at += 1;
        match character {
            '*' => pieces.push(Piece::AnyRun),
            '?' => pieces.push(Piece::AnyOne),
            '\\' => match self.peek() {
                Some(next) if quoted || !next.is_whitespace() => {
                    self.at += 1;
                    push(pieces, next);
                }
                _ => push(pieces, character),
            },
            _ => push(pieces, character),
        }
    }
}

fn push(pieces: &mut Vec<Piece>, character: char) {
    match pieces.last_mut() {
        Some(Piece::Literal(text)) => text.push(character),
        _ => pieces.push(Piece::Literal(character.into())),
    }
}
