//! The cast: a dozen people, the robots that make most of the noise, and those who act only in a story.
//! In each account the order is the Zipf rank of the background. Addresses are documentation ranges (RFC 5737).

use super::{Caller, IdentityType};
use crate::account::{DEVELOPMENT, LOG_ARCHIVE, MANAGEMENT, PRODUCTION};

const CLI: &str =
    "aws-cli/2.27.41 md/awscrt#0.26.1 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.4 md/prompt#off";
const BOTO: &str = "Boto3/1.38.36 md/Botocore#1.38.36 os/linux#5.10 lang/python#3.13.3";
const TERRAFORM: &str = "APN/1.0 HashiCorp/1.0 Terraform/1.12.1 (+https://www.terraform.io) terraform-provider-aws/5.99.1 aws-sdk-go-v2/1.36.3";
const JAVA: &str = "aws-sdk-java/2.31.58 os/Linux#6.1.134 lang/java#21.0.7";
pub(crate) const BROWSER: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36";

const fn caller(
    identity: IdentityType,
    account: usize,
    name: &'static str,
    ip: &'static str,
    agent: &'static str,
) -> Caller {
    Caller {
        identity,
        account,
        name,
        path: "/",
        session: "",
        ip,
        agent,
        calls: &[],
        robot_weight: 0,
        background: true,
        mfa: false,
    }
}

const fn user(account: usize, name: &'static str, ip: &'static str, agent: &'static str) -> Caller {
    caller(IdentityType::User, account, name, ip, agent)
}

const fn role(
    account: usize,
    path: &'static str,
    name: &'static str,
    session: &'static str,
    ip: &'static str,
    agent: &'static str,
) -> Caller {
    let mut role = caller(IdentityType::Role, account, name, ip, agent);
    role.path = path;
    role.session = session;
    role
}

/// A person's session in the role that Identity Center made for a permission set.
const fn person(
    account: usize,
    role_name: &'static str,
    user_name: &'static str,
    ip: &'static str,
    agent: &'static str,
) -> Caller {
    let mut person = role(account, "/aws-reserved/sso.amazonaws.com/ap-northeast-1/", role_name, user_name, ip, agent);
    person.mfa = true;
    person
}

