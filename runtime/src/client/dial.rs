//! How a client reaches its server.

use super::ConnectError;
use crate::{
    descriptor::ProtocolDescriptor,
    transport::{Transport, WebSocket},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri,
    header::{
        CONNECTION, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    client::conn::http1,
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Makes a transport, each time one is needed.
pub(crate) type Dial =
    Arc<dyn Fn() -> BoxFuture<'static, Result<Box<dyn Transport>, ConnectError>> + Send + Sync>;

/// The largest head of a response, in bytes.
const HEAD: usize = 16 * 1024;

/// How much of the body of a refusal is shown, in bytes, and how long it is waited for.
const BODY: usize = 256;
const BODY_TIME: Duration = Duration::from_secs(1);

/// Dials a WebSocket.
pub(crate) fn websocket(
    url: &str,
    headers: HeaderMap,
    table: &'static ProtocolDescriptor,
    limit: usize,
) -> Result<Dial, ConnectError> {
    let uri = address(url).map_err(ConnectError::Address)?;
    Ok(Arc::new(move || {
        Box::pin(dial(uri.clone(), headers.clone(), table, limit))
    }))
}

/// Reads a URL.
fn address(url: &str) -> Result<Uri, &'static str> {
    if url.starts_with("//") {
        return Err("it has no scheme; write `ws://` before the host");
    }
    if url.starts_with('/') {
        return Err("it is a path and names no host; write `ws://host/path`");
    }
    if url.contains('#') {
        return Err("it has a fragment, which no server sees; leave out what begins with `#`");
    }
    let uri: Uri = url.parse().map_err(|_| "it is no URL")?;
    match uri.scheme_str().map(str::to_ascii_lowercase).as_deref() {
        Some("ws" | "http") => {}
        Some("wss") => {
            return Err(
                "`wss` is not built in; let a proxy end the TLS, or dial it yourself (`ClientBuilder::over`)",
            );
        }
        Some("https") => {
            return Err(
                "`https` is not built in; let a proxy end the TLS, or dial it yourself (`ClientBuilder::over`)",
            );
        }
        _ => return Err("it does not begin with `ws://` or `http://`"),
    }
    if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
        return Err("it has a user's name; send that with `auth` or a header");
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err("it names no host");
    }
    Ok(uri)
}

/// A server that does not shake hands as RFC 6455 (section 4.1) asks.
fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ConnectError {
    ConnectError::Transport(error.into())
}

async fn dial(
    uri: Uri,
    headers: HeaderMap,
    table: &'static ProtocolDescriptor,
    limit: usize,
) -> Result<Box<dyn Transport>, ConnectError> {
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let tcp = TcpStream::connect((host, uri.port_u16().unwrap_or(80)))
        .await
        .map_err(broken)?;
    // Small messages should not wait for others.
    tcp.set_nodelay(true).map_err(broken)?;

    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(|error| broken(error.to_string()))?;
    let key = STANDARD.encode(key);
    let offered = table.encodings.iter().find(|(name, _)| *name == "json");
    let offered = offered.map(|(_, subprotocol)| *subprotocol);
    let request = request(&uri, headers, &key, offered)?;

    let mut http = http1::Builder::new();
    let (mut sender, connection) = http
        .max_buf_size(HEAD)
        .handshake(TokioIo::new(tcp))
        .await
        .map_err(broken)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(broken)?;
        upgrade(response, &key, offered).await
    };
    let upgraded = drive(connection.with_upgrades(), exchange).await?;
    let parts = upgraded
        .downcast::<TokioIo<TcpStream>>()
        .map_err(|_| broken("the connection is not what was dialled"))?;
    let socket = WebSocket::client(parts.io.into_inner(), limit).unread(&parts.read_buf);
    Ok(Box::new(socket))
}

/// The request that becomes the WebSocket.
fn request(
    uri: &Uri,
    mut headers: HeaderMap,
    key: &str,
    offered: Option<&str>,
) -> Result<Request<NoBody>, ConnectError> {
    let value = |text: &str| {
        HeaderValue::from_str(text).map_err(|_| ConnectError::Address("a header cannot be sent"))
    };
    if !headers.contains_key(HOST) {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        headers.insert(HOST, value(authority)?);
    }
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    headers.insert(SEC_WEBSOCKET_KEY, value(key)?);
    if let Some(offered) = offered {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, value(offered)?);
    }
    let mut request = Request::new(NoBody);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path
        .parse()
        .map_err(|_| ConnectError::Address("its path cannot be sent"))?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Checks the response, and waits until the connection is the WebSocket's.
async fn upgrade(
    mut response: Response<Incoming>,
    key: &str,
    offered: Option<&str>,
) -> Result<Upgraded, ConnectError> {
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS {
        return Err(ConnectError::Upgrade {
            status: status.as_u16(),
            body: beginning(response.into_body()).await,
        });
    }
    let headers = response.headers();
    let says = |name: &HeaderName, word: &str| {
        headers.get_all(name).iter().any(|value| {
            let words = value.to_str().unwrap_or_default().split(',');
            words
                .into_iter()
                .any(|said| said.trim().eq_ignore_ascii_case(word))
        })
    };
    if !says(&UPGRADE, "websocket") || !says(&CONNECTION, "upgrade") {
        return Err(broken("the response does not upgrade to a WebSocket"));
    }
    let accept = derive_accept_key(key.as_bytes());
    if headers.get(SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes) != Some(accept.as_bytes()) {
        return Err(broken("the response does not answer the request's key"));
    }
    if headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        return Err(broken("the response has an extension that was not offered"));
    }
    if let Some(chosen) = headers.get(SEC_WEBSOCKET_PROTOCOL)
        && offered.is_none_or(|offered| chosen.as_bytes() != offered.as_bytes())
    {
        return Err(broken(
            "the response has a subprotocol that was not offered",
        ));
    }
    hyper::upgrade::on(&mut response).await.map_err(broken)
}

/// The beginning of a body, as one line.
async fn beginning(mut body: Incoming) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < BODY {
            match std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                Some(Ok(frame)) => bytes.extend(frame.into_data().unwrap_or_default()),
                _ => break,
            }
        }
    };
    // What came by then is better than nothing.
    let _ = tokio::time::timeout(BODY_TIME, read).await;
    bytes.truncate(BODY);
    let text = String::from_utf8_lossy(&bytes);
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    line.collect::<String>().trim().to_owned()
}

/// Runs an exchange, and the connection that it needs.
async fn drive<T, E>(
    connection: impl Future<Output = hyper::Result<()>>,
    exchange: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let (mut connection, mut exchange) = (pin!(connection), pin!(exchange));
    let mut is_over = false;
    std::future::poll_fn(|cx| {
        // Its error is the exchange's as well.
        is_over = is_over || connection.as_mut().poll(cx).is_ready();
        exchange.as_mut().poll(cx)
    })
    .await
}

/// The body of a request that has none.
struct NoBody;

impl Body for NoBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(0)
    }
}
