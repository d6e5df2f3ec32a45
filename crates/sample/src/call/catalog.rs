//! The operations of the sample organisation, a page of AWS in miniature: the ones that real trails are full of,
//! with the parameters, responses and resources that CloudTrail keeps for them.
//! Rank matters: people's calls follow Zipf over this order, rotated for each person.

use super::{Call, EventType};

const fn get(service: &'static str, name: &'static str, parameters: &'static str) -> Call {
    Call::new(service, name, parameters)
}

const S3_EXTRA: &str = r#"{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"%z","bytesTransferredOut":%D}"#;
const BUCKET: &str = r#"[{"accountId":"%a","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::%b"}]"#;
const OBJECT: &str = r#"[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::%b/%o"},{"accountId":"%a","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::%b"}]"#;
const KEY: &str = r#"[{"accountId":"%a","type":"AWS::KMS::Key","ARN":"arn:aws:kms:%r:%a:key/%k"}]"#;
const TABLE: &str = r#"[{"accountId":"%a","type":"AWS::DynamoDB::Table","ARN":"arn:aws:dynamodb:%r:%a:table/%q"}]"#;
const ROLE: &str = r#"[{"accountId":"%a","type":"AWS::IAM::Role","ARN":"arn:aws:iam::%a:role/%w"}]"#;
const FUNCTION: &str =
    r#"[{"accountId":"%a","type":"AWS::Lambda::Function","ARN":"arn:aws:lambda:%r:%a:function:%f"}]"#;
const PARAMETER: &str = r#"[{"accountId":"%a","ARN":"arn:aws:ssm:%r:%a:parameter%p"}]"#;
const ASSUMED: &str = r#"{"credentials":{"accessKeyId":"%A","sessionToken":"%S","expiration":"%E"},"assumedRoleUser":{"assumedRoleId":"AROA%R:%n-%d","arn":"arn:aws:sts::%a:assumed-role/%w/%n-%d"}}"#;
const DONE: &str = r#"{"requestId":"%u","_return":true}"#;

