//! How fast a service is asked, so that others in the account can work beside it: AWS throttles by account, not by caller.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

/// The distance between two requests to one service: 15 a second. IAM Identity Center allows 20 to all callers together; the
/// others state no figure.
const DISTANCE: Duration = Duration::from_micros(66_667);

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Pace {
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// Waits until the next request may be sent.
    pub(super) async fn turn(&self) {
        let at = {
            let mut next = self.next.lock().expect("nobody panics with the lock");
            let now = Instant::now();
            let at = next.map_or(now, |next| next.max(now));
            *next = Some(at + DISTANCE);
            at
        };
        tokio::time::sleep_until(at).await;
    }
}
