//! `tadoru lake check`: one row for each invariant that holds, one for each place where one does not, and what was not checked on
//! stderr. Exit code 1 where something is wrong.

use std::time::{Duration, Instant};

use ::lake::check::{Invariant, Report, Verdict, check};
use ::lake::timestamp::date_text;
use serde_json::{Value, json};

use super::super::Context;
use crate::error::{Exit, Message};
use crate::output::Table;

pub fn run(context: &Context) -> anyhow::Result<Exit> {
    let mut last_line = Instant::now();
    let report = check(&context.config.lake, &mut |what, done, all| {
        if last_line.elapsed() >= Duration::from_secs(10) {
            last_line = Instant::now();
            context.note(&Message::note(format!("checking {what}: {done} of {all}")));
        }
    })?;
    context.print(&table(&report))?;
    if !report.left_out.is_empty() {
        context.note(&Message::note("not checked, or not wrong:").why(report.left_out.join("\n")));
    }
    if report.is_clean() {
        return Ok(Exit::Done);
    }
    super::super::say(
        &Message::error(format!(
            "{} in {}",
            super::super::plural(report.findings.len() as u64, "violation"),
            context.config.lake.display()
        ))
        .why("the rows with result violated name them")
        .try_this("restore the files from a backup, or ingest the logs into a new lake"),
    );
    Ok(Exit::Failed)
}

fn table(report: &Report) -> Table {
    let mut table = Table::new(&["invariant", "result", "examined", "day", "file", "detail"]).needing(&[
        "invariant",
        "result",
        "examined",
        "detail",
        "file",
    ]);
    for invariant in Invariant::ALL {
        let verdict = report.verdict(invariant);
        let head = [json!(invariant.as_str()), json!(verdict.as_str()), json!(report.examined_count(invariant))];
        if verdict != Verdict::Violated {
            table.rows.push(head.into_iter().chain([Value::Null, Value::Null, Value::Null]).collect());
            continue;
        }
        for finding in report.findings.iter().filter(|finding| finding.invariant == invariant) {
            let place = [
                finding.day.map(date_text).into(),
                finding.file.as_ref().map(|file| file.display().to_string()).into(),
                Value::from(finding.detail.clone()),
            ];
            table.rows.push(head.iter().cloned().chain(place).collect());
        }
    }
    table
}
