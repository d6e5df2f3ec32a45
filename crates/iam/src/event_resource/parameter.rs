//! The parameters of a call by which its resources are named. Most bear the name of the part of the ARN (`TableName` →
//! `tableName`); the table here has the others, and what stands in another form than in the ARN.

use serde_json::Value;

/// By service namespace (empty: any) and part of the ARN, the parameters that give it, the first one first. A name may be
/// that of a list.
const NAMES: &[(&str, &str, &[&str])] = &[
    ("", "BucketName", &["bucketName", "bucket"]),
    ("s3", "ObjectName", &["key"]),
    ("s3", "AccessPointName", &["accessPointName"]),
    ("kms", "KeyId", &["keyId", "targetKeyId", "sourceKeyId", "destinationKeyId"]),
    ("kms", "Alias", &["aliasName"]),
    ("sqs", "QueueName", &["queueUrl", "queueName"]),
    ("sns", "TopicName", &["topicArn", "name"]),
    ("secretsmanager", "SecretId", &["secretId", "name"]),
    ("ssm", "ParameterNameWithoutLeadingSlash", &["name", "names"]),
    ("ssm", "DocumentName", &["documentName"]),
    ("logs", "LogGroupName", &["logGroupName", "logGroupIdentifier", "logGroupNames"]),
    ("rds", "DbInstanceName", &["dBInstanceIdentifier"]),
    ("rds", "DbClusterInstanceName", &["dBClusterIdentifier"]),
    ("rds", "SnapshotName", &["dBSnapshotIdentifier"]),
    ("rds", "ClusterSnapshotName", &["dBClusterSnapshotIdentifier"]),
    ("rds", "SubnetGroupName", &["dBSubnetGroupName"]),
    ("rds", "ParameterGroupName", &["dBParameterGroupName"]),
    ("ecs", "ClusterName", &["cluster", "clusterName"]),
    ("ecs", "ServiceName", &["service", "serviceName", "services"]),
    ("ecs", "TaskId", &["task", "tasks"]),
    ("ecs", "TaskDefinitionFamilyName", &["family"]),
    ("eks", "ClusterName", &["name", "clusterName"]),
    ("states", "StateMachineName", &["stateMachineArn", "name"]),
    ("athena", "WorkGroupName", &["workGroup", "name"]),
    ("events", "RuleName", &["rule", "name"]),
    ("events", "EventBusName", &["eventBusName"]),
    ("glue", "TableName", &["tableName", "name"]),
    ("glue", "DatabaseName", &["databaseName", "name"]),
    ("glue", "JobName", &["jobName", "name"]),
    ("glue", "CrawlerName", &["crawlerName", "name"]),
    ("cloudtrail", "TrailName", &["trailName", "name"]),
    ("cloudwatch", "AlarmName", &["alarmName", "alarmNames"]),
    ("ecr", "RepositoryName", &["repositoryName", "repositoryNames"]),
    ("route53", "Id", &["hostedZoneId", "healthCheckId", "id"]),
    ("organizations", "AccountId", &["accountId"]),
    ("autoscaling", "GroupFriendlyName", &["autoScalingGroupName", "autoScalingGroupNames"]),
    ("autoscaling", "LaunchConfigurationFriendlyName", &["launchConfigurationName"]),
    ("ec2", "SecurityGroupId", &["groupId", "groupIds", "securityGroupId"]),
    ("ec2", "NaclId", &["networkAclId"]),
    ("ec2", "AllocationId", &["allocationId"]),
    ("ec2", "KeyPairName", &["keyName"]),
    ("ec2", "LaunchTemplateId", &["launchTemplateId"]),
];

/// Resource ids of EC2 that tell their type, wherever they stand.
const EC2_PREFIXES: &[(&str, &str)] = &[
    ("InstanceId", "i-"),
    ("VolumeId", "vol-"),
    ("SnapshotId", "snap-"),
    ("ImageId", "ami-"),
    ("SecurityGroupId", "sg-"),
    ("SubnetId", "subnet-"),
    ("VpcId", "vpc-"),
    ("NetworkInterfaceId", "eni-"),
    ("RouteTableId", "rtb-"),
    ("InternetGatewayId", "igw-"),
    ("NatGatewayId", "nat-"),
    ("AllocationId", "eipalloc-"),
    ("NaclId", "acl-"),
    ("LaunchTemplateId", "lt-"),
];

/// Deeper than this nothing names a resource.
const DEEPEST: usize = 8;
/// More resources than these in one call are not looked at.
pub(super) const MOST_VALUES: usize = 1_000;

