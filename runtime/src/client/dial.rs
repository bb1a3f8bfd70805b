//! Connecting to a WebSocket server over TCP.

use super::ConnectError;
use crate::transport::{CloseFrame, Transport, TransportError, TransportEvent, WebSocket};
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
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Opens a transport for one connection.
pub(crate) type Dial =
    Arc<dyn Fn() -> BoxFuture<'static, Result<Box<dyn Transport>, ConnectError>> + Send + Sync>;

/// The largest response head, in bytes.
const MAX_HEAD: usize = 16 * 1024;

/// How much of the body of a refused upgrade is read, in bytes, and for how long.
const MAX_BODY: usize = 256;
const BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// The subprotocol of an encoding.
#[derive(Clone, Copy)]
pub(crate) struct Subprotocol {
    /// `None` if none is offered.
    pub(crate) name: Option<&'static str>,
    /// Whether the server has to select it. A server that selects none speaks JSON.
    pub(crate) required: bool,
}

/// Returns a dialer for a WebSocket URL.
pub(crate) fn websocket(
    url: &str,
    headers: HeaderMap,
    subprotocol: Subprotocol,
    limit: usize,
) -> Result<Dial, ConnectError> {
    let uri = parse_url(url).map_err(ConnectError::Address)?;
    Ok(Arc::new(move || {
        Box::pin(dial(uri.clone(), headers.clone(), subprotocol, limit))
    }))
}

/// Returns a dialer whose transports accept no message of more than `limit` bytes, whatever they accept by themselves.
pub(crate) fn bounded(dial: Dial, limit: usize) -> Dial {
    Arc::new(move || {
        let dialled = dial();
        Box::pin(async move {
            let transport = dialled.await?;
            Ok(Box::new(Bounded { transport, limit }) as Box<dyn Transport>)
        })
    })
}

struct Bounded {
    transport: Box<dyn Transport>,
    limit: usize,
}

impl Transport for Bounded {
    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<TransportEvent, TransportError>> {
        let event = ready!(self.transport.poll_receive(cx));
        Poll::Ready(match event {
            Ok(TransportEvent::Packet(packet)) if packet.len() > self.limit => {
                Err(TransportError::TooLarge { limit: self.limit })
            }
            event => event,
        })
    }

    fn feed(&mut self, message: &[u8], is_text: bool) -> Result<(), TransportError> {
        self.transport.feed(message, is_text)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.transport.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>, closing: &CloseFrame) -> Poll<()> {
        self.transport.poll_close(cx, closing)
    }

    fn written(&self) -> u64 {
        self.transport.written()
    }

    fn read(&self) -> u64 {
        self.transport.read()
    }

    fn is_hung_up(&self) -> bool {
        self.transport.is_hung_up()
    }
}

/// Parses a URL.
fn parse_url(url: &str) -> Result<Uri, &'static str> {
    if url.starts_with("//") {
        return Err("it has no scheme; write `ws://` before the host");
    }
    if url.starts_with('/') {
        return Err("it is a path without a host; write `ws://host/path`");
    }
    if url.contains('#') {
        return Err(
            "it has a fragment, which is never sent to a server; remove `#` and what follows",
        );
    }
    let uri: Uri = url.parse().map_err(|_| "it is not a valid URL")?;
    match uri.scheme_str().map(str::to_ascii_lowercase).as_deref() {
        Some("ws" | "http") => {}
        Some("wss") => {
            return Err(
                "`wss` is not built in; terminate TLS in a proxy, or bring a TLS transport (`ClientBuilder::over`)",
            );
        }
        Some("https") => {
            return Err(
                "`https` is not built in; terminate TLS in a proxy, or bring a TLS transport (`ClientBuilder::over`)",
            );
        }
        _ => return Err("it does not begin with `ws://` or `http://`"),
    }
    if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
        return Err("it has user information; send that with `auth` or a header");
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err("it has no host");
    }
    Ok(uri)
}

