//! RFC 3986, by its appendix B: the text is split at the marks that part it, then each part is checked by itself.

use super::address::{is_ipv4, is_ipv6};

/// `URI`: a reference with a scheme.
pub(super) fn is_uri(text: &str) -> bool {
    split_scheme(text).is_some_and(|(scheme, rest)| is_scheme(scheme) && is_relative(rest))
}

/// `URI-reference`.
pub(super) fn is_uri_reference(text: &str) -> bool {
    match split_scheme(text) {
        Some((scheme, rest)) => is_scheme(scheme) && is_relative(rest),
        None => is_relative(text),
    }
}

/// A colon before any of `/?#` ends a scheme: without one, the first segment of a path has no colon.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let end = text.find([':', '/', '?', '#'])?;
    text[end..]
        .strip_prefix(':')
        .map(|rest| (&text[..end], rest))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// What follows the scheme.
fn is_relative(text: &str) -> bool {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let path = match text.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            if !is_authority(&rest[..end]) {
                return false;
            }
            &rest[end..]
        }
        None => text,
    };
    is_made_of(path, b"/:@") && is_made_of(query, b"/?:@") && is_made_of(fragment, b"/?:@")
}

fn is_authority(text: &str) -> bool {
    let (user, host) = text.split_once('@').unwrap_or(("", text));
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((literal, rest)) if is_ipv6(literal) || is_future(literal) => ("", rest),
            _ => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    is_made_of(user, b":")
        && (is_ipv4(host) || is_made_of(host, b""))
        && (port.is_empty() || port.strip_prefix(':').is_some_and(digits))
}

/// `IPvFuture`
fn is_future(text: &str) -> bool {
    let Some((version, rest)) = text
        .strip_prefix(['v', 'V'])
        .and_then(|text| text.split_once('.'))
    else {
        return false;
    };
    !version.is_empty()
        && version.bytes().all(|byte| byte.is_ascii_hexdigit())
        && !rest.is_empty()
        && !rest.contains('%')
        && is_made_of(rest, b":")
}

/// Nothing but `unreserved`, `pct-encoded`, `sub-delims` and what else is allowed.
fn is_made_of(text: &str, also: &[u8]) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let good = match byte {
            b'%' => {
                let hex = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_hexdigit());
                hex(bytes.next()) && hex(bytes.next())
            }
            byte => {
                byte.is_ascii_alphanumeric()
                    || b"-._~!$&'()*+,;=".contains(&byte)
                    || also.contains(&byte)
            }
        };
        if !good {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris() {
        for good in [
            "http://a.b/c?d=e#f",
            "urn:isbn:0451450523",
            "mailto:a@b.c",
            "http://[::1]:80/",
            "http://u:p@h:1",
            "a:",
            "a:/",
            "a:?q",
            "tel:+1-816-555-1212",
            "http://a/%20",
            "a://",
            "ldap://[2001:db8::7]/c=GB?one?two",
            "http://[v1.a:b]/",
            "http://a/?q=/?",
            "a:b:c",
        ] {
            assert!(is_uri(good), "{good}");
            assert!(is_uri_reference(good), "{good}");
        }
        for bad in [
            "http://a b",
            "http://a/%2",
            "http://a/%zz",
            "1a:b",
            "http://[::1",
            "http://a/#b#c",
            "http://a/é",
            "http://a/<b>",
            ":a",
            "http://a:b/",
            "http://a\\b",
            "http://[1]/",
            "http://a/{b}",
            "http://a@b@c/",
            "http://a/[b]",
        ] {
            assert!(!is_uri(bad), "{bad}");
            assert!(!is_uri_reference(bad), "{bad}");
        }
        for relative in [
            "", "a", "/a/b", "//h/p", "?q", "#f", "./a:b", "a/b:c", "..", "//",
        ] {
            assert!(!is_uri(relative), "{relative}");
            assert!(is_uri_reference(relative), "{relative}");
        }
    }
}
