//! Whose turn it is to write: held from the dedup probe to the commit, never for a process's life, so that a long
//! `serve --follow` and a command beside it take turns. Whoever waits in front of the others holds a second lock, which the
//! last writer would need to go again: so a writer of many small batches cannot keep others out. Both locks are the
//! operating system's, so a killed holder holds nothing.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a waiter looks whether the lock is free.
const RETRY: Duration = Duration::from_millis(25);
/// After this long a waiter says whom it waits for.
const SAY_AFTER: Duration = Duration::from_secs(2);
/// A command line is named to this length.
const NAMED_BYTES: usize = 200;

/// The right to write to a lake; given back when dropped.
#[derive(Debug)]
pub struct WriterLock {
    _file: File,
}

/// The lock was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another process writes to the lake: {holder}")]
    Held { holder: String },
    #[error("cannot lock the lake")]
    Io(#[from] io::Error),
}

impl WriterLock {
    /// Takes the lock of the lake in `folder`, waiting at most `wait`; `on_wait` hears once who holds it.
    pub fn acquire(folder: &Path, wait: Duration, on_wait: &mut dyn FnMut(&str)) -> Result<Self, LockError> {
        let mut patience = Patience { began: Instant::now(), wait, on_wait: Some(on_wait) };
        let _next = patience.lock(&folder.join("next_writer.lock"))?;
        Ok(Self { _file: patience.lock(&folder.join("writer.lock"))? })
    }
}

/// What is left of the time to wait, and who hears of it.
struct Patience<'a> {
    began: Instant,
    wait: Duration,
    on_wait: Option<&'a mut dyn FnMut(&str)>,
}

impl Patience<'_> {
    fn lock(&mut self, path: &Path) -> Result<File, LockError> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            let waited = self.began.elapsed();
            if waited >= SAY_AFTER
                && let Some(on_wait) = self.on_wait.take()
            {
                on_wait(&holder(&mut file));
            }
            if waited >= self.wait {
                return Err(LockError::Held { holder: holder(&mut file) });
            }
            std::thread::sleep(RETRY.min(self.wait - waited));
        }
        sign(&mut file)?;
        Ok(file)
    }
}

/// Writes into a lock who holds it.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let mut command = arguments.join(" ".as_ref()).to_string_lossy().into_owned();
    if command.len() > NAMED_BYTES {
        command.truncate(command.floor_char_boundary(NAMED_BYTES));
        command.push('…');
    }
    // In one piece: a waiter may read at any time.
    file.write_all(format!("pid {} ({command})", std::process::id()).as_bytes())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    match read {
        Ok(_) if !text.is_empty() => text,
        _ => "an unknown process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn who_waits_is_next_whatever_the_last_writer_wants() {
        let folder = tempfile::tempdir().unwrap();
        let acquire = |wait| WriterLock::acquire(folder.path(), wait, &mut |_| {});
        let mut writing = acquire(Duration::ZERO).unwrap();
        for _ in 0..20 {
            writing = std::thread::scope(|scope| {
                let waiter = scope.spawn(|| acquire(LONG).unwrap());
                let next = File::open(folder.path().join("next_writer.lock")).unwrap();
                while next.try_lock_shared().is_ok() {
                    next.unlock().unwrap();
                    std::thread::yield_now();
                }
                drop(writing);
                assert!(matches!(acquire(Duration::ZERO), Err(LockError::Held { .. })), "the last writer goes again");
                waiter.join().unwrap()
            });
        }
        drop(writing);
    }

    #[test]
    fn the_holder_is_named_by_pid_and_command() {
        let folder = tempfile::tempdir().unwrap();
        let _held = WriterLock::acquire(folder.path(), Duration::ZERO, &mut |_| {}).unwrap();
        let refused = WriterLock::acquire(folder.path(), Duration::ZERO, &mut |_| {}).unwrap_err().to_string();
        let pid = format!("another process writes to the lake: pid {} (", std::process::id());
        assert!(refused.starts_with(&pid) && refused.ends_with(')'), "{refused}");
    }
}
