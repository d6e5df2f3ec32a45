//! Bodies ahead of the work: objects are asked for in the order in which they will be read, several at once, as long as what
//! waits to be read stays under a limit.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::task::JoinSet;

use super::body::{BodyStream, CHUNKS_AHEAD};
use super::bucket::{Bucket, ListedObject};
use super::failure::{FailureKind, Request, S3Failure};
use crate::source::interruption::until;
use crate::source::{SourceFault, SourceObject};

/// Bodies that are asked for at once.
pub(super) const GETS_AT_ONCE: usize = 16;
/// Bytes that may wait to be read; a larger body is not fetched ahead, but read as it comes.
const BYTES_AHEAD: u64 = 32 << 20;
/// What an object counts at least, for what it takes besides its bytes.
const LEAST_COUNTED: u64 = 4 << 10;
/// After so many refusals and nothing served the rest is not asked for.
const REFUSALS: u64 = 64;
/// How often a reader that waits looks whether it should stop.
const LOOK: Duration = Duration::from_millis(50);

type Body = Result<Vec<u8>, SourceFault>;

/// Brings the bodies of one bucket's objects.
#[derive(Debug)]
pub struct Fetcher {
    bucket: Arc<Bucket>,
    runtime: Handle,
    wanted: UnboundedSender<ListedObject>,
    arrived: Mutex<HashMap<String, Body>>,
    arrival: Condvar,
    room: Semaphore,
    stop: Arc<AtomicBool>,
    served: AtomicU64,
    refused: AtomicU64,
}

impl Fetcher {
    /// A fetcher, and what it is to bring: for [`Fetcher::run`].
    pub(super) fn new(
        bucket: Arc<Bucket>,
        runtime: Handle,
        stop: Arc<AtomicBool>,
    ) -> (Arc<Self>, UnboundedReceiver<ListedObject>) {
        let (wanted, receiver) = unbounded_channel();
        let room = Semaphore::new(BYTES_AHEAD as usize);
        let (arrived, arrival) = (Mutex::default(), Condvar::new());
        let (served, refused) = (AtomicU64::new(0), AtomicU64::new(0));
        (Arc::new(Self { bucket, runtime, wanted, arrived, arrival, room, stop, served, refused }), receiver)
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
                let body = fetcher.get(&object).await.map_err(S3Failure::into_fault);
                let name = fetcher.bucket.name_of(&object.key);
                fetcher.arrived.lock().expect("nobody panics with the lock").insert(name, body);
                fetcher.arrival.notify_all();
            });
        }
    }

    /// Whether S3 refuses everything, so that more objects are of no use.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed) >= REFUSALS && self.served.load(Ordering::Relaxed) == 0
    }

    async fn get(&self, object: &ListedObject) -> Result<Vec<u8>, S3Failure> {
        if self.is_refused() {
            return Err(S3Failure {
                kind: FailureKind::Denied,
                request: Request::Get,
                url: self.bucket.name_of(&object.key),
                detail: format!("not asked for: S3 refused the first {REFUSALS}"),
            });
        }
        let body = self.bucket.get(object).await;
        match &body {
            Ok(_) => self.served.fetch_add(1, Ordering::Relaxed),
            Err(failure) if failure.kind.is_refusal() => self.refused.fetch_add(1, Ordering::Relaxed),
            Err(_) => 0,
        };
        body
    }

    /// Asks for an object that will be taken, after those that were asked for before.
    pub(crate) fn ask(&self, object: &SourceObject) {
        if object.size_bytes <= BYTES_AHEAD {
            // Without a runtime nothing arrives, and `take` says that the run was stopped.
            let _ = self.wanted.send(as_listed(object));
        }
    }

    /// Reads an object of any size as it comes, by a request of its own.
    pub(crate) fn open(self: &Arc<Self>, object: &SourceObject) -> BodyStream {
        let (sender, chunks) = channel(CHUNKS_AHEAD);
        let stream = BodyStream::new(chunks, object.size_bytes);
        let (fetcher, object) = (Arc::clone(self), as_listed(object));
        self.runtime.spawn(async move {
            let work = async {
                let mut body = match fetcher.bucket.open(&object).await {
                    Ok(body) => body,
                    Err(failure) => {
                        // The reader may be gone.
                        let _ = sender.send(Err(failure)).await;
                        return;
                    }
                };
                while let Some(chunk) = body.next().await
                    && sender.send(chunk).await.is_ok()
                {}
            };
            if until(&fetcher.stop, work).await.is_none() {
                let detail = "the run was stopped".to_owned();
                let url = fetcher.bucket.name_of(&object.key);
                let stopped = S3Failure { kind: FailureKind::Other, request: Request::Get, url, detail };
                // The reader may be gone, or have all it wanted.
                let _ = sender.send(Err(stopped)).await;
            }
        });
        stream
    }

    /// Waits for an object that was asked for; `None` where it is too large for that, and to be opened. A fault where the run
    /// is stopped meanwhile.
    pub(crate) fn take(&self, object: &SourceObject) -> Result<Option<Vec<u8>>, SourceFault> {
        if object.size_bytes > BYTES_AHEAD {
            return Ok(None);
        }
        let mut arrived = self.arrived.lock().expect("nobody panics with the lock");
        loop {
            if let Some(body) = arrived.remove(&object.name) {
                self.room.add_permits(counted(object.size_bytes) as usize);
                return body.map(Some);
            }
            if self.stop.load(Ordering::Relaxed) || self.wanted.is_closed() {
                let detail = "the run was stopped".to_owned();
                return Err(SourceFault { name: object.name.clone(), reason: "STOPPED", detail });
            }
            arrived = self.arrival.wait_timeout(arrived, LOOK).expect("nobody panics with the lock").0;
        }
    }
}

fn as_listed(object: &SourceObject) -> ListedObject {
    let key = object.name.splitn(4, '/').nth(3).unwrap_or_default();
    ListedObject { key: key.to_owned(), size_bytes: object.size_bytes, etag: object.stamp.clone() }
}

fn counted(size_bytes: u64) -> u32 {
    size_bytes.clamp(LEAST_COUNTED, BYTES_AHEAD) as u32
}
