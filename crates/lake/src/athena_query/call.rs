//! Calls and other expressions of Athena's SQL, said in DataFusion's words: mostly one template a function.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Ident, ObjectName, Subscript, UnaryOperator, Value, visit_expressions_mut,
};
use datafusion::sql::sqlparser::parser::Parser;

use super::folded;
use crate::sql_error::SqlError;
use crate::sql_guard::AthenaDialect;

/// Functions that are another expression: `__0` is the first argument. The name holds the number of arguments.
const TEMPLATES: &[(&str, usize, &str)] = &[
    ("if", 2, "CASE WHEN __0 THEN __1 END"),
    ("if", 3, "CASE WHEN __0 THEN __1 ELSE __2 END"),
    ("max_by", 2, "last_value(__0 ORDER BY __1) FILTER (WHERE __1 IS NOT NULL)"),
    ("min_by", 2, "first_value(__0 ORDER BY __1) FILTER (WHERE __1 IS NOT NULL)"),
    ("date", 1, "CAST(__0 AS DATE)"),
    ("at_timezone", 2, "__0 AT TIME ZONE __1"),
    ("second", 1, "CAST(date_part('second', __0) AS BIGINT)"),
    ("minute", 1, "CAST(date_part('minute', __0) AS BIGINT)"),
    ("hour", 1, "CAST(date_part('hour', __0) AS BIGINT)"),
    ("day", 1, "CAST(date_part('day', __0) AS BIGINT)"),
    ("day_of_month", 1, "CAST(date_part('day', __0) AS BIGINT)"),
    ("day_of_week", 1, "CAST((date_part('dow', __0) + 6) % 7 + 1 AS BIGINT)"),
    ("dow", 1, "CAST((date_part('dow', __0) + 6) % 7 + 1 AS BIGINT)"),
    ("day_of_year", 1, "CAST(date_part('doy', __0) AS BIGINT)"),
    ("doy", 1, "CAST(date_part('doy', __0) AS BIGINT)"),
    ("week", 1, "CAST(date_part('week', __0) AS BIGINT)"),
    ("month", 1, "CAST(date_part('month', __0) AS BIGINT)"),
    ("quarter", 1, "CAST(date_part('quarter', __0) AS BIGINT)"),
    ("year", 1, "CAST(date_part('year', __0) AS BIGINT)"),
    ("none_match", 2, "NOT any_match(__0, __1)"),
];

/// Functions that only have another name.
const NAMES: &[(&str, &str)] = &[
    ("transform", "array_transform"),
    ("filter", "array_filter"),
    ("arbitrary", "min"),
    ("any_value", "min"),
    ("approx_percentile", "approx_percentile_cont"),
];

/// Rewrites one expression whose parts are rewritten already.
pub(super) fn rewrite(expr: &mut Expr) -> Result<(), SqlError> {
    match expr {
        Expr::Function(function) => {
            if let Some(new) = of_function(function)? {
                *expr = new;
            }
        }
        Expr::Identifier(ident) if ident.value == "$path" => *ident = Ident::new("objectkey"),
        Expr::CompoundFieldAccess { root, access_chain } => {
            join_leading_names(root, access_chain);
            access_chain.iter_mut().for_each(dot_to_subscript);
        }
        Expr::Cast { expr: inner, data_type, .. } if is_json(inner) && is_array_of_json(data_type) => {
            *expr = template("json_elements(__0)", std::slice::from_ref(inner))?;
        }
        Expr::Cast { expr: inner, data_type, .. } => of_json_cast(inner, data_type)?,
        Expr::Lambda(lambda) => {
            let names: Vec<String> = lambda.params.iter().map(|p| folded(&p.name)).collect();
            let _ = visit_expressions_mut(&mut lambda.body, |e| {
                field_of_parameter(e, &names);
                ControlFlow::<()>::Continue(())
            });
        }
        Expr::BinaryOp { op, .. } if is_regex_operator(op) => {
            return Err(SqlError::NotSupported(format!("the operator {op} (use regexp_like)")));
        }
        Expr::SimilarTo { .. } | Expr::RLike { .. } => {
            return Err(SqlError::NotSupported("SIMILAR TO (use regexp_like)".into()));
        }
        _ => {}
    }
    Ok(())
}

fn is_regex_operator(op: &BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(op, B::PGRegexMatch | B::PGRegexIMatch | B::PGRegexNotMatch | B::PGRegexNotIMatch | B::Regexp)
}

