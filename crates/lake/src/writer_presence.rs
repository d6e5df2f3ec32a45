//! Whether a writer lives. Each one has an id that begins the names of its files, and while it lives it holds the lock of
//! `writers/<id>.lock`; so a file that no snapshot names is an orphan only where its writer was killed: that one's lock is still there, and free. `clean_up` asks.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Letters of a writer's id.
const ID_LENGTH: usize = 32;

/// A living writer; no longer alive when dropped.
#[derive(Debug)]
pub struct WriterPresence {
    id: String,
    path: PathBuf,
    _file: File,
}

impl WriterPresence {
    /// Makes a writer of the lake in `folder` known.
    pub fn register(folder: &Path) -> io::Result<Self> {
        let writers = folder.join("writers");
        fs::create_dir_all(&writers)?;
        loop {
            let id = uuid::Uuid::now_v7().simple().to_string();
            let path = writers.join(format!("{id}.lock"));
            let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            file.lock()?;
            // A clean-up may have come between making and locking it, and taken it for a dead writer's.
            if fs::metadata(&path).is_ok_and(|there| file.metadata().is_ok_and(|own| own.ino() == there.ino())) {
                return Ok(Self { id, path, _file: file });
            }
        }
    }

    /// Begins the names of all files this writer makes.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for WriterPresence {
    fn drop(&mut self) {
        // What stays behind is a dead writer's, and the next clean-up removes it.
        let _ = fs::remove_file(&self.path);
    }
}

/// The id in the name of a file that a writer of Tadoru made; `None` for files of others.
pub(crate) fn writer_of(file_name: &str) -> Option<&str> {
    let id = file_name.get(..ID_LENGTH)?;
    let is_id = id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    (is_id && file_name[ID_LENGTH..].starts_with(['-', '.'])).then_some(id)
}

/// The ids of the writers that left their lock behind.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Writers {
    pub living: HashSet<String>,
    /// Killed: one that ends takes its lock along.
    pub dead: HashSet<String>,
}

/// Who writes to the lake, and who was killed while it did.
pub(crate) fn writers(folder: &Path) -> io::Result<Writers> {
    let mut writers = Writers::default();
    for (id, path) in lock_files(folder)? {
        match File::open(path) {
            Ok(file) if is_locked(&file)? => drop(writers.living.insert(id)),
            Ok(_) => drop(writers.dead.insert(id)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(writers)
}

/// Removes the locks of writers that died without doing so.
pub(crate) fn remove_dead(folder: &Path) -> io::Result<()> {
    for (_, path) in lock_files(folder)? {
        if let Ok(file) = File::open(&path)
            && !is_locked(&file)?
        {
            fs::remove_file(&path).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })?;
        }
    }
    Ok(())
}

fn lock_files(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match fs::read_dir(folder.join("writers")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let Some(id) = entry.file_name().to_str().and_then(writer_of) {
            files.push((id.to_owned(), entry.path()));
        }
    }
    Ok(files)
}

fn is_locked(file: &File) -> io::Result<bool> {
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_lives_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let writer = WriterPresence::register(folder.path()).unwrap();
        let (id, path) = (writer.id().to_owned(), writer.path.clone());
        assert!(writers(folder.path()).unwrap().living.contains(&id));
        remove_dead(folder.path()).unwrap();
        assert!(path.exists(), "a living writer's lock stays");
        drop(writer);
        assert_eq!(writers(folder.path()).unwrap(), Writers::default());
        fs::write(&path, "").unwrap();
        assert!(writers(folder.path()).unwrap().dead.contains(&id));
        remove_dead(folder.path()).unwrap();
        assert!(!path.exists(), "a killed writer leaves its lock file unlocked");
    }

    #[test]
    fn only_files_of_writers_are_recognised() {
        let id = "0190a3b2c4d5e6f708192a3b4c5d6e7f";
        let check = |name: &str, expected: Option<&str>| assert_eq!(writer_of(name), expected, "{name}");
        check(&format!("{id}-000001.parquet"), Some(id));
        check(&format!("{id}.lock"), Some(id));
        check("ducklake-01a1fc62-b3f1-760f-a1b8-078b1e805b25.parquet", None);
        check(id, None);
        check("é", None);
    }
}
