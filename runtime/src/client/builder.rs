//! How a client comes to be.

use super::{
    Client, CloseOnDrop, ConnectError,
    connection::{Auth, Connector},
    core::Core,
    delivery::decode_any,
    dial::{self, Dial},
    error::NoAuth,
};
use crate::{Protocol, descriptor::Limits, transport::Transport};
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use std::{error::Error, fmt, marker::PhantomData, sync::Arc};

/// How a client connects. Await it: it gives a `C`, the typed client of a protocol.
#[must_use = "a client connects when this is awaited"]
pub struct ClientBuilder<P, C = Client<P>> {
    endpoint: Endpoint,
    headers: Result<HeaderMap, ConnectError>,
    auth: Option<Auth>,
    limits: Limits,
    capacity: usize,
    reconnect: bool,
    types: PhantomData<fn() -> (P, C)>,
}

enum Endpoint {
    Url(String),
    Dial(Dial),
}

impl<P, C> fmt::Debug for ClientBuilder<P, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").finish_non_exhaustive()
    }
}

impl<P: Protocol, C> ClientBuilder<P, C> {
    /// To the server at a URL that begins with `ws://`, or with `http://`, which means the same. What else a URL may have (TLS, a
    /// fragment, a user's name) is refused with [`ConnectError::Address`], which says what to write.
    pub fn to(url: impl Into<String>) -> Self {
        Self::new(Endpoint::Url(url.into()))
    }

    /// Over transports of the caller's own, such as [`transport::duplex`](crate::transport::duplex): `dial` makes one for each
    /// connection.
    pub fn over<T, F, E>(dial: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        T: Transport,
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self::new(Endpoint::Dial(Arc::new(move || {
            let dialled = dial().map(|dialled| match dialled {
                Ok(transport) => Ok(Box::new(transport) as Box<dyn Transport>),
                Err(error) => Err(ConnectError::Transport(error.into())),
            });
            Box::pin(dialled)
        })))
    }

    fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            headers: Ok(HeaderMap::new()),
            auth: None,
            limits: P::DESCRIPTOR.limits,
            capacity: 256,
            reconnect: true,
            types: PhantomData,
        }
    }

    /// What proves who the client is: the payload of the protocol's `session.auth` message. Where the protocol has one, a builder
    /// without it fails with [`ConnectError::Auth`] and does not connect.
    pub fn auth<A: Serialize>(self, auth: &A) -> Self {
        let auth = serde_json::value::to_raw_value(auth).map_err(|error| error.to_string());
        self.auth_with(move || std::future::ready(auth.clone()))
    }

    /// The same, made for each connection anew: for a token that expires, which is fetched when it is needed. Where it cannot
    /// be had, the first connection fails with [`ConnectError::Auth`], and a later one is tried again. It is part of an attempt
    /// to connect, which may take `session.timeout` in all. A panic of `make` closes the client.
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

    /// A header of the request that becomes the WebSocket.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers = self.headers.and_then(|mut headers| {
            let bad = ConnectError::Address("a header cannot be sent");
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

    /// Other limits than those of the protocol: `message` and `depth` for what is received and sent, `outbound` for what
    /// waits to be sent and for requests without an answer (each counts 256 bytes more than it has), `inbound` for the bytes
    /// that wait in each channel and [`Notifications`](super::Notifications). Callers wait where `outbound` is taken; a volatile
    /// message is dropped where half of it is.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many messages wait in each channel and [`Notifications`](super::Notifications), unless `limits.inbound` is reached first: 256
    /// by default, one at the least. What does not fit is a gap.
    pub fn capacity(mut self, messages: usize) -> Self {
        self.capacity = messages;
        self
    }

    /// Whether a lost connection is made again. By default it is.
    pub fn reconnect(mut self, reconnect: bool) -> Self {
        self.reconnect = reconnect;
        self
    }
}

impl<P: Protocol, C: From<Client<P>>> IntoFuture for ClientBuilder<P, C> {
    type Output = Result<C, ConnectError>;
    type IntoFuture = futures_util::future::BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let core = Core::new(
            P::DESCRIPTOR,
            decode_any::<P::Server>,
            self.limits,
            self.capacity,
        );
        let dialled = match self.endpoint {
            Endpoint::Dial(dial) => Ok(dial),
            Endpoint::Url(url) => self.headers.and_then(|headers| {
                dial::websocket(&url, headers, P::DESCRIPTOR, self.limits.message)
            }),
        };
        let (auth, reconnect) = (self.auth, self.reconnect);
        // The hello carries it.
        let session = &P::DESCRIPTOR.session;
        let lacks_auth = session.auth && session.roles.hello.is_some() && auth.is_none();
        Box::pin(async move {
            let dial = dialled?;
            if lacks_auth {
                return Err(ConnectError::Auth(NoAuth.into()));
            }
            let handle = connect(core, dial, auth, reconnect).await?;
            let client = Client {
                handle,
                protocol: PhantomData,
            };
            Ok(client.into())
        })
    }
}

async fn connect(
    core: Core,
    dial: Dial,
    auth: Option<Auth>,
    reconnect: bool,
) -> Result<Arc<CloseOnDrop>, ConnectError> {
    let core = Arc::new(core);
    let connector = Connector {
        core: core.clone(),
        dial,
        auth,
        reconnect,
    };
    let connected = connector.connect().await?;
    tokio::spawn(connector.run(connected));
    Ok(Arc::new(CloseOnDrop { core }))
}
