//! Configuring and connecting a client.

use super::{
    Client, ConnectError,
    connection::Connector,
    core::Core,
    dial::{self, Dial, Subprotocol},
    error::NoAuth,
    handle::CloseOnDrop,
    handlers::{Handlers, RequestHandlers, Run},
    negotiate,
    refresh::Auth,
};
use crate::{
    NoRequests, Protocol, Side, calls::Delivery, codec::Encoding, decode, descriptor::Limits,
    transport::Transport,
};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use std::{error::Error, fmt, marker::PhantomData, sync::Arc};

/// Configures a client. Awaiting the builder connects and returns a `C`, the typed client of a protocol.
#[must_use = "a client connects when this is awaited"]
pub struct ClientBuilder<P, C = Client<P>> {
    endpoint: Endpoint,
    headers: Result<HeaderMap, ConnectError>,
    auth: Option<Auth>,
    limits: Limits,
    /// `None` for the protocol's preferred one.
    encoding: Option<Encoding>,
    negotiate: bool,
    capacity: usize,
    reconnect: bool,
    retry_connect: bool,
    handlers: Option<Handlers<P>>,
    types: PhantomData<fn() -> (P, C)>,
}

enum Endpoint {
    Url(String),
    Dial(Dial),
}

impl Endpoint {
    fn custom<T, F, E>(dial: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        T: Transport,
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self::Dial(Arc::new(move || {
            let dialled = dial().map(|dialled| match dialled {
                Ok(transport) => Ok(Box::new(transport) as Box<dyn Transport>),
                Err(error) => Err(ConnectError::Transport(error.into())),
            });
            Box::pin(dialled)
        }))
    }
}

impl<P, C> fmt::Debug for ClientBuilder<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").finish_non_exhaustive()
    }
}

impl<P: Protocol, C> ClientBuilder<P, C> {
    /// Connects to the server at a `ws://` URL, or `http://`, which means the same.
    ///
    /// A URL with another scheme (`wss://` and `https://` included), a fragment or user information is refused with
    /// [`ConnectError::Address`], whose message explains what to write.
    pub fn to(url: impl Into<String>) -> Self
    where
        P::Server: NoRequests,
    {
        Self::new(Endpoint::Url(url.into()))
    }

    /// As [`ClientBuilder::to`], for a protocol whose server sends requests. The generated `connect_with` calls it.
    pub fn to_with(url: impl Into<String>, handlers: Handlers<P>) -> Self {
        Self::new(Endpoint::Url(url.into())).with(handlers)
    }

    /// Connects over a custom transport, such as [`transport::duplex`](crate::transport::duplex). `dial` is called for each
    /// connection. If it fails, so does the attempt, with [`ConnectError::Transport`]. A message of more than `limits.message` bytes ends a
    /// connection as it does over a WebSocket.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::{client::ClientBuilder, server::ConnectionInfo, transport::duplex};
    /// use std::convert::Infallible;
    ///
    /// let server = Server::new(App);
    /// let client = ClientBuilder::<Chat, Client>::over(move || {
    ///     let (ours, theirs) = duplex(16);
    ///     let server = server.clone();
    ///     tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
    ///     async { Ok::<_, Infallible>(ours) }
    /// })
    /// .auth(&Auth { token: "secret".into() })
    /// .await?;
    /// client.chat_send(ChatSend { room: "lobby".into(), text: "no socket".into() }).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn over<T, F, E>(dial: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        T: Transport,
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
        P::Server: NoRequests,
    {
        Self::new(Endpoint::custom(dial))
    }

