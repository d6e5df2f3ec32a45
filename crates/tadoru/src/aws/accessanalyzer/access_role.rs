//! The role that Access Analyzer is to read trails with, as far as the inventory tells: it is there, the service may assume it, and
//! its policies permit what is asked of it
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-policy-generation.html#access-analyzer-policy-generation-perms>).
//! What depends on something that is not known is taken as permitted; policies of buckets and keys are not in the inventory.

use iam::arn::Arn;
use iam::inventory::{Entity, EntityKind};
use iam::policy_document::{PolicyDocument, Principal, Statement};
use iam::policy_evaluation::{Outcome, Policies, RequestContext, RequestedResource, evaluate};
use questions::inventory::Inventory;
use questions::permission::PolicyReader;
use serde_json::Value;

use crate::aws::cloudtrail::trail;
use crate::aws::organizations::organization::Organization;
use crate::aws::{OperationError, Request};

/// Who assumes the role.
const SERVICE: &str = "access-analyzer.amazonaws.com";

/// A call that the role must be permitted; without a resource, one whose resource is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct NeededCall {
    action: &'static str,
    resource: Option<String>,
}

/// Why the role cannot read the trails about the principal; `None`: nothing is known that stands against it.
pub fn missing_permission(
    request: &Request<'_>,
    inventory: &Inventory<'_>,
    role: &str,
    principal: &str,
    trails: &[Entity],
) -> Result<Option<String>, OperationError> {
    let account = &request.caller.account;
    let Some(entity) = inventory.find(EntityKind::Role, account, role)? else {
        return Ok(Some(format!("The access role {role} does not exist.")));
    };
    if !may_be_assumed(entity.document.get("AssumeRolePolicyDocument"), account) {
        return Ok(Some(format!("The trust policy of the access role {role} does not let {SERVICE} assume it.")));
    }
    let permissions = PolicyReader::new(inventory, request.reference.action_index()).permissions(&entity)?;
    if !permissions.unread.is_empty() {
        return Ok(None);
    }
    let boundary = match &permissions.boundary {
        None => None,
        Some(arn) => match boundary(inventory, account, arn)? {
            Some(document) => Some(document),
            None => return Ok(None),
        },
    };
    let policies = Policies {
        identity: permissions.policies.iter().map(|policy| policy.document.as_ref()).collect(),
        boundary: boundary.as_ref(),
        service_control: Vec::new(),
    };
    let context = RequestContext::of_principal(role);
    let organization = Organization::find(inventory, account)?.map(|found| found.id).filter(|id| id.starts_with("o-"));
    let refused = needed_calls(principal, account, trails, organization.as_deref()).into_iter().find(|call| {
        let resource = call.resource.as_deref().map_or(RequestedResource::Unknown, RequestedResource::Arn);
        let resources = &[resource];
        let asked =
            iam::policy_evaluation::Request { principal: role, action: call.action, resources, context: &context };
        matches!(evaluate(&policies, &asked).outcome, Outcome::ImplicitlyDenied | Outcome::ExplicitlyDenied)
    });
    Ok(refused.map(|NeededCall { action, resource }| {
        let resource = resource.unwrap_or_else(|| "*".to_owned());
        format!("The access role {role} is not authorized to perform: {action} on resource: {resource}")
    }))
}

fn boundary(inventory: &Inventory<'_>, account: &str, arn: &str) -> Result<Option<PolicyDocument>, OperationError> {
    let policy = inventory.find(EntityKind::Policy, account, arn)?;
    Ok(policy.as_ref().and_then(Entity::default_version).and_then(document))
}

/// A document as the inventory has it: JSON, or the text of it.
fn document(value: &Value) -> Option<PolicyDocument> {
    match value {
        Value::String(text) => PolicyDocument::parse_text(text).ok(),
        value => PolicyDocument::parse(value).ok(),
    }
}

/// Whether a trust policy lets the service assume the role on behalf of the account; so too where it cannot be read.
fn may_be_assumed(trust: Option<&Value>, account: &str) -> bool {
    let Some(mut trust) = trust.and_then(document) else { return true };
    trust.statements.retain(names_service);
    let mut context = RequestContext::partial();
    context.set("aws:SourceAccount", [account]);
    context.set("aws:PrincipalIsAWSService", ["true"]);
    context.set("aws:PrincipalServiceName", [SERVICE]);
    let policies = Policies { identity: vec![&trust], boundary: None, service_control: Vec::new() };
    let resources = &[RequestedResource::Unknown];
    let asked =
        iam::policy_evaluation::Request { principal: SERVICE, action: "sts:AssumeRole", resources, context: &context };
    matches!(evaluate(&policies, &asked).outcome, Outcome::Allowed | Outcome::Unknown)
}

/// Whether a statement of a trust policy speaks of the service.
fn names_service(statement: &Statement) -> bool {
    let Some(principals) = &statement.principals else { return false };
    let is_service = |principal: &Principal| {
        principal.kind == "*" || principal.kind == "Service" && (principal.name == SERVICE || principal.name == "*")
    };
    principals.patterns.iter().any(is_service) != principals.negated
}

