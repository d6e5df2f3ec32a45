//! One line of a Condition block: operator, key and values, as in `{"StringLike": {"aws:username": ["a*", "b*"]}}`.
//! Here operators are read and values compiled; what a request makes of them is `policy_evaluation`'s matter
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>).

use super::pattern::{Pattern, Signs};
use super::resource_pattern::ResourcePattern;

/// A condition operator in parts, as `ForAnyValue:StringNotLikeIfExists` has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// How the values of a key with several are counted.
    pub quantifier: Option<Quantifier>,
    /// What is compared.
    pub comparison: Comparison,
    /// The operators with `Not`: true where no value matches, and where the key is absent.
    pub negated: bool,
    /// `…IfExists`: true where the key is absent.
    pub if_exists: bool,
}

/// The set operators for keys with several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// Every value of the request must match; true where there is none.
    ForAllValues,
    /// One value of the request must match; false where there is none.
    ForAnyValue,
}

/// What an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Texts, letter for letter.
    String,
    /// Texts without regard to letter case.
    StringIgnoreCase,
    /// Texts against patterns.
    Like,
    /// ARNs against patterns, part by part.
    Arn,
    /// Numbers.
    Numeric(Order),
    /// Moments.
    Date(Order),
    /// `true` or `false`.
    Bool,
    /// Bytes in base64.
    Binary,
    /// Addresses against ranges of them.
    IpAddress,
    /// Whether the key is absent.
    Null,
}

/// How numbers and moments are compared: the request's with the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Equal.
    Equals,
    /// The request's is the smaller one.
    LessThan,
    /// The request's is not the greater one.
    LessThanEquals,
    /// The request's is the greater one.
    GreaterThan,
    /// The request's is not the smaller one.
    GreaterThanEquals,
}

const COMPARISONS: [(&str, Comparison, bool); 27] = [
    ("StringEquals", Comparison::String, false),
    ("StringNotEquals", Comparison::String, true),
    ("StringEqualsIgnoreCase", Comparison::StringIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Comparison::StringIgnoreCase, true),
    ("StringLike", Comparison::Like, false),
    ("StringNotLike", Comparison::Like, true),
    ("ArnEquals", Comparison::Arn, false),
    ("ArnNotEquals", Comparison::Arn, true),
    ("ArnLike", Comparison::Arn, false),
    ("ArnNotLike", Comparison::Arn, true),
    ("NumericEquals", Comparison::Numeric(Order::Equals), false),
    ("NumericNotEquals", Comparison::Numeric(Order::Equals), true),
    ("NumericLessThan", Comparison::Numeric(Order::LessThan), false),
    ("NumericLessThanEquals", Comparison::Numeric(Order::LessThanEquals), false),
    ("NumericGreaterThan", Comparison::Numeric(Order::GreaterThan), false),
    ("NumericGreaterThanEquals", Comparison::Numeric(Order::GreaterThanEquals), false),
    ("DateEquals", Comparison::Date(Order::Equals), false),
    ("DateNotEquals", Comparison::Date(Order::Equals), true),
    ("DateLessThan", Comparison::Date(Order::LessThan), false),
    ("DateLessThanEquals", Comparison::Date(Order::LessThanEquals), false),
    ("DateGreaterThan", Comparison::Date(Order::GreaterThan), false),
    ("DateGreaterThanEquals", Comparison::Date(Order::GreaterThanEquals), false),
    ("Bool", Comparison::Bool, false),
    ("BinaryEquals", Comparison::Binary, false),
    ("IpAddress", Comparison::IpAddress, false),
    ("NotIpAddress", Comparison::IpAddress, true),
    ("Null", Comparison::Null, false),
];

impl Operator {
    /// Reads the name of an operator in any letter case; None for one that IAM does not have.
    pub fn parse(name: &str) -> Option<Self> {
        let (quantifier, rest) = match name.split_once(':') {
            None => (None, name),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => (Some(Quantifier::ForAllValues), rest),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => (Some(Quantifier::ForAnyValue), rest),
            Some(_) => return None,
        };
        let ending = rest.len().checked_sub("IfExists".len()).and_then(|at| Some((rest.get(..at)?, rest.get(at..)?)));
        let (rest, if_exists) = match ending {
            Some((before, ending)) if ending.eq_ignore_ascii_case("IfExists") => (before, true),
            _ => (rest, false),
        };
        let (_, comparison, negated) = COMPARISONS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(rest))?;
        Some(Self { quantifier, comparison: *comparison, negated: *negated, if_exists })
    }
}

