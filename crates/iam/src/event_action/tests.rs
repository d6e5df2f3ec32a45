//! The mapping against its own tables, against AWS's known oddities, and, where `../shared` is there, against the shared
//! truth and the names of real trails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;

fn actions(source: &str, name: &str, event_type: Option<&str>, parameters: Option<&str>) -> EventActions {
    let variant = variant(source, name, parameters);
    map(&ServiceReference::embedded(), source, name, event_type, variant.as_deref())
}

#[test]
fn every_action_of_the_tables_stands_in_the_reference() {
    let reference = ServiceReference::embedded();
    for (_, namespace) in rename::SOURCE_NAMESPACE {
        assert!(reference.service_name(namespace).is_some(), "{namespace}");
    }
    let versioned = rename::S3_VERSIONED.iter().map(|(name, names)| ("s3", *name, *names));
    for (namespace, name, names) in rename::OPERATION.iter().copied().chain(versioned) {
        assert!(in_reference(&reference, namespace, names).is_some(), "{namespace} {name}: {names:?}");
    }
    assert!(rename::OPERATION.is_sorted() && rename::SERVICE_EVENT.is_sorted());
    assert!(rename::SERVICE_EVENT.iter().all(|(_, names)| names.is_sorted()));
    for verb in ["GET", "PUT", "POST", "PATCH", "DELETE"] {
        assert!(reference.find_action("apigateway", verb).is_some());
    }
}

