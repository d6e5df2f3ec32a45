//! The keys that Tadoru issued for its AWS-compatible endpoint. Their secrets stand in the catalog as they are, since a signature
//! can be checked with the secret alone; the lake's folder is its owner's, as the records in it are.

use rusqlite::{OptionalExtension, Row, params};

use super::{Catalog, CatalogError};

/// A key, and whom it stands for. It has no `Debug`, so that no log shows the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedKey {
    pub access_key_id: String,
    pub secret_access_key: String,
    /// The ARN of the principal whose calls are signed with it.
    pub principal: String,
    /// µs UTC.
    pub created_at_us: i64,
}

impl IssuedKey {
    fn read(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            access_key_id: row.get(0)?,
            secret_access_key: row.get(1)?,
            principal: row.get(2)?,
            created_at_us: row.get(3)?,
        })
    }
}

const COLUMNS: &str = "access_key_id, secret_access_key, principal, created_at";

impl Catalog {
    /// Keeps a new key.
    pub fn add_issued_key(&self, key: &IssuedKey) -> Result<(), CatalogError> {
        let IssuedKey { access_key_id, secret_access_key, principal, created_at_us } = key;
        self.connection.execute(
            &format!("INSERT INTO issued_key ({COLUMNS}) VALUES (?, ?, ?, ?)"),
            params![access_key_id, secret_access_key, principal, created_at_us],
        )?;
        Ok(())
    }

    /// Every key, the oldest first.
    pub fn issued_keys(&self) -> Result<Vec<IssuedKey>, CatalogError> {
        let sql = format!("SELECT {COLUMNS} FROM issued_key ORDER BY created_at, access_key_id");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let keys = statement.query_map([], IssuedKey::read)?;
        Ok(keys.collect::<Result<_, _>>()?)
    }

    /// The key of that id.
    pub fn issued_key(&self, access_key_id: &str) -> Result<Option<IssuedKey>, CatalogError> {
        let sql = format!("SELECT {COLUMNS} FROM issued_key WHERE access_key_id = ?");
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row([access_key_id], IssuedKey::read).optional()?)
    }

    /// Forgets a key; false if there is none of that id.
    pub fn delete_issued_key(&self, access_key_id: &str) -> Result<bool, CatalogError> {
        Ok(self.connection.execute("DELETE FROM issued_key WHERE access_key_id = ?", [access_key_id])? > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_until_it_is_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let key = |id: &str, created_at_us| IssuedKey {
            access_key_id: id.to_owned(),
            secret_access_key: "secret".to_owned(),
            principal: "arn:aws:iam::111111111111:user/Alice".to_owned(),
            created_at_us,
        };
        let catalog = Catalog::open_or_create(folder.path()).unwrap();
        catalog.add_issued_key(&key("AKIA2", 2)).unwrap();
        catalog.add_issued_key(&key("AKIA1", 1)).unwrap();
        assert!(catalog.add_issued_key(&key("AKIA1", 3)).is_err());
        let again = Catalog::open(folder.path()).unwrap();
        assert!(again.issued_keys().unwrap() == [key("AKIA1", 1), key("AKIA2", 2)]);
        assert!(again.delete_issued_key("AKIA1").unwrap());
        assert!(!again.delete_issued_key("AKIA1").unwrap());
        assert!(again.issued_key("AKIA1").unwrap().is_none());
        assert!(again.issued_key("AKIA2").unwrap() == Some(key("AKIA2", 2)));
    }
}
