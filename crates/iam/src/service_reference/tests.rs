//! The embedded reference against itself, the readers of a newer one against what people may hand over, and the tables of
//! withdrawn and renamed services.

use proptest::prelude::*;

use super::aws_json::{AwsJsonError, to_text};
use super::*;

fn read(text: &str) -> Result<ServiceReference, TextError> {
    ServiceReference::read(text.to_owned().leak())
}

#[test]
fn every_service_and_action_is_found_again() {
    let reference = ServiceReference::embedded();
    let mut actions = 0;
    for service in reference.services() {
        assert_eq!(reference.service_name(service.namespace), Some(service.name));
        assert_eq!(reference.find_service(service.namespace), Some(service));
        for action in reference.actions(service.namespace) {
            actions += 1;
            assert_eq!(reference.find_action(service.namespace, &action.name.to_uppercase()), Some(*action));
            for (resource_type, _) in action.resource_types() {
                assert!(reference.arn_format(service.namespace, resource_type).is_some(), "{resource_type}");
            }
            assert!(action.condition_keys().all(|key| key.contains(':') && !key.starts_with(':')));
        }
    }
    assert_eq!((reference.services().len(), actions), (456, 22_091));
    assert_eq!(reference.service_name("iam"), Some("AWS Identity and Access Management"));
}

#[test]
fn an_action_in_any_case_gives_awss_letters() {
    let check = |namespace: &str, name: &str, expected: Option<(&str, AccessLevel)>| {
        let found = ServiceReference::embedded().find_action(namespace, name);
        assert_eq!(found.map(|action| (action.name, action.access_level)), expected, "{namespace}:{name}");
    };
    check("s3", "getbucketcors", Some(("GetBucketCORS", AccessLevel::Read)));
    check("S3", "ListBucket", Some(("ListBucket", AccessLevel::List)));
    check("iam", "PutUserPolicy", Some(("PutUserPolicy", AccessLevel::PermissionsManagement)));
    check("iam", "TagRole", Some(("TagRole", AccessLevel::Tagging)));
    check("s3", "HeadBucket", None);
    check("nothing", "GetObject", None);
    check("", "", None);
}

#[test]
fn condition_keys_stand_as_policies_write_them() {
    let reference = ServiceReference::embedded();
    let keys = |action: &str| -> Vec<String> {
        let (namespace, name) = action.split_once(':').unwrap();
        reference.find_action(namespace, name).unwrap().condition_keys().collect()
    };
    assert!(keys("s3:ListBucket").contains(&"s3:prefix".to_owned()));
    assert!(keys("iam:CreateRole").contains(&"aws:RequestTag/${TagKey}".to_owned()));
    assert_eq!(keys("iam:PassRole"), ["iam:AssociatedResourceArn", "iam:PassedToService"]);
    assert!(reference.resource_type_keys("ec2", "instance").contains(&"ec2:InstanceType".to_owned()));
    assert!(reference.condition_keys("s3").contains(&("s3:max-keys".to_owned(), "Numeric")));
    assert_eq!(reference.condition_keys("nothing"), []);
}

#[test]
fn withdrawn_and_renamed_services_are_found_by_what_aws_printed() {
    let reference = ServiceReference::embedded();
    let check = |text: &str, expected: Option<(&str, bool)>| {
        let found = reference.find_service(text);
        let found = found.map(|found| (found.namespace, reference.retirement(found.namespace).is_some()));
        assert_eq!(found, expected, "{text}");
    };
    check("deeplens", Some(("deeplens", true)));
    check("AWS DeepLens", Some(("deeplens", true)));
    check("Amazon Macie", Some(("macie2", false)));
    check("Amazon Macie Classic", Some(("macie", true)));
    check("Manage - Amazon API Gateway", Some(("apigateway", false)));
    check("aws sso", Some(("sso", false)));
    check("Amazon Elasticsearch Service", Some(("es", false)));
    check("AWS RoboMaker", Some(("robomaker", true)));
    check("nothing", None);
    assert_eq!(reference.service_name("sumerian"), Some("Amazon Sumerian"));
    for retirement in retired::RETIRED {
        assert!(retirement.successor.is_none_or(|namespace| reference.service_name(namespace).is_some()));
        assert!(!retirement.source.is_empty() && !retirement.name.is_empty(), "{}", retirement.namespace);
        assert!(retirement.since.is_none_or(|since| matches!(since.len(), 4 | 7 | 10)), "{}", retirement.namespace);
    }
    assert!(retired::RETIRED.is_sorted_by_key(|retirement| retirement.namespace));
    assert!(retired::FORMER_NAMES.is_sorted());
    for (namespace, name) in retired::FORMER_NAMES {
        assert!(reference.service_name(namespace).is_some_and(|today| today != *name), "{namespace} {name}");
    }
}

