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
mod connection;
mod connection_handle;
mod context;
mod error_payload;
mod handler_queue;
mod handshake;
mod hub;
mod inbound;
mod origins;
mod router;
mod serve;
mod service;
mod socket;
mod stall;
mod state;
mod stream;
mod system;
mod token_bucket;
mod upgrade;

pub use address::{Network, ParseNetworkError};
pub use context::Context;
pub use serve::{Serve, serve};
pub use service::{
    Action, ConnectRequest, Received, Rejection, Service, SessionState, answer, run,
};
pub use stream::{SendError, StreamResponder, StreamSender};

use crate::{
    ChannelKey, ChannelMessage, Message, MessageSet,
    broker::{Broker, InMemory},
    codec::{Codec, Json},
    descriptor::Limits,
    transport::{CloseFrame, Transport},
};
use address::ClientAddress;
use origins::Origins;
use state::{Bounds, ServerState};
use std::{fmt, marker::PhantomData, net::SocketAddr, sync::Arc};

/// Where a connection comes from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Its address, where the router is served by [`serve`], or with `into_make_service_with_connect_info::<SocketAddr>()`. What a trusted
    /// proxy says of it (`Forwarded`, RFC 7239) counts; the port is 0 where the proxy does not name it.
    pub address: Option<SocketAddr>,
    /// The headers of its request.
    pub headers: http::HeaderMap,
    /// What it asked for, the query included.
    pub uri: http::Uri,
}

/// A server of one protocol.
#[derive(Clone, Debug)]
pub struct Server {
    state: Arc<ServerState>,
    path: Arc<str>,
    origins: Arc<Origins>,
}

/// How a server is set up.
///
/// `S` is what [`build`](Self::build) returns: this [`Server`], or the one that `#[protocol]` wraps around it.
#[must_use = "a builder does nothing until `build`"]
pub struct Builder<S = Server> {
    service: Arc<dyn Service>,
    path: String,
    limits: Limits,
    broker: Option<Arc<dyn Broker>>,
    origins: Origins,
    bounds: Bounds,
    server: PhantomData<fn() -> S>,
}

impl<S> fmt::Debug for Builder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("path", &self.path)
            .field("limits", &self.limits)
            .field("broker", &self.broker)
            .field("origins", &self.origins)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

impl<S: From<Server>> Builder<S> {
    /// A server of an application, with the path `/ws` and the limits of its protocol.
    pub fn new(service: Arc<dyn Service>) -> Self {
        let limits = service.protocol().limits;
        Self {
            service,
            path: "/ws".into(),
            limits,
            broker: None,
            origins: Origins::default(),
            bounds: Bounds::default(),
            server: PhantomData,
        }
    }

    /// Where the WebSocket is served: `/ws` unless told otherwise.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Other limits than those of the protocol.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What carries messages to other servers: [`InMemory`] of its own unless told otherwise.
    pub fn broker(mut self, broker: Arc<dyn Broker>) -> Self {
        self.broker = Some(broker);
        self
    }

    /// Allows pages of an origin, such as `https://app.example`.
    ///
    /// Browsers send the origin of the page in `Origin`. Requests without that header do not come from a browser and are always allowed. By
    /// default, the only pages allowed are those of the host that the request is for, and only if that host is an IP address or `localhost`:
    /// anybody can make a name resolve to this server (DNS rebinding).
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.allow(origin.into());
        self
    }

    /// Allows pages of any origin. Do not use this with cookie-based authentication: any page could then act as its visitor.
    pub fn allow_any_origin(mut self) -> Self {
        self.origins = Origins::Any;
        self
    }

    /// How many connections there may be, those included that have not said hello: 10,000 unless set. Further upgrades are refused with 503.
    pub fn max_connections(mut self, most: usize) -> Self {
        self.bounds.connections = most;
        self
    }

    /// How many connections an address may have: 100 unless set. Further upgrades are refused with 429. An address of IPv6 counts by its first
    /// 64 bits. Addresses of this machine and of trusted proxies have no such bound, nor a common rate.
    pub fn max_connections_per_address(mut self, most: usize) -> Self {
        self.bounds.connections_per_address = most;
        self
    }

    /// Proxies that stand before the server; [`Serve::trusted_proxies`] has to know them, too: what they say in `Forwarded` (RFC 7239) is where a request comes from. No other header is read,
    /// `X-Forwarded-For` neither. A proxy has to add its own element behind what a client sent, as the RFC has it, or to write the header
    /// anew; one that passes a client's header on as its own lets it claim any address. Clients that it does not name (`for=unknown`) share bounds.
    ///
    /// ```
    /// # fn set_up(builder: handfast::server::Builder) -> Result<handfast::server::Builder, handfast::server::ParseNetworkError> {
    /// Ok(builder.trusted_proxies(["127.0.0.1".parse()?, "10.0.0.0/8".parse()?]))
    /// # }
    /// ```
    pub fn trusted_proxies(mut self, networks: impl IntoIterator<Item = Network>) -> Self {
        self.bounds.trusted.extend(networks);
        self
    }

    /// Whether the server checks what it sends as clients will: unless set, in builds with debug assertions. What breaks its own rules is not
    /// sent; it is logged with its violations, and a request for it is answered with `INTERNAL`.
    pub fn check_sent(mut self, check: bool) -> Self {
        self.bounds.checks = check;
        self
    }

    /// The server.
    pub fn build(self) -> S {
        let protocol = self.service.protocol();
        let mut codecs: Vec<(Arc<dyn Codec>, &'static str)> = protocol
            .encodings
            .iter()
            .filter(|(name, _)| *name == "json")
            .map(|(_, subprotocol)| (Arc::new(Json) as Arc<dyn Codec>, *subprotocol))
            .collect();
        if codecs.is_empty() {
            codecs.push((Arc::new(Json), ""));
        }
        let broker = self.broker.unwrap_or_else(|| InMemory::new());
        Server {
            state: ServerState::new(
                self.service,
                self.limits,
                codecs.into(),
                broker,
                self.bounds,
            ),
            path: self.path.into(),
            origins: Arc::new(self.origins),
        }
        .into()
    }
}

