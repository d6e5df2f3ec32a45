//! Calls as CloudTrail records them, and the resources they named.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const USER: &str = "arn:aws:iam::111111111111:user/team/Alice";

fn resources(reference: &ServiceReference, action: &str, recorded: &[&str], parameters: &Value) -> EventResources {
    let recorded: Vec<String> = recorded.iter().map(|arn| (*arn).to_owned()).collect();
    let call =
        RecordedCall { principal: USER, region: "eu-west-1", account: "111111111111", recorded: &recorded, parameters };
    of(reference, action, &call)
}

fn check(action: &str, recorded: &[&str], parameters: Value, expected: &[&str]) {
    let arns: Vec<String> = match resources(&ServiceReference::embedded(), action, recorded, &parameters) {
        EventResources::NotTaken => vec!["not taken".to_owned()],
        EventResources::Unknown => vec!["unknown".to_owned()],
        EventResources::Named(found) => found.into_iter().map(|resource| resource.arn).collect(),
    };
    assert_eq!(arns, expected, "{action} {parameters}");
}

#[test]
fn what_the_record_lists_comes_first() {
    let object = ["arn:aws:s3:::b", "arn:aws:s3:::b/k"];
    check("s3:GetObject", &object, json!({"bucketName": "other", "key": "x"}), &["arn:aws:s3:::b/k"]);
    check("s3:ListBucket", &object, json!(null), &["arn:aws:s3:::b"]);
    let key = "arn:aws:kms:eu-west-1:222222222222:key/1";
    check("kms:Decrypt", &[key], json!({"keyId": "alias/app"}), &[key]);
    check("sts:GetCallerIdentity", &[key], json!({}), &["not taken"]);
    check("kms:Decrypt", &["arn:aws:s3:::b"], json!(null), &["unknown"]);
}

#[test]
fn a_copy_reads_its_source_and_writes_its_target() {
    let copy = json!({"bucketName": "dst", "key": "k", "x-amz-copy-source": "/src/a%20b?versionId=1"});
    let target = ["arn:aws:s3:::dst/k", "arn:aws:s3:::dst"];
    check("s3:GetObject", &target, copy.clone(), &["arn:aws:s3:::src/a b"]);
    check("s3:PutObject", &target, copy, &["arn:aws:s3:::dst/k"]);
    check("s3:GetObject", &target, json!({"x-amz-copy-source": 5}), &["arn:aws:s3:::dst/k"]);
}

#[test]
fn what_no_parameter_names_is_every_one_of_its_place() {
    check("s3:DeleteObject", &["arn:aws:s3:::b"], json!({"bucketName": "b", "delete": ""}), &["arn:aws:s3:::b/*"]);
    check("s3:DeleteObject", &["arn:aws:s3:::b/k"], json!({"bucketName": "b", "key": "k"}), &["arn:aws:s3:::b/k"]);
    let parameters = json!({"instancesSet": {"items": [{"imageId": "ami-1"}]}});
    let EventResources::Named(found) = resources(&ServiceReference::embedded(), "ec2:RunInstances", &[], &parameters)
    else {
        panic!("nothing is named");
    };
    assert!(found.iter().any(|resource| resource.arn == "arn:aws:ec2:eu-west-1:111111111111:volume/*"), "{found:?}");
}

#[test]
fn parameters_name_resources() {
    check("s3:GetObject", &[], json!({"bucketName": "b", "key": "a/ä b"}), &["arn:aws:s3:::b/a/ä b"]);
    check("s3:ListBucket", &[], json!({"bucketName": "b", "prefix": "x/"}), &["arn:aws:s3:::b"]);
    let place = |service: &str, rest: &str| format!("arn:aws:{service}:eu-west-1:111111111111:{rest}");
    let one = |action: &str, parameters: Value, arn: String| check(action, &[], parameters, &[&arn]);
    one("dynamodb:PutItem", json!({"tableName": "T"}), place("dynamodb", "table/T"));
    one("dynamodb:BatchGetItem", json!({"requestItems": {"T": {"keys": []}}}), place("dynamodb", "table/T"));
    let index = ["index/I", ""].map(|rest| place("dynamodb", format!("table/T/{rest}").trim_end_matches('/')));
    check(
        "dynamodb:Query",
        &[],
        json!({"tableName": "T", "indexName": "I"}),
        &[&index[1], &index[0]].map(|a| a.as_str()).into_iter().rev().collect::<Vec<_>>(),
    );
    one("lambda:InvokeFunction", json!({"functionName": "f"}), place("lambda", "function:f"));
    one(
        "lambda:InvokeFunction",
        json!({"functionName": "111111111111:function:f:live"}),
        place("lambda", "function:f:live"),
    );
    one("lambda:InvokeFunction", json!({"functionName": place("lambda", "function:g")}), place("lambda", "function:g"));
    one(
        "sqs:SendMessage",
        json!({"queueUrl": "https://sqs.us-east-2.amazonaws.com/222222222222/q"}),
        "arn:aws:sqs:us-east-2:222222222222:q".to_owned(),
    );
    one("sns:Publish", json!({"topicArn": place("sns", "t")}), place("sns", "t"));
    one(
        "secretsmanager:GetSecretValue",
        json!({"secretId": "db/main"}),
        place("secretsmanager", "secret:db/main-??????"),
    );
    check(
        "ssm:GetParameters",
        &[],
        json!({"names": ["/a/b", "c"]}),
        &[&place("ssm", "parameter/a/b"), &place("ssm", "parameter/c")].map(String::as_str),
    );
    one("kms:Decrypt", json!({"keyId": "1234"}), place("kms", "key/1234"));
    check("kms:Decrypt", &[], json!({"keyId": "alias/app"}), &["unknown"]);
    one("logs:DescribeLogStreams", json!({"logGroupName": "/a"}), place("logs", "log-group:/a:*"));
    one("cloudformation:UpdateStack", json!({"stackName": "net"}), place("cloudformation", "stack/net/*"));
    one("ecr:PutImage", json!({"repositoryName": "a/b"}), place("ecr", "repository/a/b"));
    one("kinesis:PutRecord", json!({"streamName": "s"}), place("kinesis", "stream/s"));
    one(
        "ec2:TerminateInstances",
        json!({"instancesSet": {"items": [{"instanceId": "i-1"}]}}),
        place("ec2", "instance/i-1"),
    );
    one(
        "sts:AssumeRole",
        json!({"roleArn": "arn:aws:iam::222222222222:role/x/R"}),
        "arn:aws:iam::222222222222:role/x/R".to_owned(),
    );
}

