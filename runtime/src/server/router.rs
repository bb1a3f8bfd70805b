//! The axum routes: the WebSocket and the health check.

use super::{endpoint::Endpoint, reply::reply, upgrade::upgrade};
use axum::{extract::Request, routing::get};
use http::StatusCode;
use std::sync::Arc;

pub(crate) fn router(
    endpoint: &Arc<Endpoint>,
    path: &str,
    health_path: Option<&str>,
) -> axum::Router {
    let protocol = endpoint.state.protocol;
    let endpoint = endpoint.clone();
    let socket = move |request: Request| async move { upgrade(&endpoint, request) };
    let router = axum::Router::new().route(path, axum::routing::any(socket));
    let Some(health_path) = health_path else {
        return router;
    };
    let health = serde_json::json!({
        "status": "ok",
        "protocol": protocol.name,
        "version": protocol.version,
        "hash": protocol.hash,
    })
    .to_string();
    let health = move || async move { reply(StatusCode::OK, "application/json", health) };
    router.route(health_path, get(health))
}
