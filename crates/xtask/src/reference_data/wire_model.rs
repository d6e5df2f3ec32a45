//! What the AWS-compatible endpoint needs of botocore's models: the operations it answers or is to answer, and the shapes they
//! reach, with names, kinds, limits and errors and without a word of documentation. `aws_wire::model` reads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::object;

/// Services by botocore's folder, each with its model's version and operations.
const SERVICES: &[(&str, &str, &[&str])] = &[
    (
        "accessanalyzer",
        "2019-11-01",
        &["CancelPolicyGeneration", "GetGeneratedPolicy", "ListPolicyGenerations", "StartPolicyGeneration"],
    ),
    (
        "cloudtrail",
        "2013-11-01",
        &["DescribeTrails", "GetEventSelectors", "GetTrail", "GetTrailStatus", "ListTrails", "LookupEvents"],
    ),
    (
        "iam",
        "2010-05-08",
        &[
            "AttachRolePolicy",
            "AttachUserPolicy",
            "CreatePolicy",
            "CreatePolicyVersion",
            "CreateRole",
            "DeletePolicy",
            "DeletePolicyVersion",
            "DeleteRole",
            "DeleteRolePolicy",
            "DeleteUserPolicy",
            "DetachRolePolicy",
            "DetachUserPolicy",
            "GenerateCredentialReport",
            "GenerateServiceLastAccessedDetails",
            "GetAccessKeyLastUsed",
            "GetAccountAuthorizationDetails",
            "GetCredentialReport",
            "GetGroup",
            "GetGroupPolicy",
            "GetPolicy",
            "GetPolicyVersion",
            "GetRole",
            "GetRolePolicy",
            "GetServiceLastAccessedDetails",
            "GetServiceLastAccessedDetailsWithEntities",
            "GetUser",
            "GetUserPolicy",
            "ListAccessKeys",
            "ListAccountAliases",
            "ListAttachedGroupPolicies",
            "ListAttachedRolePolicies",
            "ListAttachedUserPolicies",
            "ListEntitiesForPolicy",
            "ListGroupPolicies",
            "ListGroups",
            "ListGroupsForUser",
            "ListPolicies",
            "ListPoliciesGrantingServiceAccess",
            "ListPolicyVersions",
            "ListRolePolicies",
            "ListRoles",
            "ListUserPolicies",
            "ListUsers",
            "PutRolePolicy",
            "PutUserPolicy",
        ],
    ),
    (
        "identitystore",
        "2020-06-15",
        &[
            "DescribeUser",
            "GetUserId",
            "ListGroupMemberships",
            "ListGroupMembershipsForMember",
            "ListGroups",
            "ListUsers",
        ],
    ),
    ("organizations", "2016-11-28", &["DescribeOrganization", "ListAccounts"]),
    (
        "sso-admin",
        "2020-07-20",
        &[
            "DescribeInstance",
            "DescribePermissionSet",
            "ListAccountAssignments",
            "ListAccountAssignmentsForPrincipal",
            "ListInstances",
            "ListPermissionSets",
            "ListPermissionSetsProvisionedToAccount",
        ],
    ),
    ("sts", "2011-06-15", &["GetCallerIdentity"]),
];

/// What is kept of a shape; a member of one keeps where it stands in the request besides.
const SHAPE_FIELDS: &[&str] =
    &["type", "required", "enum", "min", "max", "flattened", "locationName", "timestampFormat", "error"];

/// The text of `models.json`, a line for each operation and shape; `source` says what it is made from.
pub fn write(models: &Path, source: &str) -> Result<String> {
    let mut text = format!("{{\n\"source\": {},\n\"services\": [", json!(source));
    for (index, (service, version, operations)) in SERVICES.iter().enumerate() {
        let path = models.join(service).join(version).join("service-2.json");
        let comma = if index == 0 { "" } else { "," };
        write!(text, "{comma}\n{}", service_text(service, &object(&path)?, operations)?)?;
    }
    text.push_str("\n]\n}\n");
    Ok(text)
}

