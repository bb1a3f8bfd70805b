//! How a client reaches its server.

use super::ConnectError;
use crate::{
    table::ProtocolTable,
    transport::{Transport, WebSocket},
};
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Uri, header::SEC_WEBSOCKET_PROTOCOL};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{client::IntoClientRequest, handshake::client::Response},
};

/// Makes a transport, each time one is needed.
pub(crate) type Dial =
    Arc<dyn Fn() -> BoxFuture<'static, Result<Box<dyn Transport>, ConnectError>> + Send + Sync>;

/// Dials a WebSocket.
pub(crate) fn websocket(
    url: &str,
    headers: HeaderMap,
    table: &'static ProtocolTable,
    limit: usize,
) -> Result<Dial, ConnectError> {
    let uri: Uri = url
        .parse()
        .map_err(|_| ConnectError::Address("it is no URL"))?;
    match uri.scheme_str() {
        Some("ws") => {}
        Some("wss") => {
            return Err(ConnectError::Address(
                "`wss` is not built in; let a proxy end the TLS, or dial it yourself",
            ));
        }
        _ => return Err(ConnectError::Address("it does not begin with `ws://`")),
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err(ConnectError::Address("it names no host"));
    }
    Ok(Arc::new(move || {
        Box::pin(dial(uri.clone(), headers.clone(), table, limit))
    }))
}

async fn dial(
    uri: Uri,
    headers: HeaderMap,
    table: &'static ProtocolTable,
    limit: usize,
) -> Result<Box<dyn Transport>, ConnectError> {
    let host = uri
        .host()
        .unwrap_or_default()
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let port = uri.port_u16().unwrap_or(80);
    let broken =
        |error: tokio_tungstenite::tungstenite::Error| ConnectError::Transport(error.into());
    let mut request = uri.into_client_request().map_err(broken)?;
    request.headers_mut().extend(headers);
    if let Some((_, subprotocol)) = table.encodings.iter().find(|(name, _)| *name == "json") {
        let offered = HeaderValue::from_str(subprotocol)
            .map_err(|_| ConnectError::Address("the subprotocol cannot be offered"))?;
        request
            .headers_mut()
            .insert(SEC_WEBSOCKET_PROTOCOL, offered);
    }
    let tcp = TcpStream::connect((host, port))
        .await
        .map_err(|error| ConnectError::Transport(error.into()))?;
    // Small messages should not wait for others.
    tcp.set_nodelay(true)
        .map_err(|error| ConnectError::Transport(error.into()))?;
    let (stream, _): (WebSocketStream<_>, Response) =
        client_async(request, tcp).await.map_err(broken)?;
    Ok(Box::new(WebSocket::client(stream.into_inner(), limit)))
}
