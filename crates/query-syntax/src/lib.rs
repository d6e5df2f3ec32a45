//! Languages that people already know, parsed into plain data. Nothing here knows tables or SQL: `questions` turns a
//! parsed filter into a predicate over the lake.

pub mod event_filter;
