//! What digest files prove: `digest_span` holds the stretches of time that each trail's digests cover without a hole,
//! `listed_file` the log files that a digest lists and the ledger has not confirmed yet. Confirmed means a log file of that
//! account, region, minute and file name, whatever its folder, whose inflated bytes have the listed hash. `questions` asks
//! for both; nothing here checks a digest's signature.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::fold::split_name;
use super::{Catalog, CatalogError, key_set};
use crate::timestamp::day_of;

/// Digests of a trail whose times are no farther apart follow each other without a hole.
const ADJOINING_US: i64 = 60_000_000;
/// Listed files compared in one transaction.
const PORTION: usize = 10_000;

/// What the lake keeps of one digest file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewDigest {
    pub account: String,
    pub region: String,
    pub trail: String,
    pub starts_at: i64,
    pub ends_at: i64,
    /// It lists files that another digest missed; of the hour it says nothing.
    pub is_backfill: bool,
    pub files: Vec<ListedFile>,
}

/// A log file as a digest lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedFile {
    pub account: String,
    pub region: String,
    /// The stamp in its name, µs UTC.
    pub delivered_at: i64,
    /// Without folders.
    pub name: String,
    /// Of its inflated bytes; `None` where the digest has no SHA-256 of it.
    pub sha256: Option<[u8; 32]>,
    /// The times of its oldest and newest event.
    pub event_span_us: Option<(i64, i64)>,
}

/// A stretch of time that one trail's digests cover without a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestSpan {
    pub account: String,
    pub region: String,
    pub trail: String,
    pub starts_at: i64,
    pub ends_at: i64,
    /// Listed files whose rows were folded before the digest came: they are there, their bytes were not compared.
    pub not_compared: i64,
}

/// What the ledger has of a listed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileFinding {
    Missing,
    /// It was rejected as a whole.
    Rejected,
    /// There is one of that name, with other bytes.
    Altered,
    /// There is one of that name; of its bytes only the key set of a folded prefix is left.
    NotCompared,
    Confirmed,
}

impl Catalog {
    /// The proven stretches, by account, region, trail and time.
    pub fn digest_spans(&self) -> Result<Vec<DigestSpan>, CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT account, region, trail, starts_at, ends_at, not_compared FROM digest_span
             ORDER BY account, region, trail, starts_at",
        )?;
        let spans = statement.query_map([], |row| {
            Ok(DigestSpan {
                account: row.get(0)?,
                region: row.get(1)?,
                trail: row.get(2)?,
                starts_at: row.get(3)?,
                ends_at: row.get(4)?,
                not_compared: row.get(5)?,
            })
        })?;
        Ok(spans.collect::<Result<_, _>>()?)
    }

    /// The listed files that are missing, rejected or altered, in order of account, region and time.
    pub fn unproven_files(&self) -> Result<Vec<(ListedFile, FileFinding)>, CatalogError> {
        let mut statement = self.connection.prepare_cached(&format!("{SELECT_LISTED} LIMIT -1"))?;
        let listed: Vec<ListedFile> = statement.query_map([], listed_file)?.collect::<Result<_, _>>()?;
        let mut files = FileFinder::new(&self.connection);
        let mut unproven = Vec::new();
        for file in listed {
            let finding = files.find(&file)?;
            if finding < FileFinding::NotCompared {
                unproven.push((file, finding));
            }
        }
        Ok(unproven)
    }

    /// Whether a log file of that name, account, region and time was ingested and not rejected, from whatever folder.
    pub fn holds_file(&self, file: &ListedFile) -> Result<bool, CatalogError> {
        Ok(FileFinder::new(&self.connection).find(file)? >= FileFinding::Altered)
    }

    /// Drops the listed files that the ledger confirms by now.
    pub fn settle_listed_files(&mut self) -> Result<(), CatalogError> {
        let mut after = Some(ListedFile::default());
        while let Some(last) = after.take() {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let listed: Vec<ListedFile> = transaction
                .prepare_cached(&format!("{SELECT_LISTED_AFTER} LIMIT {PORTION}",))?
                .query_map(params![last.account, last.region, last.delivered_at, last.name], listed_file)?
                .collect::<Result<_, _>>()?;
            let mut files = FileFinder::new(&transaction);
            for file in &listed {
                let finding = files.find(file)?;
                if finding >= FileFinding::NotCompared {
                    forget(&transaction, file)?;
                }
                if finding == FileFinding::NotCompared {
                    count_not_compared(&transaction, file)?;
                }
            }
            drop(files);
            transaction.commit()?;
            after = listed.into_iter().nth(PORTION - 1);
        }
        Ok(())
    }
}

const SELECT_LISTED: &str = "SELECT account, region, delivered_at, name, sha256, first_event_at, last_event_at
    FROM listed_file ORDER BY account, region, delivered_at, name";
const SELECT_LISTED_AFTER: &str = "SELECT account, region, delivered_at, name, sha256, first_event_at, last_event_at
    FROM listed_file WHERE (account, region, delivered_at, name) > (?, ?, ?, ?)
    ORDER BY account, region, delivered_at, name";

fn listed_file(row: &rusqlite::Row<'_>) -> Result<ListedFile, rusqlite::Error> {
    Ok(ListedFile {
        account: row.get(0)?,
        region: row.get(1)?,
        delivered_at: row.get(2)?,
        name: row.get(3)?,
        sha256: row.get_ref(4)?.as_blob().ok().and_then(|bytes| bytes.try_into().ok()),
        event_span_us: row.get::<_, Option<i64>>(5)?.zip(row.get(6)?),
    })
}

