//! How large a regular expression becomes once its counted repetitions are written out.

use crate::sql_error::SqlError;

/// Refuses a pattern whose counted repetitions multiply: `(a{1,200}){1,200}` is 40,000 states, and a constant call is
/// evaluated while planning, where nothing can stop it. The estimate counts what each atom repeats to.
pub(crate) fn check_pattern(pattern: &str) -> Result<(), SqlError> {
    const STATES: u64 = 10_000;
    let mut groups: Vec<u64> = vec![0];
    let mut last: u64 = 0;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let repeat = match c {
            '{' => {
                let counts: String = chars.clone().take_while(|c| *c != '}').take(24).collect();
                let numbers = counts.split(',').map(str::trim).filter(|n| !n.is_empty());
                let numeric = counts.contains(|c: char| c.is_ascii_digit())
                    && counts.chars().all(|c| c.is_ascii_digit() || c == ',' || c == ' ');
                numeric.then(|| numbers.map(|n| n.parse().unwrap_or(u64::MAX)).max().unwrap_or(1))
            }
            _ => None,
        };
        let depth = groups.len();
        let sum = groups.last_mut().expect("never empty");
        match (c, repeat) {
            (_, Some(times)) => *sum = sum.saturating_add(last.saturating_mul(times.saturating_sub(1))),
            ('(', _) => groups.push(0),
            (')', _) if depth > 1 => {
                last = groups.pop().expect("longer than one");
                let outer = groups.last_mut().expect("never empty");
                *outer = outer.saturating_add(last);
                continue;
            }
            _ => {
                if c == '\\' {
                    chars.next();
                }
                *sum = sum.saturating_add(1);
                last = 1;
            }
        }
        last = if let Some(times) = repeat { last.saturating_mul(times) } else { last };
    }
    match groups.iter().fold(0u64, |a, b| a.saturating_add(*b)).max(last) > STATES.max(pattern.len() as u64) {
        true => Err(SqlError::SqlComplexity("a regular expression repeats too much".into())),
        false => Ok(()),
    }
}
