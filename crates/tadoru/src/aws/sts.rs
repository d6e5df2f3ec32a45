//! STS, as far as it is there: who am I.

mod get_caller_identity;

use super::Run;

pub const OPERATIONS: &[(&str, Run)] = &[("GetCallerIdentity", get_caller_identity::run)];
