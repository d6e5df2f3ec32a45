//! What the ledger costs: a million synthetic objects of finished days are recorded, listed again, folded and listed again.
//! Prints bytes per object and times. `cargo bench --profile dev --workspace --bench ledger`; the objects hold no records,
//! so that nothing but the ledger is measured.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement prints and reads the clock")]

use std::path::Path;
use std::time::Instant;

use cloudtrail::object_key::{self, KeyVerdict};
use lake::catalog::{Append, Catalog, ListedObject, NewObject, ObjectVerdict};

const ACCOUNTS: usize = 10;
const DAYS: usize = 250;
/// Files of an account and day: one every five minutes, and some more in the same minute.
const FILES: usize = 400;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut catalog = Catalog::open_or_create(folder.path())?;
    let empty = size(folder.path());
    let names: Vec<String> =
        (0..DAYS).flat_map(|day| (0..ACCOUNTS * FILES).map(move |file| name(day, file))).collect();
    let began = Instant::now();
    for batch in names.chunks(1_000) {
        catalog.append(&Append { objects: batch.iter().map(|name| object(name)).collect(), ..Append::default() })?;
    }
    let per_object = |bytes: u64| bytes as f64 / names.len() as f64;
    println!("{} objects recorded in {:.1?}", names.len(), began.elapsed());
    println!("{:.1} bytes an object before folding", per_object(size(folder.path()) - empty));
    list_again(&catalog, &names)?;
    let began = Instant::now();
    let folded = catalog.fold_ledger(1)?;
    println!("{folded} objects folded in {:.1?}", began.elapsed());
    drop(catalog);
    rusqlite::Connection::open(Catalog::path(folder.path()))?.execute_batch("VACUUM")?;
    println!("{:.1} bytes an object after folding", per_object(size(folder.path()) - empty));
    let catalog = Catalog::open_or_create(folder.path())?;
    list_again(&catalog, &names)?;
    let (began, mut times) = (Instant::now(), 0);
    catalog.deliveries(i64::MAX, |_| times += 1)?;
    println!("{times} times of delivery read in {:.1?}", began.elapsed());
    Ok(())
}

fn list_again(catalog: &Catalog, names: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let listed: Vec<ListedObject<'_>> =
        names.iter().map(|name| ListedObject { name, size_bytes: 4_321, stamp: "1767312300000000000" }).collect();
    let began = Instant::now();
    let known = catalog.object_verdicts(&listed)?.iter().filter(|verdict| **verdict == ObjectVerdict::Known).count();
    println!("{known} of {} known objects recognised in {:.1?}", listed.len(), began.elapsed());
    Ok(())
}

fn name(day: usize, file: usize) -> String {
    let (account, file) = (100_000_000_000 + file / FILES, file % FILES);
    let (year, month, day_of_month) = (2025 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
    let minute = file * 5 % 1_440;
    format!(
        "s3://company-cloudtrail-logs/AWSLogs/o-abcdefghij/{account}/CloudTrail/eu-central-1/{year}/{month:02}/{day_of_month:02}/\
         {account}_CloudTrail_eu-central-1_{year}{month:02}{day_of_month:02}T{:02}{:02}Z_{:016X}.json.gz",
        minute / 60,
        minute % 60,
        (day * 1_000 + file).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    )
}

fn object(name: &str) -> NewObject {
    let KeyVerdict::CloudTrail(key) = object_key::parse(name) else { return NewObject::default() };
    NewObject {
        name: name.to_owned(),
        size_bytes: 4_321,
        stamp: "1767312300000000000".to_owned(),
        sha256: Some([7; 32]),
        inflated_sha256: Some([8; 32]),
        kind: "log".to_owned(),
        account: key.account.map(str::to_owned),
        region: key.region.map(str::to_owned),
        delivered_at: key.delivered_at_us,
        records: 40,
        new_events: 39,
        duplicates: 1,
        bytes_in: 4_321,
        inflated_bytes: 60_000,
        first_event_at: key.delivered_at_us.map(|us| us - 500_000_000),
        last_event_at: key.delivered_at_us.map(|us| us - 100_000_000),
        ingested_at: 1_767_312_300_000_000,
        ..NewObject::default()
    }
}

fn size(folder: &Path) -> u64 {
    ["catalog.sqlite", "catalog.sqlite-wal"]
        .iter()
        .filter_map(|name| folder.join(name).metadata().ok())
        .map(|file| file.len())
        .sum()
}
