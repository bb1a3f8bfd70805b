//! Client addresses, address ranges, and the `Forwarded` header., ranges of them, and what proxies say.

use http::{HeaderMap, HeaderValue};
use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

/// A range of IP addresses in CIDR notation, such as `10.0.0.0/8`, or a single address.
///
/// ```
/// use handfast::server::Network;
///
/// let network: Network = "10.0.0.0/8".parse()?;
/// assert!(network.contains("10.1.2.3".parse()?));
/// assert!(!network.contains("192.0.2.1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// The error of parsing a [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseNetworkError;

impl fmt::Display for ParseNetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an IP address or a range such as `10.0.0.0/8`")
    }
}

impl std::error::Error for ParseNetworkError {}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self {
            address: address.to_canonical(),
            prefix: 128,
        }
    }
}

impl FromStr for Network {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, ParseNetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ParseNetworkError)?;
        let Some(prefix) = prefix else {
            return Ok(address.into());
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u32 = prefix.parse().map_err(|_| ParseNetworkError)?;
        if prefix > most {
            return Err(ParseNetworkError);
        }
        // An IPv4-mapped range is normalized to IPv4.
        match (address, address.to_canonical()) {
            (IpAddr::V6(_), IpAddr::V4(address)) if prefix >= 96 => Ok(Self {
                address: IpAddr::V4(address),
                prefix: prefix - 96,
            }),
            _ => Ok(Self { address, prefix }),
        }
    }
}

impl Network {
    /// Returns whether the range contains an address. IPv4-mapped addresses match as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        // The number of host bits.
        let free = |bits: u32| bits.saturating_sub(self.prefix);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (own.to_bits() ^ other.to_bits())
                .checked_shr(free(32))
                .is_none_or(|rest| rest == 0),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits() ^ other.to_bits())
                .checked_shr(free(128))
                .is_none_or(|rest| rest == 0),
            _ => false,
        }
    }
}

/// The address of a client, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    pub(crate) address: SocketAddr,
    /// The address is that of a proxy that does not identify its client.
    pub(crate) unidentified: bool,
}

/// Returns the client's address: that of the peer, or the one in `Forwarded` (RFC 7239), as far as trusted proxies wrote it. The header is
/// read from its end, where the nearest proxy appends; whatever a client put in front, including unclosed quotes, does not change the
/// result.
pub(crate) fn client_address(
    peer: Option<SocketAddr>,
    headers: &HeaderMap,
    trusted: &[Network],
) -> Option<ClientAddress> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = ClientAddress {
        address: peer?,
        unidentified: false,
    };
    let values: Vec<&HeaderValue> = headers
        .get_all(http::header::FORWARDED)
        .into_iter()
        .collect();
    // A value that is not text identifies no client.
    let elements = values
        .iter()
        .rev()
        .flat_map(|value| parts_from_the_end(value.to_str().unwrap_or_default(), ','));
    for element in elements {
        if !is_trusted(client.address.ip()) {
            break;
        }
        let named = parts_from_the_end(element, ';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case("for").then(|| node(value))
        });
        match named.flatten() {
            Some(address) => client.address = address,
            None => {
                client.unidentified = true;
                break;
            }
        }
    }
    Some(client)
}

