//! Setting up a server.

#[cfg(feature = "metrics")]
use super::router::MetricsRoute;
use super::{
    Middleware, Network, Server, Service, TypedServer,
    endpoint::Endpoint,
    middleware::{self, AnyStack},
    origins::Origins,
    state::{Bounds, ServerState},
};
use crate::{
    Protocol,
    broker::{Broker, InMemory},
    descriptor::Limits,
};
use std::{fmt, marker::PhantomData, sync::Arc};

/// Builds a server.
///
/// `S` is what [`build`](Self::build) returns: this [`Server`], or the one that `#[protocol]` wraps around it.
///
/// ```
/// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
/// # use api::*;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Server::builder(App)
///     .path("/chat")
///     .allow_origin("https://app.example")
///     .max_connections(50_000)
///     .build();
/// let routes = server.router(); // `/chat` and `/healthz`
/// # drop(routes);
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct Builder<S = Server> {
    service: Arc<dyn Service>,
    path: String,
    health_path: Option<String>,
    limits: Limits,
    broker: Option<Arc<dyn Broker>>,
    origins: Origins,
    bounds: Bounds,
    middleware: Option<Box<dyn AnyStack>>,
    #[cfg(feature = "metrics")]
    metrics: Option<MetricsRoute>,
    server: PhantomData<fn() -> S>,
}

impl<S> fmt::Debug for Builder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("path", &self.path)
            .field("health_path", &self.health_path)
            .field("limits", &self.limits)
            .field("broker", &self.broker)
            .field("origins", &self.origins)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

impl<S: From<Server>> Builder<S> {
    /// Creates a builder with the path `/ws` and the limits of the service's protocol.
    pub fn new(service: Arc<dyn Service>) -> Self {
        let limits = service.protocol().limits;
        Self {
            service,
            path: "/ws".into(),
            health_path: Some("/healthz".into()),
            limits,
            broker: None,
            origins: Origins::default(),
            bounds: Bounds::default(),
            middleware: None,
            #[cfg(feature = "metrics")]
            metrics: None,
            server: PhantomData,
        }
    }

