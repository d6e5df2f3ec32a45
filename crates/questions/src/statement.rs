//! A question's SQL with its parameters put in: `:name` in the template becomes a literal. The result is what `--explain`
//! prints and what a person can paste into `tadoru sql`.

use lake::timestamp;

/// A value for a `:name` of a template.
#[derive(Debug, Clone, Copy)]
pub enum Parameter<'a> {
    Text(&'a str),
    /// For `IN (:name)`; no values make it hold for nothing.
    Texts(&'a [String]),
    /// µs since 1970, UTC.
    Timestamp(i64),
    /// Days since 1970.
    Date(i32),
    Int(i64),
    /// SQL made by the question itself, such as the conditions of a filter.
    Sql(&'a str),
}

impl Parameter<'_> {
    fn literal(&self) -> String {
        match self {
            Self::Text(text) => quote(text),
            Self::Texts([]) => "NULL".to_owned(),
            Self::Texts(texts) => texts.iter().map(|text| quote(text)).collect::<Vec<_>>().join(", "),
            Self::Timestamp(us) => format!("TIMESTAMP '{}'", timestamp::duckdb_timestamp(*us)),
            Self::Date(day) => format!("DATE '{}'", timestamp::date_text(*day)),
            Self::Int(number) => number.to_string(),
            Self::Sql(sql) => (*sql).to_owned(),
        }
    }
}

/// A text as an SQL literal.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The template with every `:name` replaced. Comments go: they speak to readers of the file.
pub fn bind(template: &str, parameters: &[(&str, Parameter<'_>)]) -> String {
    let mut sql = String::with_capacity(template.len());
    let lines = template.lines().filter(|line| !line.trim_start().starts_with("--"));
    for line in lines {
        let mut rest = line;
        while let Some(at) = rest.find(':') {
            let after = &rest[at + 1..];
            let length = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
            let name = &after[..length];
            sql.push_str(&rest[..at]);
            match parameters.iter().find(|(known, _)| *known == name && !name.is_empty()) {
                Some((_, value)) => {
                    sql.push_str(&value.literal());
                    rest = &after[length..];
                }
                None => {
                    sql.push(':');
                    rest = after;
                }
            }
        }
        sql.push_str(rest);
        sql.push('\n');
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_literals_and_comments_go() {
        let texts = ["a".to_owned(), "b'c".to_owned()];
        let sql = bind(
            "-- who\nSELECT x FROM t\nWHERE a IN (:list) AND b = :text AND c >= :since AND d = '10:00:x'",
            &[
                ("list", Parameter::Texts(&texts)),
                ("text", Parameter::Text("o'k")),
                ("since", Parameter::Timestamp(1_719_792_000_000_000)),
            ],
        );
        assert_eq!(
            sql,
            "SELECT x FROM t\nWHERE a IN ('a', 'b''c') AND b = 'o''k' AND c >= TIMESTAMP '2024-07-01 00:00:00' AND d = '10:00:x'\n"
        );
    }
}
