//! Development chores, run as `cargo xtask <chore>`: what the compiler and clippy cannot check (`tidy`), and the test
//! command with the DuckDB it compares against (`test`). Nothing here ships; it stays free of the engine so that it
//! builds in seconds.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a chore talks to the developer's terminal and reads the developer's environment"
)]

mod aws_cli_v2;
mod bench;
mod comparison_venv;
mod endpoint_load;
mod iam_simulate;
mod load_client;
mod reference_data;
mod test_run;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask <chore>

chores:
  test [FILTER] [--only CRATE]   run the tests, with DuckDB beside them; FILTER is part of a test's name
  bench [--events N,N] [--runs N] measure ingest and questions beside DuckDB, on lakes of the sample organisation
  load --program PATH --lake DIR [--for ARN] [--seconds N] [--clients N]
                                 what a built `tadoru serve` bears, asked by signed clients on loopback
  reference-data                 derive the service reference anew from its npm and PyPI packages
  tidy                           check names, dependency arrows and the parts of each question
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((chore, rest)) = arguments.split_first() else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    let outcome = match chore.as_str() {
        "test" => match test_run::Selection::parse(rest) {
            Ok(selection) => test_run::run(&workspace_root(), &selection),
            Err(message) => return usage_error(&message),
        },
        "bench" => match bench::Selection::parse(rest) {
            Ok(selection) => bench::run(&workspace_root(), &selection),
            Err(message) => return usage_error(&message),
        },
        "load" => match endpoint_load::Selection::parse(rest) {
            Ok(selection) => endpoint_load::run(&selection),
            Err(message) => return usage_error(&message),
        },
        "tidy" if rest.is_empty() => tidy::run(&workspace_root()),
        "reference-data" if rest.is_empty() => reference_data::write(&workspace_root()).map(|()| true),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        "tidy" | "reference-data" => return usage_error(&format!("{chore} takes no arguments")),
        unknown => return usage_error(&format!("unknown chore '{unknown}'")),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage_error(message: &str) -> ExitCode {
    eprint!("error: {message}\n\n{USAGE}");
    ExitCode::from(2)
}

fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("xtask's manifest stands in crates/xtask")
        .to_path_buf()
}
