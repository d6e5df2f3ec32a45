//! Documents in every form that IAM takes, and what is wrong with those that it does not.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn parse(text: &str) -> Result<PolicyDocument, String> {
    PolicyDocument::parse_text(text).map_err(|error| error.to_string())
}

#[test]
fn single_and_listed_forms_are_the_same_document() {
    let single = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": true}, "NumericLessThan": {"aws:MultiFactorAuthAge": 300}}}}"#;
    let listed = r#"{"version": "2012-10-17", "statement": [{"effect": "Allow", "action": ["s3:Get*"], "RESOURCE": ["*"],
        "condition": {"Bool": {"aws:SecureTransport": ["true"]}, "NumericLessThan": {"aws:MultiFactorAuthAge": ["300"]}}}]}"#;
    let document = parse(single).unwrap();
    assert_eq!(Ok(&document), parse(listed).as_ref());
    let conditions = &document.statements[0].conditions;
    assert_eq!(conditions[0].values().collect::<Vec<_>>(), ["true"]);
    assert_eq!((conditions[1].key(), conditions[1].operator_name()), ("aws:MultiFactorAuthAge", "NumericLessThan"));
}

#[test]
fn trust_policies_and_policies_of_resources_are_read() {
    let trust = r#"{"Statement": [{"Sid": "", "Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com", "ssm.amazonaws.com"], "AWS": "*"}, "Action": "sts:AssumeRole"}]}"#;
    let document = parse(trust).unwrap();
    assert_eq!((document.version, document.statements[0].resources.is_none()), (Version::V2008, true));
    let principals = document.statements[0].principals.as_ref().unwrap();
    let names: Vec<_> = principals.patterns.iter().map(|found| (found.kind.as_str(), found.name.as_str())).collect();
    assert_eq!(names, [("Service", "ec2.amazonaws.com"), ("Service", "ssm.amazonaws.com"), ("AWS", "*")]);
    assert_eq!(
        document.check_identity_policy().unwrap_err().to_string(),
        "Statement[0]: the policy of an identity has no Principal"
    );
    let all = parse(r#"{"Statement": {"Effect": "Deny", "NotPrincipal": "*", "NotAction": "*", "NotResource": "*"}}"#);
    assert!(all.unwrap().statements[0].principals.as_ref().unwrap().negated);
}

#[test]
fn an_error_names_its_place() {
    let check = |text: &str, expected: &str| {
        assert_eq!(parse(text).map(|_| ()), Err(expected.to_owned()), "{text}");
    };
    let statement = |inside: &str| format!(r#"{{"Statement": [{{"Effect": "Allow", {inside}}}]}}"#);
    check("{", "document: it is no JSON: EOF while parsing an object at line 1 column 1");
    check(
        r#"{"Statement": {"Effect": "Allow", "Effect": "Deny"}}"#,
        "document: it is no JSON: 'Effect' is there twice at line 1 column 42",
    );
    check("[]", "document: a list is no object");
    check("{}", "document: the element Statement is missing");
    check(r#"{"Statement": []}"#, "Statement: the list is empty");
    check(r#"{"Statement": "x"}"#, "Statement: a text is no object");
    check(
        r#"{"Statement": [], "Rules": 1}"#,
        "Rules: IAM has no such element; a document has Version, Id and Statement",
    );
    check(r#"{"Version": "2013", "Statement": []}"#, "Version: '2013' is neither 2012-10-17 nor 2008-10-17");
    check(r#"{"Statement": [{"Action": "*"}]}"#, "Statement[0]: the element Effect is missing");
    check(r#"{"Statement": [{"Effect": "allow"}]}"#, "Statement[0].Effect: 'allow' is neither Allow nor Deny");
    check(&statement(r#""Resource": "*""#), "Statement[0]: neither Action nor NotAction is there");
    check(
        &statement(r#""Action": ["s3:*", "s3"]"#),
        "Statement[0].Action[1]: 's3' is neither '*' nor 'service:Action'",
    );
    check(&statement(r#""Action": 5"#), "Statement[0].Action: a number is no text");
    check(&statement(r#""Action": []"#), "Statement[0].Action: the list is empty");
    check(
        &statement(r#""Action": "*", "NotAction": "*""#),
        "Statement[0].NotAction: a statement has it or its Not… form, never both",
    );
    check(&statement(r#""Action": "*", "action": "*""#), "Statement[0].action: it is there twice");
    check(
        &statement(r#""Action": "*", "Actions": "*""#),
        "Statement[0].Actions: IAM has no such element of a statement",
    );
    check(&statement(r#""Action": "*", "Resource": [null]"#), "Statement[0].Resource[0]: null is no text");
    check(
        &statement(r#""Action": "*", "Principal": "me""#),
        "Statement[0].Principal: it is neither '*' nor an object as {\"AWS\": …}",
    );
    check(
        &statement(r#""Action": "*", "Condition": {"Equals": {"a": "b"}}"#),
        "Statement[0].Condition.Equals: IAM has no such condition operator",
    );
    check(
        &statement(r#""Action": "*", "Condition": {"Bool": {"a": [{}]}}"#),
        "Statement[0].Condition.Bool.a: an object is no value of a condition",
    );
}

#[test]
fn hostile_documents_are_refused_or_read() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(parse(&deep).unwrap_err().starts_with("document: it is no JSON: recursion limit exceeded"));
    let statement = r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${aws:username}*"}"#;
    let large = format!(r#"{{"Statement":[{}]}}"#, vec![statement; 20_000].join(","));
    assert_eq!(parse(&large).unwrap().statements.len(), 20_000);
    let resource = "${".repeat(500_000);
    let braces = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::{resource}"}}}}"#
    );
    assert_eq!(parse(&braces).unwrap().statements.len(), 1);
}

/// JSON that resembles policies: their names in wrong places and right ones.
fn nearly_a_policy() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec![
        "Version",
        "2012-10-17",
        "Id",
        "Statement",
        "Sid",
        "Effect",
        "Allow",
        "Deny",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "Condition",
        "StringEquals",
        "ForAnyValue:Bool",
        "*",
        "s3:*",
        "arn:aws:s3:::${a}",
        "",
    ]);
    let leaf = prop_oneof![
        name.clone().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..8)
                .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}") {
        let _ = PolicyDocument::parse_text(&text);
    }

    #[test]
    fn anything_like_a_policy_is_read_or_refused(value in nearly_a_policy()) {
        let _ = PolicyDocument::parse(&value);
        let _ = PolicyDocument::parse(&json!({"Version": "2012-10-17", "Statement": value.clone()}));
        let _ = PolicyDocument::parse(&json!({"Statement": {"Effect": "Allow", "Action": "s3:*", "Condition": value}}));
    }
}