#[test]
fn a_newer_reference_replaces_the_services_it_has() {
    let newer = "# a comment\n@s3\t\nGetObject\tRgA\tobject*\t:prefix,aws:ResourceTag\nPutNews\tW-\n\
                 %object\tarn:${Partition}:s3:::${Bucket}/${Key}\n?:prefix\tString\n@news\tAWS News\nReadNews\tR\n@bare\t\n";
    let reference = ServiceReference::embedded().with(read(newer).unwrap());
    assert_eq!(reference.services().len(), 458);
    let names = ["s3", "news", "bare", "ec2"].map(|namespace| reference.service_name(namespace).unwrap());
    assert_eq!(names, ["Amazon S3", "AWS News", "bare", "Amazon EC2"]);
    let action = reference.find_action("s3", "getobject").unwrap();
    assert_eq!((action.is_tracked(), action.is_generated()), (Some(true), Some(false)));
    assert_eq!(action.condition_keys().collect::<Vec<_>>(), ["s3:prefix", "aws:ResourceTag/${TagKey}"]);
    assert_eq!(reference.actions("s3").len(), 2);
    assert!(!reference.find_action("s3", "PutNews").unwrap().has_operation);
    assert_eq!(reference.arn_format("s3", "object"), Some("arn:${Partition}:s3:::${Bucket}/${Key}"));
}

#[test]
fn without_a_newer_reference_management_events_are_tracked() {
    let reference = ServiceReference::embedded();
    let check = |action: &str, expected: Option<bool>| {
        let (namespace, name) = action.split_once(':').unwrap();
        let action = reference.find_action(namespace, name).unwrap();
        assert_eq!((action.is_tracked(), action.is_generated()), (expected, expected));
    };
    check("iam:CreateRole", Some(true));
    check("iam:PassRole", Some(false));
    check("s3:GetObject", Some(false));
    check("iam:GetAccountName", None);
}

#[test]
fn a_text_that_is_no_reference_says_where() {
    let check = |text: &str, line: usize, reason: &str| {
        let error = read(text).map(|_| ()).unwrap_err();
        assert_eq!((error.line, error.reason.contains(reason)), (line, true), "{error}");
    };
    check("", 1, "no line begins a service");
    check("# only a comment\n", 1, "no line begins a service");
    check("GetObject\tR\n", 1, "the first service begins later");
    check("@s3\tS3\nGetObject\tX\n", 2, "`X` is no access level of GetObject");
    check("@s3\tS3\nGetObject\n", 2, "`` is no access level");
    check("@s3\tS3\nGetObject\tR?\n", 2, "`?` behind the access level");
    check("@s3\tS3\n%object\tobject\n", 2, "`object` is no ARN format");
    check("@s3\tS3\nGet Object\tR\n", 2, "`Get Object` is no name");
    check("@\tS3\n", 1, "`` is no name");
    check("{\"Name\": \"s3\"}", 1, "the first service begins later");
}

