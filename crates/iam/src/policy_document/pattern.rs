//! Patterns of policies: `*` for any run of characters, `?` for one, and policy variables, as in `${aws:username}`.
//! A pattern is compiled once, when the document is read; what its variables stand for is told by whoever matches it.
//! A value that a variable brings in is text, never a wildcard
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>).

use std::borrow::Cow;

/// Stands for `*` in a compiled pattern: a byte that UTF-8 never has.
const MANY: u8 = 0xFF;
/// Stands for `?` in a compiled pattern.
const ONE: u8 = 0xFE;

/// Which signs of a text are more than themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signs {
    /// `*` and `?` are wildcards.
    pub wildcards: bool,
    /// `${…}` is a variable: since version 2012-10-17 of the policy language.
    pub variables: bool,
}

/// A compiled text: fixed bytes with wildcards among them, and variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Fixed(Vec<u8>),
    Variable { key: String, default: Option<String> },
}

/// What a variable's key has in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VariableValue<'a> {
    Known(&'a str),
    Absent,
    Unknown,
}

/// Whether a text matches a pattern whose variables come from a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    Yes,
    /// It depends on variables that are not known.
    Perhaps,
    /// Whatever they are, the text does not match; one that has no default may also turn out to lack its value.
    No,
    /// A variable without a default has no value in the request: such a pattern, negated or not, speaks of nothing.
    Unresolved,
}

/// Does the pattern have a variable without a default whose value is in this state?
pub(crate) fn lacks<'a, 'v>(
    variables: impl Iterator<Item = (&'v str, bool)>,
    value_of: impl Fn(&str) -> VariableValue<'a>,
    state: VariableValue<'_>,
) -> bool {
    variables.into_iter().any(|(key, has_default)| !has_default && value_of(key) == state)
}

impl Pattern {
    /// Compiles a text. Whatever looks like a variable but is none stays as written.
    pub fn new(text: &str, signs: Signs) -> Self {
        let mut pieces = Vec::new();
        let mut fixed = Vec::new();
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            if signs.variables
                && let Some((inside, after)) = variable(rest)
            {
                match inside {
                    "*" | "?" | "$" => fixed.extend_from_slice(inside.as_bytes()),
                    _ => {
                        pieces.push(Piece::Fixed(std::mem::take(&mut fixed)));
                        pieces.push(key_and_default(inside));
                    }
                }
                rest = after;
                continue;
            }
            match character {
                '*' if signs.wildcards && fixed.last() == Some(&MANY) => {}
                '*' if signs.wildcards => fixed.push(MANY),
                '?' if signs.wildcards => fixed.push(ONE),
                _ => fixed.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
            rest = &rest[character.len_utf8()..];
        }
        pieces.push(Piece::Fixed(fixed));
        pieces.retain(|piece| !matches!(piece, Piece::Fixed(bytes) if bytes.is_empty()));
        Self { pieces }
    }

    /// The pattern that matches any text.
    pub fn any() -> Self {
        Self { pieces: vec![Piece::Fixed(vec![MANY])] }
    }

    /// Is it nothing but `*`?
    pub fn is_any(&self) -> bool {
        matches!(self.pieces.as_slice(), [Piece::Fixed(bytes)] if bytes == &[MANY])
    }

    /// The text that it stands for, if it has neither wildcards nor variables.
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Fixed(bytes)] => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// What every text that it matches begins with.
    pub fn literal_prefix(&self) -> &str {
        let Some(Piece::Fixed(bytes)) = self.pieces.first() else { return "" };
        let end = bytes.iter().position(|byte| *byte >= ONE).unwrap_or(bytes.len());
        std::str::from_utf8(&bytes[..end]).expect("the wildcards stand between whole characters")
    }

    /// The keys of its variables, each with whether something stands for it where it is absent.
    pub fn variables(&self) -> impl Iterator<Item = (&str, bool)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, default } => Some((key.as_str(), default.is_some())),
            Piece::Fixed(_) => None,
        })
    }

    /// Does the text match, whatever the variables stand for?
    pub fn may_match(&self, text: &str) -> bool {
        self.matches(text, |_| VariableValue::Unknown) != Match::No
    }

    /// Matches the whole text; `value_of` tells what a variable's key has in the request.
    pub fn matches<'a>(&self, text: &str, value_of: impl Fn(&str) -> VariableValue<'a>) -> Match {
        self.matches_as(text, value_of, |value| Cow::Borrowed(value))
    }

    /// The same for a pattern and a text that were brought to lower case.
    pub fn matches_lower_case<'a>(&self, text: &str, value_of: impl Fn(&str) -> VariableValue<'a>) -> Match {
        self.matches_as(text, value_of, |value| Cow::Owned(value.to_lowercase()))
    }

    fn matches_as<'a>(
        &self,
        text: &str,
        value_of: impl Fn(&str) -> VariableValue<'a>,
        written: impl Fn(&str) -> Cow<'_, str>,
    ) -> Match {
        let mut is_unknown = false;
        let glob = match self.pieces.as_slice() {
            [Piece::Fixed(bytes)] => Cow::Borrowed(bytes.as_slice()),
            pieces => {
                let mut glob = Vec::new();
                for piece in pieces {
                    let (key, default) = match piece {
                        Piece::Fixed(bytes) => {
                            glob.extend_from_slice(bytes);
                            continue;
                        }
                        Piece::Variable { key, default } => (key, default),
                    };
                    match (value_of(key), default) {
                        (VariableValue::Known(value), _) => glob.extend_from_slice(written(value).as_bytes()),
                        (VariableValue::Absent, Some(value)) => glob.extend_from_slice(written(value).as_bytes()),
                        (VariableValue::Absent, None) => return Match::Unresolved,
                        (VariableValue::Unknown, _) => {
                            is_unknown = true;
                            glob.push(MANY);
                        }
                    }
                }
                Cow::Owned(glob)
            }
        };
        match (glob_matches(&glob, text.as_bytes()), is_unknown) {
            (false, _) => Match::No,
            (true, false) => Match::Yes,
            (true, true) => Match::Perhaps,
        }
    }

    /// Is there a text that both match? Variables stand for any text.
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.is_any() || other.is_any() {
            return true;
        }
        if let (Some(text), Some(other)) = (self.literal(), other.literal()) {
            return text == other;
        }
        let (a, b) = (self.widest(), other.widest());
        // Row i says which prefixes of b have a text in common with the first i bytes of a.
        let mut row: Vec<bool> = vec![false; b.len() + 1];
        for i in 0..=a.len() {
            let mut next = vec![false; b.len() + 1];
            for j in 0..=b.len() {
                next[j] = match (i.checked_sub(1).map(|i| a[i]), j.checked_sub(1).map(|j| b[j])) {
                    (None, None) => true,
                    (Some(MANY), _) if row[j] => true,
                    (_, Some(MANY)) if next[j - 1] => true,
                    (Some(MANY), Some(_)) => next[j - 1],
                    (Some(_), Some(MANY)) => row[j],
                    (Some(x), Some(y)) => row[j - 1] && (x == y || x == ONE || y == ONE),
                    _ => false,
                };
            }
            row = next;
        }
        row[b.len()]
    }

    fn widest(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(fixed) => bytes.extend_from_slice(fixed),
                Piece::Variable { .. } => bytes.push(MANY),
            }
        }
        bytes
    }
}

