//! Serving a protocol: connections, handlers, channels, and the routes that lead to them.
//!
//! `#[protocol]` implements [`Service`] for the handlers of a protocol and wraps [`Server`], [`ServerHandle`], [`Context`] and
//! [`Publisher`] in types of its own; nothing here is generic over an application's messages but a few lines at the edge.
//!
//! - A connection is one task. Messages are handled in the order in which they came; streams run beside them; pings and
//!   cancels wait for nobody. When the connection ends, so does all of this.
//! - What a connection is sent goes through one queue, bounded by `limits.outbound`. Handlers wait while half of it is taken;
//!   a client for whom it is full is closed as too slow, after its volatile messages were dropped.
//! - A message to a channel is written once for each encoding.
//! - The count of a channel that nobody is in is kept for its history's time, or for as long as a session is resumed, at
//!   least a minute; 10,000 such channels at most. Whoever comes back later learns of a gap.

mod address;
mod allowances;
mod builder;
mod channel;
mod connection;
mod connection_handle;
mod connection_info;
mod context;
pub(crate) mod dispatch;
mod encoder;
mod endpoint;
mod error_payload;
mod handler_queue;
mod handshake;
mod hub;
mod inbound;
mod membership;
mod origins;
mod rejection;
mod reply;
pub(crate) mod responder;
mod router;
mod serve;
mod server_handle;
mod service;
mod socket;
mod stall;
mod state;
mod stream;
mod system;
mod token_bucket;
mod upgrade;

pub use address::{Network, ParseNetworkError};
pub use builder::Builder;
pub use channel::{ConnectionChannel, Publisher};
pub use connection_info::{ConnectionInfo, SessionState};
pub use context::Context;
pub use rejection::Rejection;
pub use serve::{Serve, serve};
pub use server_handle::ServerHandle;
pub use service::{Action, ConnectRequest, Received, Service};
pub use stream::{SendError, StreamResponder, StreamSender};

use crate::{
    transport::{CloseFrame, Transport},
    transport_io::CLOSE_TIMEOUT,
};
use address::ClientAddress;
use endpoint::Endpoint;
use std::sync::Arc;

/// A server of one protocol.
#[derive(Clone, Debug)]
pub struct Server {
    endpoint: Arc<Endpoint>,
    path: Arc<str>,
    health_path: Option<Arc<str>>,
}

impl Server {
    /// A server with the default settings.
    pub fn new(service: Arc<dyn Service>) -> Self {
        Self::builder(service).build()
    }

    /// Builds a server with other settings.
    pub fn builder(service: Arc<dyn Service>) -> Builder {
        Builder::new(service)
    }

    /// A handle that publishes from anywhere, and shuts the server down.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(self.endpoint.state.clone())
    }

    /// The routes for axum: the WebSocket at [`Builder::path`] (`/ws`), and a health check at [`Builder::health_path`] (`/healthz`).
    ///
    /// Serve them with [`serve`].
    pub fn router(&self) -> axum::Router {
        router::router(&self.endpoint, &self.path, self.health_path.as_deref())
    }

    /// Serves a connection over any other transport, such as [`transport::duplex`](crate::transport::duplex), until it ends. It uses the
    /// protocol's preferred encoding.
    pub async fn serve(&self, transport: impl Transport, info: ConnectionInfo) {
        let mut transport: Box<dyn Transport> = Box::new(transport);
        let origin = info.address.map(|address| ClientAddress {
            address,
            hidden: false,
        });
        match self.endpoint.state.admit(origin) {
            Ok(admission) => {
                handshake::serve(transport, self.endpoint.clone(), info, admission, 0).await;
            }
            Err(_) => {
                let code = handshake::TRY_AGAIN_LATER;
                let closing = CloseFrame::new(code, "there are too many connections");
                transport.close(&closing, CLOSE_TIMEOUT).await;
            }
        }
    }
}
