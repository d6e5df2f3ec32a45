//! The checksum of a Parquet file: xxh3-128, taken from the bytes on their way to the disk, so that it says what was meant to be
//! written. `catalog` keeps it, `check` compares the file with it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

/// Hands bytes on and hashes those that were taken.
pub(super) struct Checksummed<W> {
    inner: W,
    hash: Xxh3,
}

impl<W> Checksummed<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, hash: Xxh3::new() }
    }

    pub(super) fn inner(&self) -> &W {
        &self.inner
    }

    /// The checksum of the bytes so far.
    pub(super) fn digest(&self) -> String {
        digits(&self.hash)
    }
}

impl<W: Write> Write for Checksummed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = self.inner.write(bytes)?;
        self.hash.update(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// The checksum of a file's bytes, read from the disk.
pub(crate) fn of_file(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Xxh3::new();
    let mut bytes = vec![0; 1 << 20];
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok(digits(&hash)),
            read => hash.update(&bytes[..read]),
        }
    }
}

fn digits(hash: &Xxh3) -> String {
    format!("{:032x}", hash.digest128())
}
