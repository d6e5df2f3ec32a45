//! The crate against what it was not written from: requests as botocore writes them, signatures of AWS's own signer, and bytes made
//! by chance. One binary, a module per topic.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it assumes")]

mod botocore_request;
mod fuzz;
mod reference;
mod signed_request;
