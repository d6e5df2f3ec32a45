//! What may be said of something the logs do not show: *unused* where they would have shown it, *unknown* where they are
//! missing or never record it.

/// What the logs say of a service or an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Used,
    /// Used, and the inventory's policies permit it no more.
    UsedNoLongerPermitted,
    Unused,
    Unknown,
}

impl Verdict {
    /// As answers print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::UsedNoLongerPermitted => "used, no longer permitted",
            Self::Unused => "unused",
            Self::Unknown => "unknown",
        }
    }

    /// The verdict on what was not seen: unused only where the logs are complete and would hold it.
    pub fn of_unseen(is_complete: bool, is_recorded: bool) -> Self {
        if is_complete && is_recorded { Self::Unused } else { Self::Unknown }
    }
}

/// Namespaces whose calls are partly or wholly data events, which a trail records only when it is told to
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html>).
const WITH_DATA_EVENTS: &[&str] = &[
    "aoss",
    "appconfig",
    "appsync",
    "aps",
    "b2bi",
    "bedrock",
    "cassandra",
    "cloudfront",
    "cloudwatch",
    "codewhisperer",
    "cognito-identity",
    "dax",
    "deadline",
    "dynamodb",
    "ebs",
    "elasticfilesystem",
    "emrwal",
    "execute-api",
    "fsx",
    "geo-maps",
    "geo-places",
    "geo-routes",
    "glue",
    "greengrass",
    "guardduty",
    "iot",
    "iotsitewise",
    "iottwinmaker",
    "kendra-ranking",
    "kinesis",
    "kinesisvideo",
    "lakeformation",
    "lambda",
    "logs",
    "machinelearning",
    "managedblockchain",
    "medical-imaging",
    "mobiletargeting",
    "neptune-db",
    "neptune-graph",
    "pca-connector-ad",
    "q",
    "qapps",
    "qbusiness",
    "rds-data",
    "redshift-data",
    "rekognition",
    "s3",
    "s3-object-lambda",
    "s3-outposts",
    "s3express",
    "s3tables",
    "sagemaker",
    "scn",
    "sdb",
    "servicediscovery",
    "sms-voice",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "states",
    "swf",
    "thinclient",
    "timestream",
    "verifiedpermissions",
    "voiceid",
    "wisdom",
    "xray",
];

/// Whether a trail without data events may miss every call of this service.
pub fn may_be_data_events(namespace: &str) -> bool {
    WITH_DATA_EVENTS.contains(&namespace)
}

/// Actions that no trail ever records, whatever it is told.
pub fn is_never_recorded(action: &str) -> bool {
    action == "iam:PassRole"
}
