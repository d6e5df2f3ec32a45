//! Folding: the ledger's rows of finished (account, region, day) prefixes become one row each, with their sums, their times
//! of delivery and a set of keys (`key_set`), so that 100 M objects cost about a gigabyte. Only what has nothing left to
//! say is folded; an object that was rejected, warned of or that a digest still disputes keeps its row. What arrives late
//! for a folded day is a row of its own until the next fold. Readers add both up, so no answer changes.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::{Catalog, CatalogError, key_set, minute_list};
use crate::timestamp::{DAY_US, day_of};

/// A day is finished once its account and region delivered something so many days later.
const FINISHED_AFTER_DAYS: i32 = 7;
/// Objects folded in one transaction: bounds memory and how long other writers wait.
const PORTION: u64 = 20_000;

/// Which rows have nothing left to say but their sums. Log files whose stamps are not whole minutes keep their rows, as
/// `minute_list` could not give their times back.
const FOLDABLE: &str = "kind IN ('log', 'digest', 'insight') AND reject_reason IS NULL AND rejected = 0
    AND warnings IS NULL AND (kind <> 'log' OR delivered_at % 60000000 = 0)";

/// The sums that a row of the ledger and a folded prefix have in common, in the order of `Sums`.
const SUMS: &str = "records, new_events, duplicates, conflicts, rejected, expired, bytes_in, inflated_bytes";

type Sums = [i64; 8];

/// An account and region, and the end of its finished days.
struct FinishedRegion {
    account: String,
    region: String,
    /// Deliveries before this are finished, µs UTC.
    until_us: i64,
}

/// What one fold adds to a prefix.
#[derive(Default)]
struct FoldedDay {
    objects: i64,
    sums: Sums,
    event_span_us: Option<(i64, i64)>,
    delivery_span_us: Option<(i64, i64)>,
    delivered_at_us: Vec<i64>,
    last_ingested_at: i64,
    snapshot_id: i64,
    keys: Vec<key_set::Entry>,
}

/// The folder of an object's name with its slash, and the rest.
pub(super) fn split_name(name: &str) -> (&str, &str) {
    name.split_at(name.rfind('/').map_or(0, |slash| slash + 1))
}

impl Catalog {
    /// Folds the finished days of the ledger if at least `least` objects can be; returns how many were. Each portion is a
    /// transaction of its own, so this may be killed at any time and needs no writer's lock.
    pub fn fold_ledger(&mut self, least: u64) -> Result<u64, CatalogError> {
        let regions = self.finished_regions()?;
        if self.foldable_objects(&regions, least)? < least {
            return Ok(0);
        }
        let mut regions = regions.iter();
        let mut next = regions.next().map(|region| (region, i64::MIN));
        let mut folded = 0;
        while next.is_some() {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut portion = 0;
            while portion < PORTION
                && let Some((region, from_us)) = next
            {
                next = match fold_next_day(&transaction, region, from_us)? {
                    Some((day_end, objects)) => {
                        portion += objects;
                        Some((region, day_end))
                    }
                    None => regions.next().map(|region| (region, i64::MIN)),
                };
            }
            crate::stop_point::reach("before_fold_commit");
            transaction.commit()?;
            crate::stop_point::reach("after_fold_commit");
            folded += portion;
        }
        Ok(folded)
    }

