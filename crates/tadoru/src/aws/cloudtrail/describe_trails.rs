//! `cloudtrail:DescribeTrails`: the trails that record in the caller's region, or those that are named.

use serde_json::{Map, Value, json};

use super::trail;
use crate::aws::{OperationError, Request, answer};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let names = request.texts("trailNameList");
    let with_shadows = request.input.get("includeShadowTrails") != Some(&Value::Bool(false));
    let mut trails = trail::all(request)?;
    trails.retain(|found| {
        let is_named = names.iter().any(|name| *name == found.key || *name == found.name);
        let is_home = trail::is_own(request, found) && trail::home_region(found) == request.caller.region;
        let is_asked = if names.is_empty() { trail::is_in_region(request, found) } else { is_named };
        is_asked && (with_shadows || is_home)
    });
    let trails: Vec<Value> = trails.into_iter().map(|found| Value::Object(found.document)).collect();
    Ok(answer(json!({"trailList": trails})))
}
