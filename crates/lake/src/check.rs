//! Whether the lake is what it should be: files as they were written, rows where they belong, no event twice, the rollup the sum of
//! the events, and all counts adding up. Reads everything the newest snapshot names, file by file, so memory does not grow with
//! the lake; and says what it did not check.

mod event_key;
mod file;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::catalog::{Catalog, CatalogError, DataFile, Retired, Table};
use crate::clean_up::unnamed_files;
use crate::engine::{EngineLimits, Mode};
use crate::snapshot::Snapshot;
use crate::sql_error::SqlError;
use crate::timestamp;
use crate::upkeep::UpkeepError;
use crate::value::Value;

pub use report::{Finding, Invariant, Report, Verdict};

const ROLLUP_SQL: &str = include_str!("check/rollup.sql");

/// Why the lake could not be checked to the end.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Sql(#[from] SqlError),
    #[error(transparent)]
    Files(#[from] UpkeepError),
}

/// Checks the newest snapshot of the lake in `folder`. `on_progress` hears what is being checked: so many files of so many.
pub fn check(folder: &Path, on_progress: &mut dyn FnMut(&str, usize, usize)) -> Result<Report, CheckError> {
    let limits = EngineLimits { deadline: Duration::from_secs(24 * 3_600), ..EngineLimits::default() };
    let mut report = Report::default();
    let (snapshot, catalog) = match held_snapshot(folder, &limits) {
        Err(CatalogError::ForeignChange(what)) => {
            report.found(Invariant::NoForeignChange, None, None, what);
            report.left_out("everything else: this tadoru would misread the lake");
            return Ok(report);
        }
        opened => opened?,
    };
    report.examined(Invariant::NoForeignChange, 2);
    let retired = catalog.retired()?;
    catalog_agrees(&catalog, &snapshot, &retired, &mut report)?;
    let mut sound = Vec::new();
    for table in Table::ALL {
        let files = catalog.data_files(table, snapshot.id())?;
        let all = files.len();
        for (index, file) in files.into_iter().enumerate() {
            on_progress(table.name(), index, all);
            if file::check(&catalog, table, &file, &mut report)? {
                sound.push((table, file));
            }
        }
    }
    let (events, rollup): (Vec<_>, Vec<_>) = sound.into_iter().partition(|(table, _)| *table == Table::Events);
    let events: Vec<DataFile> = events.into_iter().map(|(_, file)| file).collect();
    event_key::check(&catalog, &events, &mut report, on_progress);
    if report.is_readable() {
        let months = rollup.iter().filter_map(|(_, file)| file.partition_day);
        let of_events = events.iter().filter_map(|file| file.partition_day).map(timestamp::month_of);
        let agreed = rollup_agrees(&snapshot, months.chain(of_events).collect(), &retired, &mut report, on_progress);
        let files = events.iter().chain(rollup.iter().map(|(_, file)| file));
        match (agreed, vanished(folder, files.map(|file| file.path.as_path()))?) {
            (Err(error), gone) if gone.is_empty() => return Err(error),
            (Err(_), gone) => gone.iter().for_each(|path| report.vanished(path)),
            (Ok(()), _) => {}
        }
    }
    if !report.is_readable() {
        report.left_out("that the rollup sums up the events: not all files can be read");
    }
    let blamed: Vec<PathBuf> = report.unreadable().map(Path::to_owned).collect();
    for path in vanished(folder, blamed.iter().map(PathBuf::as_path))? {
        report.forgive_unreadable(&path);
        report.vanished(&path);
    }
    unnamed(folder, &mut report)?;
    report.left_out("the source files: they are not read again");
    report.left_out("files that only older snapshots name");
    Ok(report)
}

/// The newest snapshot, and a catalog that stays as it was then: else what others commit would look like a contradiction.
fn held_snapshot(folder: &Path, limits: &EngineLimits) -> Result<(Snapshot, Catalog), CatalogError> {
    loop {
        let snapshot = Snapshot::open(folder, limits.clone())?;
        let catalog = Catalog::open(folder)?;
        catalog.hold()?;
        if catalog.newest_snapshot()? == snapshot.id() {
            return Ok((snapshot, catalog));
        }
    }
}

