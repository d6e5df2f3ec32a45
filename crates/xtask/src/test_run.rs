//! `cargo xtask test`: the whole proof in one command. Brings what answers are compared with (DuckDB, iam-simulate, AWS's CLI), runs
//! every test, lists what could not be tried here and why, and ends with one line of counts. In CI a skip is a failure: a
//! comparison that did not run has proved nothing.

use std::fs;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::{aws_cli_v2, comparison_venv, iam_simulate, tidy};

/// Tests append one line for each thing they could not try: `skipped: <what>: <why>`.
const SKIPS: &str = "TADORU_TEST_SKIPS";
/// The python that has DuckDB; unset where there is none.
const PYTHON: &str = "TADORU_TEST_PYTHON";
/// The folder that has npm's iam-simulate; unset where there is none.
const IAM_SIMULATE: &str = "TADORU_TEST_IAM_SIMULATE";
/// The second version of AWS's CLI; unset where there is none.
const AWS_CLI_V2: &str = "TADORU_TEST_AWS_CLI_V2";
/// The folder of real data that stands beside the project; unset where it does not.
const SHARED: &str = "TADORU_TEST_SHARED";

/// Which tests to run: all, or those whose name contains the filter, in the crates named.
#[derive(Debug, Default, PartialEq)]
pub struct Selection {
    filter: Option<String>,
    crates: Vec<String>,
}

impl Selection {
    /// Reads `[FILTER] [--only CRATE]…`.
    pub fn parse(arguments: &[String]) -> Result<Selection, String> {
        let mut selection = Selection::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--only" => {
                    let name = arguments.next().ok_or("--only needs the name of a crate")?;
                    selection.crates.push(name.clone());
                }
                flag if flag.starts_with('-') => return Err(format!("unknown flag '{flag}'")),
                _ if selection.filter.is_some() => return Err("one FILTER only".to_owned()),
                filter => selection.filter = Some(filter.to_owned()),
            }
        }
        Ok(selection)
    }
}

/// Runs the selected tests. True if all passed and, in CI, none was skipped.
pub fn run(root: &Path, selection: &Selection) -> Result<bool> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
    let skips_path = target.join("test-skips.txt");
    fs::write(&skips_path, "").with_context(|| format!("cannot write {}", skips_path.display()))?;

    let mut skips = Vec::new();
    let python = comparison_venv::prepare(root, &target)
        .map_err(|why| skips.push(format!("comparison with DuckDB: {why}")))
        .ok();
    let simulate = iam_simulate::prepare(root, &target)
        .map_err(|why| skips.push(format!("comparison with iam-simulate: {why}")))
        .ok();
    let aws_cli_v2 =
        aws_cli_v2::prepare(&target).map_err(|why| skips.push(format!("commands through AWS CLI v2: {why}"))).ok();
    let shared = shared_folder(root);
    if shared.is_none() {
        skips.push("real events: no folder ../shared beside the project, and TADORU_TEST_SHARED is not set".to_owned());
    }

    let runner = Runner::find();
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let mut command = runner.command(selection);
    if is_ci && runner == Runner::Nextest {
        // What fails once on a busy machine is named as flaky at the end, and does not hide what all the others say.
        command.args(["--retries", "1"]);
    }
    command.current_dir(root).env(SKIPS, &skips_path);
    for (name, value) in [(PYTHON, &python), (IAM_SIMULATE, &simulate), (AWS_CLI_V2, &aws_cli_v2), (SHARED, &shared)] {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let (succeeded, counts) = runner.run(command)?;

    let told = fs::read_to_string(&skips_path).with_context(|| format!("cannot read {}", skips_path.display()))?;
    skips.extend(told.lines().filter_map(|line| line.strip_prefix("skipped: ")).map(str::to_owned));
    skips.sort();
    skips.dedup();
    for skip in &skips {
        println!("skipped: {skip}");
    }
    let ok = succeeded && (skips.is_empty() || !is_ci);
    if succeeded && !ok {
        println!(
            "error: something was skipped / why: with CI=true a skip is a failure / try: mend what is listed above"
        );
    }
    match counts {
        Some(Counts { passed, failed }) => println!("{passed} passed, {failed} failed, {} skipped", skips.len()),
        None => println!("error: no test ran / why: the build failed, or no test has that name / try: see above"),
    }
    Ok(ok && counts.is_some())
}

