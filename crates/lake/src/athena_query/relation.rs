//! `FROM t CROSS JOIN UNNEST(t.x) AS u(a, b) [WITH ORDINALITY]`: the planner has no lateral unnest, so the unnested
//! columns become columns of `t`. One relation before the UNNESTs; anything else is an error that says so.

use std::ops::ControlFlow;

use arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, JoinOperator, Query, Select, TableAlias, TableFactor, visit_expressions_mut,
};
use datafusion::sql::sqlparser::parser::Parser;

use super::folded;
use crate::lake_table::LakeTable;
use crate::sql_error::SqlError;
use crate::sql_guard::AthenaDialect;

/// Moves the UNNESTs of a SELECT into the relation before them.
pub(super) fn unnest(select: &mut Select, tables: &[(String, LakeTable)]) -> Result<(), SqlError> {
    for also in select.from.split_off(1.min(select.from.len())) {
        match (&also.relation, select.from.first_mut()) {
            (TableFactor::UNNEST { .. }, Some(first)) if also.joins.is_empty() => {
                first.joins.push(datafusion::sql::sqlparser::ast::Join {
                    relation: also.relation,
                    global: false,
                    join_operator: JoinOperator::CrossJoin(datafusion::sql::sqlparser::ast::JoinConstraint::None),
                })
            }
            _ => select.from.push(also),
        }
    }
    let Some(first) = select.from.first_mut() else { return Ok(()) };
    let is_unnest = |relation: &TableFactor| matches!(relation, TableFactor::UNNEST { .. });
    if !first.joins.iter().any(|j| is_unnest(&j.relation)) {
        return Ok(());
    }
    let plain =
        first.joins.iter().all(|j| is_unnest(&j.relation) && matches!(j.join_operator, JoinOperator::CrossJoin(_)));
    if !plain || is_unnest(&first.relation) {
        return Err(SqlError::NotSupported("UNNEST together with other joins (put them into a subquery)".into()));
    }
    let mut aliases = Vec::new();
    for join in std::mem::take(&mut first.joins) {
        let (relation, alias) = unnested(&first.relation, join.relation, tables)?;
        first.relation = relation;
        aliases.extend(alias.map(|a| folded(&a)));
    }
    unqualify(select, &aliases);
    Ok(())
}

/// The relation with the unnested columns added, and the name by which they are called.
fn unnested(
    relation: &TableFactor,
    unnest: TableFactor,
    tables: &[(String, LakeTable)],
) -> Result<(TableFactor, Option<Ident>), SqlError> {
    let TableFactor::UNNEST { alias, array_exprs, with_ordinality, .. } = unnest else {
        return Err(SqlError::NotSupported("this join".into()));
    };
    let mut names: Vec<String> =
        alias.iter().flat_map(|a| &a.columns).map(|c| Ident::with_quote('"', folded(&c.name)).to_string()).collect();
    let ordinal = if with_ordinality { names.pop() } else { None };
    let own =
        alias_of(relation).ok_or_else(|| SqlError::NotSupported("UNNEST beside a relation without a name".into()))?;
    let mut items = String::from("*");
    let mut outer = String::from("*");
    match (&array_exprs[..], names.len()) {
        ([array], several) if several > 1 => {
            items += &format!(", unnest({array}) AS __row");
            let fields = row_fields(array, tables)
                .filter(|f| f.len() == several)
                .ok_or_else(|| SqlError::Plan(format!("UNNEST({array}) does not have {several} columns")))?;
            for (field, name) in fields.iter().zip(&names) {
                outer += &format!(", __row['{field}'] AS {name}");
            }
        }
        (arrays, count) if arrays.len() == count => {
            for (array, name) in arrays.iter().zip(&names) {
                items += &format!(", unnest({array}) AS {name}");
            }
        }
        _ => {
            return Err(SqlError::NotSupported("UNNEST without names for its columns, as in UNNEST(x) AS t(c)".into()));
        }
    }
    if let Some(ordinal) = ordinal {
        items += &format!(", unnest(range(1, CAST(cardinality({}) AS BIGINT) + 1)) AS {ordinal}", array_exprs[0]);
    }
    let mut text = format!("SELECT {items} FROM {relation}");
    if outer != "*" {
        text = format!("SELECT {outer} FROM ({text}) AS {own}");
    }
    let subquery = Box::new(query(&text)?);
    let alias_clause = TableAlias { explicit: true, name: own, columns: Vec::new(), at: None };
    Ok((
        TableFactor::Derived { lateral: false, subquery, alias: Some(alias_clause), sample: None },
        alias.map(|a| a.name),
    ))
}

fn query(text: &str) -> Result<Query, SqlError> {
    let parsed = Parser::new(&AthenaDialect).try_with_sql(text).and_then(|mut p| p.parse_query());
    parsed.map(|q| *q).map_err(|e| SqlError::Syntax(e.to_string()))
}

fn alias_of(relation: &TableFactor) -> Option<Ident> {
    match relation {
        TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } => {
            Some(alias.name.clone())
        }
        TableFactor::Table { name, .. } => name.0.last().and_then(|p| p.as_ident()).cloned(),
        _ => None,
    }
}

/// The fields of the rows in a column of the lake, found by the column's name.
fn row_fields(array: &Expr, tables: &[(String, LakeTable)]) -> Option<Vec<String>> {
    let name = match array {
        Expr::Identifier(ident) => folded(ident),
        Expr::CompoundIdentifier(parts) => folded(parts.last()?),
        _ => return None,
    };
    let field = tables.iter().find_map(|(_, table)| table.arrow_schema().field_with_name(&name).ok())?;
    let DataType::List(element) = field.data_type() else { return None };
    let DataType::Struct(fields) = element.data_type() else { return None };
    Some(fields.iter().map(|f| f.name().clone()).collect())
}

/// `u.a.b` is `a.b` now, since the columns of `u` are the relation's.
fn unqualify(select: &mut Select, aliases: &[String]) {
    let mut strip = |expr: &mut Expr| {
        if let Expr::CompoundIdentifier(parts) = expr
            && parts.len() > 1
            && aliases.contains(&folded(&parts[0]))
        {
            parts.remove(0);
            if parts.len() == 1 {
                *expr = Expr::Identifier(parts.remove(0));
            }
        }
        ControlFlow::<()>::Continue(())
    };
    let from = std::mem::take(&mut select.from);
    let _ = visit_expressions_mut(select, &mut strip);
    select.from = from;
}
