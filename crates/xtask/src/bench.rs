//! `cargo xtask bench`: makes lakes of the sample organisation and prints one table: ingest, memory, size, compaction,
//! questions, and DuckDB's figures for the same files and statements, measured in the same run. Timings are no tests:
//! they are read by people and kept as text in `benches/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::comparison_venv;

/// DuckDB's ingest of more would take a quarter of an hour; its rate does not depend on the size.
const DUCKDB_INGEST_EVENTS: u64 = 1_000_000;

/// Roles beside those of the sample's cast.
const FURTHER_ROLES: &str = "256";

/// How many events, and how often a question is asked.
#[derive(Debug, PartialEq)]
pub struct Selection {
    events: Vec<u64>,
    runs: u32,
}

impl Selection {
    /// Reads `[--events N,N…] [--runs N]`.
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut selection = Self { events: vec![140_000, 10_000_000], runs: 5 };
        let mut arguments = arguments.iter();
        while let Some(flag) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{flag} needs a value"))?;
            let number = |text: &str| text.replace('_', "").parse().map_err(|_| format!("'{text}' is no number"));
            match flag.as_str() {
                "--events" => selection.events = value.split(',').map(number).collect::<Result<_, _>>()?,
                "--runs" => selection.runs = number(value)? as u32,
                unknown => return Err(format!("unknown flag '{unknown}'")),
            }
        }
        Ok(selection)
    }
}

/// The programs and places of one run.
struct Bench {
    root: PathBuf,
    folder: PathBuf,
    release: PathBuf,
    python: PathBuf,
    runs: u32,
}

/// What a command cost, as `measure.py` says it.
struct Cost {
    seconds: f64,
    cpu_seconds: f64,
    peak_mb: f64,
    stdout: String,
}

/// One size: its rows of the table.
struct Figures {
    rows: Vec<[String; 3]>,
}

impl Figures {
    fn add(&mut self, what: &str, figure: String, beside: String) {
        println!("  {what}: {figure}  {beside}");
        self.rows.push([what.to_owned(), figure, beside]);
    }
}

/// Builds, measures and prints.
pub fn run(root: &Path, selection: &Selection) -> Result<bool> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let python = comparison_venv::prepare(root, &target).map_err(anyhow::Error::msg)?;
    for arguments in [
        &["build", "--release", "--features", "bench"][..],
        &["build", "--release", "-p", "sample", "--example", "write_sample"],
    ] {
        if !Command::new("cargo").args(arguments).current_dir(root).status()?.success() {
            bail!("cargo {} failed", arguments.join(" "));
        }
    }
    let folder = target.join("bench");
    fs::create_dir_all(&folder)?;
    let bench = Bench { root: root.to_owned(), folder, release: target.join("release"), python, runs: selection.runs };
    for &events in &selection.events {
        println!("{events} events");
        let figures = bench.measure(events)?;
        println!("\n| {events} events | figure | beside it |\n|---|---|---|");
        for [what, figure, beside] in figures.rows {
            println!("| {what} | {figure} | {beside} |");
        }
        println!();
    }
    Ok(true)
}

impl Bench {
    fn measure(&self, events: u64) -> Result<Figures> {
        let mut figures = Figures { rows: Vec::new() };
        let sample = self.sample(events)?;
        let source_bytes = folder_bytes(&sample, "gz")?;
        let lake = self.folder.join(format!("lake-{events}"));
        self.ingest(&sample, source_bytes, &lake, events, &mut figures)?;
        self.compact(&lake, &mut figures)?;
        self.import(&lake, &mut figures)?;
        self.questions(&lake, &mut figures)?;
        Ok(figures)
    }

    fn sample(&self, events: u64) -> Result<PathBuf> {
        let folder = self.folder.join(format!("sample-{events}"));
        let done = self.folder.join(format!("sample-{events}.done"));
        if !done.exists() {
            println!("  writing the sample");
            let mut command = Command::new(self.release.join("examples/write_sample"));
            command.arg("--no-truth").arg("--out").arg(&folder).args(["--events", &events.to_string()]);
            if !command.status()?.success() {
                bail!("the sample was not written");
            }
            fs::write(done, "")?;
        }
        Ok(folder)
    }

