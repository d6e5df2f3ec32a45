//! The filter language as people type it, wrong or right, and its round trip.

use proptest::prelude::*;

use super::*;

#[test]
fn filters_as_people_type_them() {
    let check = |text: &str, expected: &str| {
        let parsed = parse(text).unwrap();
        assert_eq!(parsed.filter.to_string(), expected, "{text}");
        assert_eq!(parse(expected).unwrap().filter, parsed.filter);
        assert!(parsed.warnings.is_empty());
    };
    check("", "");
    check("user=Alice source=iam.amazonaws.com", "user=Alice source=iam.amazonaws.com");
    check("event=Delete*  region!=us-east-1\terror=AccessDenied", "event=Delete* region!=us-east-1 error=AccessDenied");
    check("EventName=Create?ser,'Delete User'", "event=Create?ser,\"Delete User\"");
    check("user=\"a,b\",c", "user=\"a,b\",c");
    check("agent=aws-cli/2*\"Python 3\"*", "agent=\"aws-cli/2*Python 3*\"");
    check(r"user=a\*b", r"user=a\*b");
    check("user=O’Brien", "user=\"O’Brien\"");
    check("request.bucketName=logs-* RESPONSE.a.b!=x", "request.bucketName=logs-* response.a.b!=x");
    check("user='<x>' agent='a “b'", "user=\"<x>\" agent=\"a \\“b\"");
    check("request.tag=a=b", "request.tag=a=b");
    check("user=アリス　region=ap-northeast-1", "user=アリス region=ap-northeast-1");
    check(
        "readonly=false outcome=denied,error account=111111111111",
        "readonly=false outcome=denied,error account=111111111111",
    );
    check("accessKeyId=AKIA* ip=10.0.* error!=*", "key=AKIA* ip=10.0.* error!=*");
}

#[test]
fn typographic_quotes_are_accepted_with_a_warning() {
    let check = |text: &str, expected: &str, positions: &[usize]| {
        let parsed = parse(text).unwrap();
        let warned: Vec<usize> =
            parsed.warnings.iter().map(|FilterWarning::TypographicQuotes { position }| *position).collect();
        assert_eq!((parsed.filter.to_string().as_str(), warned.as_slice()), (expected, positions), "{text}");
    };
    check("user=“Alice”", "user=Alice", &[6]);
    check("user=‘Alice’ event=„Get*“", "user=Alice event=Get*", &[6, 20]);
    check("user='O’Brien'", "user=\"O’Brien\"", &[]);
    check("user='Alice’,“Bob\"", "user=Alice,Bob", &[6, 14]);
}

#[test]
fn errors_name_what_is_wrong_and_where() {
    let check = |text: &str, message: &str, suggestion: &str| {
        let error = parse(text).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.suggestion().as_str()), (message, suggestion));
    };
    let fields = "fields: user, principal, arn, role, session, key, source, event, region, account, ip, agent, error, \
                  outcome, type, category, resource, id, readonly, principal-type, vpc-endpoint, request.<path>, \
                  response.<path>";
    check("user=a regoin=b", "unknown field `regoin` at character 8", &format!("region=…  ({fields})"));
    check("colour=red", "unknown field `colour` at character 1", fields);
    check("requst.a=b", "unknown field `requst.a` at character 1", &format!("request.<path>=…  ({fields})"));
    check("Alice", "`Alice` at character 1 is not of the form field=value", "user=Alice or event=Alice");
    let operators = "the operators are = and !=, with * and ? in the value";
    check("user==Alice", "unsupported operator `==` at character 5", operators);
    check("user~Al", "unsupported operator `~` at character 5", operators);
    let times = "--since and --until for times; the operators are = and != with * and ?";
    check("time>=2024", "unsupported operator `>=` at character 5", times);
    check("user=", "`user` has an empty value at character 6", "user=* (has one) or user!=* (has none)");
    check("user=a,,b", "`user` has an empty value at character 8", "user=* (has one) or user!=* (has none)");
    check("user=\"Al", "the quote at character 6 is not closed", "close it, or leave the quote out");
    let range = "address ranges are not supported; write 10.0.* for 10.0.0.0/16";
    check("ip=10.0.0.0/8", &format!("`ip` cannot be `10.0.0.0/8` (character 4): {range}"), range);
    check("readonly=yes", "`readonly` cannot be `yes` (character 10): it is true or false", "it is true or false");
    let digits = "an account id has 12 digits; * and ? are accepted";
    check("account=123", &format!("`account` cannot be `123` (character 9): {digits}"), digits);
}

#[test]
fn wildcards_fit_whole_text() {
    let check = |pattern: &str, text: &str, expected: bool| {
        let parsed = parse(&format!("user={pattern}")).unwrap();
        assert_eq!(parsed.filter.terms[0].values[0].matches(text), expected, "{pattern} {text}");
    };
    check("Delete*", "DeleteUser", true);
    check("Delete*", "delete", false);
    check("*User", "DeleteUsers", false);
    check("a*b?c", "aXXbéc", true);
    check(r"a\*", "ab", false);
    check("*", "", true);
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let piece = prop_oneof![
        3 => ".{1,6}".prop_map(Piece::Literal),
        1 => Just(Piece::AnyRun),
        1 => Just(Piece::AnyOne),
    ];
    proptest::collection::vec(piece, 1..5).prop_map(|pieces| {
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (Some(Piece::Literal(text)), Piece::Literal(more)) => text.push_str(&more),
                (_, piece) => joined.push(piece),
            }
        }
        Pattern { pieces: joined }
    })
}

fn term() -> impl Strategy<Value = Term> {
    let path = || proptest::collection::vec("[a-zA-Z0-9_-]{1,8}", 1..4);
    let field = prop_oneof![
        Just(Field::User),
        Just(Field::Event),
        Just(Field::VpcEndpoint),
        path().prop_map(Field::Request),
        path().prop_map(Field::Response),
    ];
    let operator = prop_oneof![Just(Operator::Equal), Just(Operator::NotEqual)];
    (field, operator, proptest::collection::vec(pattern(), 1..4)).prop_map(|(field, operator, values)| Term {
        field,
        operator,
        values,
    })
}

proptest! {
    #[test]
    fn what_is_rendered_parses_to_the_same(terms in proptest::collection::vec(term(), 0..4)) {
        let filter = EventFilter { terms };
        let parsed = parse(&filter.to_string());
        prop_assert_eq!(parsed.map(|parsed| (parsed.filter, parsed.warnings)), Ok((filter, Vec::new())));
    }

    #[test]
    fn no_text_panics(text in "([a-z]{0,5}[=!,\"'“’*?\\\\ ]{0,3}.{0,4}){0,6}") {
        if let Ok(parsed) = parse(&text) {
            prop_assert_eq!(parse(&parsed.filter.to_string()).map(|again| again.filter), Ok(parsed.filter));
        }
    }
}