/// Returns the parts of a list from last to first. Separators within quotes do not split.
fn parts_from_the_end(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.rsplit(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
    .map(str::trim)
}

/// Parses a node (RFC 7239, section 6): an address, IPv6 in brackets, with an optional port that may be obfuscated (`_port`).
fn node(value: &str) -> Option<SocketAddr> {
    let value = value.trim().trim_matches('"');
    if let Ok(address) = value.parse() {
        return Some(address);
    }
    let value = value.split_once(":_").map_or(value, |(address, _)| address);
    let address = value.trim_start_matches('[').trim_end_matches(']');
    address.parse().ok().map(|ip| SocketAddr::new(ip, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        let ip: IpAddr = text.parse().expect("it is an address");
        SocketAddr::new(ip, 0)
    }

    #[test]
    fn networks() {
        let has = |network: &str, ip: &str| {
            let network: Network = network.parse().expect("it is a network");
            network.contains(ip.parse().expect("it is an address"))
        };
        assert!(has("10.0.0.0/8", "10.255.0.1"));
        assert!(!has("10.0.0.0/8", "11.0.0.1"));
        assert!(has("10.0.0.1", "10.0.0.1"));
        assert!(!has("10.0.0.1", "10.0.0.2"));
        assert!(has("10.0.0.1", "::ffff:10.0.0.1"));
        assert!(has("0.0.0.0/0", "1.2.3.4"));
        assert!(!has("0.0.0.0/0", "::2"));
        assert!(has("::/0", "::2"));
        assert!(has("fd00::/8", "fd12::1"));
        assert!(has("::1", "::1"));
        assert!(has("::ffff:10.0.0.0/104", "10.255.0.1"));
        assert!(!has("::ffff:10.0.0.0/104", "11.0.0.1"));
        for invalid in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/-1",
            "host/8",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(
                invalid.parse::<Network>(),
                Err(ParseNetworkError),
                "{invalid}"
            );
        }
    }

    #[test]
    fn an_address_is_what_trusted_proxies_say() {
        let trusted = ["127.0.0.1".parse(), "10.0.0.0/8".parse()].map(|n| n.expect("a network"));
        let of = |peer: &str, forwarded: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                let value = value.parse().expect("it is a header");
                headers.append(http::header::FORWARDED, value);
            }
            let client =
                client_address(Some(address(peer)), &headers, &trusted).expect("there is a peer");
            let unidentified = if client.unidentified {
                " unidentified"
            } else {
                ""
            };
            format!("{}{unidentified}", client.address.ip())
        };
        let is = |peer, forwarded: &[&str], expected: &str| {
            assert_eq!(of(peer, forwarded), expected, "{forwarded:?}");
        };
        is("127.0.0.1", &[], "127.0.0.1");
        is("192.0.2.1", &["for=198.51.100.1"], "192.0.2.1");
        is("127.0.0.1", &["for=198.51.100.1"], "198.51.100.1");
        is(
            "127.0.0.1",
            &["For=\"198.51.100.1:4711\";proto=https"],
            "198.51.100.1",
        );
        is(
            "127.0.0.1",
            &["proto=https; for=\"[2001:db8::1]:4711\""],
            "2001:db8::1",
        );
        is("127.0.0.1", &["for=\"[2001:db8::1]\""], "2001:db8::1");
        // The client wrote the first element, the proxies the others.
        is(
            "127.0.0.1",
            &["for=203.0.113.9, for=198.51.100.1"],
            "198.51.100.1",
        );
        is(
            "127.0.0.1",
            &["for=203.0.113.9", "for=198.51.100.1, for=10.0.0.7"],
            "198.51.100.1",
        );
        is(
            "127.0.0.1",
            &["for=\"a, for=1.1.1.1\", for=10.0.0.7"],
            "10.0.0.7 unidentified",
        );
        is("127.0.0.1", &["for=unknown"], "127.0.0.1 unidentified");
        is(
            "127.0.0.1",
            &["for=_hidden, for=10.0.0.7"],
            "10.0.0.7 unidentified",
        );
        is("127.0.0.1", &["by=10.0.0.7"], "127.0.0.1 unidentified");
        // An unclosed quote does not hide the elements after it; a port may be obfuscated.
        is("127.0.0.1", &["for=\", for=198.51.100.1"], "198.51.100.1");
        is("127.0.0.1", &["for=198.51.100.1:_port"], "198.51.100.1");
        is("127.0.0.1", &["for=\"[2001:db8::1]:_port\""], "2001:db8::1");
        is("127.0.0.1", &[";;=,=;for", ""], "127.0.0.1 unidentified");
    }
}