    /// As [`ClientBuilder::over`], for a protocol whose server sends requests. The generated `over_with` calls it.
    pub fn over_with<T, F, E>(
        dial: impl Fn() -> F + Send + Sync + 'static,
        handlers: Handlers<P>,
    ) -> Self
    where
        T: Transport,
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self::new(Endpoint::custom(dial)).with(handlers)
    }

    fn with(mut self, handlers: Handlers<P>) -> Self {
        self.handlers = Some(handlers);
        self
    }

    fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            headers: Ok(HeaderMap::new()),
            auth: None,
            limits: P::DESCRIPTOR.limits,
            encoding: None,
            negotiate: false,
            capacity: 256,
            reconnect: true,
            retry_connect: false,
            handlers: None,
            types: PhantomData,
        }
    }

    /// Authenticates with fixed credentials: the payload of the protocol's `session.auth` message. If the protocol has one, a builder without
    /// credentials fails with [`ConnectError::Auth`] and does not connect.
    pub fn auth<A: Serialize>(self, auth: &A) -> Self {
        let auth = serde_json::value::to_raw_value(auth).map_err(|error| error.to_string());
        self.auth_with(move || std::future::ready(auth.clone()))
    }

    /// Authenticates with credentials that `make` returns, for example a token that expires. `make` is called for each
    /// connection, and its time counts towards `session.timeout`, which bounds an attempt to connect. It is called again before the
    /// authentication expires, if the server says when that is; see [`Client::refresh_auth`].
    ///
    /// # Errors
    /// If `make` returns an error, the attempt fails with [`ConnectError::Auth`]. The error of the first attempt is returned;
    /// later attempts are retried.
    ///
    /// # Panics
    /// If `make` panics on the first attempt, the panic reaches the caller. A later panic closes the client.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::ConnectError;
    ///
    /// async fn fetch_token() -> Result<String, std::io::Error> {
    ///     Ok("fresh".into())
    /// }
    ///
    /// let client = in_process::<Client>()
    ///     .auth_with(|| async { fetch_token().await.map(|token| Auth { token }) })
    ///     .await?;
    /// # client.close().await;
    ///
    /// let failed = in_process::<Client>()
    ///     .auth_with(|| async { Err::<Auth, _>("the token service is down") })
    ///     .await;
    /// assert!(matches!(failed, Err(ConnectError::Auth(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub fn auth_with<F, A, E>(mut self, make: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<A, E>> + Send + 'static,
        A: Serialize,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.auth = Some(Arc::new(move || {
            let made = make().map(|made| {
                let auth = made.map_err(Into::into)?;
                Ok(serde_json::value::to_raw_value(&auth)?)
            });
            Box::pin(made)
        }));
        self
    }

    /// Adds a header to the upgrade request. A custom transport ([`ClientBuilder::over`]) ignores it.
    ///
    /// # Errors
    /// If the name or value is not a valid header, connecting fails with [`ConnectError::Address`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::client::ConnectError;
    ///
    /// # let address = listen().await?;
    /// let url = format!("ws://{address}/ws");
    /// let client = Client::connect(&url)
    ///     .header("x-tenant", "acme")
    ///     .auth(&Auth { token: "secret".into() })
    ///     .await?;
    /// # client.close().await;
    ///
    /// let invalid = Client::connect(&url).header("x tenant", "acme").await;
    /// assert!(matches!(invalid, Err(ConnectError::Address(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers = self.headers.and_then(|mut headers| {
            let bad = ConnectError::Address("a header has an invalid name or value");
            match (HeaderName::try_from(name), HeaderValue::from_str(value)) {
                (Ok(name), Ok(value)) => {
                    headers.append(name, value);
                    Ok(headers)
                }
                _ => Err(bad),
            }
        });
        self
    }

    /// Replaces the limits of the protocol.
    ///
    /// - `message`: the largest message that is sent or received, in bytes.
    /// - `depth`: how deep a received message may nest; more than [`Limits::MAX_DEPTH`] counts as that.
    /// - `outbound`: the bytes of queued messages and pending requests, each counted with 256 bytes more than its size. Callers
    ///   wait for room; a volatile message is dropped if half of it is in use.
    /// - `inbound`: the bytes queued in each subscription and [`Notifications`](super::Notifications).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::{client::CallError, descriptor::Limits};
    ///
    /// let client = in_process::<Client>()
    ///     .auth(&Auth { token: "secret".into() })
    ///     .limits(Limits { message: 1024, ..Chat::DESCRIPTOR.limits })
    ///     .await?;
    /// let large = client.chat_send(ChatSend { room: "lobby".into(), text: "x".repeat(2000) }).await;
    /// assert_eq!(large, Err(CallError::Encode));
    /// # Ok(())
    /// # }
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the encoding, one of the `encodings` of the spec: the first of them by default. Over a WebSocket its subprotocol is offered, and the
    /// server must select it. A server over another transport ([`ClientBuilder::over`]) must use the same one
    /// ([`ConnectionInfo::encoding`](crate::server::ConnectionInfo::encoding)).
    ///
    /// # Errors
    /// If the protocol does not have the encoding, connecting fails with [`ConnectError::Encoding`].
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// Agrees on the encoding with the server by the session's `negotiate` message, before the hello, and not by a WebSocket subprotocol: for
    /// proxies that drop subprotocols, and for other transports. It costs a round trip. Until then messages are JSON, so a server over another
    /// transport begins with JSON ([`ConnectionInfo::encoding`](crate::server::ConnectionInfo::encoding)).
    ///
    /// # Errors
    /// Connecting fails with [`ConnectError::Negotiation`] if the protocol has no `negotiate` or `hello`, does not have JSON among its encodings,
    /// or the server speaks first; and with [`ConnectError::Refused`] if the server refuses the encoding.
    pub fn negotiate(mut self) -> Self {
        self.negotiate = true;
        self
    }

    /// Sets how many messages each subscription and [`Notifications`](super::Notifications) queues: 256 by default, at least one.
    /// Messages beyond that, or beyond `limits.inbound`, are dropped and reported as a gap. Before that, when half of either is in use, the
    /// client reads nothing from its connection until the reader has caught up: for at most 500 ms for each reader that has not read all since, and at
    /// most 50 ms while a call waits for its reply.
    pub fn capacity(mut self, messages: usize) -> Self {
        self.capacity = messages;
        self
    }

    /// Sets whether the client reconnects when the connection is lost. The default is `true`.
    pub fn reconnect(mut self, reconnect: bool) -> Self {
        self.reconnect = reconnect;
        self
    }

    /// Sets whether the first connection is tried again if it fails, as a lost one is: with the delays of `session.backoff` and for its `attempts`, unless the error is
    /// [final](ConnectError::is_final). The default is `false`: the first error is returned, and the application decides. The TypeScript client always tries again.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/doctest/chat.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use handfast::{client::ClientBuilder, server::ConnectionInfo, transport::duplex};
    /// use std::sync::atomic::{AtomicBool, Ordering};
    ///
    /// let (server, is_up) = (Server::new(App), AtomicBool::new(false));
    /// let client = ClientBuilder::<Chat, Client>::over(move || {
    ///     let dialled = is_up.swap(true, Ordering::Relaxed).then(|| duplex(16)).ok_or("nobody listens yet");
    ///     let server = server.clone();
    ///     async move {
    ///         let (ours, theirs) = dialled?;
    ///         tokio::spawn(async move { server.serve(theirs, ConnectionInfo::default()).await });
    ///         Ok::<_, &str>(ours)
    ///     }
    /// })
    /// .retry_connect(true)
    /// .auth(&Auth { token: "secret".into() })
    /// .await?;
    /// # client.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_connect(mut self, retry: bool) -> Self {
        self.retry_connect = retry;
        self
    }
}

