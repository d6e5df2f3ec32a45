//! Bodies ahead of the work: objects are asked for in the order in which they will be read, several at once, as long as what
//! waits to be read stays under a limit.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::bucket::{Bucket, ListedObject};
use crate::source::{SourceFault, SourceObject};

/// Bodies that are asked for at once.
pub(super) const GETS_AT_ONCE: usize = 16;
/// Bytes that may wait to be read, one larger body excepted.
const BYTES_AHEAD: u64 = 32 << 20;
/// What an object counts at least, for what it takes besides its bytes.
const LEAST_COUNTED: u64 = 4 << 10;
/// How often a reader that waits looks whether it should stop.
const LOOK: Duration = Duration::from_millis(50);

type Body = Result<Vec<u8>, SourceFault>;

/// Brings the bodies of one bucket's objects.
#[derive(Debug)]
pub struct Fetcher {
    bucket: Arc<Bucket>,
    wanted: UnboundedSender<ListedObject>,
    arrived: Mutex<HashMap<String, Body>>,
    arrival: Condvar,
    room: Semaphore,
    stop: Arc<AtomicBool>,
}

impl Fetcher {
    /// A fetcher, and what it is to bring: for [`Fetcher::run`].
    pub(super) fn new(bucket: Arc<Bucket>, stop: Arc<AtomicBool>) -> (Arc<Self>, UnboundedReceiver<ListedObject>) {
        let (wanted, receiver) = unbounded_channel();
        let room = Semaphore::new(BYTES_AHEAD as usize);
        let (arrived, arrival) = (Mutex::default(), Condvar::new());
        (Arc::new(Self { bucket, wanted, arrived, arrival, room, stop }), receiver)
    }

    /// Brings what is wanted, until its runtime ends.
    pub(super) async fn run(self: Arc<Self>, mut wanted: UnboundedReceiver<ListedObject>) {
        let mut gets = JoinSet::new();
        while let Some(object) = wanted.recv().await {
            let Ok(permit) = self.room.acquire_many(counted(object.size_bytes)).await else { return };
            permit.forget();
            while gets.len() >= GETS_AT_ONCE {
                gets.join_next().await;
            }
            let fetcher = Arc::clone(&self);
            gets.spawn(async move {
                let body = fetcher.bucket.get(&object).await.map_err(|failure| failure.into_fault());
                let name = fetcher.bucket.name_of(&object.key);
                fetcher.arrived.lock().expect("nobody panics with the lock").insert(name, body);
                fetcher.arrival.notify_all();
            });
        }
    }

    /// Asks for an object that will be taken, after those that were asked for before.
    pub(crate) fn ask(&self, object: &SourceObject) {
        let key = object.name.splitn(4, '/').nth(3).unwrap_or_default();
        let listed = ListedObject { key: key.to_owned(), size_bytes: object.size_bytes, etag: object.stamp.clone() };
        // Without a runtime nothing arrives, and `take` says that the run was stopped.
        let _ = self.wanted.send(listed);
    }

    /// Waits for an object that was asked for. A fault where the run is stopped meanwhile.
    pub(crate) fn take(&self, object: &SourceObject) -> Body {
        let mut arrived = self.arrived.lock().expect("nobody panics with the lock");
        loop {
            if let Some(body) = arrived.remove(&object.name) {
                self.room.add_permits(counted(object.size_bytes) as usize);
                return body;
            }
            if self.stop.load(Ordering::Relaxed) || self.wanted.is_closed() {
                let detail = "the run was stopped".to_owned();
                return Err(SourceFault { name: object.name.clone(), reason: "STOPPED", detail });
            }
            arrived = self.arrival.wait_timeout(arrived, LOOK).expect("nobody panics with the lock").0;
        }
    }
}

fn counted(size_bytes: u64) -> u32 {
    size_bytes.clamp(LEAST_COUNTED, BYTES_AHEAD) as u32
}
