//! What Organizations answers: accounts, the tree they are in, service control policies and what those are attached to.

use serde_json::{Map, Value, json};

use super::super::EntityKind;
use super::super::content::{Call, Fault};
use super::{Said, UNKNOWN_ORGANIZATION, decode_document, needed, take_list, text};
use crate::arn::Arn;

/// The organization's id in an ARN of it: `arn:aws:organizations::111111111111:account/o-example/222222222222`.
fn organization_of(fields: &Map<String, Value>) -> String {
    let parts = text(fields, "Arn").and_then(Arn::parse).map(|arn| arn.resource).unwrap_or_default();
    let id = parts.split('/').find(|part| part.starts_with("o-"));
    id.unwrap_or(UNKNOWN_ORGANIZATION).to_owned()
}

pub(super) fn organization(said: &mut Said, call: Call) -> Result<(), Fault> {
    let mut output = call.output;
    let (list, kind) = match call.operation.as_str() {
        "ListRoots" => ("Roots", EntityKind::OrganizationalUnit),
        "ListOrganizationalUnitsForParent" => ("OrganizationalUnits", EntityKind::OrganizationalUnit),
        "ListAccounts" | "ListAccountsForParent" => ("Accounts", EntityKind::Account),
        // It names the management account, which every account's ARN does too.
        _ => return Ok(()),
    };
    for (index, mut fields) in take_list(&mut output, list)?.into_iter().enumerate() {
        let id = needed(&fields, "Id", &format!("{list}[{index}]"))?;
        let scope = organization_of(&fields);
        if let Some(parent) = text(&call.input, "ParentId") {
            fields.insert("ParentId".to_owned(), json!(parent));
        }
        let name = text(&fields, "Name").unwrap_or(&id).to_owned();
        said.list(kind, &scope);
        said.add(kind, &scope, &id, &name, fields);
    }
    Ok(())
}

pub(super) fn service_control_policies(said: &mut Said, call: Call) -> Result<(), Fault> {
    let mut output = call.output;
    let mut add = |fields: Map<String, Value>, id: &str, name: &str| {
        let scope = organization_of(&fields);
        said.list(EntityKind::ServiceControlPolicy, &scope);
        said.add(EntityKind::ServiceControlPolicy, &scope, id, name, fields);
    };
    match call.operation.as_str() {
        "ListPolicies" => {
            for (index, fields) in take_list(&mut output, "Policies")?.into_iter().enumerate() {
                if text(&fields, "Type").is_some_and(|kind| kind != "SERVICE_CONTROL_POLICY") {
                    continue;
                }
                let id = needed(&fields, "Id", &format!("Policies[{index}]"))?;
                let name = text(&fields, "Name").unwrap_or(&id).to_owned();
                add(fields, &id, &name);
            }
        }
        "DescribePolicy" => {
            let Some(Value::Object(mut policy)) = output.remove("Policy") else {
                return Err(Fault::new("Policy is not an object"));
            };
            let Some(Value::Object(mut fields)) = policy.remove("PolicySummary") else {
                return Err(Fault::new("Policy has no PolicySummary"));
            };
            let id = needed(&fields, "Id", "Policy.PolicySummary")?;
            let name = text(&fields, "Name").unwrap_or(&id).to_owned();
            fields.extend(policy.remove("Content").map(|content| ("Content".to_owned(), content)));
            decode_document(&mut fields, "Content");
            add(fields, &id, &name);
        }
        _ => {
            let id = text(&call.input, "PolicyId").map(str::to_owned).ok_or_else(|| {
                Fault::new("the output of ListTargetsForPolicy does not say of which policy it is")
                    .try_this("tadoru inventory collect, which keeps that beside each answer")
            })?;
            let targets = take_list(&mut output, "Targets")?;
            let ids: Vec<&str> = targets.iter().filter_map(|target| text(target, "TargetId")).collect();
            add(Map::from_iter([("Targets".to_owned(), json!(ids))]), &id, "");
        }
    }
    Ok(())
}
