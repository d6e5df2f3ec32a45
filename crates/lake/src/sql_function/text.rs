//! Athena's functions over text that DataFusion lacks: splitting into an array, replacing with nothing, parts of a URL.

use std::sync::Arc;

use arrow::array::cast::AsArray;
use arrow::array::{ArrayRef, ListBuilder, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Int64Type};

use datafusion::common::DFSchema;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, ScalarUDF};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::Argument::{Integer, Text};
use super::{Function, bounded};
use crate::sql_error::SqlError;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("split", &[Text, Text, Integer], |_| list_of_text(), split).optional(1),
    Function::new("replace", &[Text, Text, Text], |_| DataType::Utf8, replace).optional(1),
    Function::new("split_part", &[Text, Text, Integer], |_| DataType::Utf8, split_part),
    Function::new("text_concat", &[Text, Text], |_| DataType::Utf8, text_concat),
    Function::new("url_extract_host", &[Text], |_| DataType::Utf8, |a| Ok(url_part(a, host))),
    Function::new("url_extract_path", &[Text], |_| DataType::Utf8, |a| Ok(url_part(a, path))),
];

fn list_of_text() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
}

fn texts(array: &ArrayRef) -> impl Iterator<Item = Option<&str>> {
    array.as_string::<i32>().iter()
}

fn split(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let limits = arguments.get(2).map(|a| a.as_primitive::<Int64Type>());
    let mut list = ListBuilder::new(StringBuilder::new());
    for (row, pair) in texts(&arguments[0]).zip(texts(&arguments[1])).enumerate() {
        let (Some(text), Some(by)) = pair else {
            list.append(false);
            continue;
        };
        let limit = limits.map_or(usize::MAX, |l| usize::try_from(l.value(row)).unwrap_or(1).max(1));
        match by {
            "" => text.chars().for_each(|c| list.values().append_value(c.to_string())),
            by => text.splitn(limit, by).for_each(|part| list.values().append_value(part)),
        }
        list.append(true);
    }
    Ok(Arc::new(list.finish()))
}

/// The n-th part from 1; NULL beyond the last, as in Athena.
fn split_part(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let numbers = arguments[2].as_primitive::<Int64Type>();
    let parts = texts(&arguments[0]).zip(texts(&arguments[1])).zip(numbers.iter()).map(|((text, by), number)| {
        let (Some(text), Some(by), Some(number)) = (text, by, number) else { return Ok(None) };
        let index =
            usize::try_from(number - 1).map_err(|_| SqlError::Execution("Index must be greater than zero".into()))?;
        Ok(text.split(by).nth(index))
    });
    Ok(Arc::new(StringArray::from(parts.collect::<Result<Vec<_>, SqlError>>()?)))
}

fn replace(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let mut budget = bounded::Budget::default();
    let with: Vec<Option<&str>> = match arguments.get(2) {
        Some(given) => texts(given).collect(),
        None => vec![Some(""); arguments[0].len()],
    };
    let made = texts(&arguments[0]).zip(texts(&arguments[1])).zip(with).map(|((text, from), to)| {
        let (Some(text), Some(from), Some(to)) = (text, from, to) else { return Ok(None) };
        let times = text.matches(from).count() as u64;
        budget.spend((text.len() as u64).saturating_add(times.saturating_mul(to.len() as u64)))?;
        Ok(Some(text.replace(from, to)))
    });
    Ok(Arc::new(StringArray::from(made.collect::<Result<Vec<_>, SqlError>>()?)))
}

/// `a || b`: bounded, since nested queries can double a text as often as they nest.
fn text_concat(arguments: &[ArrayRef]) -> Result<ArrayRef, SqlError> {
    let mut budget = bounded::Budget::default();
    let joined = texts(&arguments[0]).zip(texts(&arguments[1])).map(|pair| {
        let (Some(a), Some(b)) = pair else { return Ok(None) };
        budget.spend((a.len() + b.len()) as u64)?;
        Ok(Some([a, b].concat()))
    });
    Ok(Arc::new(StringArray::from(joined.collect::<Result<Vec<_>, SqlError>>()?)))
}

/// Plans `||` between texts as `text_concat`; arrays go the planner's way.
#[derive(Debug)]
pub(super) struct TextConcatenation(pub(super) Arc<ScalarUDF>);

impl ExprPlanner for TextConcatenation {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> datafusion::common::Result<PlannerResult<RawBinaryExpr>> {
        let is_text = |e: &Expr| {
            let data_type = e.get_type(schema);
            data_type.is_ok_and(|t| matches!(t, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View))
        };
        if expr.op != BinaryOperator::StringConcat || !(is_text(&expr.left) || is_text(&expr.right)) {
            return Ok(PlannerResult::Original(expr));
        }
        Ok(PlannerResult::Planned(self.0.call(vec![expr.left, expr.right])))
    }
}

fn url_part(arguments: &[ArrayRef], part: fn(&str) -> Option<&str>) -> ArrayRef {
    Arc::new(texts(&arguments[0]).map(|url| part(url?)).collect::<StringArray>())
}

fn after_scheme(url: &str) -> Option<&str> {
    url.split_once("://").map(|(_, rest)| rest)
}

fn host(url: &str) -> Option<&str> {
    let authority = after_scheme(url)?.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    if let Some(end) = host.find(']') {
        return host.get(..=end);
    }
    host.split(':').next()
}

fn path(url: &str) -> Option<&str> {
    let rest = after_scheme(url)?;
    let rest = rest.split(['?', '#']).next()?;
    Some(rest.find('/').map_or("", |at| &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_a_host_and_a_path() {
        for (url, expected) in [
            ("https://user:pw@example.com:8080/a/b?c=1", (Some("example.com"), Some("/a/b"))),
            ("http://[::1]:80", (Some("[::1]"), Some(""))),
            ("no url", (None, None)),
        ] {
            assert_eq!((host(url), path(url)), expected, "{url}");
        }
    }
}
