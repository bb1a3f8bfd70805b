//! The axum routes: the WebSocket, the health check and the metrics.

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

/// The route of the metrics.
#[cfg(feature = "metrics")]
#[derive(Clone)]
pub(crate) struct MetricsRoute {
    path: Arc<str>,
    render: Arc<dyn Fn() -> String + Send + Sync>,
}

#[cfg(feature = "metrics")]
impl MetricsRoute {
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

#[cfg(feature = "metrics")]
impl std::fmt::Debug for MetricsRoute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetricsRoute")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "metrics")]
impl MetricsRoute {
    pub(crate) fn new(path: String, render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self {
            path: path.into(),
            render: Arc::new(render),
        }
    }

    pub(crate) fn add_to(&self, router: axum::Router) -> axum::Router {
        // Prometheus' text format.
        const CONTENT: &str = "text/plain; version=0.0.4; charset=utf-8";
        let render = self.render.clone();
        let metrics = move || async move { reply(StatusCode::OK, CONTENT, render()) };
        router.route(&self.path, get(metrics))
    }
}
