//! A command on a pseudo terminal: what people see there that a pipe does not show.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::reference::{skip, workspace};
use crate::test_lake::{TestLake, isolate, program, sample, text, write_sample};

/// Runs a command over the lake on a terminal of that width, typing and waiting as `tests/terminal/conversation.py` says,
/// and returns all that it printed. `None`, and a line that says so, where there is no python3.
pub fn on_terminal(lake: &TestLake, columns: u16, arguments: &[&str], steps: &[Value], test: &str) -> Option<String> {
    let mut command = Command::new("python3");
    isolate(&mut command);
    command.arg("-B").arg(workspace().join("tests/terminal/conversation.py")).arg(columns.to_string());
    command.arg(program().get_program()).arg("--lake").arg(lake.folder()).args(arguments);
    command.env("XDG_STATE_HOME", lake.beside("state")).env("TERM", "xterm-256color");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        skip(test, "there is no python3 to make a pseudo terminal");
        return None;
    };
    child.stdin.take().unwrap().write_all(Value::from(steps).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{}\n{said}", text(&output.stderr));
    Some(said)
}

#[test]
fn events_are_readable_at_80_columns() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 0..1, &logs);
    lake.ingest(&[&logs]);
    let test = "events_are_readable_at_80_columns";
    let Some(narrow) = on_terminal(&lake, 80, &["events", "--limit", "5"], &[], test) else { return };
    let times = |said: &str| said.lines().filter(|line| line.starts_with("2026-") && line.contains("Z ")).count();
    assert_eq!(times(&narrow), 5, "a time is on one line: {narrow}");
    assert!(narrow.contains("columns are left out") && narrow.contains("try: --columns"), "{narrow}");
    assert!(narrow.lines().all(|line| line.chars().count() <= 80 || line.contains(": ")), "{narrow}");
    let wide = on_terminal(&lake, 200, &["events", "--limit", "5"], &[], test).unwrap();
    assert!(wide.contains("source_ip") && times(&wide) == 5, "{wide}");
    let wider = on_terminal(&lake, 300, &["events", "--limit", "5"], &[], test).unwrap();
    assert!(wider.contains("event_id") && !wider.contains("left out"), "{wider}");
}

/// Each row of a table takes at most five lines, and what has no room is named.
#[test]
fn tables_fit_every_terminal() {
    let lake = TestLake::new();
    let logs = lake.beside("logs");
    write_sample(&sample(), 0..2, &logs);
    lake.ingest(&[&logs]);
    for arguments in [&["status"][..], &["access-advisor", "--all"], &["status", "--sources"]] {
        for columns in [80, 120, 200] {
            let Some(said) = on_terminal(&lake, columns, arguments, &[], "tables_fit_every_terminal") else { return };
            let mut in_row = 0;
            for line in said.lines().take_while(|line| !line.contains(": ")) {
                assert!(line.chars().count() <= usize::from(columns), "{arguments:?} at {columns}: {said}");
                in_row = if line.starts_with(' ') { in_row + 1 } else { 1 };
                assert!(in_row <= 5, "{arguments:?} at {columns}: {said}");
            }
        }
        let narrow = on_terminal(&lake, 80, arguments, &[], "tables_fit_every_terminal").unwrap();
        assert!(narrow.contains("columns are left out\n") && narrow.contains("has no room for "), "{narrow}");
    }
}