#[test]
fn operations_that_policies_call_differently() {
    let check = |source: &str, name: &str, parameters: Option<&str>, expected: &[&str]| {
        let found = actions(&format!("{source}.amazonaws.com"), name, Some("AwsApiCall"), parameters);
        assert_eq!(
            (found.actions.as_slice(), found.kind),
            (&expected.iter().map(|s| s.to_string()).collect::<Vec<_>>()[..], ActionKind::Mapped),
            "{source} {name}"
        );
    };
    check("iam", "CreateUser", None, &["iam:CreateUser"]);
    check("monitoring", "PutMetricAlarm", None, &["cloudwatch:PutMetricAlarm"]);
    check("s3", "ListBuckets", None, &["s3:ListAllMyBuckets"]);
    check("s3", "PutBucketReplication", None, &["s3:PutReplicationConfiguration"]);
    check("s3", "CopyObject", None, &["s3:GetObject", "s3:PutObject"]);
    check("s3", "GetObject", Some(r#"{"key":"a","versionId":"3"}"#), &["s3:GetObjectVersion"]);
    check("s3", "GetObject", Some(r#"{"key":"\"versionId\""}"#), &["s3:GetObject"]);
    check("s3", "GetObject", None, &["s3:GetObject"]);
    check("s3", "PutPublicAccessBlock", Some(r#"{"accountId":"1"}"#), &["s3:PutAccountPublicAccessBlock"]);
    check("s3", "GetPublicAccessBlock", None, &["s3:GetAccountPublicAccessBlock"]);
    check("s3", "PutPublicAccessBlock", Some(r#"{"bucketName":"b"}"#), &["s3:PutBucketPublicAccessBlock"]);
    check("s3", "DeleteAccountPublicAccessBlock", None, &["s3:PutAccountPublicAccessBlock"]);
    check("s3", "PutBucketPublicAccessBlock", None, &["s3:PutBucketPublicAccessBlock"]);
    check("s3", "WriteGetObjectResponse", None, &["s3-object-lambda:WriteGetObjectResponse"]);
    check("lambda", "Invoke", None, &["lambda:InvokeFunction"]);
    check("lambda", "ListFunctions20150331", None, &["lambda:ListFunctions"]);
    check("lambda", "GetFunction20150331v2", None, &["lambda:GetFunction"]);
    check("cloudfront", "CreateDistribution2020_05_31", None, &["cloudfront:CreateDistribution"]);
    check("access-analyzer", "GetFindingV2", None, &["access-analyzer:GetFinding"]);
    check("amplify", "CreateWebhook", None, &["amplify:CreateWebHook"]);
    check("kms", "ReEncrypt", None, &["kms:ReEncryptFrom", "kms:ReEncryptTo"]);
    check("apigateway", "CreateRestApi", None, &["apigateway:POST"]);
    check("apigateway", "UpdateStage", None, &["apigateway:PATCH"]);
    check("apigateway", "CreatePortal", None, &["apigateway:CreatePortal"]);
    let select = Some(r#"{"statement":" select * from \"t\""}"#);
    check("dynamodb", "ExecuteStatement", select, &["dynamodb:PartiQLSelect"]);
    let writes = Some(r#"{"transactItems":[{"update":{}},{"Put":{}},{"update":{}}]}"#);
    check("dynamodb", "TransactWriteItems", writes, &["dynamodb:PutItem", "dynamodb:UpdateItem"]);
    check("sqs", "SendMessageBatch", None, &["sqs:SendMessage"]);
    check("sts", "GetCallerIdentity", None, &["sts:GetCallerIdentity"]);
    check("models.lex", "PutBot", None, &["lex:PutBot"]);
}

#[test]
fn sign_ins_and_service_events_are_no_actions() {
    let check = |source: &str, name: &str, event_type: Option<&str>, expected: NoAction| {
        let found = actions(source, name, event_type, None);
        assert_eq!((found.actions.len(), found.kind), (0, ActionKind::NoAction(expected)), "{name}");
    };
    check("signin.amazonaws.com", "ConsoleLogin", Some("AwsConsoleSignIn"), NoAction::SignIn);
    check("signin.amazonaws.com", "UserAuthentication", Some("AwsServiceEvent"), NoAction::SignIn);
    check("sso.amazonaws.com", "Federate", Some("AwsServiceEvent"), NoAction::SignIn);
    check("kms.amazonaws.com", "RotateKey", Some("AwsServiceEvent"), NoAction::ServiceEvent);
    check("secretsmanager.amazonaws.com", "RotationStarted", None, NoAction::ServiceEvent);
    check("ec2.amazonaws.com", "SharedSnapshotVolumeCreated", Some("AwsApiCall"), NoAction::ServiceEvent);
    check("s3.amazonaws.com", "GetObject", Some("AwsVpceEvent"), NoAction::NetworkActivity);
    check("ec2.amazonaws.com", "RunInstances", Some("AwsCloudTrailInsight"), NoAction::Insight);
}

#[test]
fn an_unknown_name_stays_visible() {
    let check = |source: &str, name: &str, expected: (&str, &str)| {
        let found = actions(source, name, None, None);
        let expected = (expected.0, &[expected.1.to_owned()][..], ActionKind::Unmapped);
        assert_eq!((found.service_namespace.as_str(), &found.actions[..], found.kind), expected);
    };
    let tiles = "AWSPaymentPanel.FetchLedgerTiles";
    check("billingconsole.amazonaws.com", tiles, ("billing", "billing:AWSPaymentPanel.FetchLedgerTiles"));
    check("brandnew.amazonaws.com", "DoIt20", ("brandnew", "brandnew:DoIt20"));
    check("", "", ("", ":"));
}

/// The shared reference folder, or None after saying so: then what needs it is skipped, which CI does not allow.
#[allow(clippy::disallowed_methods, clippy::print_stderr, reason = "a skip must be told to the runner of the tests")]
fn shared(test: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/aws");
    if folder.is_dir() {
        return Some(folder);
    }
    let line = format!("skipped: {test}: no {}", folder.display());
    eprintln!("{line}");
    assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "{line}");
    if let Some(path) = std::env::var_os("TADORU_TEST_SKIPS") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        std::io::Write::write_all(&mut file, format!("{line}\n").as_bytes()).unwrap();
    }
    None
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The list names an action that the service authorization reference does not have.
const NO_SUCH: &str = "no such action";
/// Keyspaces' guide: ALTER TABLE and the API's UpdateTable need Alter; Modify is for rows.
const ALTER: &str = "Modify is for rows";
/// S3's guide, "Actions": the source of a copy is read.
const SOURCE: &str = "the source is read too";
/// Event names of account and bucket are the same; `variant` tells them apart.
const VARIANT: &str = "without its request it is the bucket's";

/// Where the public map from which the shared list was made names other actions than the tables here, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    ("cloudfront.CreateDistributionWithTags", NO_SUCH),
    ("cloudsearchdomain.UploadDocuments", NO_SUCH),
    ("comprehendmedical.DetectEntities", NO_SUCH),
    ("detective.ListOrganizationAdminAccounts", NO_SUCH),
    ("glue.GetUnfilteredPartitionsMetadata", NO_SUCH),
    ("keyspaces.UpdateTable", ALTER),
    ("s3.DeleteBucketIntelligentTieringConfiguration", NO_SUCH),
    ("s3.DeleteBucketOwnershipControls", NO_SUCH),
    ("s3.UploadPartCopy", SOURCE),
    ("s3control.DeleteBucketLifecycleConfiguration", NO_SUCH),
    ("s3control.DeletePublicAccessBlock", VARIANT),
    ("s3control.GetPublicAccessBlock", VARIANT),
    ("s3control.PutPublicAccessBlock", VARIANT),
    ("sqs.ChangeMessageVisibilityBatch", NO_SUCH),
    ("sqs.DeleteMessageBatch", NO_SUCH),
];

/// Operations whose action bears another name, by botocore's names: each is mapped, to actions among those that the shared
/// list names, but for the differences above. Of cloudhsm the list names actions that do not exist.
#[test]
fn operations_without_a_same_named_action_map() {
    let Some(folder) = shared("operations_without_a_same_named_action_map") else { return };
    let reference = ServiceReference::embedded();
    let lists = json(&folder.join("op_to_action_exceptions.json"));
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (class, list) in lists.as_object().unwrap() {
        if matches!(class.as_bytes()[0], b'G' | b'Z') {
            continue;
        }
        for line in list.as_array().unwrap().iter().map(|line| line.as_str().unwrap()) {
            let (operation, listed) = line.split_once(" -> ").unwrap_or((line, ""));
            let (service, name) = operation.split_once('.').unwrap();
            if service == "cloudhsm" || DIFFERENCES.iter().any(|(known, _)| *known == operation) {
                continue;
            }
            checked += 1;
            let found = map(&reference, &source(service, listed), name, None, None);
            let listed: Vec<&str> = listed.split(',').filter(|action| !action.is_empty()).collect();
            let agrees = listed.is_empty() || found.actions.iter().all(|action| listed.contains(&action.as_str()));
            if found.kind != ActionKind::Mapped || !agrees {
                wrong.push(format!("{operation}: {:?}, listed {listed:?}", found.actions));
            }
        }
    }
    assert!(wrong.is_empty(), "{checked} checked; not as listed:\n{}", wrong.join("\n"));
    assert!(checked > 300, "{checked}");
}

/// The event source of a botocore service, whose calls need the `listed` actions.
fn source(service: &str, listed: &str) -> String {
    let label = match service {
        "accessanalyzer" => "access-analyzer",
        "apigatewayv2" => "apigateway",
        "apigatewaymanagementapi" => "execute-api",
        "cleanroomsml" => "cleanrooms-ml",
        "cloudsearchdomain" => "cloudsearch",
        "keyspaces" => "cassandra",
        "s3control" if listed.contains("s3-outposts") => "s3-outposts",
        "s3control" => "s3",
        "timestream-query" => "timestream",
        other => other,
    };
    format!("{label}.amazonaws.com")
}

/// Operations that need no action, or one that the reference does not have yet: each is known as an operation, so that
/// nobody takes its event for a misspelt one.
#[test]
fn operations_without_an_action_are_known() {
    let Some(folder) = shared("operations_without_an_action_are_known") else { return };
    let reference = ServiceReference::embedded();
    let lists = json(&folder.join("op_to_action_exceptions.json"));
    let mut unknown = Vec::new();
    let operations = lists["G unmapped"].as_array().unwrap();
    for operation in operations.iter().map(|operation| operation.as_str().unwrap()) {
        let (service, name) = operation.split_once('.').unwrap();
        let source = source(service, "");
        let mapped = map(&reference, &source, name, None, None).kind == ActionKind::Mapped;
        if !mapped && api_operation::find(&reference, &source, name).is_none() {
            unknown.push(operation);
        }
    }
    let known = operations.len() - unknown.len();
    assert!(known * 100 >= operations.len() * 60, "{known} of {}: {unknown:?}", operations.len());
}

/// Every action of the shared truth comes out of one of the events that it was counted from.
#[test]
fn shared_truth_of_principals_agrees() {
    let Some(folder) = shared("shared_truth_of_principals_agrees") else { return };
    let reference = ServiceReference::embedded();
    let truth = json(&folder.join("cases/truth/principals.json"));
    let sources: BTreeMap<&str, &str> =
        rename::SOURCE_NAMESPACE.iter().map(|(source, name)| (*name, *source)).collect();
    let mut checked = 0;
    for principal in truth["principals"].as_object().unwrap().values() {
        for (namespace, service) in principal["services"].as_object().unwrap() {
            for (action, facts) in service["actions"].as_object().unwrap() {
                let unmapped = facts["unmapped"].as_bool().unwrap();
                for name in facts["event_names"].as_array().unwrap() {
                    let name = name.as_str().unwrap();
                    let labels = [Some(namespace.as_str()), sources.get(namespace.as_str()).copied()];
                    let found = labels.into_iter().flatten().any(|label| {
                        let found = map(&reference, &format!("{label}.amazonaws.com"), name, None, None);
                        found.actions == [action.clone()] && (found.kind == ActionKind::Unmapped) == unmapped
                    });
                    assert!(found, "{action} from {name}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 50, "{checked}");
}
