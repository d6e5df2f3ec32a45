//! JSON as CloudTrail files need it: one strict byte pass that also finds where a record's fields stand, and light
//! walks over text that has passed it. No value tree is ever built; a field is a slice of the file.
//! `log_file` scans, `record`, `user_identity` and `fingerprint` walk.

pub(crate) mod scanner;
mod seen_keys;
pub(crate) mod text;
pub(crate) mod walk;
