//! Which actions are data events, which are never recorded, and of which services AWS does not say it. The resource types
//! are those of AWS's list of data events
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html>, as of 2026);
//! which operations each holds stands in the guide of the service, named at each row. Where an operation needs several
//! actions, or an action stands for data and management events both, the row is here: then silence proves nothing.

/// Service namespace, resource type of its data events, actions (`*` at the ends of a name stands for any characters). Sorted.
pub(super) const DATA_EVENTS: &[(&str, &str, &[&str])] = &[
    // The data plane of a collection: every call to OpenSearch's own API.
    ("aoss", "AWS::AOSS::Collection", &["APIAccessAll", "DashboardsAccessAll"]),
    // AppConfig, "Logging using CloudTrail": StartConfigurationSession and GetLatestConfiguration; GetConfiguration is older.
    (
        "appconfig",
        "AWS::AppConfig::Configuration",
        &["GetConfiguration", "GetLatestConfiguration", "StartConfigurationSession"],
    ),
    // AppSync, "CloudTrail logging": GraphQL requests.
    ("appsync", "AWS::AppSync::GraphQLApi", &["EventConnect", "EventPublish", "EventSubscribe", "GraphQL"]),
    // B2BI: calls such as GetTransformerJob and StartTransformerJob.
    (
        "b2bi",
        "AWS::B2BI::Transformer",
        &["GetTransformerJob", "StartTransformerJob", "TestConversion", "TestMapping", "TestParsing"],
    ),
    // Keyspaces, "DML in CloudTrail"; Select also stands for calls on the schema.
    ("cassandra", "AWS::Cassandra::Table", &["Modify", "Select"]),
    // CloudFront, the KeyValueStore API.
    ("cloudfront-keyvaluestore", "AWS::CloudFront::KeyValueStore", &["*"]),
    // CloudTrail Lake: PutAuditEvents.
    ("cloudtrail-data", "AWS::CloudTrail::Channel", &["*"]),
    // CloudWatch, "Data plane events": metric data.
    (
        "cloudwatch",
        "AWS::CloudWatch::Metric",
        &["GetMetricData", "GetMetricStatistics", "GetMetricWidgetImage", "ListMetrics", "PutMetricData"],
    ),
    // Cognito, "Identity pools events".
    (
        "cognito-identity",
        "AWS::Cognito::IdentityPool",
        &[
            "GetCredentialsForIdentity",
            "GetId",
            "GetOpenIdToken",
            "GetOpenIdTokenForDeveloperIdentity",
            "UnlinkIdentity",
        ],
    ),
    // DynamoDB, "Data plane events": streams.
    ("dynamodb", "AWS::DynamoDB::Stream", &["GetRecords", "GetShardIterator"]),
    // DynamoDB, "Data plane events": items, also by PartiQL and transactions.
    (
        "dynamodb",
        "AWS::DynamoDB::Table",
        &[
            "BatchGetItem",
            "BatchWriteItem",
            "ConditionCheckItem",
            "DeleteItem",
            "GetItem",
            "PartiQLDelete",
            "PartiQLInsert",
            "PartiQLSelect",
            "PartiQLUpdate",
            "PutItem",
            "Query",
            "Scan",
            "SearchVectors",
            "UpdateItem",
        ],
    ),
    // EBS direct APIs; StartSnapshot and CompleteSnapshot are management events by the same page, with data events beside.
    ("ebs", "AWS::EC2::Snapshot", &["GetSnapshotBlock", "ListChangedBlocks", "ListSnapshotBlocks", "PutSnapshotBlock"]),
    // EventBridge: events put onto a bus.
    ("events", "AWS::Events::EventBus", &["PutEvents", "PutPartnerEvents", "PutRawEvents"]),
    // Firehose: records put into a stream.
    ("firehose", "AWS::KinesisFirehose::DeliveryStream", &["PutRecord", "PutRecordBatch"]),
    ("geo-maps", "AWS::GeoMaps::Provider", &["*"]),
    ("geo-places", "AWS::GeoPlaces::Provider", &["*"]),
    ("geo-routes", "AWS::GeoRoutes::Provider", &["*"]),
    ("kendra-ranking", "AWS::KendraRanking::ExecutionPlan", &["Rescore"]),
    // Kinesis Data Streams: records and shards.
    ("kinesis", "AWS::Kinesis::Stream", &["GetRecords", "GetShardIterator", "ListShards", "PutRecord", "PutRecords"]),
    ("kinesis", "AWS::Kinesis::StreamConsumer", &["SubscribeToShard"]),
    // Lambda: the Invoke API, by whichever way.
    ("lambda", "AWS::Lambda::Function", &["InvokeAsync", "InvokeFunction", "InvokeFunctionUrl"]),
    ("managedblockchain-query", "AWS::ManagedBlockchainQuery::QueryAPI", &["*"]),
    (
        "neptune-graph",
        "AWS::NeptuneGraph::Graph",
        &[
            "CancelQuery",
            "DeleteDataViaQuery",
            "GetQueryStatus",
            "ListQueries",
            "ReadDataViaQuery",
            "WriteDataViaQuery",
        ],
    ),
    ("qapps", "AWS::QApps::QApp", &["*"]),
    // RDS Data API: data events for Aurora, management events that trails may leave out for older clusters.
    ("rds-data", "AWS::RDS::DBCluster", &["*"]),
    // S3, "Amazon S3 CloudTrail events": object-level calls, and calls on buckets that list objects. HeadBucket, for which
    // ListBucket stands, was a management event and is a data event.
    (
        "s3",
        "AWS::S3::Object",
        &[
            "AbortMultipartUpload",
            "DeleteObject",
            "DeleteObjectAnnotation",
            "DeleteObjectTagging",
            "DeleteObjectVersion",
            "DeleteObjectVersionAnnotation",
            "DeleteObjectVersionTagging",
            "GetObject",
            "GetObjectAcl",
            "GetObjectAnnotation",
            "GetObjectAttributes",
            "GetObjectLegalHold",
            "GetObjectRetention",
            "GetObjectTagging",
            "GetObjectTorrent",
            "GetObjectVersion",
            "GetObjectVersionAcl",
            "GetObjectVersionAnnotation",
            "GetObjectVersionAttributes",
            "GetObjectVersionTagging",
            "GetObjectVersionTorrent",
            "ListBucket",
            "ListBucketMultipartUploads",
            "ListBucketVersions",
            "ListMultipartUploadParts",
            "ListObjectAnnotations",
            "ListObjectVersionAnnotations",
            "PutObject",
            "PutObjectAcl",
            "PutObjectAnnotation",
            "PutObjectLegalHold",
            "PutObjectRetention",
            "PutObjectTagging",
            "PutObjectVersionAcl",
            "PutObjectVersionAnnotation",
            "PutObjectVersionTagging",
            "RestoreObject",
            "UpdateObjectEncryption",
        ],
    ),
    ("s3-object-lambda", "AWS::S3ObjectLambda::AccessPoint", &["*"]),
    (
        "s3-outposts",
        "AWS::S3Outposts::Object",
        &[
            "AbortMultipartUpload",
            "DeleteObject",
            "DeleteObjectTagging",
            "DeleteObjectVersion",
            "DeleteObjectVersionTagging",
            "GetObject",
            "GetObjectTagging",
            "GetObjectVersion",
            "GetObjectVersionTagging",
            "ListBucket",
            "ListBucketMultipartUploads",
            "ListBucketVersions",
            "ListMultipartUploadParts",
            "PutObject",
            "PutObjectAcl",
            "PutObjectTagging",
            "PutObjectVersionTagging",
        ],
    ),
    // S3, "Logging with CloudTrail for directory buckets": a session stands for the calls on objects.
    ("s3express", "AWS::S3Express::Object", &["CreateSession"]),
    // S3 Tables: reads and writes of a table's data.
    ("s3tables", "AWS::S3Tables::Table", &["GetTableData", "PutTableData"]),
    // S3 Vectors: vectors of an index.
    (
        "s3vectors",
        "AWS::S3Vectors::Index",
        &["DeleteVectors", "GetVectors", "ListVectors", "PutVectors", "QueryVectors"],
    ),
    // SimpleDB: items of a domain.
    (
        "sdb",
        "AWS::SDB::Domain",
        &[
            "BatchDeleteAttributes",
            "BatchPutAttributes",
            "DeleteAttributes",
            "GetAttributes",
            "PutAttributes",
            "Select",
        ],
    ),
    // Cloud Map, "Data events": discovery.
    ("servicediscovery", "AWS::ServiceDiscovery::Namespace", &["DiscoverInstances", "DiscoverInstancesRevision"]),
    // SNS: Publish and PublishBatch, on topics and on platform endpoints.
    ("sns", "AWS::SNS::Topic", &["Publish"]),
    // SQS, "Data events": messages.
    ("sqs", "AWS::SQS::Queue", &["ChangeMessageVisibility", "DeleteMessage", "ReceiveMessage", "SendMessage"]),
    ("ssmmessages", "AWS::SSMMessages::ControlChannel", &["*"]),
    // Verified Permissions: decisions.
    ("verifiedpermissions", "AWS::VerifiedPermissions::PolicyStore", &["IsAuthorized", "IsAuthorizedWithToken"]),
];

