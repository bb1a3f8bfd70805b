//! Serving a protocol: connections, handlers, channels, and the routes that lead to them.
//!
//! `#[protocol]` implements [`Service`] for the handlers of a protocol and wraps [`Server`], [`ServerHandle`], [`Context`] and
//! [`Publisher`] in types of its own. Apart from a thin typed layer at the edge, nothing here is generic over the application's messages.
//!
//! - A connection is one task. Messages are handled in the order in which they arrive; streams run concurrently with them; pings and
//!   cancels are handled at once. When the connection ends, all of its handlers end with it.
//! - Everything sent to a connection passes through one queue, bounded by `limits.outbound`. Handlers wait while more than half of it is
//!   used (backpressure). A client whose queue is full is closed as too slow; volatile messages are dropped first.
//! - [`ClientHandle`] sends a request of the protocol to one client. Its answer overtakes queued messages, so a handler may wait for it.
//! - A message published to a channel is encoded once per encoding.
//! - The position of a channel without members is kept for the duration of its history, or for as long as a session can be resumed, but at
//!   least for one minute. At most 10,000 such channels are kept. A client that rejoins later receives a gap.
//! - A client that rejoins a channel with a history receives what it missed before what is published, at the pace at which it reads.

mod address;
mod allowances;
mod attach;
mod builder;
mod channel;
mod client_handle;
mod connection;
mod connection_handle;
mod connection_info;
mod context;
pub(crate) mod dispatch;
mod encoder;
mod endpoint;
mod expiry;
mod handler_queue;
mod handling;
mod handshake;
mod hub;
mod inbound;
#[cfg(feature = "jwt")]
pub mod jwt;
mod kept_info;
mod membership;
mod middleware;
mod origins;
mod pending_calls;
mod presence;
mod registry;
mod rejection;
mod replay;
mod reply;
pub(crate) mod responder;
mod roster;
mod router;
mod serve;
mod server_handle;
mod service;
mod sessions;
mod shrink;
mod socket;
mod stall;
mod state;
mod system;
mod token_bucket;
mod upgrade;
mod volatile_key;

pub use crate::{
    calls::{Call, CallError, StreamError, Streaming},
    replies::SendError,
};
pub use address::{Network, ParseNetworkError};
pub use builder::Builder;
pub use channel::{ConnectionChannel, Publisher};
pub use client_handle::ClientHandle;
pub use connection_info::{ConnectionInfo, SessionState};
pub use context::Context;
pub use membership::JoinError;
pub use middleware::{Handled, Middleware, Outcome, TypedServer};
pub use presence::PresenceError;
pub use rejection::Rejection;
pub use serve::{Serve, serve};
pub use server_handle::ServerHandle;
pub use service::{Action, Answer, ConnectRequest, Info, Received, Service};

/// A request of a client for a stream.
pub type StreamResponder<Ack, Item> =
    crate::replies::StreamResponder<Ack, Item, responder::Responder>;

/// Sends the items of a stream to a client.
pub type StreamSender<Item> = crate::replies::StreamSender<Item, responder::Responder>;

use crate::{
    transport::{CloseFrame, Transport},
    transport_io::CLOSE_TIMEOUT,
};
use address::ClientAddress;
use endpoint::Endpoint;
use std::sync::Arc;

/// The close code for data of a type that cannot be accepted (RFC 6455, section 7.4.1).
const UNSUPPORTED_DATA: u16 = 1003;

/// A server of one protocol.
#[derive(Clone, Debug)]
pub struct Server {
    endpoint: Arc<Endpoint>,
    path: Arc<str>,
    health_path: Option<Arc<str>>,
    #[cfg(feature = "metrics")]
    metrics: Option<router::MetricsRoute>,
}

impl Server {
    /// Creates a server with the default settings.
    pub fn new(service: Arc<dyn Service>) -> Self {
        Self::builder(service).build()
    }

    /// Returns a builder, to change the default settings.
    pub fn builder(service: Arc<dyn Service>) -> Builder {
        Builder::new(service)
    }

    /// Returns a handle that publishes from outside handlers and shuts the server down.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(self.endpoint.state.clone())
    }

    /// Returns the routes as an axum router: the WebSocket at [`Builder::path`] (`/ws`), a health check at [`Builder::health_path`]
    /// (`/healthz`), and the metrics if `Builder::metrics` was called.
    ///
    /// Serve them with [`serve`].
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let routes = axum::Router::new()
    ///     .route("/", axum::routing::get(async || "a page"))
    ///     .merge(Server::new(App).router());
    /// # let mut routes = routes;
    /// # let request = axum::http::Request::get("/healthz").body(axum::body::Body::empty())?;
    /// # assert!(tower_service::Service::call(&mut routes, request).await?.status().is_success());
    /// # Ok(())
    /// # }
    /// ```
    pub fn router(&self) -> axum::Router {
        let router = router::router(&self.endpoint, &self.path, self.health_path.as_deref());
        #[cfg(feature = "metrics")]
        let router = match &self.metrics {
            Some(metrics) => metrics.add_to(router),
            None => router,
        };
        router
    }

    /// Serves a connection over any other transport, such as [`transport::duplex`](crate::transport::duplex), until it ends. The encoding
    /// is [`ConnectionInfo::encoding`]; if the protocol does not have it, the connection is closed with 1003.
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// # #[cfg(feature = "client")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::{client::ClientBuilder, server::ConnectionInfo, transport::duplex};
    ///
    /// let server = Server::new(App);
    /// let client = ClientBuilder::<Chat, Client>::over(move || {
    ///     let (client_end, server_end) = duplex(16);
    ///     let server = server.clone();
    ///     tokio::spawn(async move { server.serve(server_end, ConnectionInfo::default()).await });
    ///     async { Ok::<_, std::convert::Infallible>(client_end) }
    /// })
    /// .await?;
    /// client.chat_send(ChatSend { room: "lobby".into(), text: "hi".into() }).await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "client"))]
    /// # fn main() {}
    /// ```
    pub async fn serve(&self, transport: impl Transport, info: ConnectionInfo) {
        let mut transport: Box<dyn Transport> = Box::new(transport);
        let Some(encoding) = self.endpoint.state.encoder.index_of(info.encoding) else {
            tracing::error!(encoding = ?info.encoding, "the protocol does not have this encoding");
            let frame =
                CloseFrame::new(UNSUPPORTED_DATA, "the protocol does not have this encoding");
            return transport.close(&frame, CLOSE_TIMEOUT).await;
        };
        let client = info.address.map(|address| ClientAddress {
            address,
            unidentified: false,
        });
        match self.endpoint.state.admit(client) {
            Ok(admission) => {
                handshake::serve(transport, self.endpoint.clone(), info, admission, encoding).await;
            }
            Err(_) => {
                let code = handshake::TRY_AGAIN_LATER;
                let frame = CloseFrame::new(code, "too many connections");
                transport.close(&frame, CLOSE_TIMEOUT).await;
            }
        }
    }
}
