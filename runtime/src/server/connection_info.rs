//! What is known about a connection beside its messages.

use std::{any::Any, net::SocketAddr, sync::Arc};

/// The state that an application keeps for a connection, with its type erased.
pub type SessionState = Arc<dyn Any + Send + Sync>;

/// Where a connection comes from, and the request that opened it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// The client's address, if the router is served by [`serve`](super::serve), or with `into_make_service_with_connect_info::<SocketAddr>()`.
    /// A trusted proxy's `Forwarded` header (RFC 7239) takes precedence; the port is 0 if the proxy does not name it.
    pub address: Option<SocketAddr>,
    /// The headers of the upgrade request.
    pub headers: http::HeaderMap,
    /// The URI of the upgrade request, including the query.
    pub uri: http::Uri,
    /// The extensions of the upgrade request: what axum or tower middleware in front of the router added, such as the user of a cookie.
    pub extensions: http::Extensions,
}
