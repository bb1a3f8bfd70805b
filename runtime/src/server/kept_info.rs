//! The metadata of a connection while nobody asks for it: the head of the upgrade request as one text.

use super::connection_info::ConnectionInfo;
use crate::codec::Encoding;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

/// A [`ConnectionInfo`] that takes a tenth of its memory: a map of headers has a place for each of many, and the values that hyper parses keep
/// its whole buffer, 8 KiB. The map is made again if a handler asks for it.
pub(crate) struct KeptInfo {
    pub(crate) address: Option<SocketAddr>,
    encoding: Option<Encoding>,
    extensions: http::Extensions,
    /// The URI, and a line for each header, `-` before those that are sensitive. No part of it contains a line feed (RFC 9110, section 5.5).
    head: Box<[u8]>,
    whole: OnceLock<Arc<ConnectionInfo>>,
}

impl fmt::Debug for KeptInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptInfo")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl KeptInfo {
    pub(crate) fn new(info: &ConnectionInfo) -> Self {
        let mut head = info.uri.to_string().into_bytes();
        for (name, value) in &info.headers {
            head.extend_from_slice(if value.is_sensitive() { b"\n-" } else { b"\n+" });
            head.extend_from_slice(name.as_str().as_bytes());
            head.push(b':');
            head.extend_from_slice(value.as_bytes());
        }
        Self {
            address: info.address,
            encoding: info.encoding,
            extensions: info.extensions.clone(),
            head: head.into(),
            whole: OnceLock::new(),
        }
    }

    /// Returns what the connection began with.
    pub(crate) fn whole(&self) -> &Arc<ConnectionInfo> {
        self.whole.get_or_init(|| {
            let mut lines = self.head.split(|byte| *byte == b'\n');
            let uri = lines.next().unwrap_or_default();
            let headers =
                lines
                    .filter_map(header)
                    .fold(HeaderMap::new(), |mut headers, (name, value)| {
                        headers.append(name, value);
                        headers
                    });
            Arc::new(ConnectionInfo {
                address: self.address,
                headers,
                uri: http::Uri::try_from(uri).unwrap_or_default(),
                extensions: self.extensions.clone(),
                encoding: self.encoding,
            })
        })
    }
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let (sensitive, line) = line.split_first()?;
    let colon = line.iter().position(|byte| *byte == b':')?;
    let mut value = HeaderValue::from_bytes(&line[colon + 1..]).ok()?;
    value.set_sensitive(*sensitive == b'-');
    Some((HeaderName::from_bytes(&line[..colon]).ok()?, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost() -> Result<(), Box<dyn std::error::Error>> {
        #[derive(Clone, Debug, PartialEq)]
        struct User(&'static str);
        let mut info = ConnectionInfo {
            address: Some(([127, 0, 0, 1], 8080).into()),
            uri: "/ws?room=caf%C3%A9&a=1".parse()?,
            encoding: Some(Encoding::Json),
            ..ConnectionInfo::default()
        };
        let values: [&[u8]; 4] = [b"", b"a: b", b"\xff\t-", b"+"];
        for value in values {
            let value = HeaderValue::from_bytes(value)?;
            info.headers.append("x-several", value);
        }
        let mut secret = HeaderValue::from_static("secret");
        secret.set_sensitive(true);
        info.headers.append("authorization", secret);
        info.extensions.insert(User("ada"));
        let kept = KeptInfo::new(&info);
        let whole = kept.whole();
        assert_eq!(whole.address, info.address);
        assert_eq!(whole.uri, info.uri);
        assert_eq!(whole.headers, info.headers);
        assert!(whole.headers["authorization"].is_sensitive());
        assert!(!whole.headers["x-several"].is_sensitive());
        assert_eq!(whole.extensions.get(), Some(&User("ada")));
        assert_eq!(whole.encoding, info.encoding);
        assert_eq!(KeptInfo::new(&ConnectionInfo::default()).whole().uri, "/");
        Ok(())
    }
}