/// An I/O error, or a handshake that violates RFC 6455, section 4.1.
fn transport_error(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ConnectError {
    ConnectError::Transport(error.into())
}

async fn dial(
    uri: Uri,
    headers: HeaderMap,
    subprotocol: Subprotocol,
    limit: usize,
) -> Result<Box<dyn Transport>, ConnectError> {
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let tcp = TcpStream::connect((host, uri.port_u16().unwrap_or(80)))
        .await
        .map_err(transport_error)?;
    // Small messages should not wait for others (Nagle).
    tcp.set_nodelay(true).map_err(transport_error)?;

    let mut key = [0; 16];
    getrandom::fill(&mut key).map_err(|error| transport_error(error.to_string()))?;
    let key = STANDARD.encode(key);
    let request = request(&uri, headers, &key, subprotocol.name)?;

    let mut http = http1::Builder::new();
    let (mut sender, connection) = http
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(tcp))
        .await
        .map_err(transport_error)?;
    let exchange = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(transport_error)?;
        upgrade(response, &key, subprotocol).await
    };
    let upgraded = drive(connection.with_upgrades(), exchange).await?;
    let parts = upgraded
        .downcast::<TokioIo<TcpStream>>()
        .map_err(|_| transport_error("the upgraded connection is not a TCP stream"))?;
    let socket = WebSocket::client(parts.io.into_inner(), limit).unread(&parts.read_buf);
    Ok(Box::new(socket))
}

/// Builds the upgrade request.
fn request(
    uri: &Uri,
    mut headers: HeaderMap,
    key: &str,
    offered: Option<&str>,
) -> Result<Request<NoBody>, ConnectError> {
    let value = |text: &str| {
        HeaderValue::from_str(text)
            .map_err(|_| ConnectError::Address("a header has invalid characters"))
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
        .map_err(|_| ConnectError::Address("its path is invalid"))?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Validates the response and completes the upgrade.
async fn upgrade(
    mut response: Response<Incoming>,
    key: &str,
    subprotocol: Subprotocol,
) -> Result<Upgraded, ConnectError> {
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS {
        return Err(ConnectError::Upgrade {
            status: status.as_u16(),
            body: read_excerpt(response.into_body()).await,
        });
    }
    let headers = response.headers();
    let has_token = |name: &HeaderName, word: &str| {
        headers.get_all(name).iter().any(|value| {
            let words = value.to_str().unwrap_or_default().split(',');
            words
                .into_iter()
                .any(|token| token.trim().eq_ignore_ascii_case(word))
        })
    };
    if !has_token(&UPGRADE, "websocket") || !has_token(&CONNECTION, "upgrade") {
        return Err(transport_error(
            "the response does not upgrade to a WebSocket",
        ));
    }
    let accept = derive_accept_key(key.as_bytes());
    if headers.get(SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes) != Some(accept.as_bytes()) {
        return Err(transport_error(
            "the `Sec-WebSocket-Accept` header does not match the request",
        ));
    }
    if headers.contains_key(SEC_WEBSOCKET_EXTENSIONS) {
        return Err(transport_error(
            "the response selects an extension that was not offered",
        ));
    }
    let selected = headers
        .get(SEC_WEBSOCKET_PROTOCOL)
        .map(HeaderValue::as_bytes);
    if selected.is_some() && selected != subprotocol.name.map(str::as_bytes) {
        return Err(transport_error(
            "the response selects a subprotocol that was not offered",
        ));
    }
    if selected.is_none() && subprotocol.required {
        return Err(transport_error(
            "the response does not select the subprotocol of the encoding",
        ));
    }
    hyper::upgrade::on(&mut response)
        .await
        .map_err(transport_error)
}

/// Returns the beginning of a body as one line.
async fn read_excerpt(mut body: Incoming) -> String {
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < MAX_BODY {
            match std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                Some(Ok(frame)) => bytes.extend(frame.into_data().unwrap_or_default()),
                _ => break,
            }
        }
    };
    // Part of the body is better than nothing.
    let _ = tokio::time::timeout(BODY_TIMEOUT, read).await;
    bytes.truncate(MAX_BODY);
    let text = String::from_utf8_lossy(&bytes);
    let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    line.collect::<String>().trim().to_owned()
}

/// Runs an exchange together with the connection that it needs.
async fn drive<T, E>(
    connection: impl Future<Output = hyper::Result<()>>,
    exchange: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let (mut connection, mut exchange) = (pin!(connection), pin!(exchange));
    let mut is_over = false;
    std::future::poll_fn(|cx| {
        // The exchange reports its error.
        is_over = is_over || connection.as_mut().poll(cx).is_ready();
        exchange.as_mut().poll(cx)
    })
    .await
}

/// An empty request body.
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
