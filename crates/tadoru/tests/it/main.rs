//! The program from outside: the built binary over real, sampled and broken input, against DuckDB, against truth computed
//! by others, and against being killed. One binary, a module per topic.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test ends where something is not as it assumes, and says what it skipped"
)]

mod access_advisor;
mod aws_cli;
mod bad_inputs;
mod bad_lake;
mod collect;
mod command_line;
mod compaction;
mod conservation;
mod delivery_model;
mod event_coverage;
mod file_faults;
mod generated_policies;
mod hostile_input;
mod inventory;
mod kill_compaction;
mod kill_matrix;
mod lake_check;
mod large_files;
mod policy_script;
mod principals;
mod processes;
mod read_back;
mod read_only_lake;
mod reference;
mod retention;
mod s3;
mod service_reference;
mod situations;
mod sql_prompt;
mod terminal;
mod test_lake;
mod trailscraper;
mod unused_access;
