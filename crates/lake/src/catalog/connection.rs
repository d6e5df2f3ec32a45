//! The reader's connection to the catalog's file: an ordinary one, or, where this user may not write beside the file, one to
//! the file alone.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::CatalogError;

/// Opens the catalog at `path` to read it.
///
/// # Errors
/// `Unmerged` where the newest commits, or pages to roll back, lie beside the file and this user may not merge them.
pub(super) fn open(path: &Path) -> Result<Connection, CatalogError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).or_else(|_| Connection::open_with_flags(path, read_only));
    // Only a statement tells whether SQLite gets by: it makes its shared memory file beside the catalog.
    let tried = opened.and_then(|connection| {
        connection.busy_timeout(super::BUSY_TIMEOUT)?;
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        Ok(connection)
    });
    match tried {
        Err(error) if is_refused(&error) => {}
        other => return Ok(other?),
    }
    for unfinished in ["-wal", "-journal"].map(|ending| beside(path, ending)) {
        if unfinished.metadata().is_ok_and(|file| file.len() > 0) {
            return Err(CatalogError::Unmerged(unfinished));
        }
    }
    // A writer makes that file as it begins, so none is at work; one that begins while this reads is not noticed.
    let flags = read_only | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(immutable_uri(path), flags)?)
}

fn is_refused(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What tells SQLite that nobody writes to the file, so that it needs neither locks nor files beside it.
fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'~' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_whatever_signs_it_has() {
        let check = |path: &str, expected: &str| assert_eq!(immutable_uri(Path::new(path)), expected);
        check("/lake/catalog.sqlite", "file:/lake/catalog.sqlite?immutable=1");
        check("/a b/50%/x?y#z/日", "file:/a%20b/50%25/x%3Fy%23z/%E6%97%A5?immutable=1");
    }

    #[test]
    fn the_file_alone_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("50% x?y#z.sqlite");
        Connection::open(&path).unwrap().execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let alone = Connection::open_with_flags(immutable_uri(&path), flags).unwrap();
        assert_eq!(alone.query_row("SELECT name FROM sqlite_master", [], |row| row.get(0)), Ok("t".to_owned()));
        assert!(!beside(&path, "-wal").exists(), "nothing is made beside it");
    }
}
