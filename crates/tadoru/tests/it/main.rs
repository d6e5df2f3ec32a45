//! The program from outside: the built binary over real, sampled and broken input, against DuckDB, against truth computed
//! by others, and against being killed. One binary, a module per topic.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it assumes")]
#![allow(clippy::print_stderr, reason = "a skip is said where the test runs")]

mod bad_inputs;
mod command_line;
mod conservation;
mod kill_matrix;
mod principals;
mod read_back;
mod reference;
mod situations;
mod test_lake;