const fn service(account: usize, name: &'static str, calls: &'static [(&'static str, u32)]) -> Caller {
    let mut service = caller(IdentityType::Service, account, name, name, name);
    service.calls = calls;
    service
}

const fn portal(identity: IdentityType, name: &'static str, ip: &'static str) -> Caller {
    caller(identity, MANAGEMENT, name, ip, BROWSER).planted()
}

impl Caller {
    const fn robot(mut self, weight: u32, calls: &'static [(&'static str, u32)]) -> Self {
        self.robot_weight = weight;
        self.calls = calls;
        self
    }

    const fn at(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    const fn planted(mut self) -> Self {
        self.background = false;
        self
    }
}

pub(crate) const ADMINISTRATOR: &str = "AWSReservedSSO_AdministratorAccess_4f1c2b3a9d8e7f60";
pub(crate) const DEVELOPER: &str = "AWSReservedSSO_DeveloperAccess_91b7c6d5e4f30a2b";
pub(crate) const READ_ONLY: &str = "AWSReservedSSO_ReadOnlyAccess_0c9d8e7f6a5b4c3d";
pub(crate) const CONTRACTOR: &str = "AWSReservedSSO_ContractorReadOnly_77ee66dd55cc44bb";

const CAROL: &str = "198.51.100.11";
const DAISUKE: &str = "198.51.100.12";
const EMI: &str = "198.51.100.13";
const FRANK: &str = "203.0.113.21";
const GRACE: &str = "198.51.100.15";
const HARUTO: &str = "198.51.100.16";
const MIKA: &str = "198.51.100.17";
const KENJI: &str = "192.0.2.140";

static CAST: &[Caller] = &[
    // management
    role(
        MANAGEMENT,
        "/aws-service-role/config.amazonaws.com/",
        "AWSServiceRoleForConfig",
        "AWSConfig-Describe",
        "config.amazonaws.com",
        "config.amazonaws.com",
    )
    .robot(
        7,
        &[
            ("ec2:DescribeInstances", 4),
            ("ec2:DescribeSecurityGroups", 4),
            ("config:PutEvaluations", 5),
            ("s3:GetBucketAcl", 3),
            ("s3:GetBucketPolicy", 2),
            ("iam:GetRole", 3),
            ("iam:ListAttachedRolePolicies", 3),
        ],
    ),
    role(MANAGEMENT, "/", "OrgInventory", "inventory-%d", "192.0.2.31", BOTO).robot(
        3,
        &[
            ("organizations:ListAccounts", 3),
            ("organizations:DescribeOrganization", 2),
            ("sts:GetCallerIdentity", 2),
            ("tagging:GetResources", 4),
            ("iam:GetAccountAuthorizationDetails", 1),
        ],
    ),
    person(MANAGEMENT, ADMINISTRATOR, "daisuke.yamamoto", DAISUKE, BROWSER),
    person(MANAGEMENT, ADMINISTRATOR, "emi.kobayashi", EMI, CLI),
    user(MANAGEMENT, "Bob", "198.51.100.32", CLI),
    person(MANAGEMENT, READ_ONLY, "mika.nakamura", MIKA, BROWSER),
    service(MANAGEMENT, "cloudtrail.amazonaws.com", &[("s3:GetBucketAcl", 5), ("kms:DescribeKey", 1)]),
    // production
    role(PRODUCTION, "/service/orders/", "OrderIngest", "ingest-%d", "192.0.2.41", JAVA).robot(
        42,
        &[
            ("kms:Decrypt", 9),
            ("kms:GenerateDataKey", 7),
            ("s3:PutObject", 4),
            ("s3:GetObject", 3),
            ("lambda:Invoke", 5),
            ("secretsmanager:GetSecretValue", 3),
            ("sqs:GetQueueAttributes", 8),
            ("dynamodb:DescribeTable", 2),
        ],
    ),
    role(PRODUCTION, "/", "LogShipper", "i-%l", "192.0.2.42", BOTO).robot(
        34,
        &[
            ("logs:CreateLogStream", 8),
            ("logs:DescribeLogGroups", 5),
            ("ssm:UpdateInstanceInformation", 6),
            ("ec2:DescribeInstanceStatus", 3),
            ("s3:PutObject", 4),
        ],
    ),
    role(
        PRODUCTION,
        "/aws-service-role/autoscaling.amazonaws.com/",
        "AWSServiceRoleForAutoScaling",
        "AutoScaling",
        "autoscaling.amazonaws.com",
        "autoscaling.amazonaws.com",
    )
    .robot(
        24,
        &[
            ("ec2:DescribeInstanceStatus", 9),
            ("ec2:DescribeInstances", 6),
            ("elasticloadbalancing:DescribeLoadBalancers", 5),
            ("ec2:RunInstances", 1),
            ("ec2:CreateTags", 1),
            ("monitoring:DescribeAlarms", 3),
        ],
    ),
    role(PRODUCTION, "/service/billing/", "InvoiceApi", "invoice-api", "192.0.2.43", JAVA),
    user(PRODUCTION, "Alice", "198.51.100.31", CLI),
    person(PRODUCTION, ADMINISTRATOR, "daisuke.yamamoto", DAISUKE, BROWSER),
    user(PRODUCTION, "Bob", "198.51.100.32", CLI),
    person(PRODUCTION, READ_ONLY, "mika.nakamura", MIKA, BROWSER),
    role(PRODUCTION, "/", "WebFrontend", "i-%l", "192.0.2.44", JAVA),
    person(PRODUCTION, READ_ONLY, "carol.sato", CAROL, BROWSER),
    service(PRODUCTION, "ec2.amazonaws.com", &[("sts:AssumeRole", 1)]),
    service(PRODUCTION, "lambda.amazonaws.com", &[("sts:AssumeRole", 1)]),
    user(PRODUCTION, "TestUser", "198.51.100.33", BOTO),
    role(PRODUCTION, "/", "BackupOperator", "backup-%d", "192.0.2.45", BOTO),
    user(PRODUCTION, "metrics-exporter", "192.0.2.46", BOTO).at("/machines/"),
    // development
    role(DEVELOPMENT, "/ci/", "BuildRunner", "build-%d", "192.0.2.51", TERRAFORM).robot(
        10,
        &[
            ("ec2:DescribeInstances", 4),
            ("ec2:DescribeSubnets", 4),
            ("ec2:DescribeVpcs", 4),
            ("iam:GetRole", 5),
            ("cloudformation:DescribeStackEvents", 4),
            ("ecr:BatchGetImage", 6),
            ("ecr:PutImage", 2),
            ("codebuild:StartBuild", 2),
            ("ssm:GetParameter", 5),
            ("sts:GetCallerIdentity", 3),
            ("ecs:UpdateService", 1),
        ],
    ),
    person(DEVELOPMENT, DEVELOPER, "carol.sato", CAROL, CLI),
    person(DEVELOPMENT, DEVELOPER, "frank.miller", FRANK, BROWSER),
    user(DEVELOPMENT, "terraform", "192.0.2.52", TERRAFORM).at("/machines/"),
    person(DEVELOPMENT, DEVELOPER, "grace.ito", GRACE, BROWSER),
    user(DEVELOPMENT, "hogehoge", "198.51.100.34", BROWSER),
    person(DEVELOPMENT, DEVELOPER, "haruto.watanabe", HARUTO, CLI),
    user(DEVELOPMENT, "TestUser", "198.51.100.35", BOTO),
    role(DEVELOPMENT, "/", "Sandbox", "botocore-session-%d", "192.0.2.53", BOTO),
    service(DEVELOPMENT, "codebuild.amazonaws.com", &[("sts:AssumeRole", 1)]),
    // log archive
    role(LOG_ARCHIVE, "/", "SecurityScanner", "scan-%d", "192.0.2.61", BOTO).robot(
        8,
        &[
            ("s3:GetBucketAcl", 5),
            ("s3:GetBucketPolicy", 4),
            ("s3:GetBucketEncryption", 4),
            ("ec2:DescribeSecurityGroups", 4),
            ("kms:DescribeKey", 3),
            ("iam:ListUsers", 2),
            ("iam:ListAttachedRolePolicies", 6),
            ("iam:GenerateCredentialReport", 1),
            ("guardduty:ListFindings", 2),
            ("cloudtrail:LookupEvents", 2),
        ],
    ),
    role(LOG_ARCHIVE, "/audit/", "LogArchiver", "archive", "192.0.2.62", JAVA).robot(
        4,
        &[
            ("s3:ListBuckets", 3),
            ("s3:GetBucketLocation", 4),
            ("kms:GenerateDataKey", 5),
            ("athena:StartQueryExecution", 1),
        ],
    ),
    person(LOG_ARCHIVE, READ_ONLY, "emi.kobayashi", EMI, BROWSER),
    service(LOG_ARCHIVE, "guardduty.amazonaws.com", &[("sts:AssumeRole", 1)]),
    // Only in stories and the daily routine.
    caller(IdentityType::Root, MANAGEMENT, "root", "198.51.100.40", BROWSER).planted(),
    caller(IdentityType::OtherAccount, PRODUCTION, "anonymous", "203.0.113.200", BROWSER).planted(),
    caller(IdentityType::Service, PRODUCTION, "AWS Internal", "AWS Internal", "AWS Internal").planted(),
    person(PRODUCTION, ADMINISTRATOR, "emi.kobayashi", EMI, BROWSER).planted(),
    role(PRODUCTION, "/batch/", "ReportBuilder", "report-builder", "192.0.2.47", BOTO).planted(),
    role(PRODUCTION, "/jobs/", "NightlyExport", "nightly-export", "192.0.2.48", BOTO).planted(),
    role(PRODUCTION, "/deploy/", "CrossAccountDeploy", "carol.sato", CAROL, CLI).planted(),
    role(PRODUCTION, "/", "DataAdmin", "carol.sato", CAROL, CLI).planted(),
    role(PRODUCTION, "/deploy/", "DeployTarget", "build-runner", "192.0.2.51", TERRAFORM).planted(),
    user(DEVELOPMENT, "deploy-bot", "198.51.100.23", CLI).at("/machines/").planted(),
    person(DEVELOPMENT, CONTRACTOR, "kenji.mori", KENJI, BROWSER).planted(),
    // At the sign-in portal, before any role.
    portal(IdentityType::UnknownUser, "carol.sato", CAROL),
    portal(IdentityType::UnknownUser, "daisuke.yamamoto", DAISUKE),
    portal(IdentityType::IdentityCenterUser, "emi.kobayashi", EMI),
    portal(IdentityType::UnknownUser, "frank.miller", FRANK),
    portal(IdentityType::IdentityCenterUser, "grace.ito", GRACE),
    portal(IdentityType::IdentityCenterUser, "haruto.watanabe", HARUTO),
    portal(IdentityType::IdentityCenterUser, "mika.nakamura", MIKA),
    portal(IdentityType::UnknownUser, "kenji.mori", KENJI),
];

/// Who signs in to Identity Center on workdays, and the account and role that the portal takes them to.
pub(crate) static SIGN_INS: &[(&str, usize, &str)] = &[
    ("carol.sato", DEVELOPMENT, DEVELOPER),
    ("daisuke.yamamoto", PRODUCTION, ADMINISTRATOR),
    ("emi.kobayashi", MANAGEMENT, ADMINISTRATOR),
    ("frank.miller", DEVELOPMENT, DEVELOPER),
    ("grace.ito", DEVELOPMENT, DEVELOPER),
    ("haruto.watanabe", DEVELOPMENT, DEVELOPER),
    ("mika.nakamura", PRODUCTION, READ_ONLY),
];

pub(crate) fn all() -> &'static [Caller] {
    CAST
}

/// The caller of that name in an account; for a permission-set role, whose session it is stands after a slash.
pub(crate) fn find(account: usize, name: &str) -> usize {
    let (role, session) = name.split_once('/').unwrap_or((name, ""));
    CAST.iter()
        .position(|caller| {
            caller.account == account && caller.name == role && (session.is_empty() || caller.session == session)
        })
        .unwrap_or_else(|| panic!("the cast has no {name} in account {account}"))
}
