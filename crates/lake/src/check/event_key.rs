//! No event twice, in one day's files or in different days': all keys of the lake are compared, as many at once as fit into a stated
//! amount of memory, the others in further passes over the key columns.

use std::path::PathBuf;

use super::report::{Invariant, Report};
use crate::catalog::{Catalog, DataFile};
use crate::dedup;
use crate::timestamp;

/// Keys compared at once, 32 bytes each.
const KEYS_AT_ONCE: u64 = 4_000_000;
/// Events that are named one by one.
const NAMED_EVENTS: usize = 20;

/// One event: key, fingerprint, and the file it stands in.
type Event = (u128, u64, u32);

/// Finds every (key, fingerprint) that is there twice. A file that cannot be read is a finding.
pub(super) fn check(
    catalog: &Catalog,
    files: &[DataFile],
    report: &mut Report,
    on_progress: &mut dyn FnMut(&str, usize, usize),
) {
    let rows: u64 = files.iter().map(|file| file.record_count).sum();
    let passes = rows.div_ceil(KEYS_AT_ONCE).max(1);
    let mut named = 0;
    for pass in 0..passes {
        let mut events: Vec<Event> = Vec::new();
        for (index, file) in files.iter().enumerate() {
            on_progress("keys of events", index, files.len());
            let read = dedup::each_key(&file.path, &mut |key, fingerprint| {
                if (key % u128::from(passes)) as u64 == pass {
                    events.push((key, fingerprint, index as u32));
                }
            });
            if let Err(detail) = read {
                report.found(Invariant::FileRows, Some(file.path.clone()), file.partition_day, detail);
            }
        }
        report.examined(Invariant::OneEffectPerEvent, events.len() as u64);
        events.sort_unstable();
        for twins in events.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|twins| twins.len() > 1) {
            named += 1;
            if named <= NAMED_EVENTS {
                let (file, day, detail) = told(catalog, files, twins);
                report.found(Invariant::OneEffectPerEvent, Some(file), day, detail);
            }
        }
    }
    if named > NAMED_EVENTS {
        let detail = format!("{} more events are there twice", named - NAMED_EVENTS);
        report.found(Invariant::OneEffectPerEvent, None, None, detail);
    }
}

fn told(catalog: &Catalog, files: &[DataFile], twins: &[Event]) -> (PathBuf, Option<i32>, String) {
    let file_of = |event: &Event| &files[event.2 as usize];
    let last = file_of(&twins[twins.len() - 1]);
    let places: Vec<String> = twins
        .iter()
        .map(|event| {
            let file = file_of(event);
            let day = file.partition_day.map(timestamp::date_text).unwrap_or_default();
            let name = file.path.strip_prefix(catalog.folder()).unwrap_or(&file.path);
            format!("{} ({day})", name.display())
        })
        .collect();
    let detail = format!("fingerprint {}: {}", twins[0].1.cast_signed(), places.join(" and "));
    (last.path.clone(), last.partition_day, detail)
}