impl Server {
    /// A server with everything as the protocol says.
    pub fn new(service: Arc<dyn Service>) -> Self {
        Self::builder(service).build()
    }

    /// Builds a server with other settings.
    pub fn builder(service: Arc<dyn Service>) -> Builder {
        Builder::new(service)
    }

    /// The way in from everywhere else.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle {
            state: self.state.clone(),
        }
    }

    /// Routes for axum: the WebSocket at `/ws` or the path that was set, and `/healthz`.
    ///
    /// Serve them by [`serve`].
    pub fn router(&self) -> axum::Router {
        router::router(self)
    }

    /// Serves a connection that came some other way, such as [`transport::duplex`](crate::transport::duplex), until it ends.
    /// It speaks the preferred encoding.
    pub async fn serve(&self, transport: impl Transport, info: ConnectionInfo) {
        let mut transport: Box<dyn Transport> = Box::new(transport);
        let origin = info.address.map(|address| ClientAddress {
            address,
            hidden: false,
        });
        match self.state.admit(origin) {
            Ok(admission) => {
                handshake::serve(transport, self.state.clone(), info, admission, 0).await;
            }
            Err(_) => {
                let code = handshake::TRY_AGAIN_LATER;
                let closing = CloseFrame::new(code, "there are too many connections");
                transport.close(&closing, connection::CLOSE_TIMEOUT).await;
            }
        }
    }
}

/// A way into a server, for publishing and for shutting down. A clone is a counted reference.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    state: Arc<ServerState>,
}

impl ServerHandle {
    /// The way into a channel.
    pub fn publisher<C: ChannelKey>(&self, channel: &C) -> Publisher<C> {
        Publisher::new(self.state.clone(), channel)
    }

    /// Publishes a message to everybody in a channel.
    pub fn publish<C: ChannelKey, M: ChannelMessage<C>>(&self, channel: &C, message: &M) {
        self.publisher(channel).publish(message);
    }

    /// How many connections there are, those included that have not said hello.
    pub fn connections(&self) -> usize {
        *self.state.alive.borrow()
    }

    /// Takes no more connections, lets every one finish the messages it is handling (for `session.timeout` at most; streams
    /// end at once), closes it with 1001, and waits until all are gone. Called again, it waits as well.
    pub async fn shutdown(&self) {
        let mut alive = self.state.alive.subscribe();
        self.state.go();
        // The sender lives in `state`, so this cannot fail.
        let _ = alive.wait_for(|alive| *alive == 0).await;
    }
}

/// The way into a channel.
#[derive(Clone)]
pub struct Publisher<C> {
    state: Arc<ServerState>,
    key: Arc<str>,
    channel: PhantomData<fn(C)>,
}

impl<C> fmt::Debug for Publisher<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl<C: ChannelKey> Publisher<C> {
    fn new(state: Arc<ServerState>, channel: &C) -> Self {
        Self {
            state,
            key: channel.key().into(),
            channel: PhantomData,
        }
    }

    /// The channel's key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Publishes a message to everybody in the channel, on every server of the same broker. It does not wait; a message
    /// that cannot be written is logged.
    pub fn publish<M: ChannelMessage<C>>(&self, message: &M) {
        let index = <M as Message<M::Union>>::INDEX;
        let table = &<M::Union as MessageSet>::DESCRIPTOR.messages[index];
        if self.state.is_sound(table.name, message) {
            self.state.publish(self.key.clone(), table, message);
        }
    }

    /// How many connections of this server are in the channel.
    pub fn members(&self) -> usize {
        self.state.hub.members(&self.key)
    }
}
