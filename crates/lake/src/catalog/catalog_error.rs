//! Why a catalog could not be used, and what of it a person can mend. The faces say what to try.

use std::path::{Path, PathBuf};

/// Why the catalog could not be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error("there is no lake in {}", .0.display())]
    NoLake(PathBuf),
    #[error("the lake's catalog was written by a newer version: {what} is {found}, this tadoru knows {known}")]
    NewerVersion { what: &'static str, found: String, known: &'static str },
    #[error("{} is not a lake's catalog: {detail}", path.display())]
    Corrupt { path: PathBuf, detail: String },
    #[error("another program changed the lake in a way this tadoru does not read: {0}")]
    ForeignChange(String),
    #[error("the lake in {} has files, and no catalog that names them", .0.display())]
    CatalogGone(PathBuf),
    #[error("cannot use the lake's folder {}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("the newest commits of the lake cannot be read: {} must be merged first", .0.display())]
    Unmerged(PathBuf),
    #[error("the lake's catalog cannot be used")]
    Sqlite(#[from] rusqlite::Error),
}

/// What is wrong with a catalog's file, as far as a person can mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogFault {
    /// Its bytes are not, or no longer, a database.
    Damaged,
    /// The operating system does not let this user read or write it.
    NotPermitted,
    DiskFull,
    /// Another program holds it.
    Busy,
    Other,
}

impl CatalogError {
    /// The error of opening the file at `path`: one whose bytes are no database is named.
    pub(super) fn at(self, path: &Path) -> Self {
        match &self {
            Self::Sqlite(error) if self.fault() == CatalogFault::Damaged => {
                Self::Corrupt { path: path.to_owned(), detail: error.to_string() }
            }
            _ => self,
        }
    }

    /// The kind of an error that SQLite reported.
    pub fn fault(&self) -> CatalogFault {
        use rusqlite::ErrorCode as Code;
        let Self::Sqlite(error) = self else { return CatalogFault::Other };
        match error.sqlite_error_code() {
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => CatalogFault::Damaged,
            Some(
                Code::PermissionDenied | Code::ReadOnly | Code::CannotOpen | Code::AuthorizationForStatementDenied,
            ) => CatalogFault::NotPermitted,
            Some(Code::DiskFull) => CatalogFault::DiskFull,
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => CatalogFault::Busy,
            // A table or column that DuckLake and Tadoru always make is gone.
            Some(Code::Unknown) => CatalogFault::Damaged,
            _ => match error {
                rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::QueryReturnedNoRows => CatalogFault::Damaged,
                _ => CatalogFault::Other,
            },
        }
    }
}
