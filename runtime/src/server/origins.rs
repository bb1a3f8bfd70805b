//! The pages that may connect (RFC 6455, section 10.2). A browser sends the origin of the page with the request; what sends none is
//! no browser.

use http::{
    HeaderMap, Uri,
    header::{HOST, ORIGIN},
};
use std::net::IpAddr;

/// The pages that may connect.
#[derive(Clone, Debug)]
pub(crate) enum Origins {
    /// Those of the server's own address and these.
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

    /// Whether a page may connect: one that was allowed, or one of this very host, where that is an address or `localhost`.
    ///
    /// `Host` alone proves nothing where it is a name: whoever has a name can let it lead to this server, and then their page is
    /// of the same host (DNS rebinding). An address cannot be led elsewhere. The scheme is not compared with the server's own:
    /// behind a proxy it is not known.
    pub(crate) fn take(&self, headers: &HeaderMap) -> bool {
        let (Self::These(origins), Some(origin)) = (self, headers.get(ORIGIN)) else {
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
        own(origin)
            .zip(host)
            .is_some_and(|(own, host)| own.eq_ignore_ascii_case(host))
    }
}

/// The host and port of an origin (RFC 6454, section 6.2) whose host needs no name server.
fn own(origin: &str) -> Option<&str> {
    let (scheme, authority) = origin.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let uri: Uri = origin.parse().ok()?;
    // An origin is that and no more: no path, no user.
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

    fn takes(origins: &Origins, origin: &str, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, origin.parse().expect("it is a header"));
        headers.insert(HOST, host.parse().expect("it is a header"));
        origins.take(&headers)
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
            assert!(takes(&origins, origin, host), "{origin}");
        }
        assert!(origins.take(&HeaderMap::new()), "no browser");
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
            assert!(!takes(&origins, origin, host), "{origin}");
        }
        origins.allow("https://app.example/".into());
        assert!(takes(&origins, "https://app.example", "app.example"));
        assert!(takes(&origins, "https://APP.example", "10.0.0.1"));
        assert!(!takes(&origins, "http://app.example", "app.example"));
        assert!(takes(&Origins::Any, "https://evil.com", "app.example"));
    }
}
