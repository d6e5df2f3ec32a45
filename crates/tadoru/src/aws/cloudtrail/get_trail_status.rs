//! `cloudtrail:GetTrailStatus`: whether a trail records and when it last delivered, as it was when the inventory was taken.

use serde_json::{Map, Value};

use super::trail;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    Ok(trail::named(request, request.required("Name"))?.document)
}
