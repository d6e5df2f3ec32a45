//! `identitystore:ListGroupMemberships`: who is in a group.

use serde_json::{Map, Value};

use super::memberships;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let group = request.required("GroupId");
    memberships(request, group, |membership| membership.text("GroupId") == Some(group))
}
