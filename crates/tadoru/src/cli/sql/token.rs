//! Text typed at the prompt, in the tokens that the prompt itself needs: where a literal, a quoted name or a comment is, and
//! where a statement ends. What a statement means is the engine's matter.

use std::ops::Range;

/// What a stretch of the text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A keyword, a function, a name without quotes, a number.
    Word,
    /// `'…'`.
    Literal,
    /// `"…"`.
    QuotedName,
    /// `-- …` or `/* … */`.
    Comment,
    Semicolon,
    /// White space and signs.
    Other,
}

/// A stretch of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    /// In bytes.
    pub range: Range<usize>,
    /// False for a literal, name or comment that the text ends in.
    pub is_closed: bool,
}

/// All of `text`, in order and without gaps.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let rest = &text[start..];
        let (kind, length, is_closed) = first(rest);
        found.push(Token { kind, range: start..start + length, is_closed });
        start += length;
    }
    found
}

fn first(rest: &str) -> (TokenKind, usize, bool) {
    let until = |opened: usize, end: &str| match rest[opened..].find(end) {
        Some(at) => (opened + at + end.len(), true),
        None => (rest.len(), false),
    };
    let of = |kind: TokenKind, (length, is_closed): (usize, bool)| (kind, length, is_closed);
    let is_word = |character: char| character.is_alphanumeric() || character == '_' || character == '$';
    match rest.as_bytes() {
        [b'\'', ..] => of(TokenKind::Literal, until(1, "'")),
        [b'"', ..] => of(TokenKind::QuotedName, until(1, "\"")),
        [b'/', b'*', ..] => of(TokenKind::Comment, until(2, "*/")),
        // The end of the text ends a line too.
        [b'-', b'-', ..] => (TokenKind::Comment, rest.find('\n').map_or(rest.len(), |at| at + 1), true),
        [b';', ..] => (TokenKind::Semicolon, 1, true),
        _ => {
            let first = rest.chars().next().expect("the rest is not empty");
            let length = if is_word(first) {
                rest.find(|character| !is_word(character)).unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            (if is_word(first) { TokenKind::Word } else { TokenKind::Other }, length, true)
        }
    }
}

/// The statements of the text, without their semicolons; what is only white space and comments is none.
pub fn statements(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut says_something) = (0, false);
    for Token { kind, range, .. } in tokens(text) {
        if kind == TokenKind::Semicolon {
            found.extend(says_something.then(|| text[start..range.start].trim()));
            (start, says_something) = (range.end, false);
        } else {
            says_something |= kind != TokenKind::Comment && !text[range].trim().is_empty();
        }
    }
    found.extend(says_something.then(|| text[start..].trim()));
    found
}

/// Whether nothing is missing: the last statement has its semicolon, and nothing is left open.
pub fn is_complete(text: &str) -> bool {
    let tokens = tokens(text);
    let says = |token: &&Token| token.kind != TokenKind::Comment && !text[token.range.clone()].trim().is_empty();
    let is_closed = tokens.last().is_none_or(|token| token.is_closed);
    is_closed && tokens.iter().rfind(says).is_none_or(|token| token.kind == TokenKind::Semicolon)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_ends_a_statement_where_it_is_one() {
        let check = |text: &str, complete: bool, expected: &[&str]| {
            assert_eq!((is_complete(text), statements(text)), (complete, expected.to_vec()), "{text}");
        };
        check("", true, &[]);
        check(" \n-- nothing", true, &[]);
        check("SELECT 1", false, &["SELECT 1"]);
        check("SELECT 1;", true, &["SELECT 1"]);
        check("SELECT 1; -- done", true, &["SELECT 1"]);
        check("SELECT ';", false, &["SELECT ';"]);
        check("SELECT 'it''s;' ;", true, &["SELECT 'it''s;'"]);
        check("SELECT \"a;b\" /* ; */ -- ;\n;", true, &["SELECT \"a;b\" /* ; */ -- ;"]);
        check("SELECT 1 /* ;", false, &["SELECT 1 /* ;"]);
        check("SELECT 1; SELECT 2", false, &["SELECT 1", "SELECT 2"]);
        check("SELECT '日本';;SELECT 2;", true, &["SELECT '日本'", "SELECT 2"]);
    }
}
