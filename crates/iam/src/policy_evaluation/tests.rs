//! Single requests by table, conditions by table, and that what is called certain stays true whatever the unknown is.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const PRINCIPAL: &str = "arn:aws:iam::111111111111:user/people/Alice";
const KEY: &str = "arn:aws:s3:::bucket/home/Alice/k";

fn document(statements: &Value) -> PolicyDocument {
    PolicyDocument::parse(&json!({"Version": "2012-10-17", "Statement": statements})).unwrap()
}

fn ask(
    policies: &Policies<'_>,
    action: &str,
    resources: &[RequestedResource<'_>],
    context: &RequestContext,
) -> Decision {
    evaluate(policies, &Request { principal: PRINCIPAL, action, resources, context })
}

fn identity(document: &PolicyDocument) -> Policies<'_> {
    Policies { identity: vec![document], ..Policies::default() }
}

#[test]
fn statements_of_one_policy() {
    let check = |statements: Value, action: &str, resource: RequestedResource<'_>, expected: Outcome| {
        let document = document(&statements);
        let context = RequestContext::of_principal(PRINCIPAL);
        let found = ask(&identity(&document), action, &[resource], &context).outcome;
        assert_eq!(found, expected, "{statements} {action} {resource:?}");
    };
    use Outcome::*;
    use RequestedResource::{Arn, None, Unknown as Somewhere};
    let allow = |action: &str, resource: &str| json!([{"Effect": "Allow", "Action": action, "Resource": resource}]);
    check(allow("s3:GetObject", "*"), "S3:getobject", Arn(KEY), Allowed);
    check(allow("s3:GetObject", "arn:aws:s3:::bucket/home/${aws:username}/*"), "s3:GetObject", Arn(KEY), Allowed);
    check(allow("s3:GetObject", "arn:aws:s3:::bucket/home/bob/*"), "s3:GetObject", Arn(KEY), ImplicitlyDenied);
    check(allow("s3:*", "arn:aws:s3:::*"), "s3:ListAllMyBuckets", None, ImplicitlyDenied);
    check(allow("s3:*", "*"), "s3:ListAllMyBuckets", None, Allowed);
    check(allow("s3:*", "*"), "s3:GetObject", Somewhere, Allowed);
    check(allow("s3:*", "arn:aws:s3:::bucket/*"), "s3:GetObject", Somewhere, Unknown);
    check(allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/team}/*"), "s3:GetObject", Arn(KEY), Unknown);
    check(allow("s3:*", "arn:aws:s3:::x-${aws:PrincipalTag/team}/*"), "s3:GetObject", Arn(KEY), ImplicitlyDenied);
    check(allow("sqs:*", "*"), "sts:GetCallerIdentity", None, Allowed);
    let deny = |element: &str, resource: &str| json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "NotAction": "s3:List*", element: resource}]);
    check(deny("Resource", "*"), "s3:GetObject", Arn(KEY), ExplicitlyDenied);
    check(deny("Resource", "*"), "s3:ListBucket", Arn("arn:aws:s3:::bucket"), Allowed);
    check(deny("NotResource", KEY), "s3:GetObject", Arn(KEY), Allowed);
    check(deny("NotResource", KEY), "s3:GetObject", Somewhere, Unknown);
    check(deny("NotResource", KEY), "s3:CreateJob", None, ExplicitlyDenied);
    check(deny("NotResource", "arn:aws:s3:::${aws:PrincipalTag/team}"), "s3:GetObject", Arn(KEY), Unknown);
}

#[test]
fn every_layer_must_allow_and_any_may_deny() {
    let all = document(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let s3 = document(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}));
    let no_s3 = document(
        &json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]),
    );
    let check =
        |policies: &Policies<'_>, expected: Outcome, missing: Option<Layer>, decided_by: &[(Layer, usize, usize)]| {
            let found = ask(policies, "s3:GetObject", &[RequestedResource::Arn(KEY)], &RequestContext::partial());
            let places: Vec<_> =
                found.decided_by.iter().map(|place| (place.layer, place.policy, place.statement)).collect();
            assert_eq!((found.outcome, found.missing, places.as_slice()), (expected, missing, decided_by));
        };
    let sqs = document(&json!({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}));
    let policies = Policies { identity: vec![&sqs, &s3], ..Policies::default() };
    check(&policies, Outcome::Allowed, None, &[(Layer::Identity, 1, 0)]);
    let bounded = Policies { boundary: Some(&sqs), ..policies.clone() };
    check(&bounded, Outcome::ImplicitlyDenied, Some(Layer::Boundary), &[]);
    let levels = Policies { service_control: vec![vec![&all], vec![&sqs, &s3]], ..policies.clone() };
    let expected = [(Layer::Identity, 1, 0), (Layer::ServiceControl(0), 0, 0), (Layer::ServiceControl(1), 1, 0)];
    check(&levels, Outcome::Allowed, None, &expected);
    let silent = Policies { service_control: vec![vec![&all], vec![]], ..policies.clone() };
    check(&silent, Outcome::ImplicitlyDenied, Some(Layer::ServiceControl(1)), &[]);
    let denied = Policies { service_control: vec![vec![], vec![&all, &no_s3]], ..policies.clone() };
    check(&denied, Outcome::ExplicitlyDenied, None, &[(Layer::ServiceControl(1), 1, 1)]);

    let linked = "arn:aws:iam::111111111111:role/aws-service-role/es.amazonaws.com/AWSServiceRoleForES";
    let context = RequestContext::partial();
    let request = Request { principal: linked, action: "s3:GetObject", resources: &[], context: &context };
    assert_eq!(evaluate(&denied, &request).outcome, Outcome::Allowed);
}

#[test]
fn of_several_resources_the_worst_decides() {
    let document = document(&json!([{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:ec2:*:*:instance/*"},
        {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:ec2:*:*:volume/*"}]));
    let check = |kinds: &[&str], expected: Outcome| {
        let arns: Vec<String> = kinds.iter().map(|kind| format!("arn:aws:ec2:eu-west-1:1:{kind}/i")).collect();
        let resources: Vec<_> = arns.iter().map(|arn| RequestedResource::Arn(arn)).collect();
        let found = ask(&identity(&document), "ec2:RunInstances", &resources, &RequestContext::partial());
        assert_eq!(found.outcome, expected, "{kinds:?}");
    };
    check(&["instance"], Outcome::Allowed);
    check(&["instance", "subnet"], Outcome::ImplicitlyDenied);
    check(&["subnet", "volume", "instance"], Outcome::ExplicitlyDenied);
}

#[test]
fn what_is_not_known_is_named() {
    let statements = json!([
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {
            "StringEquals": {"aws:PrincipalTag/Team": "${aws:ResourceTag/Team}", "aws:username": "Alice"}}},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {
            "Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:username": "Bob"}}}
    ]);
    let document = document(&statements);
    let found = ask(&identity(&document), "s3:CreateJob", &[], &RequestContext::of_principal(PRINCIPAL));
    assert_eq!(found.outcome, Outcome::Unknown);
    let keys: Vec<&str> = found.unknown_keys.iter().map(String::as_str).collect();
    assert_eq!(keys, ["aws:multifactorauthpresent", "aws:principaltag/team", "aws:resourcetag/team"]);
    assert_eq!(found.decided_by.iter().map(|place| place.statement).collect::<Vec<_>>(), [1, 0]);
}

/// Key, values of the policy, values of the request (None: absent), and whether the operator holds.
type Case<'a> = (&'a str, &'a str, Value, Option<&'a [&'a str]>, bool);

fn check_conditions(cases: &[Case<'_>]) {
    for (operator, key, policy, request, expected) in cases {
        let statements =
            json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {*operator: {*key: policy}}});
        let document = document(&statements);
        let mut context = RequestContext::complete();
        context.set("aws:username", ["Alice"]);
        if let Some(values) = request {
            context.set(key, values.iter().copied());
        }
        let found = ask(&identity(&document), "s3:CreateJob", &[], &context).outcome == Outcome::Allowed;
        assert_eq!(found, *expected, "{operator} {key} {policy} {request:?}");
    }
}

#[test]
fn texts_and_arns() {
    let role = "arn:aws:iam::1:role/a/b";
    check_conditions(&[
        ("StringEquals", "aws:PrincipalTag/a", json!("x"), Some(&["x"]), true),
        ("StringEquals", "AWS:principaltag/A", json!(["y", "x"]), Some(&["x"]), true),
        ("StringEquals", "aws:PrincipalTag/a", json!("x*"), Some(&["xy"]), false),
        ("StringEquals", "aws:PrincipalTag/a", json!("${aws:username}"), Some(&["Alice"]), true),
        ("StringEquals", "aws:PrincipalTag/a", json!("${*}"), Some(&["*"]), true),
        ("StringEquals", "aws:PrincipalTag/a", json!([]), Some(&["x"]), false),
        ("StringNotEquals", "aws:PrincipalTag/a", json!([]), Some(&["x"]), true),
        ("StringNotEquals", "aws:PrincipalTag/a", json!("${aws:PrincipalTag/b}"), Some(&["x"]), false),
        ("StringNotEquals", "aws:PrincipalTag/a", json!(["y", "x"]), Some(&["x"]), false),
        ("StringNotEquals", "aws:PrincipalTag/a", json!("x"), None, true),
        ("StringEqualsIgnoreCase", "aws:PrincipalTag/a", json!("${aws:username}É"), Some(&["aLICEé"]), true),
        ("StringNotEqualsIgnoreCase", "aws:PrincipalTag/a", json!("X"), Some(&["x"]), false),
        ("StringLike", "aws:PrincipalTag/a", json!("x?z*"), Some(&["xyz"]), true),
        ("StringNotLike", "aws:PrincipalTag/a", json!("x*"), Some(&["y"]), true),
        ("StringEquals", "aws:PrincipalTag/a", json!(5), Some(&["5"]), true),
        ("BinaryEquals", "aws:PrincipalTag/a", json!("QmlueQ=="), Some(&["QmlueQ=="]), true),
        ("ArnEquals", "aws:PrincipalArn", json!("arn:aws:iam::*:role/*"), Some(&[role]), true),
        ("ArnLike", "aws:PrincipalArn", json!("arn:*:iam:?:*:role/*"), Some(&[role]), false),
        ("ArnLike", "aws:PrincipalArn", json!("arn:aws:*"), Some(&[role]), false),
        ("ArnNotLike", "aws:PrincipalArn", json!("arn:aws:iam::2:*"), Some(&[role]), true),
        ("ArnNotLike", "aws:PrincipalArn", json!("arn:aws:iam::2:*"), Some(&["Alice"]), false),
        ("ArnLike", "aws:SourceArn", json!("arn:aws:s3:::${aws:username}"), Some(&["arn:aws:s3:::Alice"]), true),
    ]);
}

#[test]
fn numbers_moments_addresses_and_booleans() {
    check_conditions(&[
        ("NumericLessThan", "s3:max-keys", json!(10), Some(&["9.5"]), true),
        ("NumericEquals", "s3:max-keys", json!("10"), Some(&["10.0"]), true),
        ("NumericNotEquals", "s3:max-keys", json!("10"), Some(&["ten"]), false),
        ("NumericGreaterThanEquals", "s3:max-keys", json!(["-1", "inf"]), Some(&["-1"]), true),
        ("DateLessThan", "aws:CurrentTime", json!("2026-01-01"), Some(&["2025-12-31T23:59:59Z"]), true),
        ("DateGreaterThan", "aws:CurrentTime", json!(1_767_225_600), Some(&["2026-01-01T00:00:00Z"]), false),
        ("DateNotEquals", "aws:CurrentTime", json!("soon"), Some(&["2026-01-01T00:00:00Z"]), false),
        ("IpAddress", "aws:SourceIp", json!("0.0.0.0/0"), Some(&["203.0.113.9"]), true),
        ("IpAddress", "aws:SourceIp", json!(["10.0.0.0/8", "203.0.113.0/24"]), Some(&["203.0.113.9"]), true),
        ("IpAddress", "aws:SourceIp", json!("2001:db8::/32"), Some(&["2001:0db8::1"]), true),
        ("IpAddress", "aws:SourceIp", json!("::/0"), Some(&["10.0.0.1"]), false),
        ("NotIpAddress", "aws:SourceIp", json!("203.0.113.9"), Some(&["203.0.113.9"]), false),
        ("NotIpAddress", "aws:SourceIp", json!("203.0.113.0/24"), Some(&["ec2.amazonaws.com"]), false),
        ("IpAddress", "aws:SourceIp", json!("10.0.0.0/33"), Some(&["10.0.0.0"]), false),
        ("Bool", "aws:SecureTransport", json!(true), Some(&["True"]), true),
        ("Bool", "aws:SecureTransport", json!("false"), None, false),
        ("Bool", "aws:SecureTransport", json!("yes"), Some(&["yes"]), false),
    ]);
}

#[test]
fn absent_keys_and_keys_with_several_values() {
    check_conditions(&[
        ("BoolIfExists", "aws:SecureTransport", json!("true"), None, true),
        ("StringEqualsIfExists", "aws:PrincipalTag/a", json!("x"), Some(&["y"]), false),
        ("Null", "aws:TokenIssueTime", json!("true"), None, true),
        ("Null", "aws:TokenIssueTime", json!(false), Some(&["x"]), true),
        ("Null", "aws:TokenIssueTime", json!("true"), Some(&["x"]), false),
        ("ForAllValues:StringEquals", "aws:TagKeys", json!(["a", "b"]), Some(&["b", "a"]), true),
        ("ForAllValues:StringEquals", "aws:TagKeys", json!(["a", "b"]), Some(&["b", "c"]), false),
        ("ForAllValues:StringEquals", "aws:TagKeys", json!(["a", "b"]), None, true),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", json!(["a", "b"]), Some(&["c", "b"]), false),
        ("ForAnyValue:StringLike", "aws:TagKeys", json!("a*"), Some(&["c", "ab"]), true),
        ("ForAnyValue:StringNotLike", "aws:TagKeys", json!("a*"), Some(&["c", "ab"]), true),
        ("ForAnyValue:StringLike", "aws:TagKeys", json!("*"), None, false),
        ("ForAnyValue:StringLike", "aws:TagKeys", json!("*"), Some(&[]), false),
        ("ForAnyValue:StringLikeIfExists", "aws:TagKeys", json!("*"), None, true),
        ("StringEquals", "aws:TagKeys", json!("a"), Some(&["a", "b"]), false),
    ]);
}

#[test]
fn the_first_version_of_the_language_has_no_variables() {
    let value = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}"}});
    let document = PolicyDocument::parse(&value).unwrap();
    let mut context = RequestContext::complete();
    context.set("aws:username", ["b"]);
    let outcome = |arn| ask(&identity(&document), "s3:ListBucket", &[RequestedResource::Arn(arn)], &context).outcome;
    assert_eq!(outcome("arn:aws:s3:::b"), Outcome::ImplicitlyDenied);
    assert_eq!(outcome("arn:aws:s3:::${aws:username}"), Outcome::Allowed);
}

#[test]
fn a_principal_tells_its_keys() {
    let check = |principal: &str, key: &str, expected: Presence<'_>| {
        assert_eq!(RequestContext::of_principal(principal).get(key), expected, "{principal} {key}");
    };
    let values = |value: &str| [value.to_owned()];
    check(PRINCIPAL, "aws:username", Presence::Values(&values("Alice")));
    check(PRINCIPAL, "aws:principalarn", Presence::Values(&values(PRINCIPAL)));
    check(PRINCIPAL, "aws:sourceip", Presence::Unknown);
    check("arn:aws-cn:iam::1:role/R", "aws:username", Presence::Absent);
    check("arn:aws-cn:iam::1:role/R", "aws:principalaccount", Presence::Values(&values("1")));
    check("arn:aws:sts::1:assumed-role/R/session", "aws:principaltype", Presence::Values(&values("AssumedRole")));
    check("arn:aws:sts::1:assumed-role/R/session", "aws:principalarn", Presence::Unknown);
    check("AWSService:ec2.amazonaws.com", "aws:username", Presence::Unknown);
}

const KEYS: [&str; 4] = ["aws:username", "aws:PrincipalTag/a", "aws:TagKeys", "aws:SourceIp"];
const VALUES: [&str; 6] = ["a", "b", "Alice", "10.0.0.1", "*", "${aws:username}"];

fn some_policy() -> impl Strategy<Value = Value> {
    let operators = vec![
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLikeIfExists",
        "Null",
        "IpAddress",
        "NotIpAddress",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringNotEquals",
        "StringNotEqualsIgnoreCase",
        "ForAllValues:StringNotLike",
    ];
    let values =
        vec!["a", "b*", "${aws:username}", "${aws:PrincipalTag/a, 'b'}", "10.0.0.0/8", "true", "${aws:TagKeys}"];
    let resources =
        vec!["*", "arn:aws:s3:::${aws:username}", "arn:aws:s3:::b${aws:PrincipalTag/a, 'b'}", "arn:aws:s3:::a"];
    let condition = (
        prop::sample::select(operators),
        prop::sample::select(KEYS.to_vec()),
        prop::collection::vec(prop::sample::select(values), 1..3),
    );
    let statement = (
        any::<bool>(),
        any::<bool>(),
        prop::collection::vec(prop::sample::select(resources), 1..3),
        prop::collection::vec(condition, 0..3),
    );
    let statement = statement.prop_map(|(is_deny, negated, resources, conditions)| {
        let mut found = serde_json::Map::new();
        for (operator, key, values) in conditions {
            let keys = found.entry(operator).or_insert_with(|| json!({}));
            keys.as_object_mut().unwrap().insert(key.to_owned(), json!(values));
        }
        json!({"Effect": if is_deny { "Deny" } else { "Allow" }, "Action": "*",
            if negated { "NotResource" } else { "Resource" }: resources, "Condition": found})
    });
    prop::collection::vec(statement, 1..4).prop_map(Value::from)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn what_is_certain_stays_so_whatever_the_unknown_is(
        statements in some_policy(),
        known in prop::collection::vec(any::<bool>(), KEYS.len()),
        values in prop::collection::vec(prop::option::of(prop::collection::vec(prop::sample::select(VALUES.to_vec()), 0..3)), KEYS.len()),
        resource in prop::sample::select(vec!["arn:aws:s3:::a", "arn:aws:s3:::b", "arn:aws:s3:::bb", "arn:aws:s3:::Alice"]),
        resource_is_known in any::<bool>(),
    ) {
        let document = document(&statements);
        let (mut partial, mut complete) = (RequestContext::partial(), RequestContext::complete());
        for ((key, values), known) in KEYS.iter().zip(values).zip(known) {
            let contexts: &mut [&mut RequestContext] = if known { &mut [&mut partial, &mut complete] } else { &mut [&mut complete] };
            for context in contexts {
                match &values {
                    Some(values) => context.set(key, values.iter().copied()),
                    None => context.set_absent(key),
                }
            }
        }
        let seen = if resource_is_known { RequestedResource::Arn(resource) } else { RequestedResource::Unknown };
        let guessed = ask(&identity(&document), "s3:ListBucket", &[seen], &partial);
        let real = ask(&identity(&document), "s3:ListBucket", &[RequestedResource::Arn(resource)], &complete);
        prop_assert_ne!(real.outcome, Outcome::Unknown);
        match guessed.outcome {
            Outcome::Unknown => {}
            // Whether a denial is explicit may depend on what is not known; that it is one does not.
            Outcome::ImplicitlyDenied => prop_assert_ne!(real.outcome, Outcome::Allowed),
            certain => prop_assert_eq!(certain, real.outcome),
        }
    }
}
