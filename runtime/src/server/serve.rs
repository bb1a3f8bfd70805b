//! Serves a router over HTTP/1.1 with timeouts and connection limits, so that untrusted clients cannot exhaust the server.

mod body;
mod stream;

pub(crate) use stream::WriteTimeoutStream;

use self::body::{PendingRequest, RequestBody, ResponseBody};
use super::{
    address::Network,
    allowances::{Allowance, SenderAllowances},
};
use axum::{Router, body::Body, extract::ConnectInfo};
use futures_util::future::BoxFuture;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, fmt, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
};
use tower_service::Service as _;

/// How long a graceful shutdown may take.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a write may make no progress, and the time that a request body may take in addition to the time its bytes need at the minimum
/// rate.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection without pending requests stays open in a graceful shutdown, so that its last response can be written.
const FLUSH: Duration = Duration::from_secs(1);

/// Serves a router on a listener.
///
/// Like `axum::serve`, but hardened for untrusted clients:
/// - A request head must arrive within [`Serve::header_timeout`]; idle connections are closed after the same time. A request body must
///   arrive at 1 KiB per second on average, after a grace period of 30 seconds. A connection is closed if the client reads nothing of a
///   response for 30 seconds.
/// - The number of connections is limited, in total and per address ([`Serve::connections`], [`Serve::connections_per_address`]), before
///   and after an upgrade. A request head has at most 16 KiB and 100 headers.
/// - A graceful shutdown does not wait for clients that never complete their request.
/// - Handlers can extract the peer's address (`ConnectInfo<SocketAddr>`), and small messages are sent without delay (`TCP_NODELAY`).
///
/// Runs while the returned value is awaited: forever, or until the signal passed to [`Serve::with_graceful_shutdown`]. Errors of the
/// listener are logged and `accept` is retried.
///
/// ```
/// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
/// # use api::*;
/// # #[cfg(feature = "client")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let address = listener.local_addr()?;
/// tokio::spawn(handfast::server::serve(listener, Server::new(App).router()).into_future());
///
/// let client = Client::connect(format!("ws://{address}/ws")).await?;
/// client.chat_send(ChatSend { room: "lobby".into(), text: "hi".into() }).await?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "client"))]
/// # fn main() {}
/// ```
pub fn serve(listener: TcpListener, router: Router) -> Serve {
    Serve {
        listener,
        router,
        header_timeout: Duration::from_secs(10),
        connections: 20_000,
        connections_per_address: 1000,
        trusted: Vec::new(),
        shutdown: None,
    }
}

/// The future of [`serve`], with its settings.
#[must_use = "nothing is served until this is awaited"]
pub struct Serve {
    listener: TcpListener,
    router: Router,
    header_timeout: Duration,
    connections: usize,
    connections_per_address: usize,
    trusted: Vec<Network>,
    shutdown: Option<BoxFuture<'static, ()>>,
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("listener", &self.listener)
            .field("header_timeout", &self.header_timeout)
            .field("connections", &self.connections)
            .field("connections_per_address", &self.connections_per_address)
            .finish_non_exhaustive()
    }
}

impl Serve {
    /// Sets how long a request head may take, from the accepted connection or the end of the last response: 10 seconds by default.
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// Sets the maximum number of concurrent connections: 20,000 by default. Further connections wait to be accepted.
    pub fn connections(mut self, most: usize) -> Self {
        self.connections = most;
        self
    }

    /// Sets the maximum number of concurrent connections per address: 1,000 by default. Further connections are closed at once. Loopback
    /// addresses and trusted proxies are exempt.
    pub fn connections_per_address(mut self, most: usize) -> Self {
        self.connections_per_address = most;
        self
    }

    /// Adds reverse proxies, each of which serves many clients: the same as in
    /// [`Builder::trusted_proxies`](super::Builder::trusted_proxies).
    pub fn trusted_proxies(mut self, networks: impl IntoIterator<Item = Network>) -> Self {
        self.trusted.extend(networks);
        self
    }

    /// Shuts down when `signal` is ready: accepts no more connections and waits for pending requests, for at most 10 seconds.
    ///
    /// WebSockets are not affected; close them with [`ServerHandle::shutdown`](super::ServerHandle::shutdown):
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// let server = Server::new(App);
    /// let handle = server.handle();
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<()>(); // or `tokio::signal::ctrl_c()`
    /// # stop.send(()).unwrap();
    /// handfast::server::serve(listener, server.router())
    ///     .with_graceful_shutdown(async move {
    ///         let _ = stopped.await;
    ///         handle.shutdown().await;
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_graceful_shutdown(
        mut self,
        signal: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        self.shutdown = Some(Box::pin(signal));
        self
    }