    /// Each account and region that delivered, found by its place in the index and not by reading it.
    fn finished_regions(&self) -> Result<Vec<FinishedRegion>, CatalogError> {
        let mut after = self.connection.prepare_cached(
            "SELECT account, region FROM ingested_object WHERE (account, region) > (?, ?)
             ORDER BY account, region LIMIT 1",
        )?;
        let mut newest = self
            .connection
            .prepare_cached("SELECT max(delivered_at) FROM ingested_object WHERE account = ? AND region = ?")?;
        let mut regions: Vec<FinishedRegion> = Vec::new();
        let mut last = (String::new(), String::new());
        while let Some((account, region)) = after
            .query_row([&last.0, &last.1], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)))
            .optional()?
        {
            // Rows without a region come before an account's regions, and are passed over.
            let region = region.unwrap_or_default();
            last = (account.clone(), region.clone());
            if let Some(us) = newest.query_row([&account, &region], |row| row.get::<_, Option<i64>>(0))? {
                let until_us = i64::from(day_of(us) - FINISHED_AFTER_DAYS + 1) * DAY_US;
                regions.push(FinishedRegion { account, region, until_us });
            }
        }
        Ok(regions)
    }

    /// How many objects can be folded, counted to `enough` of them.
    fn foldable_objects(&self, regions: &[FinishedRegion], enough: u64) -> Result<u64, CatalogError> {
        let mut count = self.connection.prepare_cached(&format!(
            "SELECT count(*) FROM (SELECT 1 FROM ingested_object
             WHERE account = ? AND region = ? AND delivered_at < ? AND {FOLDABLE} LIMIT ?)"
        ))?;
        let mut found = 0;
        for region in regions {
            if found >= enough {
                break;
            }
            let limit = i64::try_from(enough).unwrap_or(i64::MAX);
            found += count
                .query_row(params![region.account, region.region, region.until_us, limit], |row| row.get::<_, i64>(0))?
                as u64;
        }
        Ok(found)
    }
}

/// Folds the first finished day of a region from `from_us` on; returns the day's end and how many objects were folded.
fn fold_next_day(
    transaction: &Transaction<'_>,
    region: &FinishedRegion,
    from_us: i64,
) -> Result<Option<(i64, u64)>, CatalogError> {
    let FinishedRegion { account, region, until_us } = region;
    let first: Option<i64> = transaction
        .prepare_cached(&format!(
            "SELECT min(delivered_at) FROM ingested_object
             WHERE account = ? AND region = ? AND delivered_at >= ? AND delivered_at < ? AND {FOLDABLE}"
        ))?
        .query_row(params![account, region, from_us, until_us], |row| row.get(0))?;
    let Some(first) = first else { return Ok(None) };
    let day = day_of(first);
    let (begin, end) = (i64::from(day) * DAY_US, i64::from(day + 1) * DAY_US);
    let disputed: HashSet<String> = transaction
        .prepare_cached(
            "SELECT name FROM listed_file WHERE account = ? AND region = ? AND delivered_at >= ? AND delivered_at < ?",
        )?
        .query_map(params![account, region, begin, end], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut prefixes: BTreeMap<(String, String), FoldedDay> = BTreeMap::new();
    let mut select = transaction.prepare_cached(&format!(
        "SELECT object_id, name, size_bytes, stamp, kind, delivered_at, first_event_at, last_event_at, ingested_at,
                snapshot_id, {SUMS}
         FROM ingested_object WHERE account = ? AND region = ? AND delivered_at >= ? AND delivered_at < ? AND {FOLDABLE}"
    ))?;
    let mut delete = transaction.prepare_cached("DELETE FROM ingested_object WHERE object_id = ?")?;
    let mut rows = select.query(params![account, region, begin, end])?;
    let mut folded_ids: Vec<i64> = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        let (folder, file_name) = split_name(&name);
        if disputed.contains(file_name) {
            continue;
        }
        let of_prefix = prefixes.entry((folder.to_owned(), row.get(4)?)).or_default();
        of_prefix.add(row, file_name)?;
        folded_ids.push(row.get(0)?);
    }
    drop(rows);
    for object_id in &folded_ids {
        delete.execute([object_id])?;
    }
    for ((prefix, kind), folded) in &prefixes {
        folded.store(transaction, (account, region, day), prefix, kind)?;
    }
    Ok(Some((end, folded_ids.len() as u64)))
}

