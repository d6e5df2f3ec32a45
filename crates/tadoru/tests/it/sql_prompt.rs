//! The prompt of `tadoru sql` as a person meets it: on a pseudo terminal, typed to, its answers read. What a step waits for
//! is text that the program prints, never time.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::terminal::on_terminal;
use crate::test_lake::{TestLake, program, sample, write_sample};

/// The sign of an empty line.
const SIGN: &str = "tadoru> $";

fn expect(pattern: &str) -> Value {
    json!({"expect": pattern})
}

/// Types a line.
fn line(text: &str) -> Value {
    json!({"send": format!("{text}\r")})
}

/// Holds a conversation with `tadoru sql` over the lake.
fn talk(lake: &TestLake, flags: &[&str], steps: &[Value], test: &str) -> Option<String> {
    on_terminal(lake, 120, &[&["sql"], flags].concat(), steps, test)
}

fn lake_of_two_days() -> TestLake {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 0..2, &logs);
    lake.ingest(&[&logs]);
    lake
}

#[test]
fn statements_are_answered_and_errors_leave_the_prompt() {
    let steps = [
        expect(SIGN),
        line("select 40 + 2 as answer,"),
        line("       'a;b' as text;"),
        expect("^answer +text\n +42 +a;b\n\\(1 row\\)"),
        expect(SIGN),
        line("select eventnam from events;"),
        expect("^error: .*eventnam(.|\n)*why: (.|\n)*try: "),
        expect(SIGN),
        line("delete from events;"),
        expect("^error: DELETE is not allowed"),
        expect(SIGN),
        line("select ‘x’ as one; select 2 as two;"),
        expect("^warning: typographic quotes(.|\n)*^one\nx\n(.|\n)*^two\n +2\n"),
        expect(SIGN),
        line("\\d events"),
        expect("^useridentity\\.sessioncontext\\.sessionissuer\\.arn +varchar"),
        expect(SIGN),
        line("\\x"),
        expect("expanded display is on"),
        expect(SIGN),
        line("\\timing"),
        expect("timing is on"),
        expect(SIGN),
        line("select 1 as a, null as bcd;"),
        expect("^-\\[ 1 \\]-+\na   \\| 1\nbcd \\| -\n\\(1 row, [0-9.]+ s\\)"),
        expect(SIGN),
        line("\\nonsense"),
        expect("^error: `.nonsense` is no command of the prompt(.|\n)*try: "),
        expect(SIGN),
        line("\\?"),
        expect("Ctrl-D"),
        expect(SIGN),
        // Ctrl-D
        json!({"send": "\u{4}"}),
    ];
    talk(&lake_of_two_days(), &[], &steps, "statements_are_answered_and_errors_leave_the_prompt");
}

#[test]
fn ctrl_c_stops_an_endless_statement_and_not_the_prompt() {
    let endless = "select count(*) from events a join events b on a.account = b.account \
                   join events c on b.account = c.account join events d on c.account = d.account where a.raw like d.raw;";
    let steps = [
        expect(SIGN),
        line(endless),
        // What --explain prints, when the statement can be stopped.
        expect("^select count"),
        json!({"send": "\u{3}"}),
        expect("^.*stopped\n"),
        expect(SIGN),
        // On an empty or begun line it only begins a new one.
        json!({"send": "select \u{3}"}),
        expect(SIGN),
        line("select 7 as seven;"),
        expect("^seven\n +7\n"),
        expect(SIGN),
        line("exit"),
    ];
    talk(&lake_of_two_days(), &["--explain"], &steps, "ctrl_c_stops_an_endless_statement_and_not_the_prompt");
}

#[test]
fn each_statement_sees_what_was_ingested_beside_it() {
    let lake = lake_of_two_days();
    let more = lake.beside("more");
    write_sample(&sample(), 2..3, &more);
    let (program, folder) = (program().get_program().to_owned(), lake.folder());
    let ingest = json!({"run": [program.to_str(), "--lake", folder.to_str(), "ingest", more.to_str()]});
    let count = "select max(eventdate) > date '2026-05-02' as grown from events;";
    let steps = [
        expect(SIGN),
        line(count),
        expect("^grown\n(true|false)"),
        expect(SIGN),
        ingest,
        line(count),
        expect("\\(1 row\\)"),
        line("\\q"),
    ];
    let Some(said) = talk(&lake, &[], &steps, "each_statement_sees_what_was_ingested_beside_it") else { return };
    let answers: Vec<&str> = said.lines().filter(|line| ["true", "false"].contains(line)).collect();
    assert_eq!(answers, ["false", "true"], "{said}");
}

#[test]
fn the_history_is_kept_for_its_owner_alone() {
    let lake = lake_of_two_days();
    let test = "the_history_is_kept_for_its_owner_alone";
    let steps = [expect(SIGN), line("select 6 * 7\r as answer;"), expect("^ +42"), expect(SIGN), line("\\q")];
    if talk(&lake, &[], &steps, test).is_none() {
        return;
    }
    let folder = lake.beside("state").join("tadoru");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&folder.join("sql_history"))), (0o700, 0o600));
    // Twice up: over \q to the statement of both lines.
    let up = json!({"send": "\u{1b}[A\u{1b}[A"});
    let again = [expect(SIGN), up, expect("as answer;"), line(""), expect("^ +42"), expect(SIGN), line("\\q")];
    talk(&lake, &[], &again, test);
}

#[test]
fn tab_completes_tables_columns_and_nested_fields() {
    let steps = [
        expect(SIGN),
        json!({"send": "select count(useridentity.sessionc\t.sessioni\t.ar\t) as n from access_d"}),
        expect("useridentity\\.sessioncontext\\.sessionissuer\\.arn\\) as n from access_d"),
        json!({"send": "\u{17}even"}),
        json!({"send": "ts;\r"}),
        expect("^ *n\n *[0-9]+\n"),
        expect(SIGN),
        line("\\q"),
    ];
    talk(&lake_of_two_days(), &[], &steps, "tab_completes_tables_columns_and_nested_fields");
}
