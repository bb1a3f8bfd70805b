//! RFC 3986 and RFC 3987, by appendix B of the former: the text is split at its delimiters, then each part is checked
//! separately.

use super::ip::{is_ipv4, is_ipv6};

/// Which characters a reference may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// Those of a URI (RFC 3986).
    Uri,
    /// Those of an IRI (RFC 3987).
    Iri,
}

/// `URI` or `IRI`: a reference with a scheme.
pub(super) fn is_absolute(text: &str, of: Alphabet) -> bool {
    split_scheme(text).is_some_and(|(scheme, rest)| is_scheme(scheme) && is_relative(rest, of))
}

/// `URI-reference` or `IRI-reference`
pub(super) fn is_reference(text: &str, of: Alphabet) -> bool {
    match split_scheme(text) {
        Some((scheme, rest)) => is_scheme(scheme) && is_relative(rest, of),
        None => is_relative(text, of),
    }
}

/// A colon before any of `/?#` ends a scheme: without a scheme, the first path segment contains no colon.
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
fn is_relative(text: &str, of: Alphabet) -> bool {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let path = match text.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            if !is_authority(&rest[..end], of) {
                return false;
            }
            &rest[end..]
        }
        None => text,
    };
    let private = |c: char| of == Alphabet::Iri && is_private(c);
    is_made_of(path, "/:@", of)
        && is_made_of(&query.replace(private, ""), "/?:@", of)
        && is_made_of(fragment, "/?:@", of)
}

fn is_authority(text: &str, of: Alphabet) -> bool {
    let (user, host) = text.split_once('@').unwrap_or(("", text));
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((literal, rest)) if is_ipv6(literal) || is_future(literal) => ("", rest),
            _ => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    is_made_of(user, ":", of)
        && (is_ipv4(host) || is_made_of(host, "", of))
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
        && is_made_of(rest, ":", Alphabet::Uri)
}

/// Only `unreserved`, `pct-encoded`, `sub-delims` and the characters in `also`.
fn is_made_of(text: &str, also: &str, of: Alphabet) -> bool {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = if c == '%' {
            skip_escaped(rest)
        } else {
            let plain = c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c);
            let wide = of == Alphabet::Iri && is_wide(c);
            (plain || wide || also.contains(c)).then(|| &rest[c.len_utf8()..])
        };
        let Some(after) = after else {
            return false;
        };
        rest = after;
    }
    true
}

/// What follows `pct-encoded`, if the text begins with it.
pub(super) fn skip_escaped(text: &str) -> Option<&str> {
    let hex = |byte: &u8| byte.is_ascii_hexdigit();
    let is = matches!(text.as_bytes(), [b'%', high, low, ..] if hex(high) && hex(low));
    is.then(|| &text[3..])
}

/// `ucschar` (RFC 3987, section 2.2)
pub(super) fn is_wide(c: char) -> bool {
    match u32::from(c) {
        0xa0..=0xd7ff | 0xf900..=0xfdcf | 0xfdf0..=0xffef => true,
        // The last two of each plane are noncharacters.
        c @ 0x1_0000..=0xd_fffd => c & 0xffff <= 0xfffd,
        0xe_1000..=0xe_fffd => true,
        _ => false,
    }
}

/// `iprivate` (RFC 3987, section 2.2)
pub(super) fn is_private(c: char) -> bool {
    matches!(u32::from(c), 0xe000..=0xf8ff | 0xf_0000..=0xf_fffd | 0x10_0000..=0x10_fffd)
}

#[cfg(test)]
mod tests {
    use super::Alphabet::{Iri, Uri};
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
            assert!(is_absolute(good, Uri), "{good}");
            assert!(is_reference(good, Uri), "{good}");
            assert!(is_absolute(good, Iri), "{good}");
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
            assert!(!is_absolute(bad, Uri), "{bad}");
            assert!(!is_reference(bad, Uri), "{bad}");
        }
        for relative in [
            "", "a", "/a/b", "//h/p", "?q", "#f", "./a:b", "a/b:c", "..", "//",
        ] {
            assert!(!is_absolute(relative, Uri), "{relative}");
            assert!(is_reference(relative, Uri), "{relative}");
        }
    }

    #[test]
    fn iris() {
        for good in [
            "http://ƒøø.ßår/?∂éœ=πîx#πîüx",
            "http://[::1]/é",
            "a:?\u{e000}\u{100000}",
            "a:\u{1f600}",
        ] {
            assert!(is_absolute(good, Iri), "{good}");
            assert!(!is_absolute(good, Uri) || good.is_ascii(), "{good}");
        }
        for bad in [
            "âππ",
            "a:\u{e000}",
            "a:#\u{e000}",
            "a:\u{fffe}",
            "a:\u{1fffe}",
            "a:\u{80}",
            "http://2001:0db8:85a3::7334",
            "a:\\é",
            "é:a",
            "a:\u{e0001}",
        ] {
            assert!(!is_absolute(bad, Iri), "{bad}");
        }
        assert!(is_reference("âππ", Iri));
        assert!(!is_reference("#ƒräg\\mênt", Iri));
    }
}
