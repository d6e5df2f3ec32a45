//! The lake: CloudTrail events as Parquet files under a DuckLake catalog. `ingest` fills it, `snapshot` asks it. The only
//! crate that names DataFusion, Arrow and Parquet; others see its own plain types.

mod athena_query;
pub mod catalog;
pub mod check;
pub mod clean_up;
pub mod column_path;
pub mod compaction;
pub mod dedup;
pub mod engine;
pub mod event_batch;
pub mod event_schema;
mod footer_cache;
mod implied_filter;
pub mod ingest;
pub mod lake_info;
pub mod lake_table;
pub mod parquet_file;
pub mod retention;
mod rollup;
pub mod snapshot;
mod sort_order;
pub mod source;
pub mod sql_error;
mod sql_function;
pub mod sql_guard;
pub mod stop_point;
pub mod timestamp;
pub mod upkeep;
pub mod value;
pub mod writer_lock;
pub mod writer_presence;