/// What Access Analyzer does with the role.
fn needed_calls(principal: &str, account: &str, trails: &[Entity], organization: Option<&str>) -> Vec<NeededCall> {
    let call = |action, resource: Option<String>| NeededCall { action, resource };
    let mut calls = vec![
        call("iam:GenerateServiceLastAccessedDetails", Some(principal.to_owned())),
        call("iam:GetServiceLastAccessedDetails", Some("*".to_owned())),
    ];
    for found in trails {
        calls.push(call("cloudtrail:GetTrail", Some(found.key.clone())));
        let partition = Arn::parse(&found.key).map_or("aws", |arn| arn.partition);
        if let Some(bucket) = found.text("S3BucketName") {
            let bucket = format!("arn:{partition}:s3:::{bucket}");
            calls.push(call("s3:ListBucket", Some(bucket.clone())));
            calls.push(call("s3:GetBucketLocation", Some(bucket.clone())));
            let prefix = log_prefix(found, account, organization);
            calls.push(call("s3:GetObject", prefix.map(|prefix| format!("{bucket}/{prefix}log.json.gz"))));
        }
        // An alias does not tell which key it is.
        if let Some(key) = found.text("KmsKeyId") {
            let arn = Arn::parse(key).filter(|arn| arn.resource.starts_with("key/")).map(|_| key.to_owned());
            calls.push(call("kms:Decrypt", arn));
        }
    }
    calls
}

/// Where the logs of an account stand in a trail's bucket; `None` where the organization's id is not known.
fn log_prefix(found: &Entity, account: &str, organization: Option<&str>) -> Option<String> {
    let mut prefix = found.text("S3KeyPrefix").map(|prefix| format!("{prefix}/")).unwrap_or_default();
    prefix.push_str("AWSLogs/");
    if trail::is_flagged(found, "IsOrganizationTrail") {
        prefix.push_str(&format!("{}/", organization?));
    }
    Some(format!("{prefix}{account}/CloudTrail/{}/", trail::home_region(found)))
}

#[cfg(test)]
mod tests {
    use iam::inventory::Extent;
    use serde_json::json;

    use super::*;

    const ACCOUNT: &str = "111111111111";

    #[test]
    fn the_service_must_be_trusted() {
        let check = |statement: Value, expected: bool| {
            let trust = json!({"Version": "2008-10-17", "Statement": [statement]});
            assert_eq!(may_be_assumed(Some(&trust), ACCOUNT), expected, "{trust}");
            assert_eq!(may_be_assumed(Some(&json!(trust.to_string())), ACCOUNT), expected, "as text: {trust}");
        };
        let allow = |principal: Value, condition: Value| json!({"Sid": "", "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition});
        let service = json!({"Service": SERVICE});
        check(allow(service.clone(), json!({})), true);
        check(allow(json!({"Service": ["ec2.amazonaws.com", SERVICE]}), json!({})), true);
        check(allow(json!("*"), json!({})), true);
        check(allow(json!({"Service": "ec2.amazonaws.com"}), json!({})), false);
        check(allow(json!({"AWS": "arn:aws:iam::111111111111:root"}), json!({})), false);
        check(allow(service.clone(), json!({"StringEquals": {"aws:SourceAccount": ACCOUNT}})), true);
        check(allow(service.clone(), json!({"StringEquals": {"aws:SourceAccount": "222222222222"}})), false);
        check(allow(service.clone(), json!({"ArnLike": {"aws:SourceArn": "arn:aws:access-analyzer:*"}})), true);
        let mut another = allow(service, json!({}));
        another["Action"] = json!("sts:TagSession");
        check(another, false);
        assert!(may_be_assumed(None, ACCOUNT));
    }

    #[test]
    fn what_is_needed_follows_from_the_trail() {
        let trail = |document: Value| Entity {
            extent: Extent { kind: EntityKind::Trail, scope: ACCOUNT.to_owned() },
            key: "arn:aws:cloudtrail:eu-west-1:111111111111:trail/main".to_owned(),
            name: "main".to_owned(),
            document: document.as_object().unwrap().clone(),
        };
        let check = |document: Value, organization: Option<&str>, expected: &[(&str, Option<&str>)]| {
            let calls = needed_calls("arn:aws:iam::111111111111:user/Alice", ACCOUNT, &[trail(document)], organization);
            let found: Vec<(&str, Option<&str>)> =
                calls.iter().skip(3).map(|call| (call.action, call.resource.as_deref())).collect();
            assert_eq!(found, expected);
        };
        check(json!({}), None, &[]);
        let bucket =
            [("s3:ListBucket", Some("arn:aws:s3:::logs")), ("s3:GetBucketLocation", Some("arn:aws:s3:::logs"))];
        let object = "arn:aws:s3:::logs/audit/AWSLogs/111111111111/CloudTrail/eu-west-1/log.json.gz";
        check(
            json!({"S3BucketName": "logs", "S3KeyPrefix": "audit"}),
            Some("o-a1"),
            &[&bucket[..], &[("s3:GetObject", Some(object))]].concat(),
        );
        let object = "arn:aws:s3:::logs/AWSLogs/o-a1/111111111111/CloudTrail/eu-west-1/log.json.gz";
        let key = "arn:aws:kms:eu-west-1:111111111111:key/1";
        let of_organization = json!({"S3BucketName": "logs", "IsOrganizationTrail": true, "KmsKeyId": key});
        check(
            of_organization.clone(),
            Some("o-a1"),
            &[&bucket[..], &[("s3:GetObject", Some(object)), ("kms:Decrypt", Some(key))]].concat(),
        );
        check(of_organization, None, &[&bucket[..], &[("s3:GetObject", None), ("kms:Decrypt", Some(key))]].concat());
    }
}
