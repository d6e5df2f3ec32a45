//! A parsed filter as SQL conditions over `events`. Plain values become `=` and `IN`, which statistics and bloom filters
//! prune by; wildcards become LIKE. What a field of the filter means in the lake stands here and nowhere else.

use query_syntax::event_filter::{Field, Operator, Pattern, Piece, Term};

use crate::question_error::QuestionError;
use crate::statement::quote;

/// The condition of one term. `!=` holds also for an event without the field.
///
/// # Errors
/// A path in `request.` or `response.` that SQL's JSON paths cannot spell.
pub fn of_term(term: &Term) -> Result<String, QuestionError> {
    let positive = holds(&term.field, &term.values)?;
    Ok(match term.operator {
        Operator::Equal => positive,
        Operator::NotEqual => format!("NOT coalesce({positive}, FALSE)"),
    })
}

/// The condition that any of these values is the column's; `*` and `?` in one fit as in a policy.
pub fn is_any_of(column: &str, values: &[String]) -> String {
    let patterns: Vec<Pattern> = values.iter().map(|value| Pattern::of(value)).collect();
    text_condition(column, &patterns)
}

/// The condition that any of these values is the column's, letter by letter.
pub fn equals_any_of(column: &str, values: &[String]) -> String {
    match values {
        [] => "false".to_owned(),
        [one] => format!("{column} = {}", quote(one)),
        many => format!("{column} IN ({})", many.iter().map(|value| quote(value)).collect::<Vec<_>>().join(", ")),
    }
}

fn holds(field: &Field, values: &[Pattern]) -> Result<String, QuestionError> {
    let text = |column: &str| text_condition(column, values);
    Ok(match field {
        Field::User => {
            let mut either = vec![text("username"), text("sessionname")];
            // As in LookupEvents, where the root user's name is `root`.
            if values.iter().any(|value| value.matches("root")) {
                either.push("principaltype = 'Root'".to_owned());
            }
            format!("({})", either.join(" OR "))
        }
        Field::Principal => text("principal"),
        Field::Arn => text("useridentityarn"),
        Field::Role => {
            format!("(principal LIKE '%:role/%' AND {})", text("regexp_extract(principal, '[^/]+$')"))
        }
        Field::Session => text("sessionname"),
        Field::AccessKey => text("accesskeyid"),
        Field::Source => text("eventsource"),
        Field::Event => text("eventname"),
        Field::Region => text("awsregion"),
        Field::Account => text("account"),
        Field::Ip => text("sourceipaddress"),
        Field::Agent => text("useragent"),
        Field::Error => text("errorcode"),
        Field::Outcome => text_condition("outcome", &lower_case(values)),
        Field::Type => text("eventtype"),
        Field::Category => text("eventcategory"),
        Field::Resource => format!("any_match(resources, r -> {})", text("r.arn")),
        Field::Id => text("eventid"),
        Field::ReadOnly => text_condition("readonly", &lower_case(values)),
        Field::PrincipalType => text("principaltype"),
        Field::VpcEndpoint => text("vpcendpointid"),
        Field::Request(path) => json_condition("requestparameters", path, values)?,
        Field::Response(path) => json_condition("responseelements", path, values)?,
    })
}

/// What the filter language accepts in any letter case, and the lake keeps in lower case.
fn lower_case(values: &[Pattern]) -> Vec<Pattern> {
    let lower = |piece: &Piece| match piece {
        Piece::Literal(text) => Piece::Literal(text.to_lowercase()),
        wildcard => wildcard.clone(),
    };
    values.iter().map(|value| Pattern { pieces: value.pieces.iter().map(lower).collect() }).collect()
}

fn text_condition(column: &str, values: &[Pattern]) -> String {
    let literals: Vec<String> = values.iter().filter_map(Pattern::as_literal).map(str::to_owned).collect();
    let mut either = Vec::new();
    if !literals.is_empty() {
        either.push(equals_any_of(column, &literals));
    }
    for value in values.iter().filter(|value| value.as_literal().is_none()) {
        either.push(match value.pieces.as_slice() {
            // AWS writes "" where it means none.
            [Piece::AnyRun] => format!("{column} <> ''"),
            pieces => format!("{column} LIKE {}", like(pieces)),
        });
    }
    match either.len() {
        1 => either.remove(0),
        _ => format!("({})", either.join(" OR ")),
    }
}

