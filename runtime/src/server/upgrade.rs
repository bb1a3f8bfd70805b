//! The upgrade of a request to a WebSocket (RFC 6455, section 4.2).

use super::{
    ConnectionInfo, address,
    encoder::Encoder,
    endpoint::Endpoint,
    handshake,
    reply::reply,
    serve::ConnectionPermit,
    socket::Socket,
    state::{Admission, AtCapacity},
};
use crate::{codec::Encoding, transport::WebSocket};
use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode, Version,
    header::{
        CONNECTION, HOST, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use std::{borrow::Cow, net::SocketAddr, sync::Arc};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The maximum size of the headers and URI, in bytes: they are kept for as long as the connection lasts.
const MAX_HEADERS: usize = 16 * 1024;

/// Why an upgrade is rejected.
struct UpgradeRejection {
    status: StatusCode,
    message: Cow<'static, str>,
}

impl UpgradeRejection {
    fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    fn bad_request(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    fn response(self) -> Response {
        let message = format!("{}\n", self.message);
        let mut response = reply(self.status, "text/plain; charset=utf-8", message);
        let headers = response.headers_mut();
        // Closing makes each retry pay for a new connection: rejections are logged, and logging is not free.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        match self.status {
            StatusCode::UPGRADE_REQUIRED => {
                headers.append(CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("10"));
            }
            _ => {}
        }
        response
    }
}

/// The parameters of an accepted upgrade.
struct Accepted {
    accept: String,
    encoding: usize,
    subprotocol: Option<HeaderValue>,
    address: Option<SocketAddr>,
    admission: Admission,
}

/// Upgrades a request, or responds with the reason why not.
pub(crate) fn upgrade(endpoint: &Arc<Endpoint>, mut request: Request) -> Response {
    let accepted = match check(endpoint, &request) {
        Ok(accepted) => accepted,
        Err(rejection) => {
            let address = request.extensions().get::<ConnectInfo<SocketAddr>>();
            tracing::info!(
                status = rejection.status.as_u16(),
                reason = &*rejection.message,
                address = ?address.map(|ConnectInfo(address)| address),
                "rejected an upgrade"
            );
            return rejection.response();
        }
    };
    let Accepted {
        accept,
        encoding,
        subprotocol,
        address,
        mut admission,
    } = accepted;
    let permit = request.extensions_mut().remove::<ConnectionPermit>();
    admission.permit = permit.map(|permit| Box::new(permit) as _);
    let upgraded = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    let info = ConnectionInfo {
        address,
        headers: head.headers,
        uri: head.uri,
        extensions: head.extensions,
        encoding: Some(endpoint.state.encoder.encodings[encoding].0),
    };
    // The handshake needs more memory than the session, and gives it back.
    let opening = Box::pin(open(upgraded, endpoint.clone(), info, admission, encoding));
    tokio::spawn(async move {
        if let Some(session) = opening.await {
            session.await;
        }
    });

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

fn check(endpoint: &Endpoint, request: &Request) -> Result<Accepted, UpgradeRejection> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(UpgradeRejection::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "a WebSocket begins with GET",
        ));
    }
    if request.version() != Version::HTTP_11 {
        return Err(UpgradeRejection::bad_request(
            "a WebSocket begins with HTTP/1.1",
        ));
    }
    if !has_token(headers, CONNECTION, "upgrade") || !has_token(headers, UPGRADE, "websocket") {
        return Err(UpgradeRejection::new(
            StatusCode::UPGRADE_REQUIRED,
            "a WebSocket is served here",
        ));
    }
    if single(headers, HOST).is_none() {
        return Err(UpgradeRejection::bad_request(
            "`Host` is missing or repeated",
        ));
    }
    if !has_token(headers, SEC_WEBSOCKET_VERSION, "13") {
        return Err(UpgradeRejection::new(
            StatusCode::UPGRADE_REQUIRED,
            "`Sec-WebSocket-Version` has to be 13",
        ));
    }
    let key = single(headers, SEC_WEBSOCKET_KEY)
        .map(HeaderValue::as_bytes)
        .filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16));
    let Some(key) = key else {
        return Err(UpgradeRejection::bad_request(
            "`Sec-WebSocket-Key` is missing, or not the base64 of 16 bytes",
        ));
    };
    let size: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size + request.uri().to_string().len() > MAX_HEADERS {
        return Err(UpgradeRejection::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "the request head exceeds 16 KiB",
        ));
    }
    if !endpoint.origins.allows(headers) {
        return Err(UpgradeRejection::new(
            StatusCode::FORBIDDEN,
            "pages of this origin are not allowed: add it with `allow_origin(\"https://…\")` where the server is built",
        ));
    }
    let state = &endpoint.state;
    let (encoding, subprotocol) = negotiate(&state.encoder, headers)?;
    if state.is_shutting_down() {
        return Err(UpgradeRejection::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the server is shutting down",
        ));
    }
    let peer = request
        .extensions()
        .get()
        .map(|ConnectInfo(address): &ConnectInfo<SocketAddr>| *address);
    let client = address::client_address(peer, headers, &state.bounds.trusted);
    let admission = state
        .admit(client)
        .map_err(|at_capacity| match at_capacity {
            AtCapacity::InAll => UpgradeRejection::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the server is at its connection limit",
            ),
            AtCapacity::OfAddress => UpgradeRejection::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too many connections from this address (behind a proxy: see `trusted_proxies`)",
            ),
        })?;
    Ok(Accepted {
        accept: derive_accept_key(key),
        encoding,
        subprotocol,
        address: client.map(|client| client.address),
        admission,
    })
}