#[test]
fn entities_of_iam_are_named_or_the_caller() {
    check("iam:GetRole", &[], json!({"roleName": "R"}), &["arn:aws:iam::111111111111:role/R"]);
    check("iam:CreateRole", &[], json!({"roleName": "R", "path": "/a/"}), &["arn:aws:iam::111111111111:role/a/R"]);
    check("iam:GetUser", &[], json!(null), &[USER]);
    let policy = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    check("iam:GetPolicy", &[], json!({"policyArn": policy}), &[policy]);
}

#[test]
fn what_a_call_makes_is_a_pattern() {
    let parameters = json!({"instancesSet": {"items": [{"imageId": "ami-1"}]}, "subnetId": "subnet-1",
        "groupSet": {"items": [{"groupId": "sg-1"}]}});
    check(
        "ec2:RunInstances",
        &[],
        parameters,
        &[
            "arn:aws:ec2:eu-west-1::image/ami-1",
            "arn:aws:ec2:eu-west-1:111111111111:instance/*",
            "arn:aws:ec2:eu-west-1:111111111111:network-interface/*",
            "arn:aws:ec2:eu-west-1:111111111111:security-group/sg-1",
            "arn:aws:ec2:eu-west-1:111111111111:subnet/subnet-1",
            "arn:aws:ec2:eu-west-1:111111111111:volume/*",
        ],
    );
}

#[test]
fn other_partitions_are_told_by_the_caller_or_the_region() {
    let check = |principal: &str, region: &str, expected: &str| assert_eq!(partition(principal, region), expected);
    check("arn:aws-cn:iam::1:role/R", "eu-west-1", "aws-cn");
    check("AWSService:ec2.amazonaws.com", "us-gov-west-1", "aws-us-gov");
    check("AWSService:ec2.amazonaws.com", "cn-north-1", "aws-cn");
    check("", "", "aws");
}

#[test]
fn placeholders_are_those_that_are_required_or_named() {
    let of = |action: &str, named: &[&str]| {
        placeholders(&ServiceReference::embedded(), action, &named.iter().copied().collect())
    };
    let check = |action: &str, expected: &[&str]| assert_eq!(of(action, &[]), expected, "{action}");
    assert_eq!(of("s3:GetObject", &["object"]), ["arn:${Partition}:s3:::${BucketName}/${ObjectName}"]);
    assert_eq!(of("s3:GetObject", &[]).len(), 2);
    assert!(of("ec2:CreateTags", &[]).len() > 50);
    check("s3:CreateBucket", &["arn:${Partition}:s3:::${BucketName}"]);
    check("dynamodb:Query", &["arn:${Partition}:dynamodb:${Region}:${Account}:table/${TableName}"]);
    check("ec2:DescribeInstances", &[]);
    check("nothing:Known", &[]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z/:*日]{0,8}",
        Just("arn:aws:s3:::b/k".to_owned()),
        Just("arn:aws:lambda:eu-west-1:1:function:f:*".to_owned()),
        Just("https://sqs.".to_owned()),
    ];
    let leaf = prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), text.prop_map(Value::from)];
    let name = prop::sample::select(vec![
        "bucketName",
        "key",
        "tableName",
        "functionName",
        "keyId",
        "queueUrl",
        "names",
        "items",
        "requestItems",
        "secretId",
        "path",
        "roleName",
        "instanceId",
        "logGroupName",
        "cluster",
        "service",
    ]);
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..4).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

#[test]
fn any_parameters_give_arns() {
    let reference = ServiceReference::embedded();
    let actions = vec![
        "s3:GetObject",
        "dynamodb:Query",
        "lambda:InvokeFunction",
        "kms:Decrypt",
        "sqs:SendMessage",
        "ssm:GetParameters",
        "ec2:RunInstances",
        "iam:GetUser",
        "logs:PutLogEvents",
        "ecs:UpdateService",
        "no:Thing",
        "",
    ];
    let recorded = prop::collection::vec("(arn:aws:)?[a-z:/*日]{0,12}", 0..3);
    proptest!(|(parameters in any_json(), recorded in recorded, action in prop::sample::select(actions))| {
        let recorded: Vec<&str> = recorded.iter().map(String::as_str).collect();
        if let EventResources::Named(found) = resources(&reference, action, &recorded, &parameters) {
            prop_assert!(!found.is_empty());
            for resource in found {
                prop_assert!(resource.arn.starts_with("arn:"), "{}", resource.arn);
            }
        }
    });
}
