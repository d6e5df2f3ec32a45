//! Whether somebody has written to the catalog meanwhile: a reader that stays open asks it before it trusts what it knows.

use super::{Catalog, CatalogError};

impl Catalog {
    /// A number that is another one after each commit by any other connection, of this process or of another; commits of this
    /// connection do not change it.
    pub fn change_mark(&self) -> Result<i64, CatalogError> {
        Ok(self.connection.query_row("PRAGMA data_version", [], |row| row.get(0))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_connections_commit_changes_the_mark() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Catalog::open_or_create(folder.path()).unwrap();
        let reader = Catalog::open(folder.path()).unwrap();
        let before = reader.change_mark().unwrap();
        assert_eq!(reader.change_mark().unwrap(), before);
        writer.set_setting("as_of", "1").unwrap();
        assert_ne!(reader.change_mark().unwrap(), before);
    }
}
