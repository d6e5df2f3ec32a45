//! The bytes of one inflated file as `document` reads them: in memory, or of a file too large for that and read a
//! part at a time. One reader over both, so that a large file cannot be judged by other rules than a small one.

use std::borrow::Cow;

use crate::json::scanner::plain_end;

/// Random access to an inflated file.
pub trait DocumentBytes<'a>: Copy {
    /// Bytes of the whole file.
    fn len(self) -> usize;

    /// The byte at `at`; `None` behind the end.
    fn get(self, at: usize) -> Option<u8>;

    /// The bytes from `start` up to `end`, which the caller has bounded: they may have to be copied.
    fn slice(self, start: usize, end: usize) -> Cow<'a, [u8]>;

    /// Shows the bytes at hand from `at` on: not all, but at least one unless the file ends there.
    fn with_run<R>(self, at: usize, look: impl FnOnce(&[u8]) -> R) -> R;

    /// Whether the file has no bytes.
    fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The first byte at or after `at` that ends a plain stretch of a JSON string: quote, backslash or a control byte.
    #[inline]
    fn plain_end(self, mut at: usize) -> usize {
        loop {
            let (stop, length) = self.with_run(at, |run| (plain_end(run, 0), run.len()));
            if stop < length || length == 0 {
                return at + stop;
            }
            at += length;
        }
    }

    /// Where `byte` stands first at or after `at`.
    fn find(self, byte: u8, mut at: usize) -> Option<usize> {
        loop {
            let (found, length) = self.with_run(at, |run| (memchr::memchr(byte, run), run.len()));
            match found {
                Some(place) => return Some(at + place),
                None if length == 0 => return None,
                None => at += length,
            }
        }
    }

    /// Whether the bytes from `start` up to `end` are UTF-8.
    fn is_utf8(self, start: usize, end: usize) -> bool {
        let mut at = start;
        while at < end {
            let checked = self.with_run(at, |run| {
                let run = &run[..run.len().min(end - at)];
                match simdutf8::compat::from_utf8(run) {
                    Ok(_) => Ok(run.len()),
                    Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
                    Err(_) => Err(()),
                }
            });
            match checked {
                Err(()) => return false,
                // The run ends within a character.
                Ok(0) => match std::str::from_utf8(&self.slice(at, end.min(at + 4))) {
                    Ok(text) => at += text.len(),
                    Err(error) if error.valid_up_to() > 0 => at += error.valid_up_to(),
                    Err(_) => return false,
                },
                Ok(valid) => at += valid,
            }
        }
        true
    }
}

impl<'a> DocumentBytes<'a> for &'a [u8] {
    #[inline(always)]
    fn len(self) -> usize {
        <[u8]>::len(self)
    }

    #[inline(always)]
    fn get(self, at: usize) -> Option<u8> {
        <[u8]>::get(self, at).copied()
    }

    #[inline(always)]
    fn slice(self, start: usize, end: usize) -> Cow<'a, [u8]> {
        Cow::Borrowed(&self[start..end])
    }

    #[inline(always)]
    fn with_run<R>(self, at: usize, look: impl FnOnce(&[u8]) -> R) -> R {
        look(&self[at.min(<[u8]>::len(self))..])
    }

    #[inline(always)]
    fn plain_end(self, at: usize) -> usize {
        plain_end(self, at)
    }

    fn is_utf8(self, start: usize, end: usize) -> bool {
        simdutf8::basic::from_utf8(&self[start..end]).is_ok()
    }
}