/// Actions that no trail records, whatever it is told: checked on other calls, or by a data plane that CloudTrail does not
/// see.
pub(super) const NEVER: &[(&str, &[&str])] = &[
    // NFS clients, checked when a file system is mounted, written to, or written to as root.
    ("elasticfilesystem", &["ClientMount", "ClientRootAccess", "ClientWrite"]),
    // HTTP requests to a domain's own endpoint.
    ("es", &["ESCrossClusterGet", "ESHttpDelete", "ESHttpGet", "ESHttpHead", "ESHttpPatch", "ESHttpPost", "ESHttpPut"]),
    // Requests to deployed APIs; API Gateway has access logs of its own for them.
    ("execute-api", &["*"]),
    // Checked on calls that hand a role to a service; the event names the role in its requestParameters.
    ("iam", &["PassRole"]),
    // MQTT.
    ("iot", &["Connect", "Publish", "Receive", "RetainPublish", "Subscribe"]),
    // Kafka's own protocol.
    ("kafka-cluster", &["*"]),
    // Checked on calls that hand them to a function.
    ("lambda", &["PassCapacityProvider", "PassNetworkConnector"]),
    // Signing in to a database.
    ("rds-db", &["connect"]),
    // Checked on a deletion or a change of retention.
    ("s3", &["BypassGovernanceRetention"]),
    // Checked on the calls that assume a role or federate.
    ("sts", &["SetContext", "SetSourceIdentity", "TagGetWebIdentityToken", "TagSession"]),
    // Requests to services of a network.
    ("vpc-lattice-svcs", &["*"]),
];

