//! The clients' connections, and what one of them may cost: their number is bounded, and who does not send a request's head, or does
//! not read an answer, is left. What is said over them is `server`'s.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::answered_stream::AnsweredStream;
use super::metrics::Metrics;

/// A request's head may not be larger.
const HEAD_BYTES: usize = 64 * 1024;
/// Where no connection can be accepted, mostly because files are at their limit, the next try waits so long.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// What clients may hold.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// So many connections at once; further ones wait in the system's queue.
    pub connections: usize,
    /// So many of them of one address that is not loopback; further ones are closed.
    pub connections_of_peer: usize,
    /// The next request's head must have come by then.
    pub head_wait: Duration,
    /// Its body.
    pub body_wait: Duration,
    /// The client must have taken all of an answer by then.
    pub answer_wait: Duration,
    /// When the server is to stop, requests that are under way have so long.
    pub stop_wait: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 512,
            connections_of_peer: 128,
            head_wait: Duration::from_secs(10),
            body_wait: Duration::from_secs(30),
            answer_wait: Duration::from_secs(30),
            stop_wait: Duration::from_secs(10),
        }
    }
}

/// Serves connections until `stop` comes, and then those requests that are under way.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: &Bounds,
    metrics: &Arc<Metrics>,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(bounds.connections));
    let peers = Arc::new(Peers::default());
    let (told, stopped) = watch::channel(false);
    let mut open = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        while open.try_join_next().is_some() {}
        let (place, accepted) = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(ACCEPT_REST).await;
            continue;
        };
        let Some(seat) = peers.seat(peer, bounds.connections_of_peer) else {
            metrics.connection_refused();
            continue;
        };
        let counted = metrics.connection();
        let conversation = converse(stream, router.clone(), bounds.clone(), stopped.clone());
        open.spawn(async move {
            let _held = (place, seat, counted);
            conversation.await;
        });
    }
    drop(listener);
    // Where no connection is open nobody hears it.
    let _ = told.send(true);
    let _ = tokio::time::timeout(bounds.stop_wait, async { while open.join_next().await.is_some() {} }).await;
}

/// The next connection, when there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (OwnedSemaphorePermit, std::io::Result<(TcpStream, SocketAddr)>) {
    let place = places.clone().acquire_owned().await.expect("nobody closes the semaphore");
    (place, listener.accept().await)
}

/// All requests of one connection, one after the other.
async fn converse(stream: TcpStream, router: Router, bounds: Bounds, mut stopped: watch::Receiver<bool>) {
    // Only slower without it.
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(AnsweredStream::new(stream, bounds.answer_wait));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(bounds.head_wait).max_buf_size(HEAD_BYTES);
    let mut connection = pin!(builder.serve_connection(io, TowerToHyperService::new(router)));
    // How a connection ends, by the client or by a bound, is the client's matter.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|is_stopped| *is_stopped) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// How many connections each address has.
#[derive(Default)]
struct Peers(Mutex<BTreeMap<IpAddr, usize>>);

impl Peers {
    fn seat(self: &Arc<Self>, peer: SocketAddr, most: usize) -> Option<Seat> {
        let ip = peer.ip().to_canonical();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(ip).or_default();
        if *count >= most && !ip.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Seat { peers: self.clone(), ip })
    }
}

/// A connection's place among its address's; dropping gives it back.
struct Seat {
    peers: Arc<Peers>,
    ip: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use axum::body::Body;
    use tokio::sync::oneshot;

    use super::*;

    /// Runs a server whose every answer has so many bytes while `talk` talks to it, and returns whether it ended by itself.
    fn with_server(bounds: Bounds, answer_bytes: usize, talk: impl FnOnce(SocketAddr, &Metrics)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let metrics = Arc::new(Metrics::default());
        let answer = move || async move { Body::from(vec![b'a'; answer_bytes]) };
        let router = Router::new().fallback(answer);
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let counted = metrics.clone();
        let server = std::thread::spawn(move || {
            let stop = async { stopped.await.unwrap_or_default() };
            runtime.block_on(serve(listener, router, &bounds, &counted, stop));
        });
        talk(address, &metrics);
        drop(stop);
        server.join().unwrap();
    }

    const SHORT: Duration = Duration::from_millis(200);

    fn connect(address: SocketAddr) -> TcpStream {
        TcpStream::connect(address).unwrap()
    }

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    #[test]
    fn who_does_not_send_a_head_is_left() {
        let bounds = Bounds { head_wait: SHORT, ..Bounds::default() };
        with_server(bounds, 1, |address, _| {
            for said in [&b""[..], b"GET / HTTP/1.1\r\nHost:"] {
                let mut client = connect(address);
                client.write_all(said).unwrap();
                let mut heard = Vec::new();
                // Ends when the server closes; it may do so by a reset.
                let _ = client.read_to_end(&mut heard);
                assert!(!heard.starts_with(b"HTTP/1.1 200"), "{heard:?}");
            }
        });
    }

    #[test]
    fn who_does_not_read_an_answer_is_left() {
        let bounds = Bounds { connections: 1, answer_wait: SHORT, ..Bounds::default() };
        with_server(bounds, 64 << 20, |address, _| {
            let mut deaf = connect(address);
            deaf.write_all(ASK).unwrap();
            // There is one place: the next is heard when the first is left.
            let mut next = connect(address);
            next.write_all(ASK).unwrap();
            let mut heard = [0; 15];
            next.read_exact(&mut heard).unwrap();
            assert_eq!(&heard, b"HTTP/1.1 200 OK");
        });
    }

    #[test]
    fn further_connections_wait_and_idle_ones_end_with_the_server() {
        with_server(Bounds { connections: 1, ..Bounds::default() }, 1, |address, metrics| {
            let (mut first, mut second) = (connect(address), connect(address));
            let mut heard = [0; 15];
            first.write_all(ASK).unwrap();
            first.read_exact(&mut heard).unwrap();
            assert!(metrics.text(&[]).contains("\ntadoru_connections 1\n"), "{}", metrics.text(&[]));
            second.write_all(ASK).unwrap();
            drop(first);
            second.read_exact(&mut heard).unwrap();
            assert_eq!(&heard, b"HTTP/1.1 200 OK");
        });
    }

    #[test]
    fn an_address_has_its_number_of_places() {
        let peers = Arc::new(Peers::default());
        let peer = |ip: &str| SocketAddr::new(ip.parse().unwrap(), 1);
        let seats: Vec<Seat> = (0..2).filter_map(|_| peers.seat(peer("192.0.2.1"), 2)).collect();
        assert_eq!(seats.len(), 2);
        assert!(peers.seat(peer("192.0.2.1"), 2).is_none());
        assert!(peers.seat(peer("::ffff:192.0.2.1"), 2).is_none(), "it is the same address");
        assert!(peers.seat(peer("192.0.2.2"), 2).is_some());
        drop(seats);
        assert!(peers.0.lock().unwrap().is_empty());
        let local: Vec<Seat> = (0..3).filter_map(|_| peers.seat(peer("127.0.0.1"), 2)).collect();
        assert_eq!(local.len(), 3);
    }
}