    fn ingest(&self, sample: &Path, source_bytes: u64, lake: &Path, events: u64, figures: &mut Figures) -> Result<()> {
        let mut rate = 0.0;
        for (jobs, name) in [("2", "ingest, two threads"), ("1", "ingest, one thread")] {
            remove(lake)?;
            let cost = self.tadoru(lake, &["ingest", &sample.to_string_lossy(), "--jobs", jobs, "-o", "json"])?;
            let summary: Value = serde_json::from_str(&cost.stdout).context("the summary of ingest")?;
            let records = summary[0]["records"].as_f64().unwrap_or_default();
            rate = records / cost.seconds;
            let beside =
                format!("{:.1} s, {:.1} s of CPU, peak {:.0} MB", cost.seconds, cost.cpu_seconds, cost.peak_mb);
            figures.add(name, format!("{rate:.0} records/s"), beside);
        }
        let lake_bytes = folder_bytes(lake, "")?;
        let size = format!("{:.2}× of the source's .json.gz", lake_bytes as f64 / source_bytes as f64);
        figures.add("lake, as ingested", size, format!("{} MB", lake_bytes >> 20));
        let again = self.tadoru(lake, &["ingest", &sample.to_string_lossy(), "-o", "json"])?;
        let summary: Value = serde_json::from_str(&again.stdout).context("the summary of ingest")?;
        let files = summary[0]["files_skipped"].to_string();
        figures.add("second ingest of the same files", format!("{:.2} s", again.seconds), format!("{files} files"));
        if events <= DUCKDB_INGEST_EVENTS {
            let target = self.folder.join("duckdb.parquet");
            let glob = format!("{}/**/*.json.gz", sample.display());
            let script = self.root.join("benches/duckdb.py");
            let command = [&*self.python.to_string_lossy(), &*script.to_string_lossy(), "ingest", &glob];
            let cost = self.cost(&[&command[..], &[&*target.to_string_lossy()]].concat())?;
            let records = format!("SELECT count(*) FROM '{}'", target.display());
            let count = self.duckdb_count(&records)?;
            let its_rate = count / cost.seconds;
            let beside = format!("ours on one thread: {:.1}×; peak {:.0} MB", rate / its_rate, cost.peak_mb);
            figures.add("DuckDB's ingest, one thread", format!("{its_rate:.0} records/s"), beside);
        }
        Ok(())
    }

    fn compact(&self, lake: &Path, figures: &mut Figures) -> Result<()> {
        let before = folder_bytes(&lake.join("data"), "parquet")?;
        let cost = self.tadoru(lake, &["lake", "compact", "-o", "json"])?;
        let rate = before as f64 / 1e6 / cost.seconds;
        let beside = format!("{:.1} s for {} MB, peak {:.0} MB", cost.seconds, before >> 20, cost.peak_mb);
        figures.add("compaction", format!("{rate:.0} MB/s"), beside);
        Ok(())
    }

    /// The inventory of the sample organisation, with further roles up to some 300 users and roles.
    fn import(&self, lake: &Path, figures: &mut Figures) -> Result<()> {
        let folder = self.folder.join("inventory");
        fs::create_dir_all(&folder)?;
        let mut command = Command::new(self.release.join("examples/write_sample"));
        if !command.arg("--inventory").arg(&folder).args(["--further-roles", FURTHER_ROLES]).status()?.success() {
            bail!("the inventory was not written");
        }
        let cost = self.tadoru(lake, &["inventory", "import", &folder.to_string_lossy(), "-o", "json"])?;
        let parts: Value = serde_json::from_str(&cost.stdout).context("what import says")?;
        let count = |kind: &str| -> u64 {
            let of_kind = parts.as_array().into_iter().flatten().filter(|part| part["kind"] == kind);
            of_kind.filter_map(|part| part["entities"].as_u64()).sum()
        };
        let beside = format!("{} users, {} roles; peak {:.0} MB", count("user"), count("role"), cost.peak_mb);
        figures.add("inventory import", format!("{:.2} s", cost.seconds), beside);
        Ok(())
    }

