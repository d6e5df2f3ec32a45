//! The policies of the sample organisation: few and broad, as they are everywhere, and one that was granted hundreds of actions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::call;
use crate::caller::{ADMINISTRATOR, CONTRACTOR, Caller, DEVELOPER, READ_ONLY};
use crate::story::{granted_to_report_builder, nightly_export_policy};

/// A managed policy with its versions, the last one in force.
pub(super) struct Managed {
    pub name: &'static str,
    pub arn: String,
    pub versions: Vec<Value>,
}

fn allow(actions: &[&str]) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
}

const READ: &[&str] = &[
    "athena:Get*",
    "athena:List*",
    "cloudformation:Describe*",
    "cloudformation:List*",
    "cloudtrail:LookupEvents",
    "cloudwatch:Describe*",
    "cloudwatch:Get*",
    "cloudwatch:List*",
    "config:Describe*",
    "dynamodb:Describe*",
    "dynamodb:List*",
    "ec2:Describe*",
    "ecr:BatchGetImage",
    "ecs:Describe*",
    "eks:Describe*",
    "elasticloadbalancing:Describe*",
    "autoscaling:Describe*",
    "guardduty:List*",
    "iam:Get*",
    "iam:List*",
    "kms:DescribeKey",
    "lambda:Get*",
    "lambda:List*",
    "logs:Describe*",
    "logs:FilterLogEvents",
    "organizations:Describe*",
    "organizations:List*",
    "rds:Describe*",
    "route53:List*",
    "s3:Get*",
    "s3:List*",
    "sns:List*",
    "sqs:Get*",
    "ssm:Describe*",
    "ssm:GetParameter",
    "sts:GetCallerIdentity",
    "support:*",
    "tag:Get*",
];

const OPERATE: &[&str] = &[
    "cloudformation:*",
    "cloudwatch:*",
    "dynamodb:*",
    "ec2:*",
    "ecs:*",
    "iam:PassRole",
    "kms:Decrypt",
    "lambda:*",
    "logs:*",
    "s3:*",
    "secretsmanager:GetSecretValue",
    "ssm:*",
    "sts:AssumeRole",
];

/// The account's managed policies, AWS's own among them.
pub(super) fn managed(account: &str) -> Vec<Managed> {
    let own = |name: &'static str, versions: Vec<Value>| Managed { name, arn: own_arn(account, name), versions };
    let read_and = |more: &[&str]| allow(&[READ, more].concat());
    let mut policies = vec![
        Managed {
            name: ADMINISTRATOR_ACCESS,
            arn: attached(account, ADMINISTRATOR_ACCESS)["PolicyArn"].as_str().unwrap_or_default().to_owned(),
            versions: vec![allow(&["*"])],
        },
        own("OperatorAccess", vec![read_and(OPERATE)]),
        own(
            "DeveloperAccess",
            vec![read_and(&["codebuild:*", "ecr:*", "lambda:*", "logs:*", "s3:*", "sts:*"]), read_and(OPERATE)],
        ),
        own(
            "MachineAccess",
            vec![allow(&[
                "cloudwatch:PutMetricData",
                "dynamodb:*",
                "ec2:Describe*",
                "iam:Get*",
                "iam:List*",
                "kms:Decrypt",
                "logs:*",
                "s3:*",
                "ssm:GetParameter",
                "sts:*",
            ])],
        ),
    ];
    if account == "222222222222" {
        policies.push(own("NightlyExportPolicy", nightly_export_policy()));
        policies.push(own("Unattached", vec![allow(&["glue:*", "redshift:*"])]));
    }
    policies
}

const ADMINISTRATOR_ACCESS: &str = "AdministratorAccess";

fn own_arn(account: &str, name: &str) -> String {
    let path = if name == "NightlyExportPolicy" { "jobs/" } else { "" };
    format!("arn:aws:iam::{account}:policy/{path}{name}")
}

/// A policy as an entity has it attached.
pub(super) fn attached(account: &str, name: &str) -> Value {
    let owner = if name == ADMINISTRATOR_ACCESS { "aws" } else { account };
    json!({"PolicyName": name, "PolicyArn": own_arn(owner, name)})
}

/// The account's groups, with the policies attached to them.
pub(super) fn groups(account: &str) -> Vec<(&'static str, Vec<Value>)> {
    vec![
        ("Administrators", vec![attached(account, ADMINISTRATOR_ACCESS)]),
        ("Developers", vec![attached(account, "DeveloperAccess")]),
        ("Operators", vec![attached(account, "OperatorAccess")]),
    ]
}

/// Who may assume a role, by where it stands.
pub(super) fn trust(account: &str, path: &str) -> Value {
    let principal = match path {
        "/aws-reserved/sso.amazonaws.com/ap-northeast-1/" => {
            json!({"Federated": format!("arn:aws:iam::{account}:saml-provider/AWSSSO_0c1d2e3f4a5b6c7d_DO_NOT_DELETE")})
        }
        _ if path.starts_with("/aws-service-role/") => {
            json!({"Service": path.trim_start_matches("/aws-service-role/").trim_end_matches('/')})
        }
        _ => json!({"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}),
    };
    let action = if principal.get("Federated").is_some() { "sts:AssumeRoleWithSAML" } else { "sts:AssumeRole" };
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": action}]})
}

/// The attached policies and the inline policy of a role.
pub(super) fn of_role(account: &str, role: &Caller) -> (Vec<Value>, Option<(&'static str, Value)>) {
    let by_identity_center = |document: Value| (Vec::new(), Some(("AwsSSOInlinePolicy", document)));
    match role.name {
        ADMINISTRATOR => (vec![attached(account, ADMINISTRATOR_ACCESS)], None),
        DEVELOPER => by_identity_center(allow(&[READ, OPERATE].concat())),
        READ_ONLY | CONTRACTOR => by_identity_center(allow(READ)),
        "ReportBuilder" => (Vec::new(), Some(("Reports", granted_to_report_builder()))),
        "NightlyExport" => (vec![attached(account, "NightlyExportPolicy")], None),
        _ if !role.calls.is_empty() => (Vec::new(), Some(("work", allow_services_of(role)))),
        _ => (vec![attached(account, "OperatorAccess")], None),
    }
}

/// A robot may do everything with the services it works with.
fn allow_services_of(role: &Caller) -> Value {
    let namespace = |call: &call::Call| match call.service {
        "monitoring" => "cloudwatch",
        "tagging" => "tag",
        service => service,
    };
    let actions: BTreeSet<String> =
        role.calls.iter().map(|(name, _)| format!("{}:*", namespace(call::find(name)))).collect();
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    allow(&actions)
}