/// The requestParameters of a call, as names with texts.
pub(super) struct Parameters<'v> {
    /// Depth, lower-cased name of the member (for an element that of its list), text.
    texts: Vec<(usize, String, &'v str)>,
}

impl<'v> Parameters<'v> {
    pub fn of(value: &'v Value) -> Self {
        let mut found = Self { texts: Vec::new() };
        found.walk(value, 0, "");
        found
    }

    fn walk(&mut self, value: &'v Value, depth: usize, name: &str) {
        if depth > DEEPEST || self.texts.len() >= MOST_VALUES {
            return;
        }
        match value {
            Value::String(text) if !text.is_empty() => self.texts.push((depth, name.to_owned(), text)),
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, depth, name)),
            Value::Object(members) => {
                for (member, value) in members {
                    let member = member.to_ascii_lowercase();
                    // Tables of a batch are the names of its members.
                    if member == "requestitems"
                        && let Value::Object(tables) = value
                    {
                        self.texts.extend(tables.keys().map(|table| (depth + 1, "tablename".to_owned(), &**table)));
                    }
                    self.walk(value, depth + 1, &member);
                }
            }
            _ => {}
        }
    }

    /// The texts of that name, those of the least depth.
    pub fn named(&self, name: &str) -> Vec<&'v str> {
        let of_name = || self.texts.iter().filter(|(_, known, _)| known.eq_ignore_ascii_case(name));
        let least = of_name().map(|(depth, ..)| *depth).min();
        of_name().filter(|(depth, ..)| Some(*depth) == least).map(|(.., text)| *text).collect()
    }

    /// Texts that are ARNs, of the call's own parameters and of the lists in them.
    pub fn arns(&self) -> impl Iterator<Item = &'v str> {
        self.texts.iter().filter(|(depth, _, text)| *depth <= 2 && text.starts_with("arn:")).map(|(.., text)| *text)
    }

    /// What gives this part of the ARNs of a service.
    pub fn values(&self, namespace: &str, part: &str) -> Vec<&'v str> {
        let listed =
            NAMES.iter().find(|(of, known, _)| (*of == namespace || of.is_empty()) && *known == part).map(|row| row.2);
        let own = part.strip_suffix("WithPath").unwrap_or(part);
        let found = match listed {
            Some(names) => names.iter().map(|name| self.named(name)).find(|found| !found.is_empty()),
            None => [own.to_owned(), format!("{own}s")].iter().map(|name| self.named(name)).find(|f| !f.is_empty()),
        };
        let prefix = (namespace == "ec2").then(|| EC2_PREFIXES.iter().find(|(known, _)| *known == part)).flatten();
        match (found, prefix) {
            (Some(found), None) => found,
            (Some(found), Some((_, prefix))) if found.iter().all(|text| text.starts_with(prefix)) => found,
            (_, Some((_, prefix))) => {
                self.texts.iter().map(|(.., text)| *text).filter(|text| text.starts_with(prefix)).collect()
            }
            (None, None) => Vec::new(),
        }
    }

    /// The path that a new IAM entity gets, without its first slash: `service-role/`.
    pub fn iam_path(&self) -> &'v str {
        self.named("path").first().map_or("", |path| path.trim_start_matches('/'))
    }
}

/// A parameter's text as it stands in the ARN; None where that cannot be told from it.
pub(super) fn as_in_arn(namespace: &str, part: &str, text: &str, parameters: &Parameters<'_>) -> Option<String> {
    let last = || text.rsplit('/').next().unwrap_or(text).to_owned();
    match (namespace, part) {
        _ if text.starts_with("arn:") && namespace != "lambda" => None,
        ("kms", "KeyId") if text.starts_with("alias/") => None,
        ("kms", "Alias") => Some(text.trim_start_matches("alias/").to_owned()),
        ("sqs", "QueueName") | ("route53", "Id") | ("ecs", "TaskId") => Some(last()),
        ("ssm", "ParameterNameWithoutLeadingSlash") => Some(text.trim_start_matches('/').to_owned()),
        // Secrets Manager adds a hyphen and six characters to the name.
        ("secretsmanager", "SecretId") => Some(format!("{text}-??????")),
        ("lambda", "FunctionName") => Some(text.split_once(":function:").map_or(text, |(_, name)| name).to_owned()),
        ("iam", _) if part.ends_with("WithPath") => Some(format!("{}{text}", parameters.iam_path())),
        _ => Some(text.to_owned()),
    }
}
