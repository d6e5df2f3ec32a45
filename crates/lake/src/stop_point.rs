//! Numbered places in the writer where the kill tests end the process: `batch_read`, `file_written`, `files_written`,
//! `before_commit`, `after_commit`, and the like around the other commits (`before_job`, `after_job`). [`arm`] names one place and
//! the pass at which it strikes; the program arms one where `TADORU_TEST_STOP_POINT` is set, and nothing is armed otherwise.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

static ARMED: OnceLock<(String, u64)> = OnceLock::new();
static PASSES: AtomicU64 = AtomicU64::new(0);

/// Arms one stop point: the process is killed (as by `kill -9`) when it reaches `name` for the `pass`th time.
pub fn arm(name: String, pass: u64) {
    let _ = ARMED.set((name, pass));
}

/// Marks a place; ends the process where it is armed.
pub(crate) fn reach(name: &str) {
    if let Some((armed, pass)) = ARMED.get()
        && armed == name
        && PASSES.fetch_add(1, Ordering::Relaxed) + 1 == *pass
    {
        std::process::abort();
    }
}
