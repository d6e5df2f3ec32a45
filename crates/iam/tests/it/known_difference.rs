//! What iam-simulate answers otherwise, each with the page of AWS's documentation that is followed here. A case that
//! begins to agree fails too: then it belongs to the generated ones.

use serde_json::{Value, json};

use crate::policy_case::PolicyCase;
use crate::reference;

const TEST: &str = "what iam-simulate answers otherwise";
const GUIDE: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/";

struct KnownDifference {
    rule: &'static str,
    page: &'static str,
    case: PolicyCase,
    here: &'static str,
    there: &'static str,
}

fn case(statement: Value, context: &[(&str, &[&str])]) -> PolicyCase {
    let context = context.iter().map(|(key, values)| {
        ((*key).to_owned(), values.iter().map(|value| (*value).to_owned()).collect::<Vec<String>>())
    });
    PolicyCase {
        principal: "arn:aws:iam::111111111111:user/Alice".to_owned(),
        action: "s3:ListAllMyBuckets".to_owned(),
        resource: "*".to_owned(),
        context: context.collect(),
        identity: vec![json!({"Version": "2012-10-17", "Statement": statement})],
        ..PolicyCase::default()
    }
}

fn under(condition: Value, context: &[(&str, &[&str])]) -> PolicyCase {
    case(json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}), context)
}

fn known_differences() -> Vec<KnownDifference> {
    let allowed_here =
        |rule, page, case| KnownDifference { rule, page, case, here: "Allowed", there: "ImplicitlyDenied" };
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let mut linked = case(all.clone(), &[]);
    linked.principal =
        "arn:aws:iam::111111111111:role/aws-service-role/es.amazonaws.com/AWSServiceRoleForES".to_owned();
    linked.levels = vec![vec![]];
    let mut session_token = case(json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}), &[]);
    session_token.action = "sts:GetSessionToken".to_owned();
    let mut first_version =
        under(json!({"StringEquals": {"aws:username": "${aws:username}"}}), &[("aws:username", &["Alice"])]);
    first_version.identity[0]["Version"] = json!("2008-10-17");
    let key_pair = |pattern: &str| {
        let mut found = case(json!({"Effect": "Allow", "Action": "*", "Resource": pattern}), &[]);
        found.action = "ec2:CreateKeyPair".to_owned();
        found.resource = "arn:aws:ec2:eu-west-1:111111111111:key-pair/x".to_owned();
        found
    };
    let mut queue = case(
        json!({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:sqs:*:*:${aws:username}"}),
        &[("aws:username", &["Alice"])],
    );
    queue.action = "sqs:SendMessage".to_owned();
    queue.resource = "arn:aws:sqs:eu-west-1:111111111111:Alice".to_owned();
    vec![
        allowed_here("the colon of a variable's key is none of the ARN", "reference_policies_variables.html", queue),
        allowed_here(
            "? is one character in any place of a part",
            "reference_policies_elements_resource.html",
            key_pair("arn:aws:ec2:*:*:key-pa?r/x"),
        ),
        allowed_here(
            "* is any characters in any place of a part",
            "reference_policies_elements_resource.html",
            key_pair("arn:aws:ec2:*:*:*pair/x"),
        ),
        allowed_here(
            "an IPv6 address is not an IPv4 address",
            "reference_policies_elements_condition_operators.html",
            under(json!({"NotIpAddress": {"aws:SourceIp": "10.1.2.3"}}), &[("aws:SourceIp", &["2001:db8::1"])]),
        ),
        allowed_here(
            "UNIX time counts seconds",
            "reference_policies_elements_condition_operators.html",
            under(
                json!({"DateEquals": {"aws:CurrentTime": "1767225600"}}),
                &[("aws:CurrentTime", &["2026-01-01T00:00:00Z"])],
            ),
        ),
        allowed_here(
            "0.0.0.0/0 is every IPv4 address",
            "reference_policies_elements_condition_operators.html",
            under(json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), &[("aws:SourceIp", &["203.0.113.9"])]),
        ),
        allowed_here(
            "an IPv6 address is the same in each of its spellings",
            "reference_policies_elements_condition_operators.html",
            under(json!({"IpAddress": {"aws:SourceIp": "2001:db8::1"}}), &[("aws:SourceIp", &["2001:0db8:0:0::1"])]),
        ),
        allowed_here(
            "a variable may stand in any part of an ARN",
            "reference_policies_variables.html",
            under(
                json!({"ArnLike": {"aws:SourceArn": "arn:aws:iam::${aws:PrincipalAccount}:role/*"}}),
                &[("aws:SourceArn", &["arn:aws:iam::1:role/R"]), ("aws:PrincipalAccount", &["1"])],
            ),
        ),
        allowed_here(
            "${*} is an asterisk, whatever the operator",
            "reference_policies_variables.html",
            under(json!({"StringEquals": {"aws:PrincipalTag/a": "${*}"}}), &[("aws:PrincipalTag/a", &["*"])]),
        ),
        allowed_here(
            "...IfExists is met where the key is absent, after ForAnyValue too",
            "reference_policies_elements_condition_operators.html",
            under(json!({"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}}), &[]),
        ),
        allowed_here(
            "a key that can have several values, and has one, is compared without a set operator",
            "reference_policies_condition-single-vs-multi-valued-context-keys.html",
            under(json!({"StringEquals": {"aws:TagKeys": "a"}}), &[("aws:TagKeys", &["a"])]),
        ),
        allowed_here(
            "service control policies do not bind service-linked roles",
            "../../../organizations/latest/userguide/orgs_manage_policies_scps.html",
            linked,
        ),
        allowed_here(
            "sts:GetSessionToken needs no permission",
            "../../../STS/latest/APIReference/API_GetSessionToken.html",
            session_token,
        ),
        KnownDifference {
            rule: "before version 2012-10-17 a variable is text",
            page: "reference_policies_elements_version.html",
            case: first_version,
            here: "ImplicitlyDenied",
            there: "Allowed",
        },
    ]
}

#[test]
fn each_known_difference_is_one_and_is_as_documented() {
    let differences = known_differences();
    for KnownDifference { rule, page, case, here, .. } in &differences {
        assert_eq!(case.outcome(), *here, "{rule}, see {GUIDE}{page}");
    }
    let lines: Vec<Value> = differences.iter().map(|difference| difference.case.line()).collect();
    let Some(theirs) = reference::simulated(&reference::no_documents(), &lines, TEST) else { return };
    for (KnownDifference { rule, there, .. }, theirs) in differences.iter().zip(theirs) {
        assert_eq!(theirs, *there, "{rule}: the other implementation changed");
    }
}
