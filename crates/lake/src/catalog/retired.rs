//! What retention has taken out of the lake: whole days of events, whole months of the rollup. A retirement is one transaction;
//! the rows that stay behind say how many events there were, so that the lake's sums still add up.

use std::collections::BTreeMap;

use rusqlite::{TransactionBehavior, params};

use super::append::next_snapshot;
use super::replacement::{end_files, refresh_table_statistics};
use super::{Catalog, CatalogError, Table};
use crate::timestamp;

/// Everything retired so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retired {
    /// Days of `events` (since 1970) and how many events they held.
    pub days: BTreeMap<i32, u64>,
    /// Months of `access_daily`, by their first day, and how many events they summed up.
    pub months: BTreeMap<i32, u64>,
}

impl Retired {
    /// Whether an event of that day comes too late: it is neither kept nor summed up any more.
    pub fn holds(&self, day: i32) -> bool {
        self.days.contains_key(&day) || !self.months.is_empty() && self.months.contains_key(&timestamp::month_of(day))
    }

    /// How many events the retired days held.
    pub fn event_count(&self) -> u64 {
        self.days.values().sum()
    }
}

/// One partition about to be retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredPart {
    pub table: Table,
    /// The partition: a day of `events`, or the first day of a month of `access_daily`.
    pub day: i32,
    /// Its live files.
    pub files: Vec<i64>,
    /// Events that it holds or sums up.
    pub events: u64,
    pub size_bytes: u64,
}

impl Catalog {
    /// What was retired so far.
    pub fn retired(&self) -> Result<Retired, CatalogError> {
        let read = |sql: &str| -> Result<BTreeMap<i32, u64>, CatalogError> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let rows = statement.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get::<_, i64>(1)?)))?;
            let mut found = BTreeMap::new();
            for row in rows {
                let (text, events) = row?;
                let day = timestamp::day_from_text(&text).ok_or_else(|| CatalogError::Corrupt {
                    path: Self::path(&self.folder),
                    detail: format!("{text} is no retired day"),
                })?;
                found.insert(day, events.unsigned_abs());
            }
            Ok(found)
        };
        Ok(Retired {
            days: read("SELECT eventdate, events FROM retired_day")?,
            months: read("SELECT eventmonth, events FROM retired_month")?,
        })
    }

    /// Retires partitions in one transaction and returns its snapshot. To be called under the writer's lock, with what was
    /// read under it: else an ingest could add to a day after it was counted.
    pub fn retire(&mut self, parts: &[RetiredPart], now_us: i64) -> Result<i64, CatalogError> {
        let mut tables = Vec::new();
        for table in Table::ALL {
            if parts.iter().any(|part| part.table == table) {
                tables.push((table, self.table_id(table)?));
            }
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let changes: Vec<String> = tables.iter().map(|(_, id)| format!("deleted_from_table:{id}")).collect();
        let (snapshot, _) = next_snapshot(&transaction, 0, &changes.join(","))?;
        for (table, table_id) in tables {
            let insert = match table {
                Table::Events => {
                    "INSERT INTO retired_day VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET events = events + ?2"
                }
                Table::AccessDaily => {
                    "INSERT INTO retired_month VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET events = events + ?2"
                }
            };
            for part in parts.iter().filter(|part| part.table == table) {
                end_files(&transaction, table_id, snapshot, &part.files)?;
                let events = i64::try_from(part.events).unwrap_or(i64::MAX);
                transaction.prepare_cached(insert)?.execute(params![timestamp::date_text(part.day), events, now_us])?;
            }
            refresh_table_statistics(&transaction, table, table_id)?;
        }
        crate::stop_point::reach("before_retirement_commit");
        transaction.commit()?;
        crate::stop_point::reach("after_retirement_commit");
        Ok(snapshot)
    }
}
