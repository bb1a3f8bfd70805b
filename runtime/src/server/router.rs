//! The routes: a WebSocket, and a word on health.

use super::{Server, upgrade::upgrade};
use axum::{body::Body, extract::Request, response::Response, routing::get};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};

pub(crate) fn router(server: &Server) -> axum::Router {
    let health = {
        let table = server.state.table;
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

pub(crate) fn reply(status: StatusCode, content: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content));
    response
}
