//! `tadoru completions SHELL`: the script that a shell completes this program's commands and flags with.

use std::io::Write;

use clap::{Args, Command};
use clap_complete::Shell;

use super::data_out;
use crate::error::Exit;

#[derive(Debug, Args)]
pub struct Flags {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

pub fn run(mut grammar: Command, flags: Flags) -> anyhow::Result<Exit> {
    // clap_complete panics where it cannot write; a reader that goes away is no fault.
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut grammar, "tadoru", &mut script);
    data_out().write_all(&script)?;
    Ok(Exit::Done)
}