    /// Ours and DuckDB's, warm, on the same compacted lake.
    fn questions(&self, lake: &Path, figures: &mut Figures) -> Result<()> {
        let queries = self.root.join("benches/queries");
        let (lake, queries, runs) = (lake.to_string_lossy(), queries.to_string_lossy(), self.runs.to_string());
        let program = self.release.join("time_questions");
        let ours = self.cost(&[&*program.to_string_lossy(), &*lake, &*queries, &*runs])?;
        let script = self.root.join("benches/duckdb.py");
        let command =
            [&*self.python.to_string_lossy(), &*script.to_string_lossy(), "queries", &*lake, &*queries, &*runs];
        let theirs = self.cost(&command)?;
        let parse = |text: &str| serde_json::from_str::<BTreeMap<String, Value>>(text).context("the medians");
        let (ours, theirs) = (parse(&ours.stdout)?, parse(&theirs.stdout)?);
        let mut logarithms = Vec::new();
        for (name, median) in &ours {
            let ms = median["ms"].as_f64().unwrap_or_default();
            let beside = match theirs.get(name) {
                Some(their) => {
                    if their["rows"] != median["rows"] {
                        bail!("{name}: {} rows, DuckDB has {}", median["rows"], their["rows"]);
                    }
                    let their_ms = their["ms"].as_f64().unwrap_or_default();
                    logarithms.push((ms / their_ms).ln());
                    format!("DuckDB {their_ms:.1} ms: {:.2}×", ms / their_ms)
                }
                None => format!("{} rows", median["rows"]),
            };
            figures.add(name, format!("{ms:.1} ms"), beside);
        }
        let mean = (logarithms.iter().sum::<f64>() / logarithms.len().max(1) as f64).exp();
        figures.add("statements, geometric mean", format!("{mean:.2}× of DuckDB's time"), String::new());
        Ok(())
    }

    fn tadoru(&self, lake: &Path, arguments: &[&str]) -> Result<Cost> {
        let (program, lake) = (self.release.join("tadoru"), lake.to_string_lossy());
        self.cost(&[&[&*program.to_string_lossy(), "--lake", &*lake, "-q"], arguments].concat())
    }

    fn duckdb_count(&self, sql: &str) -> Result<f64> {
        let code = format!("import duckdb; print(duckdb.sql({sql:?}).fetchone()[0])");
        let output = Command::new(&self.python).args(["-c", &code]).output()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().context("DuckDB's count")
    }

    fn cost(&self, command: &[&str]) -> Result<Cost> {
        let out = self.folder.join("stdout");
        let measured = Command::new(&self.python)
            .arg(self.root.join("benches/measure.py"))
            .arg(&out)
            .args(command)
            .stderr(Stdio::inherit())
            .output()?;
        if !measured.status.success() {
            bail!("{} failed", command.join(" "));
        }
        let cost: Value = serde_json::from_slice(&measured.stdout).context("what measure.py says")?;
        let number = |name: &str| cost[name].as_f64().unwrap_or_default();
        Ok(Cost {
            seconds: number("seconds"),
            cpu_seconds: number("user") + number("system"),
            peak_mb: number("peak_mb"),
            stdout: fs::read_to_string(&out)?,
        })
    }
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// The bytes of the files below `folder` whose names end with `extension`.
fn folder_bytes(folder: &Path, extension: &str) -> Result<u64> {
    let mut sum = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.file_name().to_string_lossy().ends_with(extension) {
                sum += entry.metadata()?.len();
            }
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read() {
        let parse = |text: &str| Selection::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(parse(""), Ok(Selection { events: vec![140_000, 10_000_000], runs: 5 }));
        assert_eq!(parse("--events 20_000 --runs 3"), Ok(Selection { events: vec![20_000], runs: 3 }));
        assert_eq!(parse("--events x"), Err("'x' is no number".to_owned()));
        assert_eq!(parse("--event 1"), Err("unknown flag '--event'".to_owned()));
    }
}
