//! The listener: HTTP in front of the endpoint. A request is refused by its head where that says enough: a host that this server is
//! not, a body of more than 1 MiB, no signature. Else its body is read and it is answered, on a bounded number of threads apart from
//! those that serve. What connections may cost is `connection`'s matter, what is kept of a request `request_record`'s.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aws_wire::error::{AwsError, Reply};
use aws_wire::model::{Model, Protocol};
use aws_wire::operation::{Target, WireRequest};
use axum::Router;
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::connection::{self, Bounds};
use super::endpoint::{Answered, Endpoint, refused};
use super::metrics::Metrics;
use super::request_record::RequestRecord;

/// A larger body is refused.
const BODY_BYTES: usize = 1024 * 1024;
/// So many questions are answered at once; further ones wait.
const QUESTIONS_AT_ONCE: usize = 8;
/// So often the server looks whether the lake has changed while nobody asks.
const LAKE_REST: Duration = Duration::from_secs(5);

/// What a server needs.
pub struct Server {
    pub endpoint: Endpoint,
    /// Names by which it may be called, besides its own address and loopback's.
    pub hosts: BTreeSet<String>,
    pub bounds: Bounds,
}

/// An address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct ListenError {
    pub address: SocketAddr,
    pub source: std::io::Error,
}

struct Shared {
    endpoint: Endpoint,
    hosts: BTreeSet<String>,
    questions: Arc<Semaphore>,
    metrics: Arc<Metrics>,
    body_wait: Duration,
}

impl Server {
    /// Listens on `address` and serves until the process is told to stop; `on_ready` hears the address that it got.
    ///
    /// # Errors
    /// `ListenError`; a system that gives no threads or no signals.
    pub fn run(self, address: SocketAddr, on_ready: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("serve")
            .worker_threads(2)
            // One more looks after the lake.
            .max_blocking_threads(QUESTIONS_AT_ONCE + 1)
            .enable_all()
            .build()?;
        let Self { endpoint, mut hosts, bounds } = self;
        let served = runtime.block_on(async {
            let listener = TcpListener::bind(address).await.map_err(|source| ListenError { address, source })?;
            let address = listener.local_addr()?;
            hosts.extend(["localhost".to_owned(), host_of(address.ip())]);
            if address.ip().is_loopback() {
                hosts.extend(["127.0.0.1".to_owned(), "[::1]".to_owned()]);
            }
            let metrics = Arc::new(Metrics::default());
            let questions = Arc::new(Semaphore::new(QUESTIONS_AT_ONCE));
            let shared = Shared { endpoint, hosts, questions, metrics: metrics.clone(), body_wait: bounds.body_wait };
            let shared = Arc::new(shared);
            let router = Router::new().fallback(serve).with_state(shared.clone());
            let stop = stop_signal()?;
            on_ready(address);
            tokio::select! {
                () = connection::serve(listener, router, &bounds, &metrics, stop) => {}
                () = look_after_lake(shared) => {}
            }
            anyhow::Ok(())
        });
        // A question that still runs ends with the process; what it would have written, a transaction leaves out.
        runtime.shutdown_background();
        served
    }
}

/// Ends with Ctrl-C or a SIGTERM.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Never ends.
async fn look_after_lake(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(LAKE_REST).await;
        let shared = shared.clone();
        // A panic there is told by the next request, which does the same.
        let _ = tokio::task::spawn_blocking(move || shared.endpoint.lake.let_go_of_the_past()).await;
    }
}

fn host_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let host = named_host(&shared.hosts, &parts.headers);
    if host == NamedHost::Known && parts.method == Method::GET {
        match parts.uri.path() {
            "/healthz" => return Response::new(Body::from("ok\n")),
            "/metrics" => return metrics(&shared).await,
            _ => {}
        }
    }
    let record = RequestRecord::begin(&shared.metrics, parts.method.as_str(), parts.uri.path());
    let answered = match Head::of(&parts) {
        Some(head) => {
            let protocol = head.protocol(&shared.endpoint.model);
            let refusal = refusal(&shared, host, &head, protocol, &body);
            match refusal {
                Some(error) => refused(&error, None, protocol, record.id()),
                None => answer_body(&shared, head, protocol, body, record.id()).await,
            }
        }
        None => {
            let error = AwsError::new("MalformedHttpRequestException", "A header is no text.");
            refused(&error, None, Protocol::Query, record.id())
        }
    };
    let (id, mut answered) = (record.id().to_owned(), answered);
    let body = std::mem::take(&mut answered.reply.body);
    record.answered(&answered);
    response(&answered.reply, body, &id)
}

