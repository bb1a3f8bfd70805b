//! The metadata of a connection: the client's address and the upgrade request.

use crate::codec::Encoding;
use std::{any::Any, borrow::Cow, net::SocketAddr, sync::Arc};

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

impl ConnectionInfo {
    /// Returns the value of a cookie of the upgrade request as the client sent it (RFC 6265, section 4.2): it is not decoded, and
    /// quotation marks are part of it. Of several cookies with that name it is the first, which has the most specific path (section 5.4).
    ///
    /// Cookies authenticate pages of any origin that may connect: see [`Builder::allow_origin`](super::Builder::allow_origin).
    ///
    /// ```
    /// # use handfast::server::ConnectionInfo;
    /// let mut connection = ConnectionInfo::default();
    /// connection.headers.insert("cookie", "theme=dark; sid=31d4d96e407aad42".parse()?);
    /// assert_eq!(connection.cookie("sid"), Some("31d4d96e407aad42"));
    /// assert_eq!(connection.cookie("SID"), None);
    /// # Ok::<_, http::header::InvalidHeaderValue>(())
    /// ```
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.headers.get_all(http::header::COOKIE).into_iter();
        headers
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.split_once('='))
            .find(|(each, _)| each.trim() == name)
            .map(|(_, value)| value.trim())
    }

    /// Returns the value of a parameter in the query of the upgrade request, decoded (`application/x-www-form-urlencoded`, URL Standard,
    /// section 5.1): `+` is a space, and what is not UTF-8 becomes U+FFFD. Of several parameters with that name it is the first.
    ///
    /// Proxies and servers log queries: a secret in one is best short-lived.
    ///
    /// ```
    /// # use handfast::server::ConnectionInfo;
    /// let mut connection = ConnectionInfo::default();
    /// connection.uri = "/ws?room=caf%C3%A9+noir&invite".parse()?;
    /// assert_eq!(connection.query("room").as_deref(), Some("café noir"));
    /// assert_eq!(connection.query("invite").as_deref(), Some(""));
    /// assert_eq!(connection.query("token"), None);
    /// # Ok::<_, http::uri::InvalidUri>(())
    /// ```
    pub fn query(&self, name: &str) -> Option<Cow<'_, str>> {
        let pairs = self.uri.query()?.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .find(|(each, _)| form_decoded(each) == name)
            .map(|(_, value)| form_decoded(value))
    }
}

/// Decodes `+` and `%41`. A `%` that no two hexadecimal digits follow is kept.
fn form_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['+', '%']) {
        return Cow::Borrowed(text);
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match (byte, digit(bytes.get(at)), digit(bytes.get(at + 1))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'+', ..) => decoded.push(b' '),
            (byte, ..) => decoded.push(*byte),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(uri: &'static str) -> ConnectionInfo {
        ConnectionInfo {
            uri: http::Uri::from_static(uri),
            ..ConnectionInfo::default()
        }
    }

    #[test]
    fn parameters_are_decoded() {
        let info = asked("/ws?a=1&a=2&&b%20c=%41%zz%4&d=%ff&=nameless&e==&f");
        let query = |name| info.query(name).map(Cow::into_owned);
        assert_eq!(query("a").as_deref(), Some("1"));
        assert_eq!(query("b c").as_deref(), Some("A%zz%4"));
        assert_eq!(query("d").as_deref(), Some("\u{fffd}"));
        assert_eq!(query("").as_deref(), Some("nameless"));
        assert_eq!(query("e").as_deref(), Some("="));
        assert_eq!(query("f").as_deref(), Some(""));
        assert_eq!(query("g"), None);
        assert_eq!(asked("/ws").query("a"), None);
    }

    #[test]
    fn cookies_are_found() {
        let mut info = ConnectionInfo::default();
        let all: [&[u8]; 3] = [b"\xff=1; lost=2", b"a=1;b=\"two\" ; a=3; =4; five", b"c=6"];
        for value in all {
            let value = http::HeaderValue::from_bytes(value).expect("it is a header's value");
            info.headers.append(http::header::COOKIE, value);
        }
        assert_eq!(info.cookie("a"), Some("1"));
        assert_eq!(info.cookie("b"), Some("\"two\""));
        assert_eq!(info.cookie("c"), Some("6"));
        assert_eq!(info.cookie(""), Some("4"));
        assert_eq!(info.cookie("five"), None);
        assert_eq!(info.cookie("lost"), None);
    }
}
