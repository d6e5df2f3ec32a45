//! `tadoru man`: the manual page of the program and of each of its commands, one after the other, as man reads it.

use clap::Command;
use clap_mangen::Man;

use super::data_out;
use crate::error::Exit;

pub fn run(mut grammar: Command) -> anyhow::Result<Exit> {
    grammar.build();
    let mut out = data_out();
    Man::new(grammar.clone()).render(&mut out)?;
    for command in grammar.get_subcommands().filter(|command| command.get_name() != "help") {
        Man::new(command.clone()).render(&mut out)?;
    }
    Ok(Exit::Done)
}
