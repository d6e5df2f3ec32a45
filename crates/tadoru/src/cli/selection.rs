//! Flags that the event lists share: the window, accounts, regions, how many. The flags become a question's plain input.

use std::collections::BTreeSet;

use clap::Args;
use lake::value::Value as LakeValue;
use questions::events::Selection;

use super::access_advisor::window;
use super::{Context, argument};
use crate::clock::{Now, NowSource};
use crate::error::Message;
use crate::output::{Column, Table, from_lake, masked};

/// So many events are shown if nobody says otherwise.
const USUAL_LIMIT: u64 = 100;

/// What a narrow terminal shows first.
const TELLING: &[&str] = &["time", "event_name", "principal", "error_code", "via"];

#[derive(Debug, Args)]
pub struct SelectionFlags {
    /// From this time on: 30d, 2024-06-01, RFC 3339 [default: the oldest event]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Before this time [default: the newest event]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only events of this account, * and ? allowed; repeatable
    #[arg(long, value_name = "ACCOUNT", value_delimiter = ',', value_parser = argument::account_pattern)]
    account: Vec<String>,
    /// Only events of this region, as ap-northeast-1 or ap-*; repeatable
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// The newest so many; 0 for all
    #[arg(long, value_name = "N", default_value_t = USUAL_LIMIT)]
    limit: u64,
    /// Show secrets in records (session tokens, secret keys, passwords) as they are
    #[arg(long)]
    pub reveal: bool,
}

impl SelectionFlags {
    /// Whether a window was asked for, and not the whole of the lake.
    pub fn names_a_window(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    /// The input of a question; `own` are columns that the question adds by itself.
    pub fn selection(&self, context: &Context, now: Now, own: &[&str]) -> anyhow::Result<Selection> {
        let window = window(self.since.as_deref(), self.until.as_deref(), now)?;
        // The clock hides nothing: an event with a time to come is shown. An `--as-of` is the end of what is known.
        let open_end = self.until.is_none() && now.source == NowSource::Clock;
        let columns = context.columns.iter().flatten();
        let mut seen = BTreeSet::new();
        let asked = columns.filter(|name| !own.contains(&name.as_str()) && seen.insert(name.to_lowercase()));
        Ok(Selection {
            columns: asked.cloned().collect(),
            since_us: window.since_us,
            until_us: (!open_end).then_some(window.until_us),
            accounts: self.account.clone(),
            regions: self.region.clone(),
            limit: Some(self.limit).filter(|limit| *limit > 0),
        })
    }

    /// Prints the rows of an answer.
    pub fn print(&self, context: &Context, columns: &[String], rows: Vec<Vec<LakeValue>>) -> anyhow::Result<()> {
        context.print(&self.table(columns, rows))
    }

    /// Rows of an answer as they are printed: secrets hidden unless `--reveal`.
    fn table(&self, columns: &[String], rows: Vec<Vec<LakeValue>>) -> Table {
        let row = |values: Vec<LakeValue>| {
            let values = from_lake::row(values);
            if self.reveal { values } else { values.into_iter().map(masked).collect() }
        };
        Table {
            columns: columns.iter().map(|name| Column::new(name.as_str())).collect(),
            rows: rows.into_iter().map(row).collect(),
            need: TELLING,
        }
    }
}

/// Says that there are more events than are shown.
pub fn note_cut(context: &Context, shown: usize, event_count: u64) {
    if (shown as u64) < event_count {
        let what = format!("the newest {shown} of {event_count} events are shown");
        context.note(&Message::note(what).try_this("--limit 0 for all, or a window with --since and --until"));
    }
}
