//! What handlers can do: fail in either way, serve several requests with one function, and see the channel, the request and the middleware
//! of their connection.

#![allow(missing_docs, reason = "the protocol of a test")]

mod support;

use handfast::{
    HandlerError,
    client::{CallError, ClientBuilder, ConnectError},
    protocol,
    server::{ConnectionInfo, Rejection, StreamResponder},
    transport::duplex,
};
use std::{fmt, time::Duration};
use support::log;

/// A key.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Get {
    pub key: String,
}

/// A key and what to store.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Put {
    pub key: String,
}

/// A stored value.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub text: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    pub key: String,
}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Watching {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Follow {}

#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Where {}

/// Whether the connection is in the channel, and whom the middleware knows it as.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Here {
    pub joined: bool,
    pub user: String,
}

/// How much fits.
#[protocol]
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    pub limit: u32,
}

/// No value is stored under the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotFoundError;

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum GetError {
    #[error("NOT_FOUND", message = "there is no such key", from = NotFoundError)]
    NotFound,
}

#[protocol(errors)]
#[derive(Clone, Debug, PartialEq)]
pub enum PutError {
    #[error("NOT_FOUND", message = "there is no such key", from = NotFoundError)]
    NotFound,
    #[error("FULL", message = "nothing more fits", from = Quota)]
    Full(Box<Quota>),
}

#[protocol(client)]
#[derive(Clone, Debug, PartialEq)]
pub enum ClientMessage {
    #[message("get", reply = Value, errors = GetError)]
    Get(Get),
    #[message("put", reply = Stored, errors = PutError)]
    Put(Put),
    #[message("watch", stream(ack = Watching, item = Value))]
    Watch(Watch),
    #[message("follow", reply = Stored, join = News)]
    Follow(Follow),
    #[message("where", reply = Here)]
    Where(Where),
}

#[protocol(server)]
#[derive(Clone, Debug, PartialEq)]
pub enum ServerMessage {
    #[message("value")]
    Value(Value),
    #[message("stored")]
    Stored(Stored),
    #[message("watching")]
    Watching(Watching),
    #[message("here")]
    Here(Here),
}

#[protocol(channel = "news", join = Follow)]
#[derive(Clone, Debug, PartialEq)]
pub struct News {}

#[protocol(name = "store", version = "1.0.0", client = ClientMessage, server = ServerMessage, channels(News))]
#[derive(Clone, Copy, Debug)]
pub struct Store;

/// The user that middleware found in a cookie.
#[derive(Clone)]
struct Known(&'static str);

#[derive(Clone)]
struct App;

impl App {
    fn find(key: &str) -> Result<String, NotFoundError> {
        match key {
            "nothing" => Err(NotFoundError),
            key => Ok(key.to_owned()),
        }
    }

    fn read(key: &str) -> Result<String, fmt::Error> {
        match key {
            "broken" => Err(fmt::Error),
            key => Ok(key.to_owned()),
        }
    }
}

impl SessionHandler for App {
    type Session = ();

    async fn connected(&self, connection: &ConnectionInfo) -> Result<(), Rejection> {
        match connection.extensions.get::<Known>() {
            Some(Known("mallory")) => Err(Rejection::new("BANNED", "go away")),
            Some(Known("unlucky")) => Err(Rejection::internal("the database of users is down")),
            _ => Ok(()),
        }
    }
}

impl Handler for App {
    async fn get(&self, m: Get, _: &Context<()>) -> Result<Value, HandlerError<GetError>> {
        let text = Self::find(&m.key)?;
        let text = Self::read(&text).map_err(HandlerError::internal)?;
        Ok(Value { text })
    }

    async fn put(&self, m: Put, _: &Context<()>) -> Result<Stored, HandlerError<PutError>> {
        Self::find(&m.key)?;
        if m.key == "large" {
            return Err(Quota { limit: 3 }.into());
        }
        Ok(Stored {})
    }

    async fn watch(
        &self,
        m: Watch,
        to: StreamResponder<Watching, Value>,
        _: &Context<()>,
    ) -> Result<(), HandlerError> {
        let mut to = to.accept(Watching {});
        for _ in 0..2 {
            let text = m.key.clone();
            to.send(Value { text })
                .await
                .map_err(HandlerError::internal)?;
        }
        Err(HandlerError::internal("the feed of a customer broke"))
    }

    async fn follow(&self, _: Follow, _: &Context<()>) -> Result<Stored, HandlerError> {
        Ok(Stored {})
    }

    async fn r#where(&self, _: Where, cx: &Context<()>) -> Result<Here, HandlerError> {
        let known = cx.connection_info().extensions.get::<Known>();
        Ok(Here {
            joined: cx.news().is_joined(),
            user: known.map_or(String::new(), |Known(name)| (*name).to_owned()),
        })
    }
}

