//! `iam:ListPoliciesGrantingServiceAccess`: the policies by which a user, group or role may use services, each policy judged alone.

use std::collections::BTreeSet;

use questions::access_advisor::GrantedBy;
use questions::permission::PolicyReader;
use serde_json::{Map, Value, json};

use super::{USUAL_PAGE, invalid_input, subject};
use crate::aws::{OperationError, Request};

pub fn run(request: &Request<'_>) -> Result<Map<String, Value>, OperationError> {
    let arn = request.required("Arn");
    let mut seen = BTreeSet::new();
    let namespaces: Vec<&str> =
        request.texts("ServiceNamespaces").into_iter().filter(|namespace| seen.insert(*namespace)).collect();
    let unknown: Vec<&str> =
        namespaces.iter().copied().filter(|namespace| request.reference.service_name(namespace).is_none()).collect();
    if !unknown.is_empty() {
        return Err(invalid_input(format!("Invalid service namespace: [{}]", unknown.join(", "))));
    }
    let snapshot = request.snapshot()?;
    let inventory = request.inventory(&snapshot)?;
    let subject = subject(request, &inventory, arn)?;
    let index = request.reference.action_index();
    let mut policies = PolicyReader::new(&inventory, index);
    let permissions = subject.entities.first().map(|entity| policies.permissions(entity)).transpose()?;
    let services = namespaces.iter().map(|namespace| {
        let granting = permissions.as_ref().map(|permissions| permissions.granting(namespace, index));
        let granting = granting.unwrap_or_default().into_iter().map(|policy| listed(&GrantedBy::from(policy)));
        json!({"ServiceNamespace": namespace, "Policies": granting.collect::<Vec<_>>()})
    });
    let bound_to = [&[arn], namespaces.as_slice()].concat();
    Ok(request.page(services.collect(), USUAL_PAGE, &bound_to)?.answer("PoliciesGrantingServiceAccess"))
}

fn listed(policy: &GrantedBy) -> Value {
    json!({
        "PolicyName": policy.policy_name,
        "PolicyType": if policy.policy_arn.is_some() { "MANAGED" } else { "INLINE" },
        "PolicyArn": policy.policy_arn,
        "EntityType": policy.entity_type.map(str::to_uppercase),
        "EntityName": policy.entity_name,
    })
}
