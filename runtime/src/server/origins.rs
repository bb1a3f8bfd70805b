//! The origins that may connect (RFC 6455, section 10.2). Browsers send the origin of the page with the request; other clients send none.

use http::{
    HeaderMap, Uri,
    header::{HOST, ORIGIN},
};
use std::net::IpAddr;

/// The origins whose pages may connect.
#[derive(Clone, Debug)]
pub(crate) enum Origins {
    /// Allowed, and the server's own origin if its host is an IP address or `localhost`.
    Allowed(Vec<String>),
    /// Every origin.
    Any,
}

impl Default for Origins {
    fn default() -> Self {
        Self::Allowed(Vec::new())
    }
}

impl Origins {
    pub(crate) fn allow(&mut self, origin: String) {
        if let Self::Allowed(origins) = self {
            origins.push(origin.trim_end_matches('/').to_owned());
        }
    }

    /// Whether the page of a request may connect: its origin was allowed, or its host is that of the request and is an IP address or
    /// `localhost`.
    ///
    /// A host *name* proves nothing: its owner can make it resolve to this server, and then their page has the same host (DNS rebinding).
    /// An IP address cannot be redirected like that. The scheme is not compared: behind a proxy, the server does not know its own.
    pub(crate) fn allows(&self, headers: &HeaderMap) -> bool {
        let (Self::Allowed(origins), Some(origin)) = (self, headers.get(ORIGIN)) else {
            return true;
        };
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        if origins
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(origin))
        {
            return true;
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        local_authority(origin)
            .zip(host)
            .is_some_and(|(own, host)| own.eq_ignore_ascii_case(host))
    }
}

/// Returns the host and port of an origin (RFC 6454, section 6.2) if the host needs no DNS.
fn local_authority(origin: &str) -> Option<&str> {
    let (scheme, authority) = origin.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let uri: Uri = origin.parse().ok()?;
    // An origin has no path and no user.
    if uri.authority()?.as_str() != authority || authority.contains('@') {
        return None;
    }
    let host = uri.host()?;
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let fixed =
        name == "localhost" || name.ends_with(".localhost") || address.parse::<IpAddr>().is_ok();
    fixed.then_some(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origins: &Origins, origin: &str, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, origin.parse().expect("it is a header"));
        headers.insert(HOST, host.parse().expect("it is a header"));
        origins.allows(&headers)
    }

    #[test]
    fn a_page_of_the_same_address_may() {
        let origins = Origins::default();
        for (origin, host) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("https://192.0.2.1", "192.0.2.1"),
            ("http://[::1]:8080", "[::1]:8080"),
            ("http://localhost:3000", "localhost:3000"),
            ("http://LOCALHOST:3000", "localhost:3000"),
            ("http://app.localhost", "app.localhost"),
        ] {
            assert!(allows(&origins, origin, host), "{origin}");
        }
        assert!(origins.allows(&HeaderMap::new()), "not a browser");
    }

    #[test]
    fn a_page_of_a_name_may_not_unless_it_is_allowed() {
        let mut origins = Origins::default();
        for (origin, host) in [
            ("http://evil.com", "evil.com"),
            ("http://evil.com:8080", "evil.com:8080"),
            ("://127.0.0.1", "127.0.0.1"),
            ("127.0.0.1", "127.0.0.1"),
            ("ftp://127.0.0.1", "127.0.0.1"),
            ("http://127.0.0.1", "127.0.0.1:8080"),
            ("http://127.0.0.1.evil.com", "127.0.0.1.evil.com"),
            ("http://localhost.evil.com", "localhost.evil.com"),
            ("http://user@127.0.0.1", "user@127.0.0.1"),
            ("http://127.0.0.1/", "127.0.0.1/"),
            ("null", "null"),
            ("", ""),
        ] {
            assert!(!allows(&origins, origin, host), "{origin}");
        }
        origins.allow("https://app.example/".into());
        assert!(allows(&origins, "https://app.example", "app.example"));
        assert!(allows(&origins, "https://APP.example", "10.0.0.1"));
        assert!(!allows(&origins, "http://app.example", "app.example"));
        assert!(allows(&Origins::Any, "https://evil.com", "app.example"));
    }
}