/// The inside of the variable that the text begins with, and what follows it.
pub(crate) fn variable(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("${")?;
    // Braces do not nest: looking no further than the next one keeps a text full of them linear.
    let end = rest.find(['{', '}'])?;
    let (inside, after) = (&rest[..end], rest[end..].strip_prefix('}')?);
    let key = inside.split(',').next().unwrap_or(inside).trim();
    let is_key = !key.is_empty() && !key.contains(['$', '"', '\'']);
    (is_key || inside == "$").then_some((inside, after))
}

/// `aws:username`, or with what stands for it where it is absent: `aws:PrincipalTag/team, 'nobody'`.
fn key_and_default(inside: &str) -> Piece {
    let (key, default) = inside.split_once(',').map_or((inside, None), |(key, rest)| {
        let rest = rest.trim();
        (key, Some(rest.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(rest).to_owned()))
    });
    Piece::Variable { key: key.trim().to_ascii_lowercase(), default }
}

/// Matches greedily and goes back to the last `*` alone: at most pattern × text steps.
fn glob_matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(&MANY) => {
                retry = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some(&ONE) => {
                p += 1;
                t += character_length(text[t]);
                continue;
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
                continue;
            }
            _ => {}
        }
        let Some((after, from)) = retry else { return false };
        let from = from + character_length(text[from]);
        retry = Some((after, from));
        (p, t) = (after, from);
    }
    pattern[p..].iter().all(|byte| *byte == MANY)
}

fn character_length(first: u8) -> usize {
    match first {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests;