/// Returns the value of a header that occurs exactly once.
fn single(headers: &HeaderMap, name: http::HeaderName) -> Option<&HeaderValue> {
    let mut all = headers.get_all(name).into_iter();
    all.next().filter(|_| all.next().is_none())
}

/// Whether a list header contains a token, ignoring case.
fn has_token(headers: &HeaderMap, name: http::HeaderName, token: &str) -> bool {
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

/// Negotiates the encoding. Returns its index and the subprotocol for the response.
fn negotiate(
    encoder: &Encoder,
    headers: &HeaderMap,
) -> Result<(usize, Option<HeaderValue>), UpgradeRejection> {
    let json = encoder.index_of(Some(Encoding::Json));
    if !headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        return json
            .map(|at| (at, None))
            .ok_or_else(|| UpgradeRejection::bad_request("a subprotocol has to be offered"));
    }
    let offered = |name: &str| tokens(headers, SEC_WEBSOCKET_PROTOCOL).any(|each| each == name);
    let mut supported = encoder.encodings.iter().enumerate();
    let selected = supported.find(|(_, (_, name))| !name.is_empty() && offered(name));
    match (selected, json) {
        (Some((at, (_, name))), _) => Ok((at, HeaderValue::from_str(name).ok())),
        // JSON has no subprotocol, so that whatever is offered is not about encodings.
        (None, Some(at)) if encoder.encodings[at].1.is_empty() => Ok((at, None)),
        (None, _) => {
            let names: Vec<_> = encoder.encodings.iter().map(|(_, name)| *name).collect();
            let message = format!(
                "none of the offered subprotocols is supported; these are: {}",
                names.join(", ")
            );
            Err(UpgradeRejection::new(StatusCode::BAD_REQUEST, message))
        }
    }
}

async fn open(
    upgrade: hyper::upgrade::OnUpgrade,
    endpoint: Arc<Endpoint>,
    info: ConnectionInfo,
    admission: Admission,
    encoding: usize,
) -> Option<handshake::Session> {
    let transport = match upgrade.await {
        Ok(upgraded) => {
            let (socket, unread) = Socket::of(upgraded);
            WebSocket::server(socket, endpoint.state.limits.message)
                .unread(&unread)
                .hung_up_by(Socket::is_hung_up)
        }
        Err(error) => {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the upgrade failed"
            );
            return None;
        }
    };
    handshake::open(Box::new(transport), endpoint, info, admission, encoding).await
}
