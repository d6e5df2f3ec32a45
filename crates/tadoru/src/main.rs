//! placeholder
#![allow(dead_code, reason = "the commands that use these pieces come with the merge")]

mod clock;
mod config;
mod error;
mod output;
mod time_argument;

fn main() {}
