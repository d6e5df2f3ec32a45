//! Work on the network that ends early where somebody asks it to, as by Ctrl-C.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a waiting caller looks whether it should stop.
const LOOK: Duration = Duration::from_millis(50);

/// What `work` ends with, or `None` where `stop` comes first.
pub(super) async fn until<T>(stop: &AtomicBool, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    loop {
        match tokio::time::timeout(LOOK, &mut work).await {
            Ok(done) => return Some(done),
            Err(_) if stop.load(Ordering::Relaxed) => return None,
            Err(_) => {}
        }
    }
}
