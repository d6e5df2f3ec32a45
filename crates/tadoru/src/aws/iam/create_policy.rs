//! `iam:CreatePolicy`: a new managed policy of the account; kept in the overlay of the inventory, not sent to AWS.

use iam::arn::Arn;
use iam::inventory::{Entity, EntityKind};
use serde_json::{Map, Value, json};

use super::inventory_change::{Change, arn, make, new_entity, time};
use super::{already_exists, attachment_count, entities, new_document, new_tag, without};
use crate::aws::{OperationError, Request, answer, unique_id};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let (name, path) = (request.required("PolicyName"), request.text("Path").unwrap_or("/"));
    let document = new_document::managed(request.required("PolicyDocument"))?;
    let tags = new_tag::read(request)?;
    make(request, |inventory| {
        let is_own = |policy: &Entity| Arn::parse(&policy.key).is_some_and(|arn| arn.account != "aws");
        let policies = entities(request, inventory, EntityKind::Policy)?;
        if policies.iter().any(|policy| is_own(policy) && policy.name.eq_ignore_ascii_case(name)) {
            let text = format!("A policy called {name} already exists. Duplicate names are not allowed.");
            return Err(already_exists(text));
        }
        let (key, now) = (arn(request, EntityKind::Policy, path, name), time());
        let members = json!({
            "PolicyName": name,
            "PolicyId": unique_id::new("ANPA", 21).map_err(|error| OperationError::Broken(error.to_string()))?,
            "Arn": key,
            "Path": path,
            "DefaultVersionId": "v1",
            "IsAttachable": true,
            "CreateDate": now,
            "UpdateDate": now,
            "PolicyVersionList": [
                {"Document": document, "VersionId": "v1", "IsDefaultVersion": true, "CreateDate": now},
            ],
        });
        let mut policy = new_entity(request, EntityKind::Policy, key, name, members);
        policy.document.extend(request.text("Description").map(|text| ("Description".to_owned(), json!(text))));
        if !tags.is_empty() {
            policy.document.insert("Tags".to_owned(), Value::Array(tags));
        }
        let mut shown = [policy.clone()];
        attachment_count::add(request, inventory, &mut shown)?;
        let [shown] = shown;
        Ok((answer(json!({"Policy": without(shown, &["Description"])})), Change::Write(policy)))
    })
}
