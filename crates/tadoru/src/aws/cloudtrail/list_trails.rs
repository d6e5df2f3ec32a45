//! `cloudtrail:ListTrails`: the trails that the account sees, of every region.

use serde_json::{Map, Value, json};

use super::trail;
use crate::aws::{OperationError, Request};

/// The page; clients cannot ask for another.
const PAGE: usize = 100;

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let trails = trail::all(request)?
        .into_iter()
        .map(|found| json!({"TrailARN": found.key, "Name": found.name, "HomeRegion": trail::home_region(&found)}));
    Ok(request.page(trails.collect(), PAGE, &[])?.answer_with_token("Trails"))
}
