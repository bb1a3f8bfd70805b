//! Addresses of schema resources: how a reference is resolved against its base (RFC 3986, section 5.2). An address
//! may itself be relative, because a schema without an `$id` is only identified by its path.

/// The parts of an address without a fragment.
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

/// The scheme of an address, without its colon: `https`. `None` for a relative address.
pub(super) fn scheme(address: &str) -> Option<&str> {
    let (scheme, _) = address.split_once(':')?;
    let plain = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '-'));
    plain.then_some(scheme)
}

/// An address without its fragment, and the fragment without `#`; empty if there is none.
pub(super) fn split_fragment(address: &str) -> (&str, &str) {
    address.split_once('#').unwrap_or((address, ""))
}

/// Resolves a reference without a fragment against the address `base`. Leading dots of a relative path that lead out
/// of it are kept, so that the reader of files can refuse them.
pub fn resolve(base: &str, reference: &str) -> String {
    let (base, to) = (parts(base), parts(reference));
    let (scheme, authority, path, query);
    if to.scheme.is_some() {
        (scheme, authority, path, query) =
            (to.scheme, to.authority, without_dots(to.path), to.query);
    } else if to.authority.is_some() {
        (scheme, authority, path, query) =
            (base.scheme, to.authority, without_dots(to.path), to.query);
    } else {
        (scheme, authority) = (base.scheme, base.authority);
        (path, query) = if to.path.is_empty() {
            (base.path.to_owned(), to.query.or(base.query))
        } else if to.path.starts_with('/') {
            (without_dots(to.path), to.query)
        } else {
            let folder = match base.path.rfind('/') {
                Some(end) => &base.path[..=end],
                None if base.authority.is_some() => "/",
                None => "",
            };
            (without_dots(&format!("{folder}{}", to.path)), to.query)
        };
    }
    let mut out = String::new();
    if let Some(scheme) = scheme {
        out.extend([scheme, ":"]);
    }
    if let Some(authority) = authority {
        out.extend(["//", authority]);
    }
    out.push_str(&path);
    if let Some(query) = query {
        out.extend(["?", query]);
    }
    out
}

/// Decodes `%20` and the like; `None` if the result is not UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn parts(address: &str) -> Parts<'_> {
    let scheme = scheme(address);
    let rest = scheme.map_or(address, |scheme| &address[scheme.len() + 1..]);
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            (Some(&rest[..end]), &rest[end..])
        }
        None => (None, rest),
    };
    Parts {
        scheme,
        authority,
        path,
        query,
    }
}

/// A path without `.` and `..` (RFC 3986, section 5.2.4).
fn without_dots(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut out: Vec<&str> = Vec::new();
    let steps: Vec<&str> = path.split('/').skip(usize::from(absolute)).collect();
    for (i, step) in steps.iter().enumerate() {
        let last = i + 1 == steps.len();
        match *step {
            "." => {}
            ".." => match out.last() {
                Some(&"..") | None if !absolute => out.push(".."),
                _ => drop(out.pop()),
            },
            step => {
                out.push(step);
                continue;
            }
        }
        // A path that ends in dots is a folder.
        if last {
            out.push("");
        }
    }
    let joined = out.join("/");
    if absolute {
        format!("/{joined}")
    } else {
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 3986, section 5.4, without those of fragments.
    #[test]
    fn references_resolve_as_the_rfc_has_it() {
        let base = "http://a/b/c/d;p?q";
        for (reference, expected) in [
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            (";x", "http://a/b/c/;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("http:g", "http:g"),
        ] {
            assert_eq!(resolve(base, reference), expected, "{reference}");
        }
    }

    #[test]
    fn what_is_relative_stays_so() {
        for (base, reference, expected) in [
            ("protocol.yaml", "common.yaml", "common.yaml"),
            ("protocol.yaml", "", "protocol.yaml"),
            ("a/b.yaml", "../c.yaml", "c.yaml"),
            ("a/b.yaml", "../../c.yaml", "../c.yaml"),
            ("b.yaml", "../../c.yaml", "../../c.yaml"),
            ("a/b.yaml", "/c", "/c"),
            ("", "r1", "r1"),
            ("r1", "r2", "r2"),
            ("urn:uuid:1", "", "urn:uuid:1"),
            ("http://a", "b", "http://a/b"),
        ] {
            assert_eq!(resolve(base, reference), expected, "{base} {reference}");
        }
        assert_eq!(scheme("https://a"), Some("https"));
        assert_eq!(scheme("a/b:c"), None);
        assert_eq!(scheme(":a"), None);
    }
}
