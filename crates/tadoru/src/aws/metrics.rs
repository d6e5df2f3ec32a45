//! What the server counts about itself, in Prometheus' text format: requests by operation and outcome, their times, connections. No
//! label comes from a client: an operation is one of those that are answered, or `none`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Answered,
    /// The client's mistake, or what it may not.
    Refused,
    /// Ours.
    Failed,
    /// The client did not wait for the answer.
    Left,
}

impl Outcome {
    /// Of an answer's status.
    pub fn of_status(status: u16) -> Self {
        match status {
            ..400 => Self::Answered,
            400..500 => Self::Refused,
            _ => Self::Failed,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Left => "left",
        }
    }
}

/// Upper bounds of the times that are told apart, in milliseconds, with their label in seconds.
const BUCKETS: [(u64, &str); 9] = [
    (1, "0.001"),
    (5, "0.005"),
    (25, "0.025"),
    (100, "0.1"),
    (500, "0.5"),
    (1_000, "1"),
    (5_000, "5"),
    (30_000, "30"),
    (300_000, "300"),
];

/// The times of an operation's requests.
#[derive(Debug, Default)]
struct Times {
    /// Of each bucket those that are in none before it.
    counts: [u64; BUCKETS.len()],
    count: u64,
    sum: Duration,
}

#[derive(Debug, Default)]
struct Requests {
    ended: BTreeMap<(String, Outcome), u64>,
    times: BTreeMap<String, Times>,
}

/// The counters of one server.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<Requests>,
    under_way: Arc<AtomicI64>,
    connections: Arc<AtomicI64>,
    connections_refused: AtomicU64,
}

/// Counts as one as long as it lives.
#[derive(Debug)]
pub struct Counted(Arc<AtomicI64>);

impl Counted {
    fn new(gauge: &Arc<AtomicI64>) -> Self {
        gauge.fetch_add(1, Ordering::Relaxed);
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// A request is under way.
    pub fn request(&self) -> Counted {
        Counted::new(&self.under_way)
    }

    /// A connection is open.
    pub fn connection(&self) -> Counted {
        Counted::new(&self.connections)
    }

    /// A connection was closed because its address had too many.
    pub fn connection_refused(&self) {
        self.connections_refused.fetch_add(1, Ordering::Relaxed);
    }

    /// A request has ended. `operation` is one that is answered, or `-`.
    pub fn ended(&self, operation: &str, outcome: Outcome, took: Duration) {
        let operation = if operation == "-" { "none" } else { operation };
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.ended.entry((operation.to_owned(), outcome)).or_default() += 1;
        let times = requests.times.entry(operation.to_owned()).or_default();
        times.count += 1;
        times.sum += took;
        if let Some(bucket) = BUCKETS.iter().position(|(most_ms, _)| took <= Duration::from_millis(*most_ms)) {
            times.counts[bucket] += 1;
        }
    }

    /// All of it, with the lake's jobs by operation and state.
    pub fn text(&self, jobs: &[(String, String, u32)]) -> String {
        let mut text = String::new();
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        head(&mut text, "tadoru_requests_total", "counter", "Requests by operation and outcome.");
        for ((operation, outcome), count) in &requests.ended {
            let outcome = outcome.name();
            line(
                &mut text,
                &format!("tadoru_requests_total{{operation=\"{operation}\",outcome=\"{outcome}\"}} {count}"),
            );
        }
        head(&mut text, "tadoru_request_seconds", "histogram", "Time from a request's head to its answer.");
        for (operation, times) in &requests.times {
            let label = format!("operation=\"{operation}\"");
            let mut so_far = 0;
            for ((_, most), count) in BUCKETS.iter().zip(times.counts) {
                so_far += count;
                line(&mut text, &format!("tadoru_request_seconds_bucket{{{label},le=\"{most}\"}} {so_far}"));
            }
            line(&mut text, &format!("tadoru_request_seconds_bucket{{{label},le=\"+Inf\"}} {}", times.count));
            line(&mut text, &format!("tadoru_request_seconds_sum{{{label}}} {:.6}", times.sum.as_secs_f64()));
            line(&mut text, &format!("tadoru_request_seconds_count{{{label}}} {}", times.count));
        }
        drop(requests);
        let under_way = self.under_way.load(Ordering::Relaxed);
        head(&mut text, "tadoru_requests_under_way", "gauge", "Requests that have no answer yet.");
        line(&mut text, &format!("tadoru_requests_under_way {under_way}"));
        head(&mut text, "tadoru_connections", "gauge", "Open connections.");
        line(&mut text, &format!("tadoru_connections {}", self.connections.load(Ordering::Relaxed)));
        head(
            &mut text,
            "tadoru_connections_refused_total",
            "counter",
            "Connections closed because their address had too many.",
        );
        let refused = self.connections_refused.load(Ordering::Relaxed);
        line(&mut text, &format!("tadoru_connections_refused_total {refused}"));
        head(&mut text, "tadoru_jobs", "gauge", "Jobs that are not forgotten, by operation and state.");
        for (operation, state, count) in jobs {
            line(&mut text, &format!("tadoru_jobs{{operation=\"{operation}\",state=\"{state}\"}} {count}"));
        }
        text
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}").expect("a String takes everything");
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_operation_outcome_and_time() {
        let metrics = Metrics::default();
        for (operation, status, ms) in [("iam:ListUsers", 200, 3), ("iam:ListUsers", 200, 700_000), ("-", 403, 0)] {
            metrics.ended(operation, Outcome::of_status(status), Duration::from_millis(ms));
        }
        let (_request, connection) = (metrics.request(), metrics.connection());
        drop(connection);
        metrics.connection_refused();
        let text = metrics.text(&[("Generate".to_owned(), "failed".to_owned(), 2)]);
        for expected in [
            "# TYPE tadoru_requests_total counter",
            "tadoru_requests_total{operation=\"iam:ListUsers\",outcome=\"answered\"} 2",
            "tadoru_requests_total{operation=\"none\",outcome=\"refused\"} 1",
            "tadoru_request_seconds_bucket{operation=\"iam:ListUsers\",le=\"0.001\"} 0",
            "tadoru_request_seconds_bucket{operation=\"iam:ListUsers\",le=\"0.005\"} 1",
            "tadoru_request_seconds_bucket{operation=\"iam:ListUsers\",le=\"300\"} 1",
            "tadoru_request_seconds_bucket{operation=\"iam:ListUsers\",le=\"+Inf\"} 2",
            "tadoru_request_seconds_sum{operation=\"iam:ListUsers\"} 700.003000",
            "tadoru_request_seconds_count{operation=\"none\"} 1",
            "tadoru_requests_under_way 1",
            "tadoru_connections 0",
            "tadoru_connections_refused_total 1",
            "tadoru_jobs{operation=\"Generate\",state=\"failed\"} 2",
        ] {
            assert!(text.lines().any(|line| line == expected), "{expected} is not in:\n{text}");
        }
    }

    #[test]
    fn a_status_says_whose_mistake_it_was() {
        let check = |status, expected| assert_eq!(Outcome::of_status(status), expected, "{status}");
        check(200, Outcome::Answered);
        check(402, Outcome::Refused);
        check(413, Outcome::Refused);
        check(500, Outcome::Failed);
    }
}
