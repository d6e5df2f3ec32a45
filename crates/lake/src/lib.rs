//! The lake: CloudTrail events as Parquet files under a DuckLake catalog. `ingest` fills it, `engine` asks it. The only
//! crate that names DataFusion, Arrow and Parquet; others see its own plain types.

pub mod catalog;
pub mod event_schema;
pub mod parquet_file;
pub mod stop_point;
pub mod timestamp;
