//! What AWS wrote into the log: bytes to records and rejects, without IO, clock or environment.
//!
//! The path of one record: `object_key` reads account, region and delivery time from the object's key; `log_file`
//! inflates the object and cuts it into record slices; `record` reads one slice into CloudTrail's fields, with the
//! `principal`, the `outcome` and the `fingerprint` that the lake keys on. What cannot be taken is a `reject`.
//! `digest` reads what CloudTrail says it delivered. From here a record goes to `lake::ingest`.

pub mod digest;
pub mod event_source;
pub mod event_time;
pub mod fingerprint;
mod json;
pub mod log_file;
pub mod object_key;
pub mod outcome;
pub mod principal;
pub mod record;
pub mod reject;
pub mod secret;
pub mod user_identity;