fn forget(transaction: &Transaction<'_>, file: &ListedFile) -> Result<(), CatalogError> {
    transaction
        .prepare_cached(
            "DELETE FROM listed_file WHERE account = ? AND region = ? AND delivered_at = ? AND name = ? AND sha256 = ?",
        )?
        .execute(params![file.account, file.region, file.delivered_at, file.name, stored_hash(file)])?;
    Ok(())
}

fn count_not_compared(transaction: &Transaction<'_>, file: &ListedFile) -> Result<(), CatalogError> {
    transaction
        .prepare_cached(
            "UPDATE digest_span SET not_compared = not_compared + 1 WHERE span_id =
             (SELECT span_id FROM digest_span WHERE account = ?1 AND region = ?2 AND starts_at <= ?3
              ORDER BY starts_at DESC LIMIT 1)",
        )?
        .execute(params![file.account, file.region, file.delivered_at])?;
    Ok(())
}

/// The hash as the table keeps it: a key column, so never NULL.
fn stored_hash(file: &ListedFile) -> &[u8] {
    file.sha256.as_ref().map_or(&[], |sha256| sha256.as_slice())
}

/// Adds a digest to the stretches of its trail, and its files to those that are to be confirmed.
pub(super) fn insert(transaction: &Transaction<'_>, digest: &NewDigest) -> Result<(), CatalogError> {
    if !digest.is_backfill {
        extend_span(transaction, digest)?;
    }
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO listed_file
         (account, region, delivered_at, name, sha256, first_event_at, last_event_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?;
    for file in &digest.files {
        let (first, last) = file.event_span_us.unzip();
        let row = params![file.account, file.region, file.delivered_at, file.name, stored_hash(file), first, last];
        insert.execute(row)?;
    }
    Ok(())
}

/// Joins the digest's hour with the stretches that it touches.
fn extend_span(transaction: &Transaction<'_>, digest: &NewDigest) -> Result<(), CatalogError> {
    let NewDigest { account, region, trail, starts_at, ends_at, .. } = digest;
    let (from, until) = (starts_at.saturating_sub(ADJOINING_US), ends_at.saturating_add(ADJOINING_US));
    let touched = "account = ?1 AND region = ?2 AND trail = ?3 AND starts_at <= ?5 AND ends_at >= ?4";
    let (first, last, not_compared): (Option<i64>, Option<i64>, i64) = transaction
        .prepare_cached(&format!(
            "SELECT min(starts_at), max(ends_at), coalesce(sum(not_compared), 0) FROM digest_span WHERE {touched}"
        ))?
        .query_row(params![account, region, trail, from, until], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    transaction
        .prepare_cached(&format!("DELETE FROM digest_span WHERE {touched}"))?
        .execute(params![account, region, trail, from, until])?;
    transaction
        .prepare_cached(
            "INSERT INTO digest_span (account, region, trail, starts_at, ends_at, not_compared)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            account,
            region,
            trail,
            first.map_or(*starts_at, |first| first.min(*starts_at)),
            last.map_or(*ends_at, |last| last.max(*ends_at)),
            not_compared,
        ])?;
    Ok(())
}

/// Looks files up by what their names say. Files come in the order of their days, so a day's key sets are fetched once.
struct FileFinder<'c> {
    connection: &'c Connection,
    /// Account, region and day of `sets`.
    at: (String, String, i32),
    sets: Vec<Vec<u8>>,
}

impl<'c> FileFinder<'c> {
    fn new(connection: &'c Connection) -> Self {
        Self { connection, at: Default::default(), sets: Vec::new() }
    }

    fn find(&mut self, file: &ListedFile) -> Result<FileFinding, CatalogError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, inflated_sha256, reject_reason IS NOT NULL FROM ingested_object
             WHERE account = ? AND region = ? AND delivered_at = ? AND kind = 'log'",
        )?;
        let mut rows = statement.query(params![file.account, file.region, file.delivered_at])?;
        let mut finding = FileFinding::Missing;
        while let Some(row) = rows.next()? {
            if split_name(row.get_ref(0)?.as_str().unwrap_or_default()).1 != file.name {
                continue;
            }
            let same = file.sha256.is_none_or(|listed| row.get_ref(1).is_ok_and(|own| own.as_blob() == Ok(&listed)));
            finding = finding.max(match (row.get::<_, bool>(2)?, same) {
                (true, _) => FileFinding::Rejected,
                (false, true) => FileFinding::Confirmed,
                (false, false) => FileFinding::Altered,
            });
        }
        if finding == FileFinding::Missing && self.is_folded(file)? {
            finding = FileFinding::NotCompared;
        }
        Ok(finding)
    }

    fn is_folded(&mut self, file: &ListedFile) -> Result<bool, CatalogError> {
        let day = day_of(file.delivered_at);
        if (self.at.0.as_str(), self.at.1.as_str(), self.at.2) != (file.account.as_str(), file.region.as_str(), day) {
            self.at = (file.account.clone(), file.region.clone(), day);
            let sql = "SELECT keys FROM folded_prefix WHERE account = ? AND region = ? AND day = ? AND kind = 'log'";
            let mut statement = self.connection.prepare_cached(sql)?;
            let sets = statement.query_map(params![file.account, file.region, day], |row| row.get(0))?;
            self.sets = sets.collect::<Result<_, _>>()?;
        }
        Ok(self.sets.iter().any(|set| key_set::has_name(set, &file.name)))
    }
}
