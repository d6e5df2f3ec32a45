//! A role was granted hundreds of actions "to be safe" and uses a dozen of them.

use serde_json::{Value, json};

use super::{Script, escaped};
use crate::account::{GLOBAL_REGION, HOME_REGION, PRODUCTION};
use crate::calendar::{DAY, HOUR};
use crate::call;

const ROLE: (usize, &str) = (PRODUCTION, "ReportBuilder");
/// The event, the IAM action it stands for, and on which of its days the role makes the call: every n-th.
const USED: [(&str, &str, usize); 12] = [
    ("s3:GetObject", "s3:GetObject", 1),
    ("dynamodb:DescribeTable", "dynamodb:DescribeTable", 1),
    ("kms:Decrypt", "kms:Decrypt", 1),
    ("logs:CreateLogStream", "logs:CreateLogStream", 1),
    ("ssm:GetParameter", "ssm:GetParameter", 1),
    ("athena:StartQueryExecution", "athena:StartQueryExecution", 2),
    ("s3:GetBucketLocation", "s3:GetBucketLocation", 2),
    ("secretsmanager:GetSecretValue", "secretsmanager:GetSecretValue", 5),
    ("lambda:ListFunctions20150331", "lambda:ListFunctions", 5),
    ("s3:ListBuckets", "s3:ListAllMyBuckets", 7),
    ("monitoring:DescribeAlarms", "cloudwatch:DescribeAlarms", 10),
    ("sns:ListTopics", "sns:ListTopics", 20),
];
const GRANTED: [(&str, &str); 14] = [
    (
        "athena",
        "BatchGetNamedQuery BatchGetQueryExecution CreateNamedQuery CreateWorkGroup DeleteNamedQuery GetDatabase GetNamedQuery GetQueryExecution GetQueryResults GetTableMetadata GetWorkGroup ListDataCatalogs ListDatabases ListNamedQueries ListQueryExecutions ListTableMetadata ListWorkGroups StartQueryExecution StopQueryExecution UpdateWorkGroup",
    ),
    (
        "cloudwatch",
        "DeleteAlarms DeleteDashboards DescribeAlarmHistory DescribeAlarms DescribeAlarmsForMetric DisableAlarmActions EnableAlarmActions GetDashboard GetMetricData GetMetricStatistics ListDashboards ListMetrics PutDashboard PutMetricAlarm PutMetricData SetAlarmState",
    ),
    (
        "dynamodb",
        "BatchGetItem BatchWriteItem CreateBackup CreateTable DeleteBackup DeleteItem DeleteTable DescribeBackup DescribeContinuousBackups DescribeExport DescribeLimits DescribeTable DescribeTimeToLive ExportTableToPointInTime GetItem ListBackups ListExports ListTables ListTagsOfResource PutItem Query RestoreTableFromBackup Scan TagResource UntagResource UpdateContinuousBackups UpdateItem UpdateTable UpdateTimeToLive",
    ),
    (
        "ec2",
        "AllocateAddress AssociateAddress AttachVolume AuthorizeSecurityGroupIngress CreateImage CreateKeyPair CreateSecurityGroup CreateSnapshot CreateTags CreateVolume DeleteKeyPair DeleteSecurityGroup DeleteSnapshot DeleteTags DeleteVolume DescribeAddresses DescribeAvailabilityZones DescribeImages DescribeInstanceStatus DescribeInstances DescribeKeyPairs DescribeRegions DescribeSecurityGroups DescribeSnapshots DescribeSubnets DescribeTags DescribeVolumes DescribeVpcs DetachVolume RebootInstances ReleaseAddress RevokeSecurityGroupIngress RunInstances StartInstances StopInstances TerminateInstances",
    ),
    (
        "glue",
        "BatchCreatePartition BatchDeletePartition CreateCrawler CreateDatabase CreateJob CreateTable DeleteDatabase DeleteTable GetCrawler GetDatabase GetDatabases GetJob GetJobRun GetPartitions GetTable GetTables StartCrawler StartJobRun StopCrawler UpdateTable",
    ),
    (
        "kms",
        "CreateAlias CreateKey Decrypt DescribeKey DisableKey EnableKey Encrypt GenerateDataKey GetKeyPolicy GetKeyRotationStatus ListAliases ListGrants ListKeyPolicies ListKeys PutKeyPolicy ScheduleKeyDeletion TagResource UpdateAlias",
    ),
    (
        "lambda",
        "AddPermission CreateFunction DeleteFunction GetFunction GetFunctionConfiguration GetPolicy InvokeFunction ListAliases ListEventSourceMappings ListFunctions ListLayers ListVersionsByFunction PublishVersion RemovePermission TagResource UpdateFunctionCode UpdateFunctionConfiguration",
    ),
    (
        "logs",
        "CreateLogGroup CreateLogStream DeleteLogGroup DeleteLogStream DescribeLogGroups DescribeLogStreams DescribeMetricFilters DescribeSubscriptionFilters FilterLogEvents GetLogEvents GetQueryResults PutLogEvents PutMetricFilter PutRetentionPolicy PutSubscriptionFilter StartQuery StopQuery TagResource",
    ),
    (
        "s3",
        "AbortMultipartUpload CreateBucket DeleteBucket DeleteBucketPolicy DeleteObject DeleteObjectVersion GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging GetBucketNotification GetBucketPolicy GetBucketTagging GetBucketVersioning GetEncryptionConfiguration GetLifecycleConfiguration GetObject GetObjectAcl GetObjectTagging GetObjectVersion ListAllMyBuckets ListBucket ListBucketVersions ListMultipartUploadParts PutBucketAcl PutBucketPolicy PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration PutObject PutObjectAcl PutObjectTagging RestoreObject",
    ),
    (
        "secretsmanager",
        "CreateSecret DeleteSecret DescribeSecret GetRandomPassword GetResourcePolicy GetSecretValue ListSecretVersionIds ListSecrets PutSecretValue RestoreSecret RotateSecret TagResource UpdateSecret",
    ),
    (
        "sns",
        "CreateTopic DeleteTopic GetSubscriptionAttributes GetTopicAttributes ListSubscriptions ListSubscriptionsByTopic ListTopics Publish SetTopicAttributes Subscribe Unsubscribe",
    ),
    (
        "sqs",
        "ChangeMessageVisibility CreateQueue DeleteMessage DeleteQueue GetQueueAttributes GetQueueUrl ListQueues PurgeQueue ReceiveMessage SendMessage SetQueueAttributes",
    ),
    (
        "ssm",
        "DeleteParameter DescribeInstanceInformation DescribeParameters GetCommandInvocation GetDocument GetParameter GetParameterHistory GetParameters GetParametersByPath ListCommands ListDocuments PutParameter SendCommand StartSession TerminateSession",
    ),
    (
        "states",
        "CreateStateMachine DeleteStateMachine DescribeExecution DescribeStateMachine GetExecutionHistory ListExecutions ListStateMachines StartExecution StopExecution UpdateStateMachine",
    ),
];