fn shared_folder(root: &Path) -> Option<PathBuf> {
    let named = std::env::var_os(SHARED).map(PathBuf::from);
    named.or_else(|| Some(root.parent()?.join("shared"))).filter(|path| path.is_dir())
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Counts {
    passed: usize,
    failed: usize,
}

/// What runs the tests: nextest where it is installed, else cargo's own.
#[derive(Clone, Copy, PartialEq)]
enum Runner {
    Nextest,
    Cargo,
}

impl Runner {
    fn find() -> Runner {
        let probe =
            Command::new("cargo").args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if probe.is_ok_and(|status| status.success()) { Runner::Nextest } else { Runner::Cargo }
    }

    /// Light crates are built alone. A heavy one never is: another set of packages would resolve other features and
    /// build the engine a second time, so the whole workspace is built and the selection made among its tests.
    fn command(self, selection: &Selection) -> Command {
        let Selection { filter, crates } = selection;
        let is_light = !crates.is_empty() && crates.iter().all(|name| name == "xtask" || tidy::is_light(name));
        let mut command = Command::new("cargo");
        match self {
            Runner::Nextest => {
                command.args(["nextest", "run", "--no-fail-fast"]);
                if std::io::stderr().is_terminal() {
                    command.args(["--color", "always"]);
                }
                if !is_light && !crates.is_empty() {
                    let packages: Vec<String> = crates.iter().map(|name| format!("package({name})")).collect();
                    command.args(["-E", &packages.join(" or ")]);
                }
            }
            Runner::Cargo => {
                command.args(["test", "--no-fail-fast"]);
            }
        }
        if is_light || self == Runner::Cargo && !crates.is_empty() {
            command.args(crates.iter().flat_map(|name| ["--package", name]));
        } else {
            command.arg("--workspace");
        }
        command.args(filter.iter());
        command
    }

    /// Passes the runner's output on as it comes and reads its counts on the way.
    fn run(self, mut command: Command) -> Result<(bool, Option<Counts>)> {
        match self {
            Runner::Nextest => command.stderr(Stdio::piped()),
            Runner::Cargo => command.stdout(Stdio::piped()),
        };
        let mut child = command.stdin(Stdio::null()).spawn().context("cannot start cargo")?;
        let counts = match self {
            Runner::Nextest => {
                let stream = child.stderr.take().expect("stderr was piped");
                pass_on(BufReader::new(stream), &mut std::io::stderr(), nextest_counts)?
            }
            Runner::Cargo => {
                let stream = child.stdout.take().expect("stdout was piped");
                pass_on(BufReader::new(stream), &mut std::io::stdout(), cargo_counts)?
            }
        };
        Ok((child.wait().context("cannot wait for cargo")?.success(), counts))
    }
}

/// Writes each line on as it comes and adds up what `counts` finds in them.
fn pass_on(mut from: impl BufRead, to: &mut impl Write, counts: fn(&str) -> Option<Counts>) -> Result<Option<Counts>> {
    let mut total: Option<Counts> = None;
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        if let Some(Counts { passed, failed }) = counts(&without_colour(&String::from_utf8_lossy(&line))) {
            let sum = total.get_or_insert(Counts { passed: 0, failed: 0 });
            sum.passed += passed;
            sum.failed += failed;
        }
        line.clear();
    }
    Ok(total.filter(|Counts { passed, failed }| passed + failed > 0))
}

/// Nextest's closing line, `Summary […] 3 tests run: 2 passed, 1 failed`. The lines of a failed test's own output,
/// which it repeats, are not its closing line.
fn nextest_counts(line: &str) -> Option<Counts> {
    let (_, rest) = line.trim_start().strip_prefix("Summary [")?.split_once("] ")?;
    let run = rest.split_whitespace().next()?.rsplit('/').next()?.parse::<usize>().ok()?;
    let passed = number_before(rest, "passed").unwrap_or_default();
    (run > 0).then(|| Counts { passed, failed: run.saturating_sub(passed) })
}

/// The closing line of one test binary under cargo, `test result: ok. 3 passed; 0 failed; …`.
fn cargo_counts(line: &str) -> Option<Counts> {
    let rest = line.strip_prefix("test result:")?;
    Some(Counts { passed: number_before(rest, "passed")?, failed: number_before(rest, "failed")? })
}

fn number_before(text: &str, word: &str) -> Option<usize> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().position(|found| found.trim_end_matches([',', ';']) == word)?;
    words[at.checked_sub(1)?].parse().ok()
}

fn without_colour(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_of_either_runner_is_read() {
        let check = |counts: fn(&str) -> Option<Counts>, line: &str, expected: Option<(usize, usize)>| {
            let expected = expected.map(|(passed, failed)| Counts { passed, failed });
            assert_eq!(counts(&without_colour(line)), expected, "{line}");
        };
        check(nextest_counts, "     Summary [   0.012s] 12 tests run: 12 passed, 3 skipped", Some((12, 0)));
        check(nextest_counts, "  Summary [ 1.5s] 9 tests run: 7 passed (1 slow), 1 failed, 1 timed out", Some((7, 2)));
        check(nextest_counts, "  Summary [ 1.5s] 9 tests run: 9 passed (1 flaky), 0 skipped", Some((9, 0)));
        check(nextest_counts, "  Summary [ 1.5s] 5/12 tests run: 4 passed, 1 failed, 0 skipped", Some((4, 8)));
        check(
            nextest_counts,
            "\u{1b}[1m Summary\u{1b}[0m [ 0.0s] \u{1b}[1m1\u{1b}[0m test run: 1 passed",
            Some((1, 0)),
        );
        check(nextest_counts, "  Summary [ 0.000s] 0 tests run: 0 passed, 4 skipped", None);
        check(nextest_counts, "    test result: FAILED. 0 passed; 1 failed; 0 ignored", None);
        check(cargo_counts, "test result: FAILED. 3 passed; 2 failed; 0 ignored; 1 filtered out", Some((3, 2)));
        check(cargo_counts, "test some::passed ... ok", None);
    }

    #[test]
    fn a_selection_is_a_filter_and_crates() {
        let check = |arguments: &[&str], expected: Result<(Option<&str>, &[&str]), &str>| {
            let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
            let expected = expected
                .map(|(filter, crates)| Selection {
                    filter: filter.map(str::to_owned),
                    crates: crates.iter().map(|name| (*name).to_owned()).collect(),
                })
                .map_err(str::to_owned);
            assert_eq!(Selection::parse(&arguments), expected, "{arguments:?}");
        };
        check(&[], Ok((None, &[])));
        check(&["kill", "--only", "lake", "--only", "tadoru"], Ok((Some("kill"), &["lake", "tadoru"])));
        check(&["a", "b"], Err("one FILTER only"));
        check(&["--only"], Err("--only needs the name of a crate"));
        check(&["--fast"], Err("unknown flag '--fast'"));
    }
}