const QUEUE: &str = r#"{"Name":"sqs","Version":"v1.4",
    "Actions":[
        {"Name":"SendMessage","ActionConditionKeys":["sqs:Depth","aws:TagKeys"],
         "Annotations":{"Properties":{"IsList":false,"IsPermissionManagement":false,"IsTaggingOnly":false,"IsWrite":true}},
         "Resources":[{"Name":"queue"}],
         "SupportedBy":{"IAM Access Analyzer Policy Generation":false,"IAM Action Last Accessed":false}},
        {"Name":"AddPermission","Annotations":{"Properties":{"IsPermissionManagement":true,"IsWrite":true}},
         "SupportedBy":{"IAM Access Analyzer Policy Generation":true,"IAM Action Last Accessed":true}},
        {"Name":"ListQueues","Annotations":{"Properties":{"IsList":true}}},
        {"Name":"Secret"}],
    "ConditionKeys":[{"Name":"sqs:Depth","Types":["Numeric"]}],
    "Operations":[{"Name":"SendMessageBatch","AuthorizedActions":[{"Name":"SendMessage","Service":"sqs"}]},
                  {"Name":"AddPermission","AuthorizedActions":[{"Name":"AddPermission","Service":"sqs"}]},
                  {"Name":"ListQueues","AuthorizedActions":[{"Name":"ListQueues"},{"Name":"Decrypt","Service":"kms"}]}],
    "Resources":[{"Name":"queue","ARNFormats":["arn:${Partition}:sqs:${Region}:${Account}:${QueueName}"],
                  "ConditionKeys":["aws:ResourceTag/${TagKey}"]}]}"#;

#[test]
fn awss_json_says_what_the_embedded_reference_cannot() {
    let reference = ServiceReference::embedded().with(read(&to_text(QUEUE).unwrap()).unwrap());
    let check = |name: &str, level: AccessLevel, has_operation: bool, flags: (Option<bool>, Option<bool>)| {
        let action = reference.find_action("sqs", name).unwrap();
        assert_eq!((action.access_level, action.has_operation), (level, has_operation), "{name}");
        assert_eq!((action.is_tracked(), action.is_generated()), flags, "{name}");
    };
    check("SendMessage", AccessLevel::Write, true, (Some(false), Some(false)));
    check("AddPermission", AccessLevel::PermissionsManagement, true, (Some(true), Some(true)));
    check("ListQueues", AccessLevel::List, true, (Some(true), Some(true)));
    check("Secret", AccessLevel::Read, false, (None, None));
    assert_eq!(reference.service_name("sqs"), Some("Amazon SQS"));
    let send = reference.find_action("sqs", "SendMessage").unwrap();
    assert_eq!(send.condition_keys().collect::<Vec<_>>(), ["sqs:Depth", "aws:TagKeys"]);
    assert_eq!(send.resource_types().collect::<Vec<_>>(), [("queue", false)]);
    assert_eq!(reference.resource_type_keys("sqs", "queue"), ["aws:ResourceTag/${TagKey}"]);
    assert_eq!(reference.condition_keys("sqs"), [("sqs:Depth".to_owned(), "Numeric")]);
    assert_eq!(reference.actions("sqs").len(), 4);
}

#[test]
fn json_that_is_no_reference_says_where() {
    let check = |json: &str, expected: &str| {
        let AwsJsonError::Malformed(reason) = to_text(json).unwrap_err() else { panic!("{json} is no index") };
        assert!(reason.contains(expected), "{json}: {reason}");
    };
    check("", "line 1 column 0");
    check("{\"Name\":\"s3\",\n", "line 2");
    check("{}", "Name is missing");
    check(r#"{"Name":"s3"}"#, "Actions is missing");
    check(r#"{"Name":"s3","Actions":{}}"#, "Actions is no list");
    check(r#"{"Name":"s 3","Actions":[]}"#, "Name is `s 3`");
    check(r#"{"Name":"s3","Actions":[{"Name":"A"},{"Nam":"B"}]}"#, "Actions[1].Name is missing");
    check(r#"{"Name":"s3","Actions":[{"Name":"A\tB"}]}"#, "Actions[0].Name is `A\\tB`");
    check(r#"{"Name":"s3","Actions":[{"Name":"A","Resources":[{}]}]}"#, "Actions[0].Resources[0].Name");
    check(r#"{"Name":"s3","Actions":[],"Resources":[{"Name":"a","ARNFormats":[1]}]}"#, "Resources[0].ARNFormats[0]");
    let index = r#"[{"service":"s3","url":"https://servicereference.us-east-1.amazonaws.com/v1/s3/s3.json"}]"#;
    assert_eq!(to_text(index), Err(AwsJsonError::Index));
}

proptest! {
    #[test]
    fn readers_never_panic(text in "(@|%|\\?|[A-Z]|\t|\n|arn:|[a-z,*-]){0,60}", json in "[\\[\\]{}\":,a-zA-Z0-9]{0,60}") {
        let _ = read(&text);
        let _ = to_text(&json);
    }
}
