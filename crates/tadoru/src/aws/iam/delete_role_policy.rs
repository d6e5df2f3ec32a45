//! `iam:DeleteRolePolicy`: deletes a policy inside of a role; kept in the overlay of the inventory, not sent to AWS.

use iam::inventory::EntityKind;
use serde_json::{Map, Value};

use super::holder_change;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    holder_change::delete(request, EntityKind::Role)
}
