//! Is a condition met by a request
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html>)?
//! A value that cannot be read as what its operator compares (a number, a moment, an address, an ARN) matches nothing,
//! neither with the operator nor with its negation.

use core::net::IpAddr;
use std::cmp::Ordering;

use super::context::{Presence, RequestContext};
use super::{Truth, moment};
use crate::arn::Arn;
use crate::policy_document::pattern::{Match, VariableValue, lacks};
use crate::policy_document::{Comparison, Compiled, Condition, ConditionValue, Order, Quantifier};

/// Whether the condition is met.
pub(super) fn of(condition: &Condition, context: &RequestContext) -> Truth {
    let operator = condition.operator();
    let presence = context.get(condition.lower_key());
    if operator.comparison == Comparison::Null {
        return null(condition, presence);
    }
    match presence {
        Presence::Unknown => Truth::Unknown,
        Presence::Absent => match operator.quantifier {
            _ if operator.if_exists => Truth::True,
            Some(quantifier) => Truth::from(quantifier == Quantifier::ForAllValues),
            None => Truth::from(operator.negated),
        },
        Presence::Values(values) => {
            let mut truths = values.iter().map(|value| one_value(condition, value, context));
            match (operator.quantifier, values.len()) {
                (Some(Quantifier::ForAllValues), _) => Truth::all(truths),
                (Some(Quantifier::ForAnyValue), _) => Truth::any(truths),
                (None, 1) => truths.next().expect("there is one value"),
                // AWS leaves open what an operator for one value makes of several.
                (None, _) => Truth::False,
            }
        }
    }
}

fn null(condition: &Condition, presence: Presence<'_>) -> Truth {
    let is_absent = match presence {
        Presence::Unknown => return Truth::Unknown,
        Presence::Absent => "true",
        Presence::Values(_) => "false",
    };
    Truth::from(condition.values().any(|value| value.eq_ignore_ascii_case(is_absent)))
}

/// What the condition makes of one value of the request: the values of the policy are alternatives.
fn one_value(condition: &Condition, value: &str, context: &RequestContext) -> Truth {
    let operator = condition.operator();
    let compared =
        condition.compiled().iter().map(|policy| (policy, compare(operator.comparison, policy, value, context)));
    if operator.negated {
        Truth::all(compared.map(|(policy, found)| match found {
            Match::No if lacks(policy.compiled.variables(), |key| context.variable(key), VariableValue::Unknown) => {
                Truth::Unknown
            }
            Match::No => Truth::True,
            Match::Perhaps => Truth::Unknown,
            Match::Yes | Match::Unresolved => Truth::False,
        }))
    } else {
        Truth::any(compared.map(|(_, found)| match found {
            Match::Yes => Truth::True,
            Match::Perhaps => Truth::Unknown,
            Match::No | Match::Unresolved => Truth::False,
        }))
    }
}

/// `Match::Unresolved` stands for values that cannot be compared.
fn compare(comparison: Comparison, policy: &ConditionValue, value: &str, context: &RequestContext) -> Match {
    let is = |found: Option<bool>| match found {
        Some(true) => Match::Yes,
        Some(false) => Match::No,
        None => Match::Unresolved,
    };
    match (&policy.compiled, comparison) {
        (Compiled::Pattern(pattern), Comparison::StringIgnoreCase) => {
            pattern.matches_lower_case(&value.to_lowercase(), |key| context.variable(key))
        }
        (Compiled::Pattern(pattern), _) => pattern.matches(value, |key| context.variable(key)),
        (Compiled::Arn(pattern), _) => {
            if !pattern.is_whole_arn() || Arn::parse(value).is_none() {
                return Match::Unresolved;
            }
            pattern.matches(value, |key| context.variable(key))
        }
        (Compiled::Text, Comparison::Numeric(order)) => is(number(value)
            .zip(number(&policy.text))
            .map(|(a, b)| a.partial_cmp(&b).is_some_and(|found| holds(order, found)))),
        (Compiled::Text, Comparison::Date(order)) => {
            is(moment::parse(value).zip(moment::parse(&policy.text)).map(|(a, b)| holds(order, a.cmp(&b))))
        }
        (Compiled::Text, Comparison::Bool) => is(boolean(value).zip(boolean(&policy.text)).map(|(a, b)| a == b)),
        (Compiled::Text, Comparison::IpAddress) => is(address(value).zip(range(&policy.text)).map(is_inside)),
        (Compiled::Text, _) => is(Some(policy.text == value)),
    }
}

fn holds(order: Order, found: Ordering) -> bool {
    match order {
        Order::Equals => found.is_eq(),
        Order::LessThan => found.is_lt(),
        Order::LessThanEquals => found.is_le(),
        Order::GreaterThan => found.is_gt(),
        Order::GreaterThanEquals => found.is_ge(),
    }
}

fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    text.parse().ok().filter(|_| is_plain)
}

fn boolean(text: &str) -> Option<bool> {
    [("true", true), ("false", false)].iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// A range `address/bits`, or one address.
fn range(text: &str) -> Option<(IpAddr, u32)> {
    let (first, bits) = text.split_once('/').map_or((text, None), |(first, bits)| (first, Some(bits)));
    let first = address(first)?;
    let width = if first.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(width), |bits| bits.parse().ok().filter(|bits| *bits <= width))?;
    Some((first, bits))
}

fn is_inside((address, (first, bits)): (IpAddr, (IpAddr, u32))) -> bool {
    match (address, first) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
        _ => false,
    }
}
