//! Wildcards and variables, by table and against a matcher that is slow and obvious.

use proptest::prelude::*;

use super::{Match, Pattern, Signs, VariableValue};

const ALL: Signs = Signs { wildcards: true, variables: true };

fn value_of(key: &str) -> VariableValue<'static> {
    match key {
        "aws:username" => VariableValue::Known("al*ce"),
        "aws:unknown" => VariableValue::Unknown,
        _ => VariableValue::Absent,
    }
}

#[test]
fn wildcards_match_runs_and_single_characters() {
    let check = |pattern: &str, text: &str, expected: bool| {
        let found = Pattern::new(pattern, ALL).matches(text, value_of);
        assert_eq!(found, if expected { Match::Yes } else { Match::No }, "{pattern} {text}");
    };
    check("*", "", true);
    check("", "", true);
    check("", "a", false);
    check("?", "", false);
    check("?", "日", true);
    check("??", "日", false);
    check("*日", "本日", true);
    check("*?日", "日", false);
    check("a*c*e", "abcde", true);
    check("a*c*e", "abcdef", false);
    check("a**b", "ab", true);
    check("*ab", "aab", true);
    check("*.txt", "a.txt.txt", true);
    check("a", "A", false);
    check(&format!("{}b", "a*".repeat(40)), &"a".repeat(400), false);
}

#[test]
fn variables_bring_text_and_never_wildcards() {
    let check = |pattern: &str, text: &str, expected: Match| {
        assert_eq!(Pattern::new(pattern, ALL).matches(text, value_of), expected, "{pattern} {text}");
    };
    check("home/${aws:username}/*", "home/al*ce/x", Match::Yes);
    check("home/${AWS:UserName}/*", "home/alice/x", Match::No);
    check("${aws:username}", "al*ce", Match::Yes);
    check("${aws:PrincipalTag/team}", "x", Match::Unresolved);
    check("${aws:PrincipalTag/team, 'all hands'}", "all hands", Match::Yes);
    check("${aws:PrincipalTag/team,'x'}", "x", Match::Yes);
    check("a/${aws:unknown}/b", "a/anything/b", Match::Perhaps);
    check("a/${aws:unknown}/b", "c/anything/b", Match::No);
    check("${*}${?}${$}", "*?$", Match::Yes);
    check("x${*}", "xy", Match::No);
    check("${aws:username", "${aws:username", Match::Yes);
    check("${}", "${}", Match::Yes);
    check("$${aws:username}", "$al*ce", Match::Yes);
    let literal = Pattern::new("${aws:username}*", Signs { wildcards: false, variables: false });
    assert_eq!(literal.matches("${aws:username}*", value_of), Match::Yes);
}

#[test]
fn patterns_overlap_where_a_text_matches_both() {
    let check = |a: &str, b: &str, expected: bool| {
        let (left, right) = (Pattern::new(a, ALL), Pattern::new(b, ALL));
        assert_eq!((left.overlaps(&right), right.overlaps(&left)), (expected, expected), "{a} {b}");
    };
    check("*", "", true);
    check("", "?", false);
    check("bucket/*", "${Bucket}/${Key}", true);
    check("bucket", "${Bucket}/${Key}", false);
    check("a*b", "*a", false);
    check("a*b", "*c*b", true);
    check("role/x*", "user/*", false);
    check("??", "a*", true);
}

fn slow(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => slow(rest, text) || !text.is_empty() && slow(pattern, &text[1..]),
        (Some(('?', rest)), Some((_, after))) => slow(rest, after),
        (Some((want, rest)), Some((have, after))) => want == have && slow(rest, after),
        _ => false,
    }
}

proptest! {
    #[test]
    fn matching_agrees_with_the_obvious_matcher(pattern in "[ab日*?]{0,8}", text in "[ab日]{0,10}") {
        let expected = slow(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>());
        let compiled = Pattern::new(&pattern, ALL);
        prop_assert_eq!(compiled.may_match(&text), expected);
        prop_assert!(!expected || text.starts_with(compiled.literal_prefix()));
    }

    #[test]
    fn a_text_that_both_match_makes_them_overlap(a in "[ab*?]{0,6}", b in "[ab*?]{0,6}", text in "[ab]{0,6}") {
        let (left, right) = (Pattern::new(&a, ALL), Pattern::new(&b, ALL));
        if left.may_match(&text) && right.may_match(&text) {
            prop_assert!(left.overlaps(&right));
        }
    }

    #[test]
    fn any_text_can_be_compiled(pattern in "(\\$\\{|\\}|,|'|\\*|aws:username|[a日\u{10FFFF}]){0,10}", text in ".{0,10}") {
        let _ = Pattern::new(&pattern, ALL).matches(&text, value_of);
    }
}
