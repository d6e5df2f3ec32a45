//! What is kept of a request: one line on stderr when it has ended, and its place among the server's counts. It tells no parameters
//! and no keys.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::endpoint::Answered;
use super::metrics::{Counted, Metrics, Outcome};
use crate::clock::Now;
use crate::output::visible;

/// A longer path is cut in the log: nobody has to sign in to send one.
const PATH_CHARACTERS: usize = 200;

/// A request that has begun. One that is dropped before its answer is there was left by its client.
pub struct RequestRecord {
    id: String,
    /// Method and path.
    asked: String,
    begun: Instant,
    metrics: Arc<Metrics>,
    _under_way: Counted,
    has_ended: bool,
}

impl RequestRecord {
    /// A request of that method and path begins.
    pub fn begin(metrics: &Arc<Metrics>, method: &str, path: &str) -> Self {
        Self {
            id: uuid::Uuid::now_v7().to_string(),
            asked: format!("{method} {}", cut(path)),
            begun: Instant::now(),
            metrics: metrics.clone(),
            _under_way: metrics.request(),
            has_ended: false,
        }
    }

    /// The request's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// It has been answered.
    pub fn answered(mut self, answered: &Answered) {
        self.has_ended = true;
        let Answered { reply, operation, caller, error_code, failure } = answered;
        let took = self.begun.elapsed();
        self.metrics.ended(operation, Outcome::of_status(reply.status), took);
        let (caller, code) = (caller.as_deref().unwrap_or("-"), error_code.as_deref().unwrap_or("-"));
        self.write(&format!("{operation} {} {} {code}", visible(caller), reply.status), took);
        if let Some(failure) = failure {
            // Nothing can be said where stderr is gone.
            let _ = writeln!(anstream::stderr(), "{} failed: {}", self.id, visible(failure));
        }
    }

    fn write(&self, what: &str, took: Duration) {
        let (now, id) = (Now::clock().to_rfc3339(), &self.id);
        let line = format!("{now} {id} {} {what} {} ms", visible(&self.asked), took.as_millis());
        let _ = writeln!(anstream::stderr(), "{line}");
    }
}

fn cut(path: &str) -> String {
    match path.char_indices().nth(PATH_CHARACTERS) {
        Some((end, _)) => format!("{}…", &path[..end]),
        None => path.to_owned(),
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        if !self.has_ended {
            let took = self.begun.elapsed();
            self.metrics.ended("-", Outcome::Left, took);
            self.write("- - - ClientLeft", took);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_paths_are_cut() {
        assert_eq!(cut("/policy/generation"), "/policy/generation");
        let longest = "é".repeat(PATH_CHARACTERS);
        assert_eq!(cut(&longest), longest);
        assert_eq!(cut(&format!("{longest}éé")), format!("{longest}…"));
    }
}
