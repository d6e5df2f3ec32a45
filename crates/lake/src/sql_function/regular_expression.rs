//! Athena's regular expressions: search, not full match; the pattern's size is checked before it is compiled, because
//! a constant call runs while planning. Matching itself is linear in the text.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::cast::AsArray;
use arrow::array::{Array, ArrayRef, BooleanArray, StringArray};
use arrow::datatypes::{DataType, Int64Type};
use regex::{Regex, RegexBuilder};

use super::Argument::{Integer, Text};
use super::{Function, bounded};
use crate::sql_error::SqlError;
use crate::sql_guard::check_pattern;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("regexp_like", &[Text, Text], |_| DataType::Boolean, regexp_like),
    Function::new("regexp_extract", &[Text, Text, Integer], |_| DataType::Utf8, regexp_extract).optional(1),
    Function::new("regexp_replace", &[Text, Text, Text], |_| DataType::Utf8, regexp_replace).optional(1),
];

/// Compiled patterns of one call; a pattern is nearly always a constant.
#[derive(Default)]
struct Patterns(HashMap<String, Regex>);

impl Patterns {
    fn get(&mut self, pattern: &str) -> Result<&Regex, SqlError> {
        const COMPILED_BYTES: usize = 1 << 20;
        if !self.0.contains_key(pattern) {
            check_pattern(pattern)?;
            let regex = RegexBuilder::new(pattern).size_limit(COMPILED_BYTES).build().map_err(|e| match e {
                regex::Error::CompiledTooBig(_) => SqlError::SqlComplexity("a regular expression is too large".into()),
                _ => SqlError::Execution(format!("the regular expression '{pattern}' is not understood")),
            })?;
            self.0.insert(pattern.to_owned(), regex);
        }
        Ok(&self.0[pattern])
    }
}

fn texts(array: &ArrayRef) -> impl Iterator<Item = Option<&str>> {
    array.as_string::<i32>().iter()
}

fn regexp_like(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let mut patterns = Patterns::default();
    let found = texts(&arguments[0]).zip(texts(&arguments[1])).map(|pair| match pair {
        (Some(text), Some(pattern)) => Ok(Some(patterns.get(pattern)?.is_match(text))),
        _ => Ok(None),
    });
    Ok(Arc::new(BooleanArray::from(found.collect::<Result<Vec<_>, SqlError>>()?)))
}

fn regexp_extract(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let mut patterns = Patterns::default();
    let groups = arguments.get(2).map(|a| a.as_primitive::<Int64Type>());
    let found = texts(&arguments[0]).zip(texts(&arguments[1])).enumerate().map(|(row, pair)| {
        let group = groups.map_or(0, |g| g.value(row));
        let (Some(text), Some(pattern)) = pair else { return Ok(None) };
        let regex = patterns.get(pattern)?;
        let group = usize::try_from(group)
            .ok()
            .filter(|g| *g < regex.captures_len())
            .ok_or_else(|| SqlError::Execution(format!("the regular expression '{pattern}' has no group {group}")))?;
        Ok(regex.captures(text).and_then(|c| c.get(group)).map(|m| m.as_str().to_owned()))
    });
    Ok(Arc::new(StringArray::from(found.collect::<Result<Vec<_>, SqlError>>()?)))
}

fn regexp_replace(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let mut patterns = Patterns::default();
    let mut budget = bounded::Budget::default();
    let replacements = arguments.get(2).map(|a| a.as_string::<i32>());
    let made = texts(&arguments[0]).zip(texts(&arguments[1])).enumerate().map(|(row, pair)| {
        let replacement = match replacements {
            Some(given) if given.is_valid(row) => given.value(row),
            Some(_) => return Ok(None),
            None => "",
        };
        let (Some(text), Some(pattern)) = pair else { return Ok(None) };
        let regex = patterns.get(pattern)?;
        let most = (text.len() as u64 + 1).saturating_mul(replacement.len() as u64 + 1);
        if most > bounded::CALL_BYTES {
            return Err(bounded::too_long());
        }
        let made = regex.replace_all(text, group_syntax(replacement).as_str()).into_owned();
        budget.spend(made.len() as u64)?;
        Ok(Some(made))
    });
    Ok(Arc::new(StringArray::from(made.collect::<Result<Vec<_>, SqlError>>()?)))
}

/// Java's `$1x` is group 1 and an x; here a group's number ends where the braces say.
fn group_syntax(replacement: &str) -> String {
    let mut out = String::new();
    let mut chars = replacement.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '$' if chars.peek().is_some_and(|c| c.is_ascii_digit()) => {
                let digit = chars.next().expect("just seen");
                out.push_str(&format!("${{{digit}}}"));
            }
            '$' if chars.peek() == Some(&'{') => out.push('$'),
            '$' => out.push_str("$$"),
            '\\' => match chars.next() {
                Some('$') => out.push_str("$$"),
                Some(c) => out.push(c),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_groups_become_ours() {
        for (java, ours) in [("$2,$1", "${2},${1}"), ("$1x", "${1}x"), ("\\$5", "$$5"), ("cost: $", "cost: $$")] {
            assert_eq!(group_syntax(java), ours);
        }
    }
}
