//! `sso-admin:ListInstances`: the instances of the caller's account.

use serde_json::{Map, Value};

use super::{USUAL_PAGE, instances};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let instances = instances(request, &inventory)?.into_iter().map(|instance| Value::Object(instance.document));
    Ok(request.page(instances.collect(), USUAL_PAGE, &[])?.answer_with_token("Instances"))
}
