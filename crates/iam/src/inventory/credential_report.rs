//! IAM's credential report: one row a user, the root user first, its 22 columns as AWS writes them
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html>).

use serde_json::{Map, Value};

use super::content::Fault;

/// The columns without which a row says nothing of whom it is.
const NEEDED: [&str; 3] = ["user", "arn", "user_creation_time"];

/// All columns, in AWS's order.
const COLUMNS: [&str; 22] = [
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
];

/// Whether text begins with the report's first line.
pub fn is_header(text: &str) -> bool {
    let columns = text.lines().next().unwrap_or_default().trim_end().replace('"', "");
    columns.starts_with("user,arn,user_creation_time")
}

/// The rows, each with its columns by name.
pub fn rows(text: &str) -> Result<Vec<Map<String, Value>>, Fault> {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| Fault::new(format!("the credential report is broken: {error}"));
    let columns = reader.headers().map_err(unreadable)?.clone();
    if let Some(missing) = NEEDED.iter().find(|name| !columns.iter().any(|column| column == **name)) {
        return Err(Fault::new(format!("the credential report has no column {missing}")));
    }
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.map_err(unreadable)?;
        let cells = columns.iter().zip(record.iter());
        Ok(cells.map(|(name, cell)| (name.to_owned(), Value::String(cell.to_owned()))).collect())
    };
    reader.records().map(row).collect()
}

/// The report with these rows; a cell that a row lacks is `no_information`.
pub fn text(rows: &[Map<String, Value>]) -> String {
    let mut lines = vec![COLUMNS.join(",")];
    for row in rows {
        let cells = COLUMNS.map(|column| cell(row.get(column).and_then(Value::as_str).unwrap_or("no_information")));
        lines.push(cells.join(","));
    }
    lines.join("\n")
}

/// Names may hold commas.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A cell that says something: not `N/A`, `no_information` or `not_supported`.
pub fn known<'a>(row: &'a Map<String, Value>, column: &str) -> Option<&'a str> {
    let cell = row.get(column)?.as_str()?;
    (!matches!(cell, "" | "N/A" | "no_information" | "not_supported")).then_some(cell)
}

/// A cell that is true or false, in any letters.
pub fn is_true(row: &Map<String, Value>, column: &str) -> bool {
    row.get(column).and_then(Value::as_str).is_some_and(|cell| cell.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_is_a_row() {
        let text = "user,arn,user_creation_time,password_enabled,password_last_used\r\n\
                    <root_account>,arn:aws:iam::111111111111:root,2020-01-01T00:00:00+00:00,not_supported,no_information\r\n\
                    \"a,b\",\"arn:aws:iam::111111111111:user/a,b\",2020-01-01T00:00:00+00:00,TRUE,2024-01-01T00:00:00+00:00\r\n";
        assert!(is_header(text));
        let rows = rows(text).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1]["user"], "a,b");
        assert!(is_true(&rows[1], "password_enabled") && !is_true(&rows[0], "password_enabled"));
        assert_eq!(known(&rows[1], "password_last_used"), Some("2024-01-01T00:00:00+00:00"));
        assert_eq!((known(&rows[0], "password_last_used"), known(&rows[0], "no such column")), (None, None));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let row = |user: &str| {
            let cells = [("user", user), ("arn", "arn:aws:iam::111111111111:user/x"), ("user_creation_time", "N/A")];
            cells.map(|(name, cell)| (name.to_owned(), Value::from(cell))).into_iter().collect::<Map<_, _>>()
        };
        let written = text(&[row("a,b"), row("say \"c\"")]);
        assert!(is_header(&written));
        let read = rows(&written).unwrap();
        assert_eq!((&read[0]["user"], &read[1]["user"]), (&Value::from("a,b"), &Value::from("say \"c\"")));
        assert_eq!((read[0].len(), &read[0]["mfa_active"]), (22, &Value::from("no_information")));
    }

    #[test]
    fn a_broken_report_says_where() {
        let check = |text: &str, expected: &str| {
            let fault = rows(text).unwrap_err().what;
            assert!(fault.contains(expected), "{text} → {fault}");
        };
        check("user,password\n", "no column arn");
        check("user,arn,user_creation_time\na,b\n", "line: 2");
    }
}
