//! A server that answers as a test tells it to: an S3 with few objects, and whatever errors, delays and lies the situation
//! is about.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// What came in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The path below the bucket, decoded.
    pub key: String,
    pub query: BTreeMap<String, String>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
}

impl Asked {
    /// Whether it lists.
    pub fn is_list(&self) -> bool {
        self.query.contains_key("list-type")
    }

    fn value(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }
}

/// What goes out.
#[derive(Debug, Clone)]
pub enum Reply {
    /// As a bucket with these objects answers.
    Usual,
    /// An error of S3.
    Error(u16, &'static str, &'static str),
    /// An error and a header.
    ErrorWith(u16, &'static str, (&'static str, &'static str)),
    /// The object, but only so many bytes of what its length says.
    Cut(usize),
    /// Nothing, while the server lives.
    Never,
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A running server; its threads end with the process.
pub struct ScriptedServer {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    news: Receiver<Asked>,
}

/// What all connections share.
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    script: Box<Script>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// Keys of one page, however many are asked for: every listing here has several.
const PAGE_KEYS: usize = 3;

impl ScriptedServer {
    /// A server with these objects that answers as `script` says.
    pub fn start(
        objects: impl IntoIterator<Item = (String, Vec<u8>)>,
        script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (sender, news) = channel();
        let objects = objects.into_iter().collect();
        let bucket = Arc::new(Bucket { objects, script: Box::new(script), asked: Arc::clone(&asked) });
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (bucket, sender) = (Arc::clone(&bucket), sender.clone());
                std::thread::spawn(move || bucket.answer(stream, &sender));
            }
        });
        Self { address, asked, news }
    }

    /// Its URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits for a request of which `is_it` is true.
    pub fn wait_for(&self, is_it: impl Fn(&Asked) -> bool) {
        self.news.iter().find(|asked| is_it(asked)).unwrap();
    }
}

impl Bucket {
    fn answer(&self, stream: TcpStream, sender: &Sender<Asked>) {
        let mut reader = BufReader::new(stream);
        let Some(asked) = read(&mut reader) else { return };
        self.asked.lock().unwrap().push(asked.clone());
        // Nobody may be waiting.
        let _ = sender.send(asked.clone());
        let reply = (self.script)(&asked);
        let object = self.objects.get(&asked.key);
        let stream = reader.get_mut();
        match (reply, object) {
            (Reply::Never, _) => {
                // Ends when the client closes the connection.
                let _ = stream.read(&mut [0]);
            }
            (Reply::Error(status, code, message), _) => send(stream, status, "", error(code, message).as_bytes()),
            (Reply::ErrorWith(status, code, (name, value)), _) => {
                send(stream, status, &format!("{name}: {value}\r\n"), error(code, "").as_bytes());
            }
            (Reply::Usual | Reply::Cut(_), _) if asked.is_list() => send(stream, 200, "", self.list(&asked).as_bytes()),
            (Reply::Usual, Some(bytes)) => send(stream, 200, &format!("ETag: {}\r\n", etag(bytes)), bytes),
            (Reply::Cut(kept), Some(bytes)) => {
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
                write(stream, &[head.as_bytes(), &bytes[..kept]].concat());
            }
            (Reply::Usual | Reply::Cut(_), None) => send(stream, 404, "", error("NoSuchKey", "").as_bytes()),
        }
    }

    /// One page of ListObjectsV2.
    fn list(&self, asked: &Asked) -> String {
        let (prefix, delimiter) = (asked.value("prefix"), asked.value("delimiter"));
        let after = asked.value("start-after").max(asked.value("continuation-token"));
        let mut entries: BTreeMap<String, Option<&Vec<u8>>> = BTreeMap::new();
        for (key, bytes) in self.objects.iter().filter(|(key, _)| key.starts_with(prefix)) {
            match key[prefix.len()..].split_once('/').filter(|_| !delimiter.is_empty()) {
                Some((folder, _)) => entries.insert(format!("{prefix}{folder}/"), None),
                None => entries.insert(key.clone(), Some(bytes)),
            };
        }
        entries.retain(|name, _| name.as_str() > after);
        let is_truncated = entries.len() > PAGE_KEYS;
        let mut body = format!("<ListBucketResult><IsTruncated>{is_truncated}</IsTruncated>");
        for (name, bytes) in entries.iter().take(PAGE_KEYS) {
            body += &match bytes {
                Some(bytes) => format!(
                    "<Contents><Key>{name}</Key><Size>{}</Size><ETag>{}</ETag></Contents>",
                    bytes.len(),
                    etag(bytes).replace('"', "&quot;")
                ),
                None => format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>"),
            };
        }
        if let Some((last, _)) = entries.iter().nth(PAGE_KEYS - 1).filter(|_| is_truncated) {
            body += &format!("<NextContinuationToken>{last}</NextContinuationToken>");
        }
        body + "</ListBucketResult>"
    }
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{:08x}\"", bytes.iter().fold(17_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte))))
}

fn error(code: &str, message: &str) -> String {
    format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>")
}

fn send(stream: &mut TcpStream, status: u16, headers: &str, body: &[u8]) {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n");
    write(stream, &[head.as_bytes(), body].concat());
}

fn write(stream: &mut TcpStream, bytes: &[u8]) {
    // A client that was killed does not read.
    let _ = stream.write_all(bytes);
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut lines = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let first = lines.next()?;
    let mut words = first.split(' ');
    let target = words.nth(1)?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())))
        .collect();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let key = path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
    Some(Asked {
        key: decode(key),
        query: query.map(|(name, value)| (name.to_owned(), decode(value))).collect(),
        headers,
    })
}

fn decode(text: &str) -> String {
    cloudtrail::object_key::decode_notification_key(text).into_owned()
}