/// Those of `files` that another process replaced and removed: gone, and named by the catalog no more.
fn vanished<'f>(folder: &Path, files: impl Iterator<Item = &'f Path>) -> Result<BTreeSet<PathBuf>, CatalogError> {
    let gone: BTreeSet<PathBuf> = files.filter(|path| !path.exists()).map(Path::to_owned).collect();
    if gone.is_empty() {
        return Ok(gone);
    }
    let named = Catalog::open(folder)?.named_files()?;
    Ok(gone.into_iter().filter(|path| !named.contains(path)).collect())
}

fn catalog_agrees(
    catalog: &Catalog,
    snapshot: &Snapshot,
    retired: &Retired,
    report: &mut Report,
) -> Result<(), CheckError> {
    let (objects, unbalanced) = catalog.unbalanced_objects()?;
    report.examined(Invariant::Conservation, objects);
    for detail in unbalanced {
        report.found(Invariant::Conservation, None, None, detail);
    }
    let counts = catalog.counts()?;
    let (live, gone) = (snapshot.event_count(), retired.event_count());
    if counts.new_events.unsigned_abs() != live + gone {
        let detail = format!("{} new events are not {live} live + {gone} retired", counts.new_events);
        report.found(Invariant::Conservation, None, None, detail);
    }
    for table in Table::ALL {
        report.examined(Invariant::TableSums, 1);
        report.examined(Invariant::TableBounds, 1);
        for detail in catalog.wrong_sums(table)? {
            report.found(Invariant::TableSums, None, None, format!("{}: {detail}", table.name()));
        }
        for detail in catalog.wrong_bounds(table)? {
            report.found(Invariant::TableBounds, None, None, format!("{}: {detail}", table.name()));
        }
    }
    report.examined(Invariant::Snapshots, 1);
    for detail in catalog.wrong_snapshots()? {
        report.found(Invariant::Snapshots, None, None, detail);
    }
    report.examined(Invariant::RetiredDays, retired.days.len() as u64);
    for day in catalog.live_retired_days()? {
        report.found(Invariant::RetiredDays, None, Some(day), "events of a retired day are still there".to_owned());
    }
    Ok(())
}

fn rollup_agrees(
    snapshot: &Snapshot,
    months: BTreeSet<i32>,
    retired: &Retired,
    report: &mut Report,
    on_progress: &mut dyn FnMut(&str, usize, usize),
) -> Result<(), CheckError> {
    let mut by_month: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for day in retired.days.keys() {
        by_month.entry(timestamp::month_of(*day)).or_default().push(format!("DATE '{}'", timestamp::date_text(*day)));
    }
    let all = months.len();
    for (index, month) in months.into_iter().enumerate() {
        on_progress("months of the rollup", index, all);
        if retired.months.contains_key(&month) {
            continue;
        }
        let left_out = match by_month.get(&month) {
            Some(days) => format!("eventdate NOT IN ({})", days.join(", ")),
            None => "true".to_owned(),
        };
        let sql = ROLLUP_SQL
            .replace(":month", &timestamp::date_text(month))
            .replace(":next_month", &timestamp::date_text(timestamp::month_of(month + 31)))
            .replace(":retired", &left_out);
        report.examined(Invariant::Rollup, 1);
        let answer = snapshot.query(&sql, 0, Mode::Trusted)?;
        if let Some([Value::Int(groups), example, ..]) = answer.rows.first().map(Vec::as_slice)
            && *groups > 0
        {
            let example = if let Value::Text(text) = example { text.as_str() } else { "" };
            let detail = format!("{groups} groups are not the sum of their events, such as {example}");
            report.found(Invariant::Rollup, None, Some(month), detail);
        }
    }
    Ok(())
}

/// Files that nothing names are no violation: the next clean-up removes a dead writer's, and others are not the lake's.
fn unnamed(folder: &Path, report: &mut Report) -> Result<(), CheckError> {
    // What was committed since the check began is named only by the catalog as it is now.
    let unnamed = unnamed_files(&Catalog::open(folder)?)?;
    for (files, what) in [
        (unnamed.orphans.len(), "files that dead writers left behind (tadoru lake compact removes them)"),
        (unnamed.in_work.len(), "files that a living writer has not committed yet"),
        (unnamed.foreign.len(), "files below data/ that Tadoru did not make"),
    ] {
        if files > 0 {
            report.left_out(&format!("{files} {what}"));
        }
    }
    Ok(())
}