async fn client(user: Option<&'static str>) -> Result<Client, ConnectError> {
    log::listen();
    let server = Server::new(App);
    ClientBuilder::<Store, Client>::over(move || {
        let (ours, theirs) = duplex(16);
        let server = server.clone();
        let mut info = ConnectionInfo::default();
        if let Some(user) = user {
            info.extensions.insert(Known(user));
        }
        tokio::spawn(async move { server.serve(theirs, info).await });
        async { Ok::<_, std::convert::Infallible>(ours) }
    })
    .await
}

fn code<E: fmt::Debug>(error: CallError<E>) -> (String, String) {
    match error {
        CallError::Remote(error) => (format!("{:?}", error.code), error.message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_function_serves_the_errors_of_several_requests() {
    let client = client(None).await.expect("it connects");
    let key = || "nothing".to_owned();
    assert_eq!(
        client.get(Get { key: key() }).await,
        Err(CallError::Declared(GetError::NotFound))
    );
    assert_eq!(
        client.put(Put { key: key() }).await,
        Err(CallError::Declared(PutError::NotFound))
    );
    let large = client
        .put(Put {
            key: "large".into(),
        })
        .await;
    let full = PutError::Full(Box::new(Quota { limit: 3 }));
    assert_eq!(large, Err(CallError::Declared(full)));
    assert_eq!(client.put(Put { key: "a".into() }).await, Ok(Stored {}));
}

#[tokio::test]
async fn an_internal_error_is_logged_and_not_sent() {
    log::keep();
    let client = client(None).await.expect("it connects");
    let broken = client.get(Get {
        key: "broken".into(),
    });
    let (code_, message) = code(broken.await.expect_err("it is broken"));
    assert!(code_.contains("INTERNAL"), "{code_}");
    assert_eq!(message, "the server failed");
    let logged = log::lines().join("\n");
    assert!(
        logged.contains("an error occurred when formatting"),
        "{logged}"
    );
    assert!(logged.contains("message_type=\"get\""), "{logged}");
    // The connection goes on.
    let key = "a".to_owned();
    assert_eq!(
        client.get(Get { key }).await,
        Ok(Value { text: "a".into() })
    );
}

#[tokio::test]
async fn a_stream_may_fail_after_its_items() {
    let client = client(None).await.expect("it connects");
    let mut values = client
        .watch(Watch { key: "a".into() })
        .await
        .expect("it begins");
    for _ in 0..2 {
        let item = values.next().await.expect("there is one");
        assert_eq!(item.expect("it is one"), Value { text: "a".into() });
    }
    match values.next().await {
        Some(Err(handfast::client::StreamError::Closed(error))) => {
            assert!(code(error).0.contains("INTERNAL"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_handler_sees_its_channels_and_what_middleware_found() {
    let client = client(Some("ada")).await.expect("it connects");
    let here = |joined| Here {
        joined,
        user: "ada".into(),
    };
    assert_eq!(client.r#where(Where {}).await, Ok(here(false)));
    let news = client.news().join().await.expect("it joins");
    assert_eq!(client.r#where(Where {}).await, Ok(here(true)));
    drop(news);
    let left = async {
        while client.r#where(Where {}).await != Ok(here(false)) {
            // Not more often than the rate limit allows.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), left)
        .await
        .expect("it leaves");
}

#[tokio::test]
async fn a_connection_is_rejected_by_what_middleware_found() {
    match client(Some("mallory")).await {
        Err(ConnectError::Refused(error)) => assert_eq!(error.message, "go away"),
        other => panic!("{other:?}"),
    }
    match client(Some("unlucky")).await {
        Err(ConnectError::Refused(error)) => {
            assert_eq!(error.message, "the server failed");
            assert!(error.retryable, "the client tries again");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_servers_share_a_router() {
    log::listen();
    let one = Server::builder(App).path("/one").build();
    let two = Server::builder(App)
        .path("/two")
        .health_path("/two/health")
        .build();
    let three = Server::builder(App)
        .path("/three")
        .without_health_check()
        .build();
    let router = one.router().merge(two.router()).merge(three.router());
    let router = router.layer(axum::Extension(Known("ada")));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let served = tokio::spawn(async move { handfast::server::serve(listener, router).await });
    for path in ["one", "two", "three"] {
        let client = Client::connect(format!("ws://{address}/{path}"))
            .await
            .expect("it connects");
        let here = client.r#where(Where {}).await.expect("it answers");
        assert_eq!(here.user, "ada", "an axum layer reaches the context");
    }
    served.abort();
}
