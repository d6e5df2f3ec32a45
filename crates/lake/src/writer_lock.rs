//! Whose turn it is to write: held from the dedup probe to the commit, never for a process's life, so that a long
//! `serve --follow` and a command beside it take turns. The lock is the operating system's, so a killed holder holds nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a waiter looks whether the lock is free.
const RETRY: Duration = Duration::from_millis(25);
/// After this long a waiter says whom it waits for.
const SAY_AFTER: Duration = Duration::from_secs(2);

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
    Io(#[from] std::io::Error),
}

impl WriterLock {
    /// Takes the lock of the lake in `folder`, waiting at most `wait`; `on_wait` hears once who holds it.
    pub fn acquire(folder: &Path, wait: Duration, on_wait: &mut dyn FnMut(&str)) -> Result<Self, LockError> {
        let path = folder.join("writer.lock");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let began = Instant::now();
        let mut said = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            let waited = began.elapsed();
            if waited >= wait {
                return Err(LockError::Held { holder: holder(&mut file) });
            }
            if waited >= SAY_AFTER && !said {
                said = true;
                on_wait(&holder(&mut file));
            }
            std::thread::sleep(RETRY);
        }
        file.set_len(0)?;
        file.rewind()?;
        let command: Vec<String> = std::env::args().take(2).collect();
        write!(file, "pid {} ({})", std::process::id(), command.join(" "))?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    match read {
        Ok(_) if !text.is_empty() => text,
        _ => "an unknown process".to_owned(),
    }
}
