//! `cloudtrail:GetEventSelectors`: which events a trail records.

use serde_json::{Map, Value};

use super::trail;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    Ok(trail::named(request, request.required("TrailName"))?.document)
}
