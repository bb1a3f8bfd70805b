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

mod address;
mod connection;
mod context;
mod fault;
mod handshake;
mod hub;
mod inbound;
mod jobs;
mod link;
mod origins;
mod rate;
mod router;
mod senders;
mod serve;
mod service;
mod shared;
mod socket;
mod stall;
mod stream;
mod system;
mod upgrade;

pub use address::{Network, NotANetwork};
pub use context::Context;
pub use serve::{Serve, serve};
pub use service::{Action, Opening, Received, Refusal, Service, Session, answer, run};
pub use stream::{SendError, Sender, Stream};

use crate::{
    ChannelKey, MessageOf, Messages, PublishTo,
    broker::{Broker, InMemory},
    codec::{Codec, Json},
    table::LimitsTable,
    transport::{Closing, Transport},
};
use address::Origin;
use origins::Origins;
use shared::{Bounds, Shared};
use std::{fmt, marker::PhantomData, net::SocketAddr, sync::Arc};

/// Where a connection comes from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Peer {
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
    bounds: Bounds,
}

impl fmt::Debug for Builder {
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

    /// Takes pages of an origin, such as `https://app.example`.
    ///
    /// A browser sends the origin of the page; what sends none is no browser, and is taken. Without being named, only pages of the host
    /// that the request is for are taken, and only where that host is an address or `localhost`: a name can be made to lead here by anybody
    /// (DNS rebinding).
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.allow(origin.into());
        self
    }

    /// Takes pages of any origin. Do not, where a cookie says who somebody is.
    pub fn any_origin(mut self) -> Self {
        self.origins = Origins::Any;
        self
    }

    /// How many connections there may be, those included that have not said hello: 10,000 unless set. Further upgrades are refused with 503.
    pub fn connections(mut self, most: usize) -> Self {
        self.bounds.connections = most;
        self
    }

    /// How many connections an address may have: 100 unless set. Further upgrades are refused with 429. An address of IPv6 counts by its first
    /// 64 bits. Addresses of this machine and of trusted proxies have no such bound, nor a common rate.
    pub fn connections_per_address(mut self, most: usize) -> Self {
        self.bounds.connections_per_address = most;
        self
    }

    /// Proxies that stand before the server; [`Serve::trusted_proxies`] has to know them, too: what they say in `Forwarded` (RFC 7239) is where a request comes from. No other header is read,
    /// `X-Forwarded-For` neither. A proxy has to add its own element behind what a client sent, as the RFC has it, or to write the header
    /// anew; one that passes a client's header on as its own lets it claim any address. Clients that it does not name (`for=unknown`) share bounds.
    ///
    /// ```
    /// # fn set_up(builder: handfast::server::Builder) -> Result<handfast::server::Builder, handfast::server::NotANetwork> {
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
            shared: Shared::new(
                self.service,
                self.limits,
                codecs.into(),
                broker,
                self.bounds,
            ),
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
            bounds: Bounds::default(),
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
    /// Serve them by [`serve`].
    pub fn router(&self) -> axum::Router {
        router::router(self)
    }

    /// Serves a connection that came some other way, such as [`transport::pair`](crate::transport::pair), until it ends.
    /// It speaks the preferred encoding.
    pub async fn serve(&self, transport: impl Transport, peer: Peer) {
        let mut transport: Box<dyn Transport> = Box::new(transport);
        let origin = peer.address.map(|address| Origin {
            address,
            hidden: false,
        });
        match self.shared.admit(origin) {
            Ok(admission) => {
                handshake::serve(transport, self.shared.clone(), peer, admission, 0).await;
            }
            Err(_) => {
                let code = handshake::TRY_AGAIN_LATER;
                let closing = Closing::new(code, "there are too many connections");
                transport.close(&closing, connection::PATIENCE).await;
            }
        }
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
        if self.shared.is_sound(table.name, message) {
            self.shared.publish(self.key.clone(), table, message);
        }
    }

    /// How many connections of this server are in the channel.
    pub fn members(&self) -> usize {
        self.shared.hub.members(&self.key)
    }
}
