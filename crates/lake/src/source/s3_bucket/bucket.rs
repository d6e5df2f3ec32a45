//! Requests to one bucket, counted: pages of a listing, and the bytes of an object as it was listed. What S3 says becomes
//! plain objects and [`S3Failure`]s.

use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::EncodingType;
use cloudtrail::object_key::decode_notification_key;
use futures::StreamExt;

use super::connection::{client, credentials_failure, region_told};
use super::failure::{FailureKind, Request, S3Failure};
use crate::source::aws_connection::Connection;

/// Listings that run at once.
pub(super) const LISTS_AT_ONCE: usize = 16;
/// Pages of one folder, of a thousand names each; a folder with more is cut.
pub(super) const FOLDER_PAGES: usize = 10;
/// How often a body that ends early is asked for again.
const BODY_ATTEMPTS: usize = 3;

/// Requests sent so far, repetitions by the SDK not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Requests {
    pub list: u64,
    pub get: u64,
}

/// One object as a listing names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedObject {
    pub key: String,
    pub size_bytes: u64,
    pub etag: String,
}

/// One page of a listing, in the order of names.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub objects: Vec<ListedObject>,
    /// Folders, where a delimiter was asked for.
    pub folders: Vec<String>,
    pub token: Option<String>,
    pub is_last: bool,
}

/// What a page should hold.
#[derive(Debug, Default)]
pub(super) struct PageRequest<'a> {
    pub prefix: &'a str,
    pub by_folder: bool,
    pub after: Option<&'a str>,
    pub token: Option<&'a str>,
    pub most: Option<i32>,
}

#[derive(Debug)]
pub(super) struct Bucket {
    pub name: String,
    connection: Connection,
    client: RwLock<Client>,
    lists: AtomicU64,
    gets: AtomicU64,
}

impl Bucket {
    pub(super) fn new(name: String, connection: Connection) -> Self {
        let client = RwLock::new(client(&connection, None));
        Self { name, connection, client, lists: AtomicU64::new(0), gets: AtomicU64::new(0) }
    }

    pub(super) fn requests(&self) -> Requests {
        Requests { list: self.lists.load(Ordering::Relaxed), get: self.gets.load(Ordering::Relaxed) }
    }

