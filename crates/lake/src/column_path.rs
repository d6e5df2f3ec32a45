//! The columns of a table as a statement names them, down to the fields of structs: what a person is shown and what an
//! editor completes.

use arrow::datatypes::{DataType, Fields};

use crate::lake_table::LakeTable;
use crate::value::type_name;

/// A column, or a field inside of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnPath {
    /// As in a statement: `useridentity.sessioncontext.sourceidentity`.
    pub path: String,
    /// Athena's name of its type; of a struct only `row`, because its fields follow.
    pub type_name: String,
}

/// Every column in order, each struct followed by its fields.
pub(crate) fn column_paths(table: &LakeTable) -> Vec<ColumnPath> {
    let mut paths = Vec::new();
    add("", table.arrow_schema().fields(), &mut paths);
    paths
}

fn add(prefix: &str, fields: &Fields, paths: &mut Vec<ColumnPath>) {
    for field in fields {
        let path = format!("{prefix}{}", field.name());
        match field.data_type() {
            DataType::Struct(inner) => {
                let below = format!("{path}.");
                paths.push(ColumnPath { path, type_name: "row".to_owned() });
                add(&below, inner, paths);
            }
            other => paths.push(ColumnPath { path, type_name: type_name(other) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Table;

    #[test]
    fn a_struct_is_followed_by_its_fields() {
        let found = column_paths(&LakeTable::new(Table::Events.columns(), Vec::new()));
        let at = |path: &str| found.iter().position(|column| column.path == path);
        let outer = at("useridentity").unwrap();
        assert_eq!(found[outer].type_name, "row");
        assert_eq!((&*found[outer + 1].path, &*found[outer + 1].type_name), ("useridentity.type", "varchar"));
        assert!(at("useridentity.sessioncontext.attributes.mfaauthenticated").is_some());
        assert_eq!(found[at("eventdate").unwrap()].type_name, "date");
    }
}
