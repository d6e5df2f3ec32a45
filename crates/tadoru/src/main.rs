//! The program: reads the command line, settings and time once, runs one command, prints what went wrong in three lines.
//! Everything else is in `cli/<command>`, which calls `questions`, `lake` and `output`.

mod aws;
mod cli;
mod clock;
mod config;
mod demo_story;
mod error;
mod output;
mod time_argument;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::run().into()
}
