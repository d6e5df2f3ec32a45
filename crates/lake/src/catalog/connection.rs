//! Connections to the catalog's file. A reader's is an ordinary one, or, where this user may not write beside the file, one to
//! the file alone. A writer's turns on write-ahead logging, which a new file has not.

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

/// Turns on write-ahead logging. While others use a new file too, SQLite refuses at once and not after its timeout: who asks
/// for the switch reads already, and two of them would wait for each other. So it lets go, calls `wait`, and asks again
/// while that says so.
pub(super) fn log_ahead(connection: &Connection, mut wait: impl FnMut() -> bool) -> rusqlite::Result<()> {
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && wait() => {}
            other => return other,
        }
    }
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
    use super::super::Catalog;
    use super::*;

    #[test]
    fn a_path_is_one_whatever_signs_it_has() {
        let check = |path: &str, expected: &str| assert_eq!(immutable_uri(Path::new(path)), expected);
        check("/lake/catalog.sqlite", "file:/lake/catalog.sqlite?immutable=1");
        check("/a b/50%/x?y#z/日", "file:/a%20b/50%25/x%3Fy%23z/%E6%97%A5?immutable=1");
    }

    /// A connection that writes to a file without write-ahead logging.
    fn writing(path: &Path) -> Connection {
        let writer = Connection::open(path).unwrap();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        writer
    }

    #[test]
    fn write_ahead_logging_begins_when_others_let_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new.sqlite");
        let other = writing(&path);
        let connection = Connection::open(&path).unwrap();
        let refused = log_ahead(&connection, || false).unwrap_err();
        assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::DatabaseBusy));
        let mut waits = 0;
        let wait = || {
            waits += 1;
            if waits == 3 {
                other.execute_batch("COMMIT").unwrap();
            }
            true
        };
        log_ahead(&connection, wait).unwrap();
        assert_eq!(waits, 3);
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }

    #[test]
    fn a_reader_does_not_mind_the_first_writer() {
        let folder = tempfile::tempdir().unwrap();
        let _writer = writing(&Catalog::path(folder.path()));
        let found = Catalog::open(folder.path());
        assert!(matches!(found, Err(CatalogError::NoLake(_))), "{found:?}");
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
