//! What Athena's SQL says that DataFusion's planner does not understand, rewritten on the syntax tree, and the labels
//! that Athena would print over the answer. A statement passes here after `sql_guard` and before the planner.

mod call;
mod relation;

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, Expr, Ident, ObjectName, OrderByKind, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    Statement, VisitMut, VisitorMut,
};

use crate::engine::Answer;
use crate::lake_table::LakeTable;
use crate::sql_error::SqlError;
use crate::value::Value;

/// The labels of the answer: an alias or a column's last name as it was typed, `_colN` (N from 0) for any other
/// expression, as Athena prints them. `names` are the planner's, used where the statement does not tell.
pub(crate) fn labels(statement: &Statement, names: Vec<String>) -> Vec<String> {
    let Statement::Query(query) = statement else { return names };
    let Some(items) = projection(query) else {
        return (0..names.len()).map(|i| format!("_col{i}")).collect();
    };
    let wildcards = items.iter().filter(|i| is_wildcard(i)).count();
    let Some(expanded) = (names.len() + wildcards).checked_sub(items.len()) else { return names };
    if wildcards > 1 {
        return names;
    }
    let mut labels = Vec::with_capacity(names.len());
    for item in items {
        let at = labels.len();
        match item {
            SelectItem::UnnamedExpr(expr) => labels.push(expression_label(expr).unwrap_or_else(|| format!("_col{at}"))),
            SelectItem::ExprWithAlias { alias, .. } => labels.push(alias.value.clone()),
            _ => labels.extend(names.iter().skip(at).take(expanded).cloned()),
        }
    }
    if labels.len() == names.len() { labels } else { names }
}

fn projection(query: &Query) -> Option<&[SelectItem]> {
    let mut body = query.body.as_ref();
    loop {
        match body {
            SetExpr::Select(select) => return Some(&select.projection),
            SetExpr::Query(query) => body = query.body.as_ref(),
            SetExpr::SetOperation { left, .. } => body = left.as_ref(),
            _ => return None,
        }
    }
}

fn is_wildcard(item: &SelectItem) -> bool {
    matches!(
        item,
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(_), _)
    )
}

fn expression_label(expr: &Expr) -> Option<String> {
    last_name(expr).map(|ident| ident.value.clone())
}

fn last_name(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Identifier(ident) => Some(ident),
        Expr::CompoundIdentifier(parts) => parts.last(),
        Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last() {
            Some(ast::AccessExpr::Dot(field)) => last_name(field),
            _ => None,
        },
        _ => None,
    }
}

/// The answer to a statement that asks about tables instead of rows: SHOW TABLES, SHOW COLUMNS, DESCRIBE.
pub(crate) fn about_tables(statement: &Statement, tables: &[(String, LakeTable)]) -> Result<Option<Answer>, SqlError> {
    let text = |s: &str| Value::Text(s.to_owned());
    let table = |name: Option<&ObjectName>| {
        let name = name.and_then(|n| n.0.last()).map(|p| p.to_string().trim_matches(['"', '`', '\'']).to_lowercase());
        let name = name.unwrap_or_default();
        let found = tables.iter().find(|(known, _)| *known == name).map(|(_, table)| table.arrow_schema().clone());
        found.ok_or_else(|| SqlError::UnknownTable { name, known: tables.iter().map(|(n, _)| n.clone()).collect() })
    };
    let answer = |columns: &[&str], rows: Vec<Vec<Value>>| Answer {
        columns: columns.iter().map(|c| (*c).to_owned()).collect(),
        column_types: columns.iter().map(|_| "varchar".to_owned()).collect(),
        rows,
    };
    Ok(match statement {
        Statement::ShowTables { .. } => {
            Some(answer(&["tab_name"], tables.iter().map(|(name, _)| vec![text(name)]).collect()))
        }
        Statement::ShowColumns { show_options, .. } => {
            let schema = table(show_options.show_in.as_ref().and_then(|s| s.parent_name.as_ref()))?;
            Some(answer(&["field"], schema.fields().iter().map(|f| vec![text(f.name())]).collect()))
        }
        Statement::ExplainTable { table_name, .. } => {
            let schema = table(Some(table_name))?;
            let row =
                |f: &arrow::datatypes::FieldRef| vec![text(f.name()), text(&crate::value::type_name(f.data_type()))];
            Some(answer(&["col_name", "data_type"], schema.fields().iter().map(row).collect()))
        }
        _ => None,
    })
}

/// Rewrites what Athena writes otherwise than DataFusion reads.
///
/// # Errors
/// A form that cannot be had here, named.
pub(crate) fn rewrite(statement: &mut Statement, tables: &[(String, LakeTable)]) -> Result<(), SqlError> {
    match statement.visit(&mut Rewriting { tables }) {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Rewriting<'a> {
    tables: &'a [(String, LakeTable)],
}

impl VisitorMut for Rewriting<'_> {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<SqlError> {
        order_by_position(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<SqlError> {
        if let Err(error) = relation::unnest(select, self.tables) {
            return ControlFlow::Break(error);
        }
        name_items(select);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<SqlError> {
        match call::rewrite(expr) {
            Err(error) => ControlFlow::Break(error),
            Ok(()) => ControlFlow::Continue(()),
        }
    }
}

/// `ORDER BY x` where `x` is also selected becomes its position: after DISTINCT the planner knows the selected columns
/// only by their names, and a leaf of a struct has none.
fn order_by_position(query: &mut Query) {
    let Some(items) = projection(query) else { return };
    let written: Vec<Option<String>> = items
        .iter()
        .map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr.to_string()),
            _ => None,
        })
        .collect();
    if items.iter().any(is_wildcard) {
        return;
    }
    let Some(OrderByKind::Expressions(orders)) = query.order_by.as_mut().map(|o| &mut o.kind) else { return };
    for order in orders {
        if matches!(order.expr, Expr::Value(_) | Expr::Identifier(_)) {
            continue;
        }
        let text = order.expr.to_string();
        if let Some(position) = written.iter().position(|w| w.as_ref().is_some_and(|w| w.eq_ignore_ascii_case(&text))) {
            order.expr = Expr::value(ast::Value::Number((position + 1).to_string(), false));
        }
    }
}

/// Names what has no name as Athena does, so that an outer query may call it that: a leaf of a struct by its last part,
/// other expressions `_colN`. It also tells apart expressions that are written twice, which the planner would refuse.
fn name_items(select: &mut Select) {
    let has_wildcard = select.projection.iter().any(is_wildcard);
    let alias_of = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
        _ => None,
    };
    let mut taken: Vec<String> = select.projection.iter().filter_map(alias_of).collect();
    for (position, item) in select.projection.iter_mut().enumerate() {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let name = last_name(expr).map(folded).filter(|name| !has_wildcard && !taken.contains(name));
        if let (Some(name), Expr::Identifier(_)) = (&name, &*expr) {
            taken.push(name.clone());
            continue;
        }
        let alias = name.unwrap_or_else(|| format!("_col{position}"));
        taken.push(alias.clone());
        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', alias) };
    }
}

/// The name as the planner will look for it.
fn folded(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}
