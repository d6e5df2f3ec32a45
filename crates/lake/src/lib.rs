//! The lake.
mod athena_query;
pub mod engine;
pub mod event_schema;
mod implied_filter;
pub mod lake_table;
pub mod sql_error;
mod sql_function;
pub mod sql_guard;
pub mod value;