pub(super) static CALLS: &[Call] = &[
    get("ec2", "DescribeInstances", r#"{"instancesSet":{"items":[{"instanceId":"i-%l"}]},"filterSet":{}}"#),
    get("s3", "ListBuckets", r#"{"Host":"s3.%r.amazonaws.com"}"#).with(S3_EXTRA).needs("ListAllMyBuckets"),
    get("kms", "Decrypt", r#"{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::%b"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#).on(KEY),
    get("iam", "GetRole", r#"{"roleName":"%w"}"#),
    get("ssm", "GetParameter", r#"{"name":"%p","withDecryption":true}"#).on(PARAMETER),
    get("logs", "DescribeLogGroups", r#"{"logGroupNamePrefix":"/aws/lambda/%f","limit":50}"#),
    get("sts", "GetCallerIdentity", "null"),
    get("monitoring", "DescribeAlarms", r#"{"maxRecords":100,"alarmNamePrefix":"%n-","stateValue":"ALARM"}"#),
    get("s3", "GetBucketLocation", r#"{"bucketName":"%b","location":"","Host":"%b.s3.%r.amazonaws.com"}"#).with(S3_EXTRA).on(BUCKET),
    get("dynamodb", "DescribeTable", r#"{"tableName":"%q"}"#).on(TABLE),
    get("lambda", "ListFunctions20150331", r#"{"maxItems":50,"functionVersion":"ALL"}"#).needs("ListFunctions"),
    get("ec2", "DescribeSecurityGroups", r#"{"securityGroupSet":{},"securityGroupIdSet":{"items":[{"groupId":"sg-%l"}]},"filterSet":{}}"#),
    get("iam", "ListUsers", r#"{"maxItems":100}"#),
    get("lambda", "GetFunction20150331v2", r#"{"functionName":"arn:aws:lambda:%r:%a:function:%f"}"#).needs("GetFunction"),
    get("secretsmanager", "GetSecretValue", r#"{"secretId":"arn:aws:secretsmanager:%r:%a:secret:%n/database-%h"}"#),
    get("cloudformation", "DescribeStacks", r#"{"stackName":"arn:aws:cloudformation:%r:%a:stack/%n-%d/%u"}"#),
    get("ec2", "DescribeVpcs", r#"{"vpcSet":{"items":[{"vpcId":"vpc-%l"}]},"filterSet":{}}"#),
    get("iam", "ListAttachedRolePolicies", r#"{"roleName":"%w"}"#),
    get("s3", "GetBucketAcl", r#"{"bucketName":"%b","acl":"","Host":"%b.s3.%r.amazonaws.com"}"#).with(S3_EXTRA).on(BUCKET),
    get("ec2", "DescribeSubnets", r#"{"subnetSet":{},"filterSet":{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"vpc-%l"}]}}]}}"#),
    get("rds", "DescribeDBInstances", r#"{"dBInstanceIdentifier":"%n-%d"}"#),
    get("cloudtrail", "LookupEvents", r#"{"maxResults":50,"startTime":"%T","lookupAttributes":[{"attributeKey":"EventName","attributeValue":"CreateUser"}]}"#),
    get("logs", "FilterLogEvents", r#"{"logGroupName":"/aws/lambda/%f","filterPattern":"ERROR","limit":100,"interleaved":true}"#),
    get("ec2", "DescribeVolumes", r#"{"volumeSet":{"items":[{"volumeId":"vol-%l"}]},"filterSet":{}}"#),
    get("eks", "DescribeCluster", r#"{"name":"%n"}"#),
    get("ecr", "BatchGetImage", r#"{"registryId":"%a","repositoryName":"%n","imageIds":[{"imageTag":"v%d"}],"acceptedMediaTypes":["application/vnd.docker.distribution.manifest.v2+json"]}"#),
    get("ec2", "RunInstances", r#"{"instancesSet":{"items":[{"imageId":"ami-%l","minCount":1,"maxCount":2,"keyName":"%n"}]},"instanceType":"m6i.large","groupSet":{"items":[{"groupId":"sg-%l"}]},"subnetId":"subnet-%l","blockDeviceMapping":{},"monitoring":{"enabled":false},"disableApiTermination":false,"iamInstanceProfile":{"name":"%w"},"ebsOptimized":true,"clientToken":"%u"}"#)
        .writes(r#"{"requestId":"%u","reservationId":"r-%l","ownerId":"%a","groupSet":{},"instancesSet":{"items":[%I]}}"#),
    get("sqs", "GetQueueAttributes", r#"{"queueUrl":"https://sqs.%r.amazonaws.com/%a/%n","attributeNames":["All"]}"#),
    get("ssm", "DescribeInstanceInformation", r#"{"maxResults":50,"filters":[{"key":"PingStatus","valueSet":["Online"]}]}"#),
    get("iam", "GetUser", r#"{"userName":"%s"}"#),
    get("kms", "DescribeKey", r#"{"keyId":"arn:aws:kms:%r:%a:key/%k"}"#).on(KEY),
    get("ecs", "DescribeServices", r#"{"cluster":"%n","services":["%n-web","%n-worker"],"include":["TAGS"]}"#),
    get("s3", "HeadBucket", r#"{"bucketName":"%b","Host":"%b.s3.%r.amazonaws.com"}"#).with(S3_EXTRA).on(BUCKET).needs("ListBucket"),
    get("sns", "ListTopics", "null"),
    get("ec2", "CreateTags", r#"{"resourcesSet":{"items":[{"resourceId":"i-%l"}]},"tagSet":{"items":[{"key":"team","value":"%n"},{"key":"owner","value":"%s"}]}}"#).writes(DONE),
    get("elasticloadbalancing", "DescribeLoadBalancers", r#"{"names":["%n-%d"],"pageSize":400}"#),
    get("logs", "CreateLogStream", r#"{"logGroupName":"/aws/lambda/%f","logStreamName":"%t[$LATEST]%u"}"#).writes("null"),
    get("s3", "GetBucketPolicy", r#"{"bucketName":"%b","policy":"","Host":"%b.s3.%r.amazonaws.com"}"#).with(S3_EXTRA).on(BUCKET),
    get("organizations", "DescribeOrganization", "null"),
    get("cloudformation", "UpdateStack", r#"{"stackName":"%n-%d","capabilities":["CAPABILITY_NAMED_IAM"],"templateBody":"{\"AWSTemplateFormatVersion\":\"2010-09-09\",\"Resources\":{%B}}","clientRequestToken":"%u"}"#)
        .writes(r#"{"stackId":"arn:aws:cloudformation:%r:%a:stack/%n-%d/%u"}"#),
    get("autoscaling", "DescribeAutoScalingGroups", r#"{"maxRecords":100,"autoScalingGroupNames":["%n-%d"]}"#),
    get("monitoring", "PutMetricAlarm", r#"{"alarmName":"%n-errors","metricName":"Errors","namespace":"AWS/Lambda","statistic":"Sum","dimensions":[{"name":"FunctionName","value":"%f"}],"period":300,"evaluationPeriods":2,"threshold":5,"comparisonOperator":"GreaterThanThreshold","actionsEnabled":true,"alarmActions":["arn:aws:sns:%r:%a:oncall"]}"#).writes("null"),
    get("lambda", "UpdateFunctionCode20150331v2", r#"{"functionName":"%f","s3Bucket":"%b","s3Key":"%o","publish":true,"dryRun":false}"#)
        .writes(r#"{"functionName":"%f","functionArn":"arn:aws:lambda:%r:%a:function:%f","runtime":"python3.13","role":"arn:aws:iam::%a:role/%w","handler":"app.handler","codeSize":%D,"timeout":30,"memorySize":512,"lastModified":"%t","version":"%d","tracingConfig":{"mode":"Active"},"revisionId":"%u","state":"Active","lastUpdateStatus":"InProgress","packageType":"Zip","architectures":["arm64"]}"#).needs("UpdateFunctionCode"),
    get("route53", "ListHostedZones", r#"{"maxItems":"100"}"#),
    get("ec2", "DescribeRouteTables", r#"{"routeTableIdSet":{},"filterSet":{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"vpc-%l"}]}}]}}"#),
    get("iam", "ListRoles", r#"{"maxItems":100,"pathPrefix":"/service/"}"#),
    get("athena", "StartQueryExecution", r#"{"queryString":"SELECT eventname, count(*) FROM cloudtrail_logs WHERE account = '%a' GROUP BY 1","clientRequestToken":"%u","queryExecutionContext":{"database":"default"},"workGroup":"primary"}"#).writes(r#"{"queryExecutionId":"%u"}"#),
    get("ssm", "StartSession", r#"{"target":"i-%l"}"#).writes(r#"{"sessionId":"%s-%l","tokenValue":"Value hidden due to security reasons.","streamUrl":"wss://ssmmessages.%r.amazonaws.com/v1/data-channel/%s-%l"}"#),
    get("dynamodb", "UpdateTable", r#"{"tableName":"%q","billingMode":"PAY_PER_REQUEST"}"#)
        .writes(r#"{"tableDescription":{"tableName":"%q","tableStatus":"UPDATING","tableArn":"arn:aws:dynamodb:%r:%a:table/%q","itemCount":%D,"billingModeSummary":{"billingMode":"PAY_PER_REQUEST"}}}"#).on(TABLE),
    get("s3", "PutBucketPolicy", r#"{"bucketName":"%b","Host":"%b.s3.%r.amazonaws.com","policy":"","bucketPolicy":{"Version":"2012-10-17","Statement":[%Y]}}"#).writes("null").with(S3_EXTRA).on(BUCKET),
    get("iam", "GetAccountSummary", "null"),
    get("ec2", "AuthorizeSecurityGroupIngress", r#"{"groupId":"sg-%l","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":443,"toPort":443,"groups":{},"ipRanges":{"items":[{"cidrIp":"198.51.100.0/24","description":"%n"}]},"ipv6Ranges":{},"prefixListIds":{}}]}}"#)
        .writes(r#"{"requestId":"%u","_return":true,"securityGroupRuleSet":{"items":[{"groupOwnerId":"%a","groupId":"sg-%l","securityGroupRuleId":"sgr-%l","isEgress":false,"ipProtocol":"tcp","fromPort":443,"toPort":443,"cidrIpv4":"198.51.100.0/24"}]}}"#),
    get("codebuild", "StartBuild", r#"{"projectName":"%n","sourceVersion":"refs/heads/main"}"#)
        .writes(r#"{"build":{"id":"%n:%u","arn":"arn:aws:codebuild:%r:%a:build/%n:%u","buildNumber":%D,"buildStatus":"IN_PROGRESS","currentPhase":"QUEUED","projectName":"%n","initiator":"%s","startTime":"%T","serviceRole":"arn:aws:iam::%a:role/%w"}}"#),
    get("s3", "GetBucketEncryption", r#"{"bucketName":"%b","encryption":"","Host":"%b.s3.%r.amazonaws.com"}"#).with(S3_EXTRA).on(BUCKET).needs("GetEncryptionConfiguration"),
    get("iam", "AttachRolePolicy", r#"{"roleName":"%w","policyArn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}"#).writes("null"),
    get("config", "DescribeConfigurationRecorders", "null"),
    get("ec2", "StopInstances", r#"{"instancesSet":{"items":[{"instanceId":"i-%l"}]},"force":false}"#)
        .writes(r#"{"requestId":"%u","instancesSet":{"items":[{"instanceId":"i-%l","currentState":{"code":64,"name":"stopping"},"previousState":{"code":16,"name":"running"}}]}}"#),
    get("support", "DescribeTrustedAdvisorChecks", r#"{"language":"ja"}"#),
    get("ec2", "DescribeImages", r#"{"executableBySet":{},"imagesSet":{"items":[{"imageId":"ami-%l"}]},"ownersSet":{},"filterSet":{}}"#),
    get("guardduty", "ListFindings", r#"{"detectorId":"%l","maxResults":50}"#),
    get("tagging", "GetResources", r#"{"resourcesPerPage":100,"tagFilters":[{"key":"team","values":["%n"]}]}"#),
    get("iam", "CreateRole", r#"{"roleName":"%w-%h","path":"/service/","assumeRolePolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"lambda.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}"}"#)
        .writes(r#"{"role":{"path":"/service/","roleName":"%w-%h","roleId":"AROA%R","arn":"arn:aws:iam::%a:role/service/%w-%h","createDate":"%T"}}"#),
    get("sts", "AssumeRole", r#"{"roleArn":"arn:aws:iam::%a:role/%w","roleSessionName":"%n-%d","durationSeconds":3600}"#).answers(ASSUMED).on(ROLE),
    get("kms", "GenerateDataKey", r#"{"keyId":"arn:aws:kms:%r:%a:key/%k","encryptionContext":{"aws:s3:arn":"arn:aws:s3:::%b"},"keySpec":"AES_256"}"#).on(KEY).planted(),
    get("s3", "GetObject", r#"{"bucketName":"%b","Host":"%b.s3.%r.amazonaws.com","key":"%o"}"#).with(S3_EXTRA).on(OBJECT).data().planted(),
    get("s3", "PutObject", r#"{"bucketName":"%b","Host":"%b.s3.%r.amazonaws.com","key":"%o"}"#).writes(r#"{"x-amz-server-side-encryption":"AES256"}"#).with(S3_EXTRA).on(OBJECT).data().planted(),
    get("lambda", "Invoke", r#"{"functionName":"arn:aws:lambda:%r:%a:function:%f","invocationType":"RequestResponse","logType":"None"}"#).writes("null").on(FUNCTION).data().planted().needs("InvokeFunction"),
    get("config", "PutEvaluations", r#"{"evaluations":[{"complianceResourceType":"AWS::S3::Bucket","complianceResourceId":"%b","complianceType":"COMPLIANT","orderingTimestamp":"%T"}],"resultToken":"%z"}"#).writes(r#"{"failedEvaluations":[]}"#).planted(),
    get("ec2", "DescribeInstanceStatus", r#"{"instancesSet":{},"filterSet":{},"includeAllInstances":true,"maxResults":1000}"#).planted(),
    get("cloudformation", "DescribeStackEvents", r#"{"stackName":"%n-%d"}"#).planted(),
    get("ecr", "PutImage", r#"{"registryId":"%a","repositoryName":"%n","imageTag":"v%d","imageManifestMediaType":"application/vnd.docker.distribution.manifest.v2+json"}"#)
        .writes(r#"{"image":{"registryId":"%a","repositoryName":"%n","imageId":{"imageDigest":"sha256:%H","imageTag":"v%d"}}}"#).planted(),
    get("ssm", "UpdateInstanceInformation", r#"{"instanceId":"i-%l","agentVersion":"3.3.987.0","agentStatus":"Active","platformType":"Linux","platformName":"Amazon Linux","iPAddress":"192.0.2.%d"}"#).writes("null").planted(),
    get("iam", "GetAccountAuthorizationDetails", r#"{"filter":["User","Role","Group","LocalManagedPolicy"],"maxItems":1000}"#).planted(),
    get("iam", "GenerateCredentialReport", "null").answers(r#"{"state":"STARTED","description":"No report exists. Starting a new report generation task"}"#).planted(),
    get("organizations", "ListAccounts", "null").planted(),
    get("dynamodb", "ListTables", r#"{"limit":100}"#).planted(),
    get("dynamodb", "ExportTableToPointInTime", r#"{"tableArn":"arn:aws:dynamodb:%r:%a:table/%q","s3Bucket":"hoge-exports","s3Prefix":"nightly/","exportFormat":"DYNAMODB_JSON"}"#)
        .writes(r#"{"exportDescription":{"exportArn":"arn:aws:dynamodb:%r:%a:table/%q/export/%l","exportStatus":"IN_PROGRESS","startTime":"%T","tableArn":"arn:aws:dynamodb:%r:%a:table/%q","s3Bucket":"hoge-exports","s3Prefix":"nightly/"}}"#).on(TABLE).planted(),
    get("dynamodb", "DeleteTable", r#"{"tableName":"%q"}"#).writes(r#"{"tableDescription":{"tableName":"%q","tableStatus":"DELETING","tableArn":"arn:aws:dynamodb:%r:%a:table/%q"}}"#).on(TABLE).planted(),
    get("ecs", "UpdateService", r#"{"cluster":"%n","service":"%n-web","taskDefinition":"%n-web:%d","forceNewDeployment":true}"#)
        .writes(r#"{"service":{"serviceName":"%n-web","clusterArn":"arn:aws:ecs:%r:%a:cluster/%n","status":"ACTIVE","desiredCount":4,"runningCount":4,"pendingCount":0,"launchType":"FARGATE","deployments":[{"id":"ecs-svc/%D","status":"PRIMARY","desiredCount":4,"createdAt":"%T"}]}}"#).planted(),
    get("s3", "DeleteBucket", r#"{"bucketName":"%b","Host":"%b.s3.%r.amazonaws.com"}"#).writes("null").with(S3_EXTRA).on(BUCKET).planted(),
    get("iam", "PutRolePolicy", r#"{"roleName":"%w"}"#).writes("null").planted(),
    get("iam", "CreatePolicyVersion", "null").writes(r#"{"policyVersion":{"versionId":"v%d","isDefaultVersion":true,"createDate":"%T"}}"#).planted(),
    get("iam", "CreateUser", r#"{"userName":"%s"}"#).writes("null").planted(),
    get("iam", "CreateAccessKey", r#"{"userName":"%s"}"#).writes("null").planted(),
    get("iam", "CreateLoginProfile", r#"{"userName":"%s"}"#).writes("null").planted(),
    get("iam", "AttachUserPolicy", r#"{"userName":"%s","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}"#).writes("null").planted(),
    get("iam", "UpdateAccessKey", r#"{"userName":"%s","status":"Inactive"}"#).writes("null").planted(),
    get("iam", "UpdateAccountPasswordPolicy", r#"{"minimumPasswordLength":14,"requireSymbols":true,"requireNumbers":true,"maxPasswordAge":90}"#).writes("null").planted(),
    get("sts", "GetSessionToken", r#"{"durationSeconds":43200}"#).answers("null").planted(),
    get("signin", "ConsoleLogin", "null").writes(r#"{"ConsoleLogin":"Success"}"#).kind(EventType::ConsoleSignIn)
        .with(r#"{"LoginTo":"https://console.aws.amazon.com/console/home?region=ap-northeast-1","MobileVersion":"No","MFAIdentifier":"arn:aws:iam::%a:mfa/%s","MFAUsed":"Yes"}"#).planted(),
    get("signin", "CredentialChallenge", "null").writes("null").kind(EventType::ServiceEvent).with(r#"{"AuthWorkflowID":"%u","CredentialType":"PASSWORD"}"#).planted(),
    get("signin", "UserAuthentication", "null").writes("null").kind(EventType::ServiceEvent).with(r#"{"AuthWorkflowID":"%u","LoginTo":"https://tadoru-sample.awsapps.com/start","CredentialType":"PASSWORD,TOTP"}"#).planted(),
    get("sso", "Authenticate", "null").writes("null").kind(EventType::ServiceEvent).planted(),
    get("sso", "Federate", "null").writes("null").kind(EventType::ServiceEvent).planted(),
    get("kms", "RotateKey", "null").writes("null").kind(EventType::ServiceEvent).on(KEY).planted(),
    get("kms", "ListKeys", r#"{"limit":100}"#).kind(EventType::VpceEvent).planted(),
];
