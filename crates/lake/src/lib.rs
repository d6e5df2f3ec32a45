//! The lake.
mod implied_filter;
mod athena_query;
pub mod engine;
pub mod event_schema;
pub mod lake_table;
pub mod sql_error;
mod sql_function;
pub mod sql_guard;
pub mod value;
