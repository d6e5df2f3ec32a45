//! Services that AWS withdrew, and names it used formerly: logs and reports are old, and speak of services that today's
//! list lacks or calls otherwise. Some withdrawn services still have actions in the service reference, others stand only
//! here. Facts about AWS as tables, each row with where it comes from.

/// What is known of the end of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retirement {
    /// The service namespace, as in `deeplens`.
    pub namespace: &'static str,
    /// The name that AWS printed, as in `AWS DeepLens`.
    pub name: &'static str,
    /// The namespace of the service that AWS names in its place.
    pub successor: Option<&'static str>,
    /// Since when it is gone: a day, a month or a year, in ISO 8601; None: not known, but today's list lacks it.
    pub since: Option<&'static str>,
    /// Where the row comes from.
    pub source: &'static str,
}

/// From a `get-service-last-accessed-details` of February 2020 among the tests of the open AirIAM; today's list lacks it.
const REPORT_2020: &str = "name by an Access Advisor report of 2020, date by AWS's announcement";
/// From the services that the IAM console showed for a group in 2020.
const REPORT_2020_NAMES: &str = "name by the IAM console of 2020, date by AWS's announcement";
/// From AWS's list of services for policy generation of June 2023; today's list lacks it.
const LIST_2023: &str = "name by AWS's list for policy generation of 2023, date by AWS's announcement";
/// AWS's guide of the service: "On …, AWS will discontinue support for …".
const NOTICE: &str = "the end of support notice in AWS's guide";
/// AWS's announcement by blog, forum or mail, known from public reports of it.
const ANNOUNCED: &str = "AWS's announcement";
/// The list of breaking changes that Summit Route keeps.
const CHANGES: &str = "github.com/SummitRoute/aws_breaking_changes";

/// Withdrawn services, by namespace.
pub const RETIRED: &[Retirement] = &[
    retired("a4b", "Alexa for Business", None, Some("2025-03-20"), ANNOUNCED),
    retired("application-cost-profiler", "AWS Application Cost Profiler Service", None, Some("2024-09-30"), LIST_2023),
    retired("appmesh", "AWS App Mesh", None, Some("2026-09-30"), NOTICE),
    retired("codeguru-security", "Amazon CodeGuru Security", None, Some("2025-11-20"), NOTICE),
    retired("codestar", "AWS CodeStar", Some("codecatalyst"), Some("2024-07-31"), ANNOUNCED),
    retired("deepcomposer", "AWS DeepComposer", None, Some("2025-09-17"), REPORT_2020_NAMES),
    retired("deeplens", "AWS DeepLens", None, Some("2024-01-31"), REPORT_2020),
    retired("deepracer", "AWS DeepRacer", None, None, REPORT_2020),
    retired("elastic-inference", "Amazon Elastic Inference", None, Some("2024-04"), REPORT_2020),
    retired("elastictranscoder", "Amazon Elastic Transcoder", Some("mediaconvert"), Some("2025-11-13"), NOTICE),
    retired("evidently", "Amazon CloudWatch Evidently", Some("appconfig"), Some("2025-10-17"), ANNOUNCED),
    retired("honeycode", "Amazon Honeycode", None, Some("2024-02-29"), ANNOUNCED),
    retired("iot1click", "AWS IoT 1-Click", None, Some("2024-12-16"), REPORT_2020),
    retired("iotevents", "AWS IoT Events", None, Some("2026-05-20"), NOTICE),
    retired("iotthingsgraph", "AWS IoT Things Graph", None, None, REPORT_2020),
    retired("lookoutequipment", "Amazon Lookout for Equipment", None, Some("2026-10-07"), NOTICE),
    retired("lookoutvision", "Amazon Lookout for Vision", None, Some("2025-10-31"), NOTICE),
    retired("macie", "Amazon Macie Classic", Some("macie2"), None, REPORT_2020),
    retired("mobileanalytics", "Amazon Mobile Analytics", Some("mobiletargeting"), Some("2018-04-30"), ANNOUNCED),
    retired("mobilehub", "AWS Mobile Hub", Some("amplify"), None, REPORT_2020),
    retired("nimble", "Amazon Nimble Studio", Some("deadline"), Some("2024-10-22"), ANNOUNCED),
    retired("opsworks", "AWS OpsWorks", Some("ssm"), Some("2024-05-26"), ANNOUNCED),
    retired("opsworks-cm", "AWS OpsWorks Configuration Management", None, Some("2024-05-05"), CHANGES),
    retired("panorama", "AWS Panorama", None, Some("2026-05-31"), NOTICE),
    retired("qldb", "Amazon QLDB", None, Some("2025-07-31"), ANNOUNCED),
    retired("robomaker", "AWS RoboMaker", Some("batch"), Some("2025-09-10"), NOTICE),
    retired("sms", "AWS Server Migration Service", Some("mgn"), Some("2022-03-31"), ANNOUNCED),
    retired("sumerian", "Amazon Sumerian", None, Some("2023-02-21"), REPORT_2020),
    retired("workdocs", "Amazon WorkDocs", None, Some("2025-04"), CHANGES),
    retired("worklink", "Amazon WorkLink", None, Some("2022-04-19"), ANNOUNCED),
];

const fn retired(
    namespace: &'static str,
    name: &'static str,
    successor: Option<&'static str>,
    since: Option<&'static str>,
    source: &'static str,
) -> Retirement {
    Retirement { namespace, name, successor, since, source }
}

/// Namespaces with a name that AWS printed in 2020 (the report of `REPORT_2020`) and has changed since. Sorted.
pub const FORMER_NAMES: &[(&str, &str)] = &[
    ("access-analyzer", "IAM Access Analyzer"),
    ("account", "AWS Accounts"),
    ("acm-pca", "AWS Certificate Manager Private Certificate Authority"),
    ("application-autoscaling", "Application Auto Scaling"),
    ("applicationinsights", "CloudWatch Application Insights"),
    ("aws-portal", "AWS Billing"),
    ("cassandra", "AWS Managed Apache Cassandra Service"),
    ("comprehendmedical", "Comprehend Medical"),
    ("compute-optimizer", "Compute Optimizer"),
    ("datapipeline", "Data Pipeline"),
    ("datasync", "DataSync"),
    ("eks", "Amazon Elastic Container Service for Kubernetes"),
    ("es", "Amazon Elasticsearch Service"),
    ("gamelift", "Amazon GameLift"),
    ("glacier", "Amazon Glacier"),
    ("kafka", "Amazon Managed Streaming for Kafka"),
    ("kinesis", "Amazon Kinesis"),
    ("launchwizard", "Launch Wizard"),
    ("networkmanager", "Network Manager"),
    ("ram", "AWS Resource Access Manager"),
    ("route53domains", "Amazon Route53 Domains"),
    ("signer", "AWS Code Signing for Amazon FreeRTOS"),
    ("ssmmessages", "Amazon Session Manager Message Gateway Service"),
    ("sso", "AWS SSO"),
    ("sso-directory", "AWS SSO Directory"),
    ("storagegateway", "Amazon Storage Gateway"),
    ("transfer", "AWS Transfer for SFTP"),
];
