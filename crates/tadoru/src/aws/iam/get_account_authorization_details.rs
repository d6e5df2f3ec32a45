//! `iam:GetAccountAuthorizationDetails`: every user, group, role and policy of the account, in pages that run through the four lists.

use iam::arn::Arn;
use iam::inventory::{Entity, EntityKind};
use serde_json::{Map, Value, json};

use super::{USUAL_PAGE, attachment_count, entities};
use crate::aws::{OperationError, Request};

/// The lists in AWS's order: filter, kind, member of the answer.
const LISTS: [(&str, EntityKind, &str); 5] = [
    ("User", EntityKind::User, "UserDetailList"),
    ("Group", EntityKind::Group, "GroupDetailList"),
    ("Role", EntityKind::Role, "RoleDetailList"),
    ("LocalManagedPolicy", EntityKind::Policy, "Policies"),
    ("AWSManagedPolicy", EntityKind::Policy, "Policies"),
];

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let filters = request.texts("Filter");
    let mut all = Vec::new();
    for (filter, kind, member) in LISTS {
        if filters.is_empty() || filters.contains(&filter) {
            let mut found = entities(request, &inventory, kind)?;
            if kind == EntityKind::Policy {
                attachment_count::add(request, &inventory, &mut found)?;
            }
            let found = found.into_iter().filter(|entity| kind != EntityKind::Policy || is_of(entity, filter));
            all.extend(found.map(|entity| json!([member, entity.document])));
        }
    }
    Ok(request.page(all, USUAL_PAGE, &filters)?.answer_of_lists(&LISTS.map(|(_, _, member)| member)))
}

fn is_of(policy: &Entity, filter: &str) -> bool {
    let is_aws = Arn::parse(&policy.key).is_some_and(|arn| arn.account == "aws");
    is_aws == (filter == "AWSManagedPolicy")
}
