//! The body of one object as it comes, for what is too large to wait in memory: a reader on the caller's thread, a request on
//! the bucket's runtime, a few chunks between them.

use std::io::{Error, ErrorKind, Read, Result};

use tokio::sync::mpsc::Receiver;

use super::failure::S3Failure;
use crate::source::SourceFault;

/// Chunks between the request and the reader.
pub(super) const CHUNKS_AHEAD: usize = 4;

/// Reads a body once. An error of S3 comes as an `io::Error` that [`fault_of`] reads back.
#[derive(Debug)]
pub struct BodyStream {
    chunks: Receiver<std::result::Result<Vec<u8>, S3Failure>>,
    current: Vec<u8>,
    at: usize,
    /// Bytes that are still to come.
    left: u64,
}

impl BodyStream {
    pub(super) fn new(chunks: Receiver<std::result::Result<Vec<u8>, S3Failure>>, size_bytes: u64) -> Self {
        Self { chunks, current: Vec::new(), at: 0, left: size_bytes }
    }
}

impl Read for BodyStream {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.at == self.current.len() {
            match self.chunks.blocking_recv() {
                Some(Ok(chunk)) => {
                    self.left = self.left.saturating_sub(chunk.len() as u64);
                    (self.current, self.at) = (chunk, 0);
                }
                Some(Err(failure)) => return Err(Error::other(failure)),
                None if self.left == 0 => return Ok(0),
                None => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = buffer.len().min(self.current.len() - self.at);
        buffer[..count].copy_from_slice(&self.current[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// The fault that an error of reading `name` stands for.
pub(crate) fn fault_of(name: &str, error: &Error) -> SourceFault {
    match error.get_ref().and_then(|cause| cause.downcast_ref::<S3Failure>()) {
        Some(failure) => failure.clone().into_fault(),
        None => SourceFault { name: name.to_owned(), reason: "IO_ERROR", detail: error.to_string() },
    }
}
