//! A bucket of logs, read straight from S3. It is listed by account, region and day (`layout`, `listing`), and the bodies of
//! what the ledger does not know are brought ahead of the work (`fetch`). Requests run on a small runtime of their own; to
//! `ingest` a bucket is portions of objects, as a folder is one.

pub(crate) mod body;
mod bucket;
mod connection;
mod date_folder;
pub mod failure;
mod fetch;
mod layout;
mod listing;
pub mod permission;
pub mod url;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cloudtrail::object_key::{KeyVerdict, parse};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, channel};

pub use bucket::Requests;
pub use fetch::Fetcher;
pub use layout::Beside;

use super::aws_connection::{AwsOptions, Connection};
use super::interruption::until;
use super::selection::{Refusal, Selection};
use super::{Listing, NO_KEY, Place, SourceObject};
use bucket::{Bucket, ListedObject};
use failure::S3Failure;
use layout::Layout;
use listing::Lister;
use url::S3Url;

/// Threads that talk to S3: TLS is the work there is.
const THREADS: usize = 2;
/// Portions listed ahead.
const PORTIONS_AHEAD: usize = 2;

/// The objects below one prefix, in portions; each portion is in no order yet, the portions are in order of days.
#[derive(Debug)]
pub struct S3Bucket {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    bucket: Arc<Bucket>,
    fetcher: Arc<Fetcher>,
    portions: Receiver<Listing>,
    beside: Beside,
    stop: Arc<AtomicBool>,
}

impl S3Bucket {
    /// Connects, finds the logs below `url` and begins to list what `selection` wants. `None` where `stop` came first.
    ///
    /// # Errors
    /// Nothing can be listed at all. A prefix that cannot be listed beside others becomes a fault of a portion.
    pub fn open(
        url: &S3Url,
        options: &AwsOptions,
        selection: &Selection,
        stop: &Arc<AtomicBool>,
    ) -> Result<Option<Self>, S3Failure> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("s3")
            .enable_all()
            .build()
            .map_err(|error| S3Failure::of_machine(url, &error))?;
        let opened = runtime.block_on(until(stop, async {
            let bucket = Bucket::new(url.bucket.clone(), Connection::new(options).await);
            let layout = layout::find(&bucket, &url.key, selection).await?;
            Ok((Arc::new(bucket), layout))
        }));
        let Some(opened) = opened else {
            runtime.shutdown_background();
            return Ok(None);
        };
        let (bucket, mut layout) = opened?;
        let (fetcher, wanted) = Fetcher::new(Arc::clone(&bucket), runtime.handle().clone(), Arc::clone(stop));
        runtime.spawn(Arc::clone(&fetcher).run(wanted));
        let (sender, portions) = channel(PORTIONS_AHEAD);
        let beside = std::mem::take(&mut layout.beside);
        let converter =
            Converter { bucket: Arc::clone(&bucket), fetcher: Arc::clone(&fetcher), selection: selection.clone() };
        runtime.spawn(async move { converter.list(layout, sender).await });
        Ok(Some(Self { runtime: Some(runtime), bucket, fetcher, portions, beside, stop: Arc::clone(stop) }))
    }

    /// What was seen beside the logs that are wanted.
    pub fn beside(&self) -> &Beside {
        &self.beside
    }

    /// Requests sent so far.
    pub fn requests(&self) -> Requests {
        self.bucket.requests()
    }
}

impl Iterator for S3Bucket {
    type Item = Listing;

    fn next(&mut self) -> Option<Listing> {
        let runtime = self.runtime.as_ref().filter(|_| !self.fetcher.is_refused())?;
        runtime.block_on(until(&self.stop, self.portions.recv())).flatten()
    }
}

impl Drop for S3Bucket {
    fn drop(&mut self) {
        // Requests under way are given up: nobody waits for them.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Makes a source's objects of listed ones.
struct Converter {
    bucket: Arc<Bucket>,
    fetcher: Arc<Fetcher>,
    selection: Selection,
}

impl Converter {
    async fn list(self, layout: Layout, out: tokio::sync::mpsc::Sender<Listing>) {
        let mut first = Listing { faults: layout.faults, ..Listing::default() };
        for object in layout.objects {
            self.convert(object, &mut first);
        }
        let convert = |object: ListedObject, listing: &mut Listing| self.convert(object, listing);
        Lister::new(&self.bucket, layout.prefixes, &self.selection, out, &convert).run(first).await;
    }

    /// Each object is judged by its own key, as a file of a folder is.
    fn convert(&self, object: ListedObject, listing: &mut Listing) {
        if object.key.ends_with('/') && object.size_bytes == 0 {
            return;
        }
        let name = self.bucket.name_of(&object.key);
        let verdict = parse(&name);
        if let KeyVerdict::Skip(reason) = verdict {
            return listing.skipped.push((name, reason.code()));
        }
        let key = if let KeyVerdict::CloudTrail(key) = &verdict { Some(key) } else { None };
        match self.selection.judge(key) {
            Ok(()) => {}
            Err(Refusal::NotWanted) => return,
            Err(Refusal::Unknown) => return listing.skipped.push((name, NO_KEY)),
        }
        listing.objects.push(SourceObject {
            name,
            place: Place::Bucket(Arc::clone(&self.fetcher)),
            size_bytes: object.size_bytes,
            stamp: object.etag,
        });
    }
}
