//! Policy evaluation against what it was not written from: another implementation, over generated policies and over a
//! real inventory. One binary, a module per topic.

#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it assumes")]

mod generated;
mod inventory;
mod known_difference;
mod policy_case;
mod reference;
