//! One entry of Action or NotAction: `service:Name` with wildcards, in any letter case, or `*` for everything.

use super::pattern::{Pattern, Signs};

const SIGNS: Signs = Signs { wildcards: true, variables: false };

/// A pattern of actions; [`ActionPattern::text`] is what the document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionPattern {
    text: String,
    /// The service, where no wildcard stands in it: comparing it settles nearly every pattern.
    one_service: Option<String>,
    service: Pattern,
    name: Pattern,
}

impl ActionPattern {
    /// Reads `*` or `service:Name`; None for anything else, which IAM refuses too.
    pub fn parse(text: &str) -> Option<Self> {
        let (service, name) = if text == "*" { ("*", "*") } else { text.split_once(':')? };
        let is_name = |text: &str, also: &[char]| {
            !text.is_empty()
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '*' | '?') || also.contains(&c))
        };
        // Names of actions are letters and digits; a few services have written an underscore or a hyphen.
        if !is_name(service, &['-']) || !is_name(name, &['-', '_']) {
            return None;
        }
        let compile = |part: &str| Pattern::new(&part.to_ascii_lowercase(), SIGNS);
        let (service, name) = (compile(service), compile(name));
        let one_service = service.literal().map(str::to_owned);
        Some(Self { text: text.to_owned(), one_service, service, name })
    }

    /// The pattern as the document writes it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Does it match this action, given in lower case?
    pub fn matches(&self, lower_service: &str, lower_name: &str) -> bool {
        let is_service = match &self.one_service {
            Some(service) => service == lower_service,
            None => self.service.may_match(lower_service),
        };
        is_service && self.name.may_match(lower_name)
    }

    pub(crate) fn one_service(&self) -> Option<&str> {
        self.one_service.as_deref()
    }

    pub(crate) fn service(&self) -> &Pattern {
        &self.service
    }

    pub(crate) fn name(&self) -> &Pattern {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_matched_in_any_letter_case() {
        let check = |pattern: &str, action: &str, expected: bool| {
            let (service, name) = action.split_once(':').unwrap();
            assert_eq!(ActionPattern::parse(pattern).unwrap().matches(service, name), expected, "{pattern} {action}");
        };
        check("*", "s3:getobject", true);
        check("*:*", "s3:getobject", true);
        check("S3:Get*", "s3:getobject", true);
        check("s3:Get?bject", "s3:getobject", true);
        check("s3:GetObject", "s3:getobjectacl", false);
        check("s3:*Object", "s3:getobject", true);
        check("s3-outposts:*", "s3:getobject", false);
        check("s*:GetObject", "s3:getobject", true);
    }

    #[test]
    fn what_is_no_action_is_refused() {
        for text in
            ["", "s3", "s3*", "s3:", ":GetObject", "s3:Get:Object", "s3: GetObject", "s3:Get Object", "**", "日:本"]
        {
            assert_eq!(ActionPattern::parse(text), None, "{text}");
        }
    }
}
