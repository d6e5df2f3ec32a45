//! The listener: HTTP in front of the endpoint. Takes requests that name a host it knows and have at most 1 MiB, gives each an id,
//! answers them on a bounded number of threads apart from those that serve, and writes one line a request on stderr.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use aws_wire::error::{AwsError, Reply};
use aws_wire::model::Protocol;
use aws_wire::operation::{Target, WireRequest};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::endpoint::{Answered, Endpoint, refused};
use crate::clock::Now;
use crate::output::visible;

/// A larger body is refused.
const BODY_BYTES: usize = 1024 * 1024;
/// So many questions are answered at once; further ones wait.
const QUESTIONS_AT_ONCE: usize = 8;

/// A body that takes longer is given up.
const BODY_WAIT: Duration = Duration::from_secs(30);
/// When it is to stop, the server waits so long for requests that are under way.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// What a server needs.
pub struct Server {
    pub endpoint: Endpoint,
    /// Names by which it may be called, besides its own address and loopback's.
    pub hosts: BTreeSet<String>,
}

struct Shared {
    endpoint: Endpoint,
    hosts: BTreeSet<String>,
    questions: Semaphore,
}

impl Server {
    /// Listens on `address` and serves until the process is told to stop; `on_ready` hears the address that it got.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub fn run(self, address: SocketAddr, on_ready: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("serve")
            .worker_threads(2)
            .max_blocking_threads(QUESTIONS_AT_ONCE)
            .enable_all()
            .build()?;
        let served = runtime.block_on(async {
            let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
            let address = listener.local_addr()?;
            let mut hosts = self.hosts;
            hosts.extend(["localhost".to_owned(), host_of(address.ip())]);
            if address.ip().is_loopback() {
                hosts.extend(["127.0.0.1".to_owned(), "[::1]".to_owned()]);
            }
            let questions = Semaphore::new(QUESTIONS_AT_ONCE);
            let shared = Arc::new(Shared { endpoint: self.endpoint, hosts, questions });
            let router = Router::new().route("/healthz", get(|| async { "ok\n" })).fallback(serve).with_state(shared);
            let stop = stop_signal()?;
            on_ready(address);
            let (told, hears) = tokio::sync::oneshot::channel::<()>();
            let stop = async {
                stop.await;
                drop(told);
            };
            let too_long = async {
                // The sender says that it is time by going away.
                let _ = hears.await;
                tokio::time::sleep(STOP_WAIT).await;
            };
            tokio::select! {
                served = axum::serve(listener, router).with_graceful_shutdown(stop).into_future() => served?,
                () = too_long => {}
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

fn host_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let request_id = uuid::Uuid::now_v7().to_string();
    let (parts, body) = request.into_parts();
    let line = format!("{} {}", parts.method, parts.uri.path());
    let answered = match accepted(&shared, &parts, body).await {
        Ok((headers, body)) => answer(&shared, &parts, headers, body, &request_id).await,
        Err((error, protocol)) => refused(&error, None, protocol, &request_id),
    };
    log(&line, &request_id, &answered);
    response(answered.reply, &request_id)
}

/// The headers and the body of a request; what its head forbids is refused before the body is read.
async fn accepted(
    shared: &Shared,
    parts: &axum::http::request::Parts,
    body: Body,
) -> Result<(Vec<(String, String)>, Vec<u8>), (AwsError, Protocol)> {
    let of_target = if parts.headers.contains_key("x-amz-target") { Protocol::Json } else { Protocol::Query };
    let headers = headers(&parts.headers)
        .ok_or_else(|| (AwsError::new("MalformedHttpRequestException", "A header is no text."), of_target))?;
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let head = WireRequest { method: parts.method.as_str(), path, query, headers: &headers, body: &[] };
    let protocol = Target::protocol_of_head(&shared.endpoint.model, &head);
    let refuse = |code, status, text| (AwsError::with_status(code, status, text), protocol);
    if !is_known_host(&shared.hosts, &parts.headers) {
        return Err(refuse("AccessDenied", 403, "The request names a host that this server is not."));
    }
    let too_large = || refuse("RequestEntityTooLarge", 413, "Request body too large");
    let told_bytes = head.header("content-length").and_then(|length| length.parse::<u64>().ok());
    if told_bytes.is_some_and(|bytes| bytes > BODY_BYTES as u64) {
        return Err(too_large());
    }
    if let Some(refused) = shared.endpoint.refused_by_head(&head) {
        return Err(refused);
    }
    let body = tokio::time::timeout(BODY_WAIT, to_bytes(body, BODY_BYTES)).await;
    let body = body.map_err(|_| refuse("RequestTimeout", 408, "The body did not come in time."))?;
    let body = body.map_err(|_| too_large())?.to_vec();
    Ok((headers, body))
}

async fn answer(
    shared: &Arc<Shared>,
    parts: &axum::http::request::Parts,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    request_id: &str,
) -> Answered {
    let _permit = shared.questions.acquire().await;
    let (endpoint, id) = (shared.clone(), request_id.to_owned());
    let method = parts.method.to_string();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let answering = tokio::task::spawn_blocking(move || {
        let request = WireRequest { method: &method, path: &path, query: &query, headers: &headers, body: &body };
        endpoint.endpoint.answer(&request, &id)
    });
    answering.await.unwrap_or_else(|error| Answered {
        failure: Some(error.to_string()),
        ..refused(&AwsError::internal(Protocol::Query), None, Protocol::Query, request_id)
    })
}

/// A page of another site may make a browser call this server by a name of its own: only known names are answered.
fn is_known_host(hosts: &BTreeSet<String>, headers: &HeaderMap) -> bool {
    let mut named = headers.get_all(header::HOST).iter();
    // Of two hosts, one may be checked here and the other signed.
    let (Some(host), None) = (named.next(), named.next()) else { return false };
    let host = host.to_str().unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    hosts.contains(&name.to_ascii_lowercase())
}

fn headers(headers: &HeaderMap) -> Option<Vec<(String, String)>> {
    let text = |(name, value): (&header::HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), std::str::from_utf8(value.as_bytes()).ok()?.to_owned()))
    };
    headers.iter().map(text).collect()
}

fn response(reply: Reply, request_id: &str) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    let id = HeaderValue::from_str(request_id).expect("a UUID is a header's value");
    headers.insert("x-amzn-requestid", id);
    if let Some(error_type) = reply.error_type.and_then(|name| HeaderValue::from_str(&name).ok()) {
        headers.insert("x-amzn-errortype", error_type);
    }
    response
}

/// One line a request. It tells no parameters and no keys.
fn log(line: &str, request_id: &str, answered: &Answered) {
    let Answered { reply, operation, caller, error_code, failure, elapsed_ms } = answered;
    let text = format!(
        "{} {request_id} {} {operation} {} {} {} {elapsed_ms} ms",
        Now::clock().to_rfc3339(),
        visible(line),
        caller.as_deref().unwrap_or("-"),
        reply.status,
        error_code.as_deref().unwrap_or("-"),
    );
    let mut out = anstream::stderr().lock();
    // Nothing can be said where stderr is gone.
    let _ = writeln!(out, "{text}");
    if let Some(failure) = failure {
        let _ = writeln!(out, "{request_id} failed: {}", visible(failure));
    }
}