fn granted() -> Vec<String> {
    GRANTED
        .iter()
        .flat_map(|(service, actions)| actions.split_whitespace().map(move |action| format!("{service}:{action}")))
        .collect()
}

/// The role's policy.
pub(crate) fn document() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": granted(), "Resource": "*"}]})
}

pub(super) fn act(script: &mut Script) {
    let from = script.acts.len();
    let document = document().to_string();
    script
        .act(
            (PRODUCTION, GLOBAL_REGION),
            script.end() - 59 * DAY + 5 * HOUR,
            (PRODUCTION, "Alice"),
            "iam:PutRolePolicy",
        )
        .parameters(format!(
            r#"{{"roleName":"ReportBuilder","policyName":"Reports","policyDocument":"{}"}}"#,
            escaped(&document)
        ));
    let mut counts = [0_u64; USED.len()];
    let first = script.end() - 58 * DAY + 3 * HOUR;
    for day in 0..58 {
        let start = first + day as i64 * DAY;
        for (position, (event, _, every)) in USED.iter().enumerate() {
            if day % every == 0 {
                counts[position] += 1;
                script.act((PRODUCTION, HOME_REGION), start + 7 * position as i64, ROLE, event);
            }
        }
    }
    let used: Vec<Value> = USED
        .iter()
        .zip(counts)
        .map(|((event, action, _), count)| {
            let call = call::find(event);
            json!({"action": action, "event_source": call.event_source(), "event_name": call.name, "count": count, "data_event": call.data})
        })
        .collect();
    script.tell(
        from,
        "least_privilege",
        "Which of its hundreds of permissions does ReportBuilder use?",
        [
            ("role", json!("arn:aws:iam::222222222222:role/batch/ReportBuilder")),
            ("granted_actions", json!(granted().len())),
            ("used_actions", json!(used)),
            ("policy_document", json!(document)),
        ],
    );
}
