//! The lake.
pub mod event_schema;
