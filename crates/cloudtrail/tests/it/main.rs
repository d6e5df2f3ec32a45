//! The crate against what it was not written from: conformance cases, real trails, another JSON parser. One binary, a
//! module per topic.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it assumes")]

mod bad_inputs;
mod fuzz;
mod json_agreement;
mod principals;
mod real_trails;
mod reference;
mod shapes;
mod streamed;
