//! How fast a folder of log files becomes records: MB/s of JSON and events/s on one core, for each step and in sum,
//! with the counts of what was taken, rejected and warned of. Files are read into memory first.
//! `cargo run --release -p cloudtrail --example throughput -- FOLDER [ROUNDS]`; `-v` lists the rejects.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cloudtrail::log_file::{self, Inflater, Limits, NotInflated};
use cloudtrail::object_key::{self, KeyVerdict, ObjectKind};
use cloudtrail::record::{self, RecordContext};

#[derive(Default)]
struct Tally {
    inflating: Duration,
    cutting: Duration,
    reading: Duration,
    json_bytes: usize,
    records: usize,
    counts: BTreeMap<String, usize>,
    rejects: Vec<String>,
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let verbose = arguments.iter().any(|argument| argument == "-v");
    let mut plain = arguments.iter().filter(|argument| *argument != "-v");
    let folder = plain.next().map_or(Path::new("."), Path::new);
    let rounds: u32 = plain.next().and_then(|rounds| rounds.parse().ok()).unwrap_or(1);
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let objects: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|path| Ok((path.display().to_string(), std::fs::read(path)?)))
        .collect::<std::io::Result<_>>()?;

    let mut tally = Tally::default();
    for round in 0..rounds {
        let counting = round == 0;
        let mut inflater = Inflater::new(Limits::default());
        let mut inflated = Vec::new();
        for (name, bytes) in &objects {
            take(name, bytes, &mut inflater, &mut inflated, &mut tally, counting);
        }
    }
    let total = tally.inflating + tally.cutting + tally.reading;
    let rate = |time: Duration| {
        format!(
            "{:8.0} MB/s {:9.0} events/s",
            tally.json_bytes as f64 / 1e6 / time.as_secs_f64(),
            tally.records as f64 / time.as_secs_f64()
        )
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} files, {rounds} rounds, {} records a round", objects.len(), tally.records / rounds as usize)?;
    writeln!(out, "inflate  {}", rate(tally.inflating))?;
    writeln!(out, "cut      {}", rate(tally.cutting))?;
    writeln!(out, "read     {}", rate(tally.reading))?;
    writeln!(out, "together {}", rate(total))?;
    for (what, count) in &tally.counts {
        writeln!(out, "{count:7} {what}")?;
    }
    if verbose {
        for reject in &tally.rejects {
            writeln!(out, "{reject}")?;
        }
    }
    Ok(())
}

fn take(name: &str, bytes: &[u8], inflater: &mut Inflater, inflated: &mut Vec<u8>, tally: &mut Tally, counting: bool) {
    let mut count = |what: String| {
        if counting {
            *tally.counts.entry(what).or_default() += 1;
        }
    };
    let verdict = object_key::parse(name);
    let key = match verdict {
        KeyVerdict::CloudTrail(key) if key.kind == ObjectKind::Digest => return count("digest".to_owned()),
        KeyVerdict::CloudTrail(key) => Some(key),
        KeyVerdict::Unknown => None,
        KeyVerdict::Skip(reason) | KeyVerdict::Refuse(reason) => return count(format!("skipped {}", reason.code())),
    };
    let start = Instant::now();
    let noticed = inflater.inflate(bytes, name, inflated);
    tally.inflating += start.elapsed();
    let limits = Limits::default();
    let start = Instant::now();
    let document = match noticed {
        Ok(noticed) => log_file::read(inflated, &limits).map(|document| (noticed, document)),
        Err(NotInflated::Rejected(reject)) => Err(reject),
        Err(NotInflated::Large) => return count("files too large for memory".to_owned()),
    };
    tally.cutting += start.elapsed();
    let (noticed, document) = match document {
        Ok(found) => found,
        Err(reject) => {
            count(format!("files rejected {}", reject.reason.code()));
            if counting {
                tally.rejects.push(format!("{} {} {name}", reject.reason.code(), reject.detail));
            }
            return;
        }
    };
    let context = RecordContext { key: key.as_ref(), ingested_at_us: 1_795_262_400_000_000 };
    let mut rejects = document.rejects;
    let mut warnings: Vec<_> = noticed.warnings.into_iter().chain(document.warnings).collect();
    count(format!("files of shape {:?}", document.shape));
    let start = Instant::now();
    for slice in &document.slices {
        match record::read(slice, &context) {
            Ok(record) => {
                let record = black_box(record);
                if !record.warnings.is_empty() {
                    warnings.extend(record.warnings);
                }
            }
            Err(reject) => rejects.push(reject),
        }
    }
    tally.reading += start.elapsed();
    tally.json_bytes += inflated.len();
    tally.records += document.slices.len();
    if counting {
        for warning in warnings {
            count(format!("warned {}", warning.code()));
        }
        for reject in &rejects {
            count(format!("records rejected {}", reject.reason.code()));
        }
        tally.rejects.extend(
            rejects.iter().map(|r| format!("{} {} {name}#{}", r.reason.code(), r.detail, r.index.unwrap_or_default())),
        );
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if folder.is_file() {
        files.push(folder.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let wanted = |name: &str| [".json", ".gz", ".jsonl", ".cloudtrail"].iter().any(|end| name.ends_with(end));
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.to_str().is_some_and(wanted) {
            files.push(path);
        }
    }
    Ok(())
}
