//! The routes: an upgrade to WebSocket (RFC 6455, section 4.2), and a word on health.

use super::{Peer, Server, handshake, shared::Shared};
use crate::transport::WebSocket;
use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
    routing::get,
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        CONNECTION, CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use hyper_util::rt::TokioIo;
use std::{net::SocketAddr, sync::Arc};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The pages that may connect.
#[derive(Clone, Debug)]
pub(crate) enum Origins {
    /// Those of the server's own origin and these.
    These(Vec<String>),
    /// All.
    Any,
}

impl Default for Origins {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl Origins {
    pub(crate) fn allow(&mut self, origin: String) {
        if let Self::These(origins) = self {
            origins.push(origin.trim_end_matches('/').to_owned());
        }
    }

    /// Whether a page may connect. The scheme is not compared with the server's own: behind a proxy it is not known.
    fn take(&self, headers: &HeaderMap) -> bool {
        let (Self::These(origins), Some(origin)) = (self, headers.get(ORIGIN)) else {
            return true;
        };
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let own = origin.split_once("://").map(|(_, authority)| authority);
        origins
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(origin))
            || own
                .zip(host)
                .is_some_and(|(own, host)| own.eq_ignore_ascii_case(host))
    }
}

pub(crate) fn router(server: &Server) -> axum::Router {
    let health = {
        let table = server.shared.table;
        serde_json::json!({
            "status": "ok",
            "protocol": table.name,
            "version": table.version,
            "hash": table.hash,
        })
        .to_string()
    };
    let health = move || async move { reply(StatusCode::OK, "application/json", health) };
    let server = server.clone();
    let path = server.path.clone();
    let socket = move |request: Request| async move { upgrade(&server, request) };
    axum::Router::new()
        .route(&path, axum::routing::any(socket))
        .route("/healthz", get(health))
}

fn reply(status: StatusCode, content: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content));
    response
}

fn refuse(status: StatusCode, words: &str) -> Response {
    let mut response = reply(status, "text/plain; charset=utf-8", format!("{words}\n"));
    if status == StatusCode::UPGRADE_REQUIRED {
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}

/// Whether a header has a token, in whatever case, among others.
fn has(headers: &HeaderMap, name: http::HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|each| each.eq_ignore_ascii_case(token))
}

fn tokens(headers: &HeaderMap, name: http::HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// The encoding that both ends speak, and what the answer says of it.
fn negotiate<'a>(shared: &'a Shared, headers: &HeaderMap) -> Option<(usize, Option<&'a str>)> {
    if !headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        let json = shared
            .codecs
            .iter()
            .position(|(codec, _)| codec.name() == "json");
        return json.map(|at| (at, None));
    }
    shared
        .codecs
        .iter()
        .enumerate()
        .find_map(|(at, (_, subprotocol))| {
            tokens(headers, SEC_WEBSOCKET_PROTOCOL)
                .any(|offered| offered == *subprotocol)
                .then_some((at, Some(*subprotocol)))
        })
}

/// Turns a request into a connection, or says what is wrong with it.
fn upgrade(server: &Server, mut request: Request) -> Response {
    let headers = request.headers();
    if request.method() != Method::GET {
        return refuse(
            StatusCode::METHOD_NOT_ALLOWED,
            "a WebSocket begins with GET",
        );
    }
    if !has(headers, CONNECTION, "upgrade") || !has(headers, UPGRADE, "websocket") {
        return refuse(StatusCode::UPGRADE_REQUIRED, "a WebSocket is served here");
    }
    if !has(headers, SEC_WEBSOCKET_VERSION, "13") {
        return refuse(
            StatusCode::UPGRADE_REQUIRED,
            "`Sec-WebSocket-Version` has to be 13",
        );
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24);
    let Some(accept) = key.map(|key| derive_accept_key(key.as_bytes())) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "`Sec-WebSocket-Key` is missing or not of 16 bytes",
        );
    };
    if !server.origins.take(headers) {
        return refuse(StatusCode::FORBIDDEN, "pages of this origin are not served");
    }
    let shared = server.shared.clone();
    let Some((encoding, subprotocol)) = negotiate(&shared, headers) else {
        let spoken: Vec<_> = shared.codecs.iter().map(|(_, name)| *name).collect();
        let words = format!(
            "none of the offered subprotocols is spoken here; these are: {}",
            spoken.join(", ")
        );
        return refuse(StatusCode::BAD_REQUEST, &words);
    };
    if shared.is_going() {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "the server goes away");
    }
    let subprotocol = subprotocol.and_then(|name| HeaderValue::from_str(name).ok());
    let peer = Peer {
        address: request
            .extensions()
            .get()
            .map(|ConnectInfo(address): &ConnectInfo<SocketAddr>| *address),
        headers: headers.clone(),
        uri: request.uri().clone(),
    };
    tokio::spawn(connect(
        hyper::upgrade::on(&mut request),
        shared,
        peer,
        encoding,
    ));

    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(subprotocol) = subprotocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
    }
    response
}

async fn connect(
    upgrade: hyper::upgrade::OnUpgrade,
    shared: Arc<Shared>,
    peer: Peer,
    encoding: usize,
) {
    let upgraded = match upgrade.await {
        Ok(upgraded) => TokioIo::new(upgraded),
        Err(error) => {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the upgrade failed"
            );
            return;
        }
    };
    let transport = WebSocket::server(upgraded, shared.limits.message);
    handshake::serve(Box::new(transport), shared, peer, encoding).await;
}
