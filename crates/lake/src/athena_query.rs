//! What Athena's SQL says that DataFusion's planner does not understand, rewritten on the syntax tree, and the labels
//! that Athena would print over the answer. A statement passes here after `sql_guard` and before the planner.

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, Query, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, Statement,
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
            Some(datafusion::sql::sqlparser::ast::AccessExpr::Dot(field)) => last_name(field),
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

pub(crate) fn rewrite(_statement: &mut Statement, _tables: &[(String, LakeTable)]) -> Result<(), SqlError> {
    Ok(())
}