fn service_text(service: &str, model: &Map<String, Value>, wanted: &[&str]) -> Result<String> {
    let metadata = kept(
        model.get("metadata").context("a model without metadata")?,
        &["apiVersion", "protocol", "signingName", "endpointPrefix", "targetPrefix", "xmlNamespace"],
    );
    let operations = model.get("operations").and_then(Value::as_object).context("a model without operations")?;
    let shapes = model.get("shapes").and_then(Value::as_object).context("a model without shapes")?;
    let mut reached = BTreeMap::new();
    let mut lines = Vec::new();
    for name in wanted {
        let operation = operations.get(*name).with_context(|| format!("{service} has no operation {name}"))?;
        let mut line = Map::new();
        if metadata.get("protocol") == Some(&json!("rest-json")) {
            line.insert("http".to_owned(), Value::Object(kept(&operation["http"], &["method", "requestUri"])));
        }
        for side in ["input", "output"] {
            if let Some(shape) = operation.get(side).and_then(|side| side.get("shape")).and_then(Value::as_str) {
                reach(shapes, shape, &mut reached)?;
                line.insert(side.to_owned(), json!(shape));
            }
        }
        if let Some(wrapper) = operation["output"].get("resultWrapper") {
            line.insert("resultWrapper".to_owned(), wrapper.clone());
        }
        let errors: Vec<Value> =
            operation["errors"].as_array().into_iter().flatten().map(|e| e["shape"].clone()).collect();
        for error in errors.iter().filter_map(Value::as_str) {
            reached.insert(error.to_owned(), error_shape(&shapes[error]));
        }
        line.insert("errors".to_owned(), Value::Array(errors));
        lines.push(format!("{}: {}", json!(name), Value::Object(line)));
    }
    let shapes: Vec<String> = reached.iter().map(|(name, shape)| format!("{}: {shape}", json!(name))).collect();
    Ok(format!(
        "{{\"name\": {}, \"metadata\": {},\n\"operations\": {{\n{}\n}},\n\"shapes\": {{\n{}\n}}}}",
        json!(service),
        Value::Object(metadata),
        lines.join(",\n"),
        shapes.join(",\n")
    ))
}

/// What a client sees of an error: its code and status.
fn error_shape(shape: &Value) -> Value {
    Value::Object(kept(shape, &["type", "error"]))
}

fn reach(shapes: &Map<String, Value>, name: &str, reached: &mut BTreeMap<String, Value>) -> Result<()> {
    if reached.contains_key(name) {
        return Ok(());
    }
    let shape = shapes.get(name).with_context(|| format!("no shape {name}"))?;
    let mut trimmed = kept(shape, SHAPE_FIELDS);
    reached.insert(name.to_owned(), Value::Null);
    if let Some(members) = shape.get("members").and_then(Value::as_object) {
        let mut lines = Map::new();
        for (member, reference) in members {
            lines.insert(member.clone(), Value::Object(reference_of(shapes, reference, reached)?));
        }
        trimmed.insert("members".to_owned(), Value::Object(lines));
    }
    for part in ["member", "key", "value"] {
        if let Some(reference) = shape.get(part) {
            trimmed.insert(part.to_owned(), Value::Object(reference_of(shapes, reference, reached)?));
        }
    }
    reached.insert(name.to_owned(), Value::Object(trimmed));
    Ok(())
}

fn reference_of(
    shapes: &Map<String, Value>,
    reference: &Value,
    reached: &mut BTreeMap<String, Value>,
) -> Result<Map<String, Value>> {
    reach(shapes, reference["shape"].as_str().context("a reference without a shape")?, reached)?;
    Ok(kept(reference, &["shape", "location", "locationName", "timestampFormat"]))
}

fn kept(value: &Value, fields: &[&str]) -> Map<String, Value> {
    let fields = fields.iter().filter_map(|field| Some(((*field).to_owned(), value.get(field)?.clone())));
    fields.collect()
}