/// An operator, a key and the values to compare with: true where one of the values matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    operator: Operator,
    operator_name: String,
    key: String,
    lower_key: String,
    values: Vec<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    pub text: String,
    pub compiled: Compiled,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Compiled {
    Pattern(Pattern),
    Arn(ResourcePattern),
    /// Numbers, moments, addresses: read where they are compared.
    Text,
}

impl Condition {
    /// Compiles the values; None for an operator that IAM does not have.
    pub(crate) fn new(operator_name: &str, key: &str, values: Vec<String>, has_variables: bool) -> Option<Self> {
        let operator = Operator::parse(operator_name)?;
        let compile = |text: &str| match operator.comparison {
            Comparison::String => Compiled::Pattern(Pattern::new(text, signs(false, has_variables))),
            Comparison::StringIgnoreCase => {
                Compiled::Pattern(Pattern::new(&text.to_lowercase(), signs(false, has_variables)))
            }
            Comparison::Like => Compiled::Pattern(Pattern::new(text, signs(true, has_variables))),
            Comparison::Arn => Compiled::Arn(ResourcePattern::new(text, has_variables)),
            _ => Compiled::Text,
        };
        let values = values.into_iter().map(|text| Value { compiled: compile(&text), text }).collect();
        Some(Self {
            operator,
            operator_name: operator_name.to_owned(),
            key: key.to_owned(),
            lower_key: key.to_ascii_lowercase(),
            values,
        })
    }

    /// The operator in parts.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// The operator as the document writes it.
    pub fn operator_name(&self) -> &str {
        &self.operator_name
    }

    /// The condition key as the document writes it; keys have no letter case.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The values as the document writes them, numbers and booleans as text.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|value| value.text.as_str())
    }

    pub(crate) fn lower_key(&self) -> &str {
        &self.lower_key
    }

    pub(crate) fn compiled(&self) -> &[Value] {
        &self.values
    }

    /// The keys that it asks for: its own and those of the variables in its values.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let variables = self.values.iter().flat_map(|value| value.compiled.variables()).map(|(key, _)| key);
        std::iter::once(self.lower_key.as_str()).chain(variables)
    }
}

impl Compiled {
    /// The keys of the variables, each with whether something stands for it where it is absent.
    pub fn variables(&self) -> impl Iterator<Item = (&str, bool)> {
        let (pattern, arn) = match self {
            Self::Pattern(pattern) => (Some(pattern), None),
            Self::Arn(arn) => (None, Some(arn)),
            Self::Text => (None, None),
        };
        pattern.into_iter().flat_map(Pattern::variables).chain(arn.into_iter().flat_map(ResourcePattern::variables))
    }
}

fn signs(wildcards: bool, variables: bool) -> Signs {
    Signs { wildcards, variables }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_read_in_parts() {
        let check = |name: &str, expected: Option<(Option<Quantifier>, Comparison, bool, bool)>| {
            let found = Operator::parse(name);
            let parts = found.map(|found| (found.quantifier, found.comparison, found.negated, found.if_exists));
            assert_eq!(parts, expected, "{name}");
        };
        check("StringEquals", Some((None, Comparison::String, false, false)));
        check("stringnotlikeifexists", Some((None, Comparison::Like, true, true)));
        check("ForAllValues:ArnNotEquals", Some((Some(Quantifier::ForAllValues), Comparison::Arn, true, false)));
        check("ForAnyValue:BoolIfExists", Some((Some(Quantifier::ForAnyValue), Comparison::Bool, false, true)));
        check("NotIpAddress", Some((None, Comparison::IpAddress, true, false)));
        check("DateGreaterThanEquals", Some((None, Comparison::Date(Order::GreaterThanEquals), false, false)));
        check("IfExists", None);
        check("NumericLike", None);
        check("ForSome:StringEquals", None);
        check("", None);
        check("日本IfExists", None);
    }
}