    /// Sets the path of the WebSocket: `/ws` by default.
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{body::Body, http::{Request, StatusCode}};
    /// use tower_service::Service;
    ///
    /// let mut routes = Server::builder(App).path("/chat").build().router();
    /// let response = routes.call(Request::get("/chat").body(Body::empty())?).await?;
    /// assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
    /// # Ok(())
    /// # }
    /// ```
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets the path of the health check: `/healthz` by default. It answers GET with status 200 and a JSON object with the protocol's name,
    /// version and hash.
    ///
    /// The routers of two servers can be merged only if their paths differ.
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{body::Body, http::Request};
    /// use tower_service::Service;
    ///
    /// let stable = Server::builder(App).path("/v1").health_path("/v1/healthz").build();
    /// let next = Server::builder(App).path("/v2").health_path("/v2/healthz").build();
    /// let mut routes = stable.router().merge(next.router());
    /// for path in ["/v1/healthz", "/v2/healthz"] {
    ///     let response = routes.call(Request::get(path).body(Body::empty())?).await?;
    ///     assert!(response.status().is_success());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn health_path(mut self, path: impl Into<String>) -> Self {
        self.health_path = Some(path.into());
        self
    }

    /// Omits the health check from the router.
    pub fn without_health_check(mut self) -> Self {
        self.health_path = None;
        self
    }

    /// Replaces the limits declared by the protocol. A `depth` of more than [`Limits::MAX_DEPTH`] counts as that.
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// # #[cfg(feature = "client")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::{Protocol, descriptor::Limits};
    ///
    /// let limits = Limits { streams: 1, ..Chat::DESCRIPTOR.limits };
    /// let server = Server::builder(App).limits(limits).build();
    /// # let client = connect(&server).await?;
    /// # client.chat_send(ChatSend { room: "lobby".into(), text: "hi".into() }).await?;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "client"))]
    /// # fn main() {}
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the broker that carries messages to other servers. The default is [`InMemory`], which serves a single process.
    pub fn broker(mut self, broker: Arc<dyn Broker>) -> Self {
        self.broker = Some(broker);
        self
    }

    /// Allows pages of an origin, such as `https://app.example`.
    ///
    /// Browsers send the origin of the page in the `Origin` header (RFC 6454). Requests without that header do not come from a browser and
    /// are always allowed. By default, only pages of the host that the request is for are allowed, and only if that host is an IP address
    /// or `localhost`: anyone can make a name resolve to this server (DNS rebinding).
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{body::Body, http::{Request, StatusCode}};
    /// use tower_service::Service;
    ///
    /// let mut routes = Server::builder(App).allow_origin("https://app.example").build().router();
    /// # let mut status = async |origin: &str| {
    /// #     let upgrade = Request::get("/ws")
    /// #         .header("Host", "api.example")
    /// #         .header("Connection", "upgrade")
    /// #         .header("Upgrade", "websocket")
    /// #         .header("Sec-WebSocket-Version", "13")
    /// #         .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    /// #         .header("Origin", origin)
    /// #         .body(Body::empty())
    /// #         .unwrap();
    /// #     routes.call(upgrade).await.unwrap().status()
    /// # };
    /// assert_eq!(status("https://app.example").await, StatusCode::SWITCHING_PROTOCOLS);
    /// assert_eq!(status("https://other.example").await, StatusCode::FORBIDDEN);
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.allow(origin.into());
        self
    }

    /// Allows pages of any origin. Do not use this with cookie-based authentication: any page could then act on behalf of its visitor.
    pub fn allow_any_origin(mut self) -> Self {
        self.origins = Origins::Any;
        self
    }

    /// Adds a route that answers GET with what `render` returns: the metrics, as the application's exporter writes them for Prometheus. There
    /// is none by default. It is as public as the server's other routes.
    ///
    /// Install the exporter's recorder before the server is built.
    ///
    /// ```
    /// # #[macro_use] mod api { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs")); }
    /// # use api::*;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use axum::{body::Body, http::Request};
    /// use tower_service::Service;
    ///
    /// // With the crate `metrics-exporter-prometheus`:
    /// // let handle = PrometheusBuilder::new().install_recorder()?;
    /// # struct Handle;
    /// # impl Handle { fn render(&self) -> String { "handfast_connections 0\n".into() } }
    /// # let handle = Handle;
    /// let server = Server::builder(App).metrics("/metrics", move || handle.render()).build();
    /// # let request = Request::get("/metrics").body(Body::empty())?;
    /// # let response = server.router().call(request).await?;
    /// # assert!(response.status().is_success());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "metrics")]
    pub fn metrics(
        mut self,
        path: impl Into<String>,
        render: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        self.metrics = Some(MetricsRoute::new(path.into(), render));
        self
    }

    /// Sets the maximum number of connections, including those that have not sent their hello yet: 10,000 by default. Further upgrades are
    /// answered with status 503.
    pub fn max_connections(mut self, most: usize) -> Self {
        self.bounds.connections = most;
        self
    }

    /// Sets the maximum number of connections per client address: 100 by default. Further upgrades are answered with status 429. IPv6
    /// addresses are counted by their /64 prefix. Loopback addresses and trusted proxies are exempt from this limit and from shared rate
    /// limits.
    pub fn max_connections_per_address(mut self, most: usize) -> Self {
        self.bounds.connections_per_address = most;
        self
    }

    /// Adds reverse proxies whose `Forwarded` header (RFC 7239) is trusted; pass them to [`Serve::trusted_proxies`] too. No other header is
    /// read, in particular not `X-Forwarded-For`. A proxy must append its own element to the header it received, as the RFC requires, or
    /// replace the header: a proxy that passes on a client's header unchanged allows that client to claim any address. Clients that a proxy
    /// does not identify (`for=unknown`) share their limits.
    ///
    /// [`Serve::trusted_proxies`]: super::Serve::trusted_proxies
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

    /// Sets whether the server validates outgoing messages against their schemas. The default is `true` in builds with debug assertions. An
    /// invalid message is logged with its violations and not sent; if it was a reply, the request is answered with `INTERNAL`.
    pub fn check_sent(mut self, check: bool) -> Self {
        self.bounds.checks = check;
        self
    }

    /// Adds middleware, which runs around the handlers of all messages: see [`Middleware`]. The first that is added is called first.
    pub fn middleware<M>(mut self, middleware: M) -> Self
    where
        S: TypedServer,
        M: Middleware<<S::Protocol as Protocol>::Client>,
    {
        middleware::add(&mut self.middleware, middleware);
        self
    }

    /// Builds the server.
    ///
    /// # Panics
    /// If a path does not begin with `/`, or two paths are the same: no router could have them.
    pub fn build(self) -> S {
        self.check_paths();
        crate::metrics::describe();
        let broker = self.broker.unwrap_or_else(|| InMemory::new());
        let state = ServerState::new(
            self.service.clone(),
            self.limits.bounded(),
            broker,
            self.bounds,
            self.middleware.map(Arc::from),
        );
        Server {
            endpoint: Arc::new(Endpoint {
                state,
                service: self.service,
                origins: self.origins,
            }),
            path: self.path.into(),
            health_path: self.health_path.map(Into::into),
            #[cfg(feature = "metrics")]
            metrics: self.metrics,
        }
        .into()
    }

    fn check_paths(&self) {
        let paths = [Some(&*self.path), self.health_path.as_deref()];
        #[cfg(feature = "metrics")]
        let paths = [
            paths[0],
            paths[1],
            self.metrics.as_ref().map(MetricsRoute::path),
        ];
        for (i, path) in paths.iter().enumerate() {
            let Some(path) = path else { continue };
            assert!(
                path.starts_with('/'),
                "the path `{path}` of a server does not begin with `/`"
            );
            assert!(
                !paths[..i].contains(&Some(path)),
                "two routes of a server have the path `{path}`"
            );
        }
    }
}
