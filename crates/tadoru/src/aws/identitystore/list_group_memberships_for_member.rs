//! `identitystore:ListGroupMembershipsForMember`: the groups that a user is in.

use serde_json::{Map, Value};

use super::memberships;
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let member = request.input.get("MemberId").cloned().unwrap_or_default();
    let user = member["UserId"].as_str().unwrap_or_default();
    memberships(request, user, |membership| {
        membership.document.get("MemberId").is_some_and(|member| member["UserId"] == user)
    })
}
