//! The metadata of a connection: the client's address and the upgrade request.

use crate::codec::Encoding;
use std::{any::Any, net::SocketAddr, sync::Arc};

/// The session: the state that an application keeps for a connection, type-erased.
pub type SessionState = Arc<dyn Any + Send + Sync>;

/// The client's address and the request that opened the connection.
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
    /// The extensions of the upgrade request: values that axum or tower middleware inserted, such as an authenticated user.
    pub extensions: http::Extensions,
    /// The encoding of the messages: the one that the upgrade negotiated. For another transport it can be set, and the protocol's preferred
    /// encoding is the default.
    pub encoding: Option<Encoding>,
}