fn of_function(function: &mut Function) -> Result<Option<Expr>, SqlError> {
    let Some(name) = function.name.0.last().and_then(|p| p.as_ident()).map(folded) else { return Ok(None) };
    let arguments = plain_arguments(function);
    if let Some(arguments) = &arguments
        && let Some((.., text)) = TEMPLATES.iter().find(|(n, count, _)| *n == name && *count == arguments.len())
    {
        if function.over.is_some() || function.filter.is_some() {
            return Err(SqlError::NotSupported(format!("{name}() with OVER or FILTER")));
        }
        return template(text, arguments).map(Some);
    }
    if let Some((_, other)) = NAMES.iter().find(|(n, _)| *n == name) {
        function.name = ObjectName::from(vec![Ident::new(*other)]);
    }
    match (name.as_str(), arguments) {
        ("try", Some(mut arguments)) if arguments.len() == 1 => {
            let mut inner = arguments.remove(0);
            let _ = visit_expressions_mut(&mut inner, |e| {
                forgiving(e);
                ControlFlow::<()>::Continue(())
            });
            Ok(Some(inner))
        }
        ("count_if", Some(arguments)) if arguments.len() == 1 => {
            function.name = ObjectName::from(vec![Ident::new("count")]);
            let case = template("CASE WHEN __0 THEN 1 END", &arguments)?;
            if let FunctionArguments::List(list) = &mut function.args {
                list.args = vec![FunctionArg::Unnamed(FunctionArgExpr::Expr(case))];
            }
            Ok(None)
        }
        ("concat", Some(arguments)) if arguments.len() > 1 => {
            let joined = arguments.into_iter().reduce(|left, right| Expr::BinaryOp {
                left: Box::new(left),
                op: BinaryOperator::StringConcat,
                right: Box::new(right),
            });
            Ok(joined.map(|e| Expr::Nested(Box::new(e))))
        }
        ("all_match", Some(mut arguments)) if arguments.len() == 2 => {
            if let Expr::Lambda(lambda) = &mut arguments[1] {
                let body = Expr::Nested(lambda.body.clone());
                *lambda.body = Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(body) };
            }
            template("NOT any_match(__0, __1)", &arguments).map(Some)
        }
        _ => Ok(None),
    }
}

fn plain_arguments(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return None;
    }
    let plain = |argument: &FunctionArg| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    };
    list.args.iter().map(plain).collect()
}

fn template(text: &str, arguments: &[Expr]) -> Result<Expr, SqlError> {
    let parsed = Parser::new(&AthenaDialect).try_with_sql(text).and_then(|mut p| p.parse_expr());
    let mut expr = parsed.map_err(|e| SqlError::Syntax(e.to_string()))?;
    let _ = visit_expressions_mut(&mut expr, |e| {
        if let Expr::Identifier(ident) = e
            && let Some(argument) = ident.value.strip_prefix("__").and_then(|n| n.parse::<usize>().ok())
        {
            *e = match &arguments[argument] {
                lambda @ (Expr::Lambda(_) | Expr::Identifier(_) | Expr::Value(_)) => lambda.clone(),
                other => Expr::Nested(Box::new(other.clone())),
            };
        }
        ControlFlow::<()>::Continue(())
    });
    Ok(expr)
}

/// Inside `try(…)`: a cast that fails and a division by zero are NULL.
fn forgiving(expr: &mut Expr) {
    match expr {
        Expr::Cast { kind, .. } => *kind = CastKind::TryCast,
        Expr::BinaryOp { op: BinaryOperator::Divide | BinaryOperator::Modulo, right, .. } => {
            if let Ok(guarded) = template("nullif(__0, 0)", std::slice::from_ref(right)) {
                **right = guarded;
            }
        }
        _ => {}
    }
}

fn is_json(expr: &Expr) -> bool {
    matches!(expr, Expr::Function(f) if ["json_extract", "json_parse"].contains(&f.name.to_string().to_lowercase().as_str()))
}

fn is_array_of_json(data_type: &DataType) -> bool {
    let text = data_type.to_string().to_lowercase();
    text.starts_with("array") && text.trim_start_matches("array").trim_matches(['(', ')', '<', '>', ' ']) == "json"
}

/// A cast of JSON takes the value out of the text; `array(json)` its elements.
fn of_json_cast(inner: &mut Expr, data_type: &DataType) -> Result<(), SqlError> {
    let wanted = data_type.to_string().to_lowercase().replace(' ', "");
    let is_array = wanted.starts_with("array");
    let Expr::Function(function) = inner else { return Ok(()) };
    if !function.name.to_string().eq_ignore_ascii_case("json_extract") {
        return Ok(());
    }
    match wanted.as_str() {
        "json" => {}
        _ if !is_array => function.name = ObjectName::from(vec![Ident::new("json_extract_scalar")]),
        _ => return Err(SqlError::NotSupported(format!("a cast of JSON to {data_type}"))),
    }
    Ok(())
}

/// `e.resources[1]`: `e` may be a table, so what comes before the first bracket is one name.
fn join_leading_names(root: &mut Expr, access_chain: &mut Vec<AccessExpr>) {
    let Expr::Identifier(first) = root else { return };
    let mut parts = vec![first.clone()];
    while let Some(AccessExpr::Dot(Expr::Identifier(part))) = access_chain.first() {
        parts.push(part.clone());
        access_chain.remove(0);
    }
    if parts.len() > 1 {
        *root = Expr::CompoundIdentifier(parts);
    }
}

/// `x[1].arn` is `x[1]['arn']`.
fn dot_to_subscript(access: &mut AccessExpr) {
    if let AccessExpr::Dot(Expr::Identifier(ident)) = access {
        *access = subscript(ident);
    }
}

fn subscript(ident: &Ident) -> AccessExpr {
    AccessExpr::Subscript(Subscript::Index { index: Expr::value(Value::SingleQuotedString(folded(ident))) })
}

/// `r -> r.arn` is `r -> r['arn']`: the planner looks for a column `r.arn` otherwise.
fn field_of_parameter(expr: &mut Expr, parameters: &[String]) {
    if let Expr::CompoundIdentifier(parts) = expr
        && parts.len() > 1
        && parameters.contains(&folded(&parts[0]))
    {
        let root = Box::new(Expr::Identifier(parts[0].clone()));
        *expr = Expr::CompoundFieldAccess { root, access_chain: parts[1..].iter().map(subscript).collect() };
    }
}
