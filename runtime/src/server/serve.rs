//! Serving a router over HTTP/1.1 to whoever connects, without letting them hold what they do not use.

mod body;
mod stream;

pub(crate) use stream::Impatient;

use self::body::{Answered, Asked, Busy};
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

/// How long a graceful end may take.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a peer may take nothing of an answer, and how long a body may take beside the time for its bytes.
const IDLE: Duration = Duration::from_secs(30);

/// How long a connection lasts in a graceful end that answers nothing: for what was answered to be written.
const FLUSH: Duration = Duration::from_secs(1);

/// Serves a router at a listener's address.
///
/// It is what `axum::serve` is, for servers that strangers reach:
/// - A request whose head is not there in time is given up, a connection that asks for nothing more is closed
///   ([`Serve::header_timeout`]). A body has to come at 1 KiB a second, 30 seconds aside, and an answer of which nothing is taken for 30
///   seconds is given up.
/// - There are at most so many connections at a time, in all and of an address ([`Serve::connections`],
///   [`Serve::connections_per_address`]), before and after an upgrade; a head has 16 KiB and 100 headers at the most.
/// - A graceful end does not wait for those who never finish what they ask.
/// - Handlers learn the peer's address (`ConnectInfo<SocketAddr>`), and small messages do not wait for others (`TCP_NODELAY`).
///
/// Await it; it ends where the listener breaks, or with [`Serve::with_graceful_shutdown`].
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

/// How a router is served: see [`serve`].
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
    /// How long the head of a request may take, from the accepted connection or the last response on: 10 seconds unless set.
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// How many connections there may be at a time: 20,000 unless set. Others wait to be accepted.
    pub fn connections(mut self, most: usize) -> Self {
        self.connections = most;
        self
    }

    /// How many connections an address may have at a time: 1,000 unless set. More are closed at once. It does not hold for this machine
    /// and trusted proxies.
    pub fn connections_per_address(mut self, most: usize) -> Self {
        self.connections_per_address = most;
        self
    }

    /// Proxies, whose connections are those of many clients: the same as in
    /// [`Builder::trusted_proxies`](super::Builder::trusted_proxies).
    pub fn trusted_proxies(mut self, networks: impl IntoIterator<Item = Network>) -> Self {
        self.trusted.extend(networks);
        self
    }

    /// Ends when `signal` is ready: nothing more is accepted, requests that are being answered are finished, for 10 seconds at the most.
    ///
    /// WebSockets are ended by their servers' own handles, before or after:
    /// `serve(listener, router).with_graceful_shutdown(async move { stopped.await; handle.shutdown().await })`.
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
        let room = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
        let (end, ended) = watch::channel(false);
        let mut open = JoinSet::new();
        let mut shutdown = shutdown.unwrap_or_else(|| Box::pin(std::future::pending::<()>()));
        let accepted = async {
            loop {
                // The semaphore is never closed.
                let Ok(permit) = room.clone().acquire_owned().await else {
                    std::future::pending().await
                };
                let (stream, peer) = accept(&listener).await;
                let ip = peer.ip().to_canonical();
                let bounded = !ip.is_loopback() && !trusted.iter().any(|n| n.contains(ip));
                let place = match bounded.then(|| senders.address(ip)) {
                    None => Allowance::default(),
                    Some(Some(place)) => place,
                    Some(None) => {
                        tracing::info!(%peer, "there are too many connections of this address");
                        continue;
                    }
                };
                while open.try_join_next().is_some() {}
                let held = Held {
                    _permit: permit,
                    _place: place,
                };
                open.spawn(connection(
                    stream,
                    peer,
                    router.clone(),
                    header_timeout,
                    ended.clone(),
                    held,
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
            tracing::info!("connections that did not end in time are dropped");
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

/// What a connection takes of the bounds, until it is gone.
struct Held {
    _permit: OwnedSemaphorePermit,
    _place: Allowance,
}

/// The next connection. Where one cannot be accepted, that is its own affair, or the machine's for a while.
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
                // There are no more files, most likely.
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a connection cannot be accepted"
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
    held: Held,
) {
    // Small messages should not wait for others; where it cannot be set, they do.
    let _ = stream.set_nodelay(true);
    let held = Arc::new(held);
    let (busy, mut answering) = watch::channel(0_usize);
    let busy = Arc::new(busy);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut request = request.map(|body| Body::new(Asked::new(body, IDLE)));
        request.extensions_mut().insert(ConnectInfo(peer));
        // Kept by whoever takes the connection over.
        request.extensions_mut().insert(Keep(held.clone()));
        let (answer, busy) = (router.clone().call(request), Busy::new(&busy));
        async move {
            let answer = answer.await?;
            Ok::<_, Infallible>(answer.map(|body| Answered { body, _busy: busy }))
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_buf_size(16 * 1024)
        .max_headers(100)
        .serve_connection(TokioIo::new(Impatient::new(stream, IDLE)), service)
        .with_upgrades();
    let mut served = pin!(served);
    let result = tokio::select! {
        result = &mut served => result,
        () = async { drop(ended.wait_for(|ended| *ended).await) } => {
            served.as_mut().graceful_shutdown();
            // A head that is not there yet does not hold the end, nor does who does not read an answer.
            let answered = async {
                drop(answering.wait_for(|requests| *requests == 0).await);
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
            "a connection ends"
        );
    }
}

/// Keeps a connection among those that are counted, after its upgrade.
#[derive(Clone)]
pub(crate) struct Keep(
    #[expect(dead_code, reason = "it is dropped with the connection")] Arc<Held>,
);