/// Why a request is not answered, as far as its head says.
fn refusal(shared: &Shared, host: NamedHost, head: &Head, protocol: Protocol, body: &Body) -> Option<AwsError> {
    match host {
        NamedHost::Known => {}
        NamedHost::Several => {
            return Some(AwsError::new("MalformedHttpRequestException", "A request names one host."));
        }
        NamedHost::Unknown => {
            let text = "The request names a host that this server is not.";
            return Some(AwsError::with_status("AccessDenied", 403, text));
        }
    }
    if body.size_hint().lower() > BODY_BYTES as u64 {
        return Some(too_large());
    }
    shared.endpoint.refuse_unsigned(&head.request(&[]), protocol)
}

fn too_large() -> AwsError {
    AwsError::with_status("RequestEntityTooLarge", 413, "Request body too large")
}

async fn answer_body(shared: &Arc<Shared>, head: Head, protocol: Protocol, body: Body, request_id: &str) -> Answered {
    let refuse = |error: &AwsError| refused(error, None, protocol, request_id);
    match tokio::time::timeout(shared.body_wait, to_bytes(body, BODY_BYTES)).await {
        Err(_) => refuse(&AwsError::with_status("RequestTimeout", 408, "The body did not come in time.")),
        Ok(Err(_)) => refuse(&too_large()),
        Ok(Ok(body)) => answer(shared, head, protocol, body.to_vec(), request_id).await,
    }
}

async fn answer(shared: &Arc<Shared>, head: Head, protocol: Protocol, body: Vec<u8>, request_id: &str) -> Answered {
    // A client that leaves while it waits has cost nothing.
    let permit = shared.questions.clone().acquire_owned().await;
    let (shared, id) = (shared.clone(), request_id.to_owned());
    let answering = tokio::task::spawn_blocking(move || {
        let _held = permit;
        shared.endpoint.answer(&head.request(&body), &id)
    });
    answering.await.unwrap_or_else(|error| Answered {
        failure: Some(error.to_string()),
        ..refused(&AwsError::internal(protocol), None, protocol, request_id)
    })
}

async fn metrics(shared: &Arc<Shared>) -> Response {
    let counted = shared.clone();
    let jobs = tokio::task::spawn_blocking(move || counted.endpoint.job_counts()).await;
    // A catalog that cannot be read is told by the requests; the other counts are good without it.
    let jobs = jobs.ok().and_then(Result::ok).unwrap_or_default();
    let mut response = Response::new(Body::from(shared.metrics.text(&jobs)));
    let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// A request's first line and headers.
struct Head {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// `None` where a header is no text.
    fn of(parts: &Parts) -> Option<Self> {
        let text = |(name, value): (&header::HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), std::str::from_utf8(value.as_bytes()).ok()?.to_owned()))
        };
        Some(Self {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers.iter().map(text).collect::<Option<_>>()?,
        })
    }

    fn request<'h>(&'h self, body: &'h [u8]) -> WireRequest<'h> {
        WireRequest { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers, body }
    }

    /// In whose errors a request is refused of which no more is known.
    fn protocol(&self, model: &Model) -> Protocol {
        Target::protocol_of_head(model, &self.request(&[]))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NamedHost {
    Known,
    Unknown,
    /// What stands between client and server may take the other.
    Several,
}

/// A page of another site may make a browser call this server by a name of its own: only known names are answered.
fn named_host(hosts: &BTreeSet<String>, headers: &HeaderMap) -> NamedHost {
    let mut named = headers.get_all(header::HOST).iter();
    let host = named.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
    if named.next().is_some() {
        return NamedHost::Several;
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    if hosts.contains(&name.to_ascii_lowercase()) { NamedHost::Known } else { NamedHost::Unknown }
}

fn response(reply: &Reply, body: Vec<u8>, request_id: &str) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    let id = HeaderValue::from_str(request_id).expect("a UUID is a header's value");
    headers.insert("x-amzn-requestid", id);
    if let Some(error_type) = reply.error_type.as_ref().and_then(|name| HeaderValue::from_str(name).ok()) {
        headers.insert("x-amzn-errortype", error_type);
    }
    response
}
