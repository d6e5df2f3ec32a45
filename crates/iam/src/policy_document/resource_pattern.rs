//! One entry of Resource or NotResource, and of the ARN operators of conditions: an ARN whose six parts are matched each
//! for itself, so that a wildcard never runs over the colon into the next part, or `*` for everything.
//! Parts that are left out at the end match anything
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>).

use super::pattern::{Match, Pattern, Signs, VariableValue, lacks, variable};

/// The parts of an ARN after `arn:`.
const PARTS: usize = 5;

/// A pattern of resources; [`ResourcePattern::text`] is what the document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePattern {
    text: String,
    form: Form,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Any,
    /// Partition, service, region, account and resource.
    Arn(Box<[Pattern; PARTS]>),
    /// Neither `*` nor an ARN, which IAM refuses today: matched as one text.
    Text(Pattern),
}

impl ResourcePattern {
    /// Reads a pattern; `has_variables` is true since version 2012-10-17 of the policy language.
    pub(crate) fn new(text: &str, has_variables: bool) -> Self {
        let signs = Signs { wildcards: true, variables: has_variables };
        let form = if !text.is_empty() && text.bytes().all(|byte| byte == b'*') {
            Form::Any
        } else if let Some(rest) = text.strip_prefix("arn:") {
            let mut parts = cut(rest, has_variables).into_iter().map(|part| Pattern::new(part, signs));
            Form::Arn(Box::new(std::array::from_fn(|_| parts.next().unwrap_or_else(Pattern::any))))
        } else {
            Form::Text(Pattern::new(text, signs))
        };
        Self { text: text.to_owned(), form }
    }

    /// The pattern as the document writes it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Is it `*`, every resource and also what has none?
    pub fn is_any(&self) -> bool {
        self.form == Form::Any
    }

    /// Does it have all six parts of an ARN?
    pub(crate) fn is_whole_arn(&self) -> bool {
        matches!(self.form, Form::Arn(_)) && self.text.split(':').count() > PARTS
    }

    /// Its parts after `arn:`, if it is an ARN.
    pub(crate) fn parts(&self) -> Option<&[Pattern; PARTS]> {
        match &self.form {
            Form::Arn(parts) => Some(parts),
            Form::Any | Form::Text(_) => None,
        }
    }

    /// The keys of its variables, each with whether something stands for it where it is absent.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, bool)> {
        let patterns: &[Pattern] = match &self.form {
            Form::Any => &[],
            Form::Arn(parts) => parts.as_slice(),
            Form::Text(pattern) => std::slice::from_ref(pattern),
        };
        patterns.iter().flat_map(Pattern::variables)
    }

    /// Matches a resource: an ARN, or `*` for a call that has none.
    pub(crate) fn matches<'a>(&self, resource: &str, value_of: impl Fn(&str) -> VariableValue<'a>) -> Match {
        if lacks(self.variables(), &value_of, VariableValue::Absent) {
            return Match::Unresolved;
        }
        match &self.form {
            Form::Any => Match::Yes,
            Form::Text(pattern) => pattern.matches(resource, value_of),
            Form::Arn(parts) => {
                let Some(rest) = resource.strip_prefix("arn:") else { return Match::No };
                let mut texts = rest.splitn(PARTS, ':');
                let mut is_unknown = false;
                for part in parts.iter() {
                    match texts.next().map(|text| part.matches(text, &value_of)) {
                        Some(Match::Yes) => {}
                        Some(Match::Perhaps) => is_unknown = true,
                        _ => return Match::No,
                    }
                }
                if is_unknown { Match::Perhaps } else { Match::Yes }
            }
        }
    }
}

/// Cuts at the first four colons that do not belong to a variable.
fn cut(text: &str, has_variables: bool) -> Vec<&str> {
    let mut parts = Vec::with_capacity(PARTS);
    let (mut start, mut at) = (0, 0);
    while at < text.len() && parts.len() + 1 < PARTS {
        let rest = &text[at..];
        if has_variables && let Some((_, after)) = variable(rest) {
            at = text.len() - after.len();
            continue;
        }
        if rest.starts_with(':') {
            parts.push(&text[start..at]);
            start = at + 1;
        }
        at += rest.chars().next().map_or(1, char::len_utf8);
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(key: &str) -> VariableValue<'static> {
        if key == "aws:username" { VariableValue::Known("alice") } else { VariableValue::Absent }
    }

    #[test]
    fn arns_match_part_by_part() {
        let check = |pattern: &str, resource: &str, expected: Match| {
            assert_eq!(
                ResourcePattern::new(pattern, true).matches(resource, value_of),
                expected,
                "{pattern} {resource}"
            );
        };
        let (yes, no) = (Match::Yes, Match::No);
        let key = "arn:aws:s3:::bucket/home/alice/k";
        check("*", key, yes);
        check("**", "*", yes);
        check("arn:aws:s3:::bucket/*", key, yes);
        check("arn:aws:s3:::bucket/${aws:username}", "arn:aws:s3:::bucket/alice", yes);
        check("arn:aws:s3:::bucket/home/${aws:username}/*", key, yes);
        check("arn:aws:s3:::bucket/${aws:PrincipalTag/team}/*", key, Match::Unresolved);
        check("arn:aws:s3:::other/${aws:PrincipalTag/team}/*", "arn:aws:sqs:::other/x", Match::Unresolved);
        check("arn:aws:s3:::Bucket/*", key, no);
        check("arn:aws:s3*alice/k", key, no);
        check("arn:aws:s3", key, yes);
        check("arn:aws:s3:*", key, yes);
        check("arn:aws:s?:*:*:*", key, yes);
        check("arn:aws:s3:?::bucket/*", key, no);
        check("arn:aws:s3:::*", "*", no);
        check("arn:aws-cn:s3:::*", key, no);
        check("arn:*:s3:::*", "arn:aws-us-gov:s3:::b", yes);
        check("arn:aws:logs:*:*:log-group:*:*", "arn:aws:logs:eu-west-1:1:log-group:/a:log-stream:b", yes);
        check("arn:aws:logs:*:*:log-group", "arn:aws:logs:eu-west-1:1:log-group:/a", no);
        check("arn:aws:iam::*:role/a", "arn:aws:iam", no);
        check("*bucket/*", key, yes);
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_a_resource(pattern in "(arn:|:|\\$\\{|\\}|aws:username|\\*|[a日]){0,12}", resource in "(arn|:|[a日*]){0,12}") {
            for has_variables in [false, true] {
                let compiled = ResourcePattern::new(&pattern, has_variables);
                let _ = compiled.matches(&resource, value_of);
                proptest::prop_assert_eq!(compiled.text(), pattern.as_str());
            }
        }
    }
}