impl FoldedDay {
    fn add(&mut self, row: &rusqlite::Row<'_>, file_name: &str) -> Result<(), CatalogError> {
        self.objects += 1;
        let delivered: i64 = row.get(5)?;
        self.delivered_at_us.push(delivered);
        self.delivery_span_us = joined(self.delivery_span_us, Some((delivered, delivered)));
        self.event_span_us = joined(self.event_span_us, row.get::<_, Option<i64>>(6)?.zip(row.get(7)?));
        self.last_ingested_at = self.last_ingested_at.max(row.get(8)?);
        self.snapshot_id = self.snapshot_id.max(row.get(9)?);
        for (index, sum) in self.sums.iter_mut().enumerate() {
            *sum += row.get::<_, i64>(10 + index)?;
        }
        self.keys.push(key_set::entry(file_name, row.get(2)?, row.get_ref(3)?.as_str().unwrap_or_default()));
        Ok(())
    }

    /// Adds it to what was folded of the prefix before.
    fn store(
        &self,
        transaction: &Transaction<'_>,
        (account, region, day): (&str, &str, i32),
        prefix: &str,
        kind: &str,
    ) -> Result<(), CatalogError> {
        let known: Option<(i64, Vec<u8>, Vec<u8>)> = transaction
            .prepare_cached(
                "SELECT prefix_id, delivered_minutes, keys FROM folded_prefix
                 WHERE account = ? AND region = ? AND day = ? AND prefix = ? AND kind = ?",
            )?
            .query_row(params![account, region, day, prefix, kind], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
            .optional()?;
        let (prefix_id, minutes, keys) = match known {
            Some(known) => known,
            None => {
                let mut insert = transaction.prepare_cached(&format!(
                    "INSERT INTO folded_prefix (prefix, kind, account, region, day, objects, {SUMS},
                     first_delivered_at, last_delivered_at, last_ingested_at, snapshot_id, delivered_minutes, keys)
                     VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?, ?, 0, 0, x'', x'')"
                ))?;
                let (first, last) = self.delivery_span_us.expect("a folded prefix holds an object");
                let id = insert.insert(params![prefix, kind, account, region, day, first, last])?;
                (id, Vec::new(), Vec::new())
            }
        };
        // Only log files' times are asked for, and only theirs are whole minutes.
        let minutes = if kind == "log" { minute_list::merged(&minutes, &self.delivered_at_us) } else { minutes };
        let keys = key_set::merged(&keys, &self.keys);
        let [records, new_events, duplicates, conflicts, rejected, expired, bytes_in, inflated_bytes] = self.sums;
        let (first_event, last_event) = self.event_span_us.unzip();
        let (first_delivered, last_delivered) = self.delivery_span_us.unzip();
        transaction
            .prepare_cached(
                "UPDATE folded_prefix SET objects = objects + ?2, records = records + ?3, new_events = new_events + ?4,
                 duplicates = duplicates + ?5, conflicts = conflicts + ?6, rejected = rejected + ?7,
                 expired = expired + ?8, bytes_in = bytes_in + ?9, inflated_bytes = inflated_bytes + ?10,
                 first_event_at = min(coalesce(first_event_at, ?11), coalesce(?11, first_event_at)),
                 last_event_at = max(coalesce(last_event_at, ?12), coalesce(?12, last_event_at)),
                 first_delivered_at = min(first_delivered_at, ?13), last_delivered_at = max(last_delivered_at, ?14),
                 last_ingested_at = max(last_ingested_at, ?15), snapshot_id = max(snapshot_id, ?16),
                 delivered_minutes = ?17, keys = ?18 WHERE prefix_id = ?1",
            )?
            .execute(params![
                prefix_id,
                self.objects,
                records,
                new_events,
                duplicates,
                conflicts,
                rejected,
                expired,
                bytes_in,
                inflated_bytes,
                first_event,
                last_event,
                first_delivered,
                last_delivered,
                self.last_ingested_at,
                self.snapshot_id,
                minutes,
                keys,
            ])?;
        Ok(())
    }
}

/// The span that holds both.
fn joined(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests;
