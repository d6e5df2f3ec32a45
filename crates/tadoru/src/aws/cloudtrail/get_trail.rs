//! `cloudtrail:GetTrail`: one trail, by ARN or by its name in the caller's region.

use serde_json::{Map, Value};

use super::trail;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let found = trail::named(request, request.required("Name"))?;
    Ok(Map::from_iter([("Trail".to_owned(), Value::Object(found.document))]))
}
