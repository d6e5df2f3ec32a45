//! What each format prints, to the byte.

use serde_json::json;

use super::*;

fn sample() -> Table {
    let mut table = Table::new(&["event_time", "user_name", "account", "event_count", "resources"]);
    table.rows = vec![
        vec![json!("2024-06-01T00:00:00Z"), json!("Alice"), json!("012345678901"), json!(7), json!([{"arn": "a\"b"}])],
        vec![
            json!("2024-06-01T12:30:00.5Z"),
            json!("山田\t太郎\u{1b}[2J"),
            json!("111111111111"),
            json!(1200),
            Value::Null,
        ],
        vec![Value::Null, json!("=cmd|'/c calc'!A1"), Value::Null, json!(-1.5), json!({"a": 1})],
    ];
    table
}

fn printed(table: &Table, options: &OutputOptions) -> String {
    let mut out = Vec::new();
    write(table, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn check(options: OutputOptions, expected: &str) {
    let found = printed(&sample(), &options);
    assert_eq!(found, expected, "found:\n{found}");
}

fn options(format: OutputFormat) -> OutputOptions {
    OutputOptions::new(format)
}

fn columns(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn table_lines_up_with_japanese_names_and_null_is_a_dash() {
    check(
        options(OutputFormat::Table),
        "event_time              user_name          account       event_count  resources\n\
         2024-06-01T00:00:00Z    Alice              012345678901            7  [{\"arn\":\"a\\\"b\"}]\n\
         2024-06-01T12:30:00.5Z  山田\\t太郎\\x1b[2J  111111111111         1200  -\n\
         -                       =cmd|'/c calc'!A1  -                    -1.5  {\"a\":1}\n",
    );
}

#[test]
fn table_shows_times_in_the_zone_asked_for() {
    let zone = Some(TimeZone::get("Asia/Tokyo").unwrap());
    let columns = columns(&["event_time"]);
    check(
        OutputOptions { zone: zone.clone(), columns: columns.clone(), ..options(OutputFormat::Table) },
        "event_time\n2024-06-01T09:00:00+09:00\n2024-06-01T21:30:00.5+09:00\n-\n",
    );
    let utc = "{\"event_time\":\"2024-06-01T00:00:00Z\"}\n{\"event_time\":\"2024-06-01T12:30:00.5Z\"}\n{\"event_time\":null}\n";
    check(OutputOptions { zone, columns, ..options(OutputFormat::Jsonl) }, utc);
}

#[test]
fn table_wraps_where_the_terminal_ends() {
    let mut table = Table::new(&["principal", "n"]);
    table.rows = vec![vec![json!("arn:aws:iam::111111111111:role/Deploy"), json!(1)]];
    let options = OutputOptions { width: Some(30), terminal: true, ..options(OutputFormat::Table) };
    let found = printed(&table, &options);
    assert!(found.lines().all(|line| line.chars().count() <= 30), "{found}");
    assert!(found.lines().count() > 2, "{found}");
    table.rows = vec![vec![json!("x".repeat(5_000)), json!(1)]];
    assert!(printed(&table, &options).contains('…'));
    assert!(!printed(&table, &OutputOptions { width: None, ..options }).contains('…'));
}

#[test]
fn a_narrow_terminal_shows_what_is_needed_first() {
    let mut table = Table::new(&["time", "event_id", "principal", "error_code", "n"]).needing(&["principal", "n"]);
    let (time, id) = ("2026-05-01T23:53:42Z", "0190a3b2-c4d5-e6f7-0819-2a3b4c5d6e7f");
    let row = |who: &str, n| vec![json!(time), json!(id), json!(who), json!("AccessDenied"), json!(n)];
    table.rows = vec![row("arn:aws:iam::111111111111:role/service/billing/InvoiceApi", 1), row("AWSService:x", 12345)];
    let check = |width: Option<u16>, expected: Option<&[&str]>| {
        let options = OutputOptions { width, terminal: true, ..options(OutputFormat::Table) };
        let expected = expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(fitting_columns(&table, &options), expected, "{width:?}");
    };
    check(None, None);
    check(Some(200), None);
    check(Some(80), Some(&["time", "principal", "error_code", "n"]));
    check(Some(50), Some(&["time", "principal", "n"]));
    check(Some(45), Some(&["principal", "error_code", "n"]));
    check(Some(10), Some(&["principal"]));
    let json = OutputOptions { width: Some(10), ..options(OutputFormat::Json) };
    assert_eq!(fitting_columns(&table, &json), None, "a format for programs loses nothing");
}

#[test]
fn tsv_keeps_a_row_on_one_line() {
    check(
        options(OutputFormat::Tsv),
        "event_time\tuser_name\taccount\tevent_count\tresources\n\
         2024-06-01T00:00:00Z\tAlice\t012345678901\t7\t[{\"arn\":\"a\\\"b\"}]\n\
         2024-06-01T12:30:00.5Z\t山田\\t太郎\\x1b[2J\t111111111111\t1200\t\n\
         \t=cmd|'/c calc'!A1\t\t-1.5\t{\"a\":1}\n",
    );
}

#[test]
fn csv_is_athenas_form() {
    check(
        options(OutputFormat::Csv),
        "\"event_time\",\"user_name\",\"account\",\"event_count\",\"resources\"\n\
         \"2024-06-01T00:00:00Z\",\"Alice\",\"012345678901\",\"7\",\"[{\"\"arn\"\":\"\"a\\\"\"b\"\"}]\"\n\
         \"2024-06-01T12:30:00.5Z\",\"山田\t太郎\u{1b}[2J\",\"111111111111\",\"1200\",\n\
         ,\"=cmd|'/c calc'!A1\",,\"-1.5\",\"{\"\"a\"\":1}\"\n",
    );
}

#[test]
fn csv_for_excel_runs_nothing_and_rounds_nothing() {
    let columns = columns(&["account", "user_name", "event_count"]);
    check(
        OutputOptions { columns, excel: true, ..options(OutputFormat::Csv) },
        "\u{feff}\"account\",\"user_name\",\"event_count\"\n\
         \"=\"\"012345678901\"\"\",\"Alice\",\"7\"\n\
         \"=\"\"111111111111\"\"\",\"山田\t太郎\u{1b}[2J\",\"1200\"\n\
         ,\"'=cmd|'/c calc'!A1\",\"-1.5\"\n",
    );
}

#[test]
fn json_is_one_array_and_jsonl_one_object_a_line() {
    let pick = columns(&["EVENT_COUNT", "user_name"]);
    let jsonl = "{\"event_count\":7,\"user_name\":\"Alice\"}\n\
                 {\"event_count\":1200,\"user_name\":\"山田\\t太郎\\u001b[2J\"}\n\
                 {\"event_count\":-1.5,\"user_name\":\"=cmd|'/c calc'!A1\"}\n";
    check(OutputOptions { columns: pick.clone(), ..options(OutputFormat::Jsonl) }, jsonl);
    let json = format!("[\n{}\n]\n", jsonl.trim_end().replace('\n', ",\n"));
    check(OutputOptions { columns: pick.clone(), ..options(OutputFormat::Json) }, &json);
    let indented = printed(&sample(), &OutputOptions { columns: pick, terminal: true, ..options(OutputFormat::Json) });
    assert!(
        indented.starts_with("[\n  {\n    \"event_count\": 7,\n    \"user_name\": \"Alice\"\n  },\n"),
        "{indented}"
    );
    assert_eq!(serde_json::from_str::<Value>(&indented).unwrap(), serde_json::from_str::<Value>(&json).unwrap());
    assert_eq!(printed(&Table::new(&["a"]), &options(OutputFormat::Json)), "[]\n");
    assert_eq!(printed(&Table::new(&["a"]), &options(OutputFormat::Tsv)), "a\n");
}

#[test]
fn no_control_character_reaches_a_terminal() {
    let mut table = Table::new(&["agent\u{7}"]);
    table.rows = vec![vec![json!("a\u{1b}]0;x\u{7}b\u{9b}31m\u{202e}gnp.exe\u{7f}\r\n\u{2066}\u{feff}")]];
    for format in [OutputFormat::Table, OutputFormat::Tsv, OutputFormat::Csv, OutputFormat::Json, OutputFormat::Jsonl] {
        for query in [None, Some("[]".to_owned())] {
            let options = OutputOptions { terminal: true, width: Some(80), query, ..options(format) };
            let found = printed(&table, &options);
            assert!(!found.chars().any(|c| cell::is_unsafe(c) && c != '\n' && c != '\t'), "{format:?}: {found:?}");
            if matches!(format, OutputFormat::Jsonl) {
                assert_eq!(serde_json::from_str::<Value>(&found).unwrap()["agent\u{7}"], table.rows[0][0]);
            }
        }
    }
}

#[test]
fn an_unknown_column_is_named() {
    let options = OutputOptions { columns: columns(&["user"]), ..options(OutputFormat::Json) };
    let error = write(&sample(), &options, &mut Vec::new()).unwrap_err();
    let expected = "there is no column `user`; there are event_time, user_name, account, event_count, resources";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn query_is_answered_as_aws_does() {
    let check = |format, query: &str, expected: &str| {
        check(OutputOptions { query: Some(query.to_owned()), ..options(format) }, expected);
    };
    check(OutputFormat::Json, "[0].user_name", "\"Alice\"\n");
    check(OutputFormat::Tsv, "[0].user_name", "Alice\n");
    check(OutputFormat::Tsv, "[?event_count>`5`].account", "012345678901\t111111111111\n");
    check(OutputFormat::Tsv, "[:2].[account,event_count]", "012345678901\t7\n111111111111\t1200\n");
    check(OutputFormat::Csv, "[:1].{who: user_name, n: event_count}", "\"who\",\"n\"\n\"Alice\",\"7\"\n");
    check(OutputFormat::Jsonl, "[?account==null]|[].event_count", "-1.5\n");
    check(OutputFormat::Json, "length(@)", "3\n");
    check(OutputFormat::Tsv, "[0].nothing", "None\n");
}

#[test]
fn a_broken_query_is_an_error_that_shows_it() {
    for query in ["[?", "nonsense(@)", "length([0].event_count)"] {
        let options = OutputOptions { query: Some(query.to_owned()), ..options(OutputFormat::Json) };
        let error = write(&sample(), &options, &mut Vec::new()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("--query `{query}`: ")), "{error}");
    }
}
