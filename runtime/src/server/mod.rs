//! Serving a protocol: connections, handlers, channels, and the routes that lead to them.
//!
//! `#[protocol]` implements [`Service`] for the handlers of a protocol and wraps [`Server`], [`Handle`], [`Context`] and
//! [`Publisher`] in types of its own; nothing here is generic over an application's messages but a few lines at the edge.
//!
//! - A connection is one task. Messages are handled in the order in which they came; streams run beside them; pings and
//!   cancels wait for nobody. When the connection ends, so does all of this.
//! - What a connection is sent goes through one queue, bounded by `limits.outbound`. Handlers wait while half of it is taken;
//!   a client for whom it is full is closed as too slow, after its volatile messages were dropped.
//! - A message to a channel is written once for each encoding.
//! - The count of a channel that nobody is in is kept for its history's time, or for as long as a session is resumed, at
//!   least a minute; 10,000 such channels at most. Whoever comes back later learns of a gap.

mod connection;
mod context;
mod fault;
mod handshake;
mod hub;
mod jobs;
mod link;
mod rate;
mod router;
mod service;
mod shared;
mod stream;

pub use context::Context;
pub use service::{Action, Opening, Received, Refusal, Service, Session, answer, run};
pub use stream::{SendError, Sender, Stream};

use crate::{
    ChannelKey, MessageOf, Messages, PublishTo,
    broker::{Broker, InMemory},
    codec::{Codec, Json},
    table::LimitsTable,
    transport::Transport,
};
use router::Origins;
use shared::Shared;
use std::{fmt, marker::PhantomData, net::SocketAddr, sync::Arc};

/// Where a connection comes from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Peer {
    /// Its address, where the router was served with `into_make_service_with_connect_info::<SocketAddr>()`.
    pub address: Option<SocketAddr>,
    /// The headers of its request.
    pub headers: http::HeaderMap,
    /// What it asked for, the query included.
    pub uri: http::Uri,
}

/// A server of one protocol.
#[derive(Clone, Debug)]
pub struct Server {
    shared: Arc<Shared>,
    path: Arc<str>,
    origins: Arc<Origins>,
}

/// How a server is set up.
#[must_use = "a builder does nothing until `build`"]
pub struct Builder {
    service: Arc<dyn Service>,
    path: String,
    limits: LimitsTable,
    broker: Option<Arc<dyn Broker>>,
    origins: Origins,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("path", &self.path)
            .field("limits", &self.limits)
            .field("broker", &self.broker)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Where the WebSocket is served: `/ws` unless told otherwise.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Other limits than those of the protocol.
    pub fn limits(mut self, limits: LimitsTable) -> Self {
        self.limits = limits;
        self
    }

    /// What carries messages to other servers: [`InMemory`] of its own unless told otherwise.
    pub fn broker(mut self, broker: Arc<dyn Broker>) -> Self {
        self.broker = Some(broker);
        self
    }

    /// Takes pages of an origin, such as `https://app.example`, besides those of the server's own.
    ///
    /// A browser sends the origin of the page; what sends none is no browser, and is taken.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.allow(origin.into());
        self
    }

    /// Takes pages of any origin. Do not, where a cookie says who somebody is.
    pub fn any_origin(mut self) -> Self {
        self.origins = Origins::Any;
        self
    }

    /// The server.
    pub fn build(self) -> Server {
        let table = self.service.table();
        let mut codecs: Vec<(Arc<dyn Codec>, &'static str)> = table
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
            shared: Shared::new(self.service, self.limits, codecs.into(), broker),
            path: self.path.into(),
            origins: Arc::new(self.origins),
        }
    }
}

impl Server {
    /// A server with everything as the protocol says.
    pub fn new(service: Arc<dyn Service>) -> Self {
        Self::builder(service).build()
    }

    /// Sets up a server.
    pub fn builder(service: Arc<dyn Service>) -> Builder {
        let limits = service.table().limits;
        Builder {
            service,
            path: "/ws".into(),
            limits,
            broker: None,
            origins: Origins::default(),
        }
    }

    /// The way in from everywhere else.
    pub fn handle(&self) -> Handle {
        Handle {
            shared: self.shared.clone(),
        }
    }

    /// Routes for axum: the WebSocket at `/ws` or the path that was set, and `/healthz`.
    ///
    /// Small messages travel sooner where Nagle's algorithm is off: serve a listener with
    /// `listener.tap_io(|tcp| { let _ = tcp.set_nodelay(true); })`.
    pub fn router(&self) -> axum::Router {
        router::router(self)
    }

    /// Serves a connection that came some other way, such as [`transport::pair`](crate::transport::pair), until it ends.
    /// It speaks the preferred encoding.
    pub async fn serve(&self, transport: impl Transport, peer: Peer) {
        handshake::serve(Box::new(transport), self.shared.clone(), peer, 0).await;
    }
}

/// A way into a server, for publishing and for shutting down. A clone is a counted reference.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    /// The way into a channel.
    pub fn publisher<C: ChannelKey>(&self, channel: &C) -> Publisher<C> {
        Publisher::new(self.shared.clone(), channel)
    }

    /// Publishes a message to everybody in a channel.
    pub fn publish<C: ChannelKey, M: PublishTo<C>>(&self, channel: &C, message: &M) {
        self.publisher(channel).publish(message);
    }

    /// How many connections there are, those included that have not said hello.
    pub fn connections(&self) -> usize {
        *self.shared.alive.borrow()
    }

    /// Takes no more connections, lets every one finish the messages it is handling (for `session.timeout` at most; streams
    /// end at once), closes it with 1001, and waits until all are gone. Called again, it waits as well.
    pub async fn shutdown(&self) {
        let mut alive = self.shared.alive.subscribe();
        self.shared.go();
        // The sender lives in `shared`, so this cannot fail.
        let _ = alive.wait_for(|alive| *alive == 0).await;
    }
}

/// The way into a channel.
#[derive(Clone)]
pub struct Publisher<C> {
    shared: Arc<Shared>,
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
    fn new(shared: Arc<Shared>, channel: &C) -> Self {
        Self {
            shared,
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
    pub fn publish<M: PublishTo<C>>(&self, message: &M) {
        let index = <M as MessageOf<M::Union>>::INDEX;
        let table = &<M::Union as Messages>::TABLE.messages[index];
        self.shared.publish(self.key.clone(), table, message);
    }

    /// How many connections of this server are in the channel.
    pub fn members(&self) -> usize {
        self.shared.hub.members(&self.key)
    }
}