    async fn run(self) -> io::Result<()> {
        let Self {
            listener,
            router,
            header_timeout,
            connections,
            connections_per_address,
            trusted,
            shutdown,
        } = self;
        let senders = SenderAllowances::new(None, connections_per_address);
        let slots = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
        let (end, ended) = watch::channel(false);
        let mut open = JoinSet::new();
        let mut shutdown = shutdown.unwrap_or_else(|| Box::pin(std::future::pending::<()>()));
        let accepted = async {
            loop {
                // The semaphore is never closed.
                let Ok(permit) = slots.clone().acquire_owned().await else {
                    std::future::pending().await
                };
                let (stream, peer) = accept(&listener).await;
                let ip = peer.ip().to_canonical();
                let limited = !ip.is_loopback() && !trusted.iter().any(|n| n.contains(ip));
                let allowance = match limited.then(|| senders.address(ip)) {
                    None => Allowance::default(),
                    Some(Some(allowance)) => allowance,
                    Some(None) => {
                        tracing::info!(%peer, "too many connections from this address");
                        continue;
                    }
                };
                while open.try_join_next().is_some() {}
                let permits = Permits {
                    _permit: permit,
                    _allowance: allowance,
                };
                open.spawn(connection(
                    stream,
                    peer,
                    router.clone(),
                    header_timeout,
                    ended.clone(),
                    permits,
                ));
            }
        };
        tokio::select! {
            () = accepted => {}
            () = &mut shutdown => {}
        }
        drop(listener);
        end.send_replace(true);
        let finished = async { while open.join_next().await.is_some() {} };
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, finished)
            .await
            .is_err()
        {
            tracing::info!("dropping connections that did not end within the shutdown timeout");
        }
        Ok(())
    }
}

impl IntoFuture for Serve {
    type Output = io::Result<()>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// The share of the limits that a connection occupies until it is dropped.
struct Permits {
    _permit: OwnedSemaphorePermit,
    _allowance: Allowance,
}

/// Accepts the next connection. Errors of a single connection are skipped; after any other error, `accept` is retried a second later.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error)
                if matches!(
                    error.kind(),
                    ConnectionAborted | ConnectionRefused | ConnectionReset
                ) => {}
            Err(error) => {
                // Most likely, the process has run out of file descriptors.
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "cannot accept a connection"
                );
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    header_timeout: Duration,
    mut ended: watch::Receiver<bool>,
    permits: Permits,
) {
    // Small messages should not wait for others. If this cannot be set, they are merely delayed.
    let _ = stream.set_nodelay(true);
    let permits = Arc::new(permits);
    let (pending, mut pending_count) = watch::channel(0_usize);
    let pending = Arc::new(pending);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut request = request.map(|body| Body::new(RequestBody::new(body, STALL_TIMEOUT)));
        request.extensions_mut().insert(ConnectInfo(peer));
        // An upgrade keeps this for as long as the connection lasts.
        request
            .extensions_mut()
            .insert(ConnectionPermit(permits.clone()));
        let (answer, pending) = (router.clone().call(request), PendingRequest::new(&pending));
        async move {
            let answer = answer.await?;
            Ok::<_, Infallible>(answer.map(|body| ResponseBody {
                body,
                _pending: pending,
            }))
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(16 * 1024)
        .max_headers(100)
        .serve_connection(
            TokioIo::new(WriteTimeoutStream::new(stream, STALL_TIMEOUT)),
            service,
        )
        .with_upgrades();
    let mut served = pin!(served);
    let result = tokio::select! {
        result = &mut served => result,
        () = async { drop(ended.wait_for(|ended| *ended).await) } => {
            served.as_mut().graceful_shutdown();
            // Neither an incomplete request head nor a client that does not read its response delays the shutdown.
            let answered = async {
                drop(pending_count.wait_for(|requests| *requests == 0).await);
                tokio::time::sleep(FLUSH).await;
            };
            tokio::select! {
                result = served => result,
                () = answered => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(
            %peer,
            error = &error as &dyn std::error::Error,
            "a connection failed"
        );
    }
}

/// Keeps a connection counted after its upgrade.
#[derive(Clone)]
pub(crate) struct ConnectionPermit(
    #[expect(dead_code, reason = "it is dropped with the connection")] Arc<Permits>,
);