/// Actions of services on AWS's list of data events, of which it does not say whether they are among these events (`*` at
/// the ends of a name stands for any characters). Sorted.
pub(super) const UNDECIDED: &[(&str, &[&str])] = &[
    ("acm", &["*Acme*"]),
    ("agent-registry", &["*"]),
    ("agentaccess-mcp", &["*"]),
    ("aidevops", &["*"]),
    ("aiops", &["*"]),
    ("airflow", &["*"]),
    ("aoss", &["*"]),
    ("application-signals", &["*"]),
    ("appsync", &["*"]),
    ("aps", &["*"]),
    ("aws-external-anthropic", &["*"]),
    ("b2bi", &["*"]),
    ("backup", &["*BackupAccessPoint*"]),
    ("backup-search", &["*"]),
    ("bedrock", &["*"]),
    ("bedrock-agentcore", &["*"]),
    ("bedrock-mantle", &["*"]),
    ("bedrock-websearch", &["*"]),
    ("cassandra", &["*"]),
    (
        "cloudwatch",
        &[
            "*AccessProfile*",
            "*Dataset*",
            "*Domain*",
            "*IngestionEndpoint*",
            "*Omni*",
            "*Space*",
            "*TelemetryQuer*",
            "*View*",
            "QueryTraces",
        ],
    ),
    (
        "codeguru-profiler",
        &["BatchGetFrameMetricData", "ConfigureAgent", "GetProfile", "ListProfileTimes", "PostAgentProfile"],
    ),
    ("codewhisperer", &["*"]),
    ("cost-optimization-hub", &["*"]),
    ("dataexchange", &["GetAsset", "SendApiAsset"]),
    ("dax", &["*"]),
    ("deadline", &["*"]),
    ("dsql", &["*"]),
    ("ec2-instance-connect", &["OpenTunnel"]),
    ("ec2messages", &["*"]),
    ("ecs", &["DiscoverPollEndpoint", "Poll", "PutSystemLogEvents", "StartTelemetrySession", "Submit*"]),
    ("eks", &["*Dashboard*"]),
    ("events", &["InvokeApiDestination", "RetrieveConnectionCredentials"]),
    ("finspace", &["*"]),
    ("finspace-api", &["*"]),
    ("fsx", &["*"]),
    ("gameliftstreams", &["*"]),
    ("glue", &["*"]),
    ("greengrass", &["*"]),
    ("guardduty", &["*MalwareScan*", "SendSecurityTelemetry"]),
    ("health-agent", &["*"]),
    ("healthlake", &["*"]),
    ("iot", &["*Connection", "*NamedShadows*", "*RetainedMessage*", "*ThingShadow", "*Tunnel*", "SendDirectMessage"]),
    ("iotsitewise", &["*"]),
    ("iottwinmaker", &["*"]),
    ("kinesisvideo", &["*"]),
    ("lakeformation", &["*"]),
    ("lambda", &["*DurableExecution*", "*Microvm*"]),
    ("lex", &["*Session", "PostContent", "PostText", "RecognizeText", "RecognizeUtterance", "StartConversation"]),
    (
        "logs",
        &[
            "*BearerToken*",
            "*PipelineRule",
            "*ScheduledQuer*",
            "FilterLogEvents",
            "GetLogEvents",
            "GetLogFields",
            "GetLogRecord",
            "ProcessWithPipeline",
            "PutLogEvents",
            "StartLiveTail",
        ],
    ),
    ("machinelearning", &["*"]),
    ("managedblockchain", &["*"]),
    ("medical-imaging", &["*"]),
    ("mobiletargeting", &["*"]),
    ("neptune-db", &["*"]),
    ("neptune-graph", &["*"]),
    ("networkflowmonitor", &["*"]),
    ("nova-act", &["*"]),
    ("one", &["*"]),
    ("payment-cryptography", &["*"]),
    ("pca-connector-ad", &["*"]),
    ("pca-connector-scep", &["*"]),
    ("q", &["*"]),
    ("qbusiness", &["*"]),
    ("qdeveloper", &["*"]),
    ("quicksight", &["*"]),
    ("redshift", &["*Query*", "GetClusterCredentials*", "GetIdentityCenterAuthToken", "JoinGroup"]),
    ("redshift-data", &["*"]),
    ("rekognition", &["*"]),
    ("resource-explorer-2", &["*View*", "Search"]),
    ("rum", &["GetAppMonitorData", "PutRumEvents"]),
    ("s3tables", &["*"]),
    ("s3vectors", &["*"]),
    ("sagemaker", &["*"]),
    ("sagemaker-mlflow", &["*"]),
    ("scn", &["*"]),
    ("sdb", &["*"]),
    ("servicediscovery", &["*"]),
    ("ses", &["Send*"]),
    ("signer", &["*Signing*", "GetRevocationStatus", "SignPayload"]),
    ("sms-voice", &["*"]),
    ("social-messaging", &["*"]),
    (
        "ssm",
        &[
            "*ExecutionPreview",
            "GetManifest",
            "PutComplianceItems",
            "PutConfigurePackageResult",
            "PutInventory",
            "RequestManagedInstanceRoleToken",
            "UpdateInstanceInformation",
        ],
    ),
    ("states", &["*"]),
    ("supportauthz", &["*"]),
    ("swf", &["*"]),
    ("thinclient", &["*"]),
    ("timestream", &["*"]),
    ("transform", &["*"]),
    ("transform-custom", &["*"]),
    ("uxc", &["*"]),
    ("verifiedpermissions", &["*"]),
    ("voiceid", &["*"]),
    ("wellarchitected", &["*Agent*"]),
    ("wisdom", &["*"]),
    ("xray", &["*"]),
];
