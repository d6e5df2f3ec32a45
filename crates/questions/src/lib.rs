//! The questions: each is a file with a typed input and answer and an SQL file of the same name. A question sees one
//! snapshot of the lake and one *now*; it knows neither flags nor HTTP nor how an answer is printed.

pub mod access_advisor;
pub mod access_use;
pub mod access_window;
pub mod activity;
pub mod coverage;
pub mod credential_use;
pub mod events;
pub mod generate_policy;
pub mod inventory;
pub mod permission;
pub mod principal_name;
pub mod question_error;
pub mod recorded_call;
pub mod recorded_event;
pub mod statement;
pub mod status;
pub mod subject;
pub mod test_policy;
pub mod unused_access;
pub mod verdict;
pub mod who_accessed;