    /// The ledger's name of a key or prefix.
    pub(super) fn name_of(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    fn client(&self) -> Client {
        self.client.read().expect("nobody panics while setting the client").clone()
    }

    /// One page. The first answer may be that the bucket is in another region; it is asked there then.
    pub(super) async fn list_page(&self, wanted: &PageRequest<'_>) -> Result<Page, S3Failure> {
        let mut was_redirected = false;
        loop {
            self.lists.fetch_add(1, Ordering::Relaxed);
            let request = self.client().list_objects_v2().bucket(&self.name).prefix(wanted.prefix);
            let request = request
                .encoding_type(EncodingType::Url)
                .set_delimiter(wanted.by_folder.then(|| "/".to_owned()))
                .set_start_after(wanted.after.map(str::to_owned))
                .set_continuation_token(wanted.token.map(str::to_owned))
                .set_max_keys(wanted.most);
            let error = match request.send().await {
                Ok(output) => return Ok(page(output)),
                Err(error) => error,
            };
            if let Some(region) = region_told(&error).filter(|_| !was_redirected) {
                was_redirected = true;
                *self.client.write().expect("nobody panics while setting the client") =
                    client(&self.connection, Some(region));
                continue;
            }
            let failure = S3Failure::of(Request::List, self.name_of(wanted.prefix), &error);
            return Err(match failure.kind {
                // The SDK reports missing credentials as one more way in which a request cannot be sent.
                FailureKind::Other => credentials_failure(&self.connection, &failure.url).await.unwrap_or(failure),
                _ => failure,
            });
        }
    }

    /// What lies directly in a folder, all pages of it up to a limit.
    pub(super) async fn list_folder(&self, prefix: &str) -> Result<Page, S3Failure> {
        let mut all = Page::default();
        for _ in 0..FOLDER_PAGES {
            let token = all.token.take();
            let wanted = PageRequest { prefix, by_folder: true, token: token.as_deref(), ..PageRequest::default() };
            let page = self.list_page(&wanted).await?;
            all.objects.extend(page.objects);
            all.folders.extend(page.folders);
            (all.token, all.is_last) = (page.token, page.is_last);
            if all.is_last {
                break;
            }
        }
        Ok(all)
    }

    /// Several folders at once, answers in the order of the folders.
    pub(super) async fn list_folders(&self, folders: Vec<String>) -> Vec<(String, Result<Page, S3Failure>)> {
        let list = |folder: String| async move {
            let found = self.list_folder(&folder).await;
            (folder, found)
        };
        futures::stream::iter(folders.into_iter().map(list)).buffered(LISTS_AT_ONCE).collect().await
    }

    /// The bytes of an object, if it still is what was listed.
    pub(super) async fn get(&self, object: &ListedObject) -> Result<Vec<u8>, S3Failure> {
        let mut ended_early = None;
        for _ in 0..BODY_ATTEMPTS {
            let mut bytes = Vec::with_capacity(usize::try_from(object.size_bytes).unwrap_or_default());
            let mut body = self.open(object).await?;
            while let Some(chunk) = body.next().await {
                match chunk {
                    Ok(chunk) => bytes.extend_from_slice(&chunk),
                    Err(failure) if failure.kind == FailureKind::EndedEarly => {
                        ended_early = Some(failure);
                        break;
                    }
                    Err(failure) => return Err(failure),
                }
            }
            if bytes.len() as u64 == object.size_bytes {
                return Ok(bytes);
            }
        }
        let detail = ended_early.map_or_else(String::new, |failure| failure.detail);
        let detail = format!("the body ended early {BODY_ATTEMPTS} times: {detail}");
        Err(self.failed(object, FailureKind::EndedEarly, detail))
    }

    /// Begins to read an object, if it still is what was listed.
    pub(super) async fn open(&self, object: &ListedObject) -> Result<Body<'_>, S3Failure> {
        self.gets.fetch_add(1, Ordering::Relaxed);
        let request = self.client().get_object().bucket(&self.name).key(&object.key);
        let request = request.set_if_match(Some(object.etag.clone()).filter(|etag| !etag.is_empty()));
        let sent = request.send().await;
        let output = sent.map_err(|error| S3Failure::of(Request::Get, self.name_of(&object.key), &error))?;
        Ok(Body { bucket: self, object: object.clone(), stream: output.body, read: 0, is_over: false })
    }

    fn failed(&self, object: &ListedObject, kind: FailureKind, detail: String) -> S3Failure {
        S3Failure { kind, request: Request::Get, url: self.name_of(&object.key), detail }
    }
}

/// A body under way: as many bytes as were listed, or a failure.
pub(super) struct Body<'b> {
    bucket: &'b Bucket,
    object: ListedObject,
    stream: ByteStream,
    read: u64,
    is_over: bool,
}

impl Body<'_> {
    /// The next bytes; `None` where it is over, all of it or by a failure.
    pub(super) async fn next(&mut self) -> Option<Result<Vec<u8>, S3Failure>> {
        if self.is_over {
            return None;
        }
        let listed = self.object.size_bytes;
        let failure = match self.stream.next().await {
            Some(Ok(chunk)) => {
                self.read += chunk.len() as u64;
                if self.read <= listed {
                    return Some(Ok(chunk.into()));
                }
                // What grows beyond its listed size is another object, and may be of any size.
                (FailureKind::Changed, format!("it was listed with {listed} bytes and has more"))
            }
            Some(Err(error)) => (FailureKind::EndedEarly, error.to_string()),
            None if self.read == listed => return None,
            None => (FailureKind::EndedEarly, format!("{} of {listed} bytes came", self.read)),
        };
        self.is_over = true;
        Some(Err(self.bucket.failed(&self.object, failure.0, failure.1)))
    }
}

fn page(output: aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output) -> Page {
    let is_encoded = output.encoding_type() == Some(&EncodingType::Url);
    let decode = |text: &str| if is_encoded { decode_notification_key(text).into_owned() } else { text.to_owned() };
    let object = |object: &aws_sdk_s3::types::Object| {
        Some(ListedObject {
            key: decode(object.key()?),
            size_bytes: object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            etag: object.e_tag().unwrap_or_default().to_owned(),
        })
    };
    Page {
        objects: output.contents().iter().filter_map(object).collect(),
        folders: output.common_prefixes().iter().filter_map(|folder| folder.prefix()).map(decode).collect(),
        is_last: output.is_truncated() != Some(true),
        token: output.next_continuation_token().map(str::to_owned),
    }
}