/// The pattern as a literal of LIKE, with ESCAPE where it needs one.
fn like(pieces: &[Piece]) -> String {
    let mut pattern = String::new();
    let mut escaped = false;
    for piece in pieces {
        match piece {
            Piece::AnyRun => pattern.push('%'),
            Piece::AnyOne => pattern.push('_'),
            Piece::Literal(text) => {
                for character in text.chars() {
                    if matches!(character, '%' | '_' | '\\') {
                        pattern.push('\\');
                        escaped = true;
                    }
                    pattern.push(character);
                }
            }
        }
    }
    format!("{}{}", quote(&pattern), if escaped { " ESCAPE '\\'" } else { "" })
}

fn json_condition(column: &str, path: &[String], values: &[Pattern]) -> Result<String, QuestionError> {
    let path = quote(&json_path(path)?);
    // `*` holds for objects and lists too, which are no scalars.
    if values.iter().any(|value| value.pieces == [Piece::AnyRun]) {
        return Ok(format!("json_extract({column}, {path}) <> 'null'"));
    }
    Ok(text_condition(&format!("json_extract_scalar({column}, {path})"), values))
}

/// `$.a[0]["b c"]`.
fn json_path(path: &[String]) -> Result<String, QuestionError> {
    let mut text = String::from("$");
    for part in path {
        let is_name = part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push_str(&format!("[{part}]"));
        } else if is_name {
            text.push_str(&format!(".{part}"));
        } else if !part.contains('"') {
            text.push_str(&format!("[\"{part}\"]"));
        } else {
            return Err(QuestionError::Input {
                what: format!("a double quote in `{part}` is not supported in a path"),
                try_this: "tadoru sql with json_extract".into(),
            });
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &str, expected: &str) {
        let parsed = query_syntax::event_filter::parse(filter).unwrap();
        let conditions: Vec<String> = parsed.filter.terms.iter().map(|term| of_term(term).unwrap()).collect();
        assert_eq!(conditions.join(" AND "), expected, "{filter}");
    }

    #[test]
    fn plain_values_are_equalities() {
        check("source=iam.amazonaws.com", "eventsource = 'iam.amazonaws.com'");
        check("event=A,B", "eventname IN ('A', 'B')");
        check("agent=\"it's\"", "useragent = 'it''s'");
        check("user=Alice", "(username = 'Alice' OR sessionname = 'Alice')");
        check("user=root", "(username = 'root' OR sessionname = 'root' OR principaltype = 'Root')");
        check("outcome=Denied readonly=False", "outcome = 'denied' AND readonly = 'false'");
    }

    #[test]
    fn values_of_flags_may_have_wildcards() {
        let check = |values: &[&str], expected: &str| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            assert_eq!(is_any_of("awsregion", &values), expected);
        };
        check(&["us-east-1"], "awsregion = 'us-east-1'");
        check(
            &["ap-*", "us-east-1", "eu-west-?"],
            "(awsregion = 'us-east-1' OR awsregion LIKE 'ap-%' OR awsregion LIKE 'eu-west-_')",
        );
    }

    #[test]
    fn wildcards_are_like() {
        check("event=Delete*,GetUser", "(eventname = 'GetUser' OR eventname LIKE 'Delete%')");
        check("agent=*100%_\\\\*", "useragent LIKE '%100\\%\\_\\\\%' ESCAPE '\\'");
        check("error=*", "errorcode <> ''");
        check("role=Dep?oy", "(principal LIKE '%:role/%' AND regexp_extract(principal, '[^/]+$') LIKE 'Dep_oy')");
        check("resource=arn:aws:s3:::logs*", "any_match(resources, r -> r.arn LIKE 'arn:aws:s3:::logs%')");
    }

    #[test]
    fn not_equal_holds_without_the_field() {
        check("error!=*", "NOT coalesce(errorcode <> '', FALSE)");
        check("region!=us-east-1", "NOT coalesce(awsregion = 'us-east-1', FALSE)");
    }

    #[test]
    fn paths_reach_into_json() {
        check("request.bucketName=logs", "json_extract_scalar(requestparameters, '$.bucketName') = 'logs'");
        check(
            "response.items.0.x:y!=*",
            "NOT coalesce(json_extract(responseelements, '$.items[0][\"x:y\"]') <> 'null', FALSE)",
        );
    }
}