impl<P: Protocol, C: From<Client<P>>> IntoFuture for ClientBuilder<P, C> {
    type Output = Result<C, ConnectError>;
    type IntoFuture = futures_util::future::BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let selected = select(P::DESCRIPTOR.encodings, self.encoding);
        let (encoding, mut subprotocol) = match selected {
            Ok(selected) => selected,
            Err(error) => return Box::pin(async { Err(error) }),
        };
        let negotiate = self.negotiate && encoding != Encoding::Json;
        if negotiate {
            subprotocol = match negotiate::subprotocol(P::DESCRIPTOR) {
                Ok(subprotocol) => subprotocol,
                Err(error) => return Box::pin(async { Err(error) }),
            };
        }
        let core = Core::new(
            P::DESCRIPTOR,
            |source, depth, pending| {
                decode::<P::Server>(source, Side::Client, depth, pending).map(Delivery::new)
            },
            self.limits.bounded(),
            encoding,
            self.capacity,
            self.auth,
        );
        let dialled = match self.endpoint {
            Endpoint::Dial(dial) => Ok(dial::bounded(dial, self.limits.message)),
            Endpoint::Url(url) => self.headers.and_then(|headers| {
                dial::websocket(&url, headers, subprotocol, self.limits.message)
            }),
        };
        let (reconnect, retry) = (self.reconnect, self.retry_connect);
        let handlers = self.handlers.map(|handlers| handlers.run);
        // The hello carries it.
        let session = &P::DESCRIPTOR.session;
        let lacks_auth = session.auth && session.roles.hello.is_some() && core.auth.is_none();
        Box::pin(async move {
            let dial = dialled?;
            if lacks_auth {
                return Err(ConnectError::Auth(NoAuth.into()));
            }
            let mut connector = Connector::new(Arc::new(core), dial, reconnect);
            connector.negotiate = negotiate;
            let handle = connect(connector, handlers, retry).await?;
            let client = Client {
                handle,
                protocol: PhantomData,
            };
            Ok(client.into())
        })
    }
}

/// Returns an encoding of a protocol, the preferred one by default, and its subprotocol.
fn select(
    encodings: &[(&str, &'static str)],
    asked: Option<Encoding>,
) -> Result<(Encoding, Subprotocol), ConnectError> {
    let mut known = encodings
        .iter()
        .filter_map(|(name, subprotocol)| Some((Encoding::of(name)?, *subprotocol)));
    let (encoding, name) = match known.find(|(one, _)| asked.is_none_or(|asked| asked == *one)) {
        Some((encoding, name)) => (encoding, Some(name).filter(|name| !name.is_empty())),
        // A protocol without encodings has JSON, without a subprotocol.
        None => match asked.unwrap_or(Encoding::Json) {
            Encoding::Json if encodings.is_empty() => (Encoding::Json, None),
            asked => return Err(ConnectError::Encoding(asked)),
        },
    };
    let required = encoding != Encoding::Json;
    Ok((encoding, Subprotocol { name, required }))
}

async fn connect(
    mut connector: Connector,
    handlers: Option<Run>,
    retry: bool,
) -> Result<Arc<CloseOnDrop>, ConnectError> {
    let core = connector.core.clone();
    let connected = match retry {
        false => connector.connect().await?,
        true => connector.connect_with_backoff().await?,
    };
    let handle = Arc::new(CloseOnDrop { core: core.clone() });
    if let Some(run) = handlers {
        let handle = Arc::downgrade(&handle);
        // It is set once.
        let _ = core.handlers.set(RequestHandlers { run, handle });
    }
    tokio::spawn(connector.run(connected));
    Ok(handle)
}
