//! Statements over small files.

use super::*;

#[test]
fn x() {}
