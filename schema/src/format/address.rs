//! Hosts and mailboxes.

use unicode_normalization::UnicodeNormalization;

/// RFC 1123, section 2.1.
pub(super) fn is_host(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

/// One label of a name: letters, digits, and hyphens inside.
pub(super) fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// RFC 3986 `IPv4address`.
pub(super) fn is_ipv4(text: &str) -> bool {
    let mut parts = 0;
    text.split('.').all(|part| {
        parts += 1;
        (1..=3).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
            && part.parse::<u16>().is_ok_and(|n| n <= 255)
    }) && parts == 4
}

/// RFC 4291, section 2.2.
pub(super) fn is_ipv6(text: &str) -> bool {
    match text.split_once("::") {
        None => groups(text, true) == Some(8),
        Some((left, right)) => {
            let count = |side: &str, last| {
                if side.is_empty() {
                    Some(0)
                } else {
                    groups(side, last)
                }
            };
            matches!((count(left, false), count(right, true)), (Some(a), Some(b)) if a + b <= 7)
        }
    }
}

/// The number of 16-bit groups; `None` if there is anything else.
fn groups(text: &str, may_end_in_ipv4: bool) -> Option<usize> {
    let parts: Vec<&str> = text.split(':').collect();
    let mut count = 0;
    for (i, part) in parts.iter().enumerate() {
        let hex = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit());
        if hex {
            count += 1;
        } else if may_end_in_ipv4 && i + 1 == parts.len() && is_ipv4(part) {
            count += 2;
        } else {
            return None;
        }
    }
    Some(count)
}

/// RFC 5321, section 4.1.2, `Mailbox`.
pub(super) fn is_email(text: &str) -> bool {
    text.is_ascii() && is_mailbox(text, is_host)
}

/// Like [`is_email`] with the characters of RFC 6531, section 3.3. The domain may be in any Unicode form: a mail
/// sender normalizes it to NFC.
pub(super) fn is_idn_email(text: &str) -> bool {
    let is_host = |domain: &str| super::idna::is_idn_hostname(&domain.nfc().collect::<String>());
    is_mailbox(text, is_host)
}

fn is_mailbox(text: &str, is_host: fn(&str) -> bool) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let host = match domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        // A tag is case-insensitive (section 2.4).
        Some(address) => match address.split_at_checked(5) {
            Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6:") => is_ipv6(address),
            _ => is_ipv4(address),
        },
        None => is_host(domain),
    };
    host && local.len() <= 64 && (is_dotted(local) || is_quoted(local))
}

fn is_dotted(text: &str) -> bool {
    text.split('.').all(|word| {
        !word.is_empty()
            && word.chars().all(|c| {
                c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii()
            })
    })
}

fn is_quoted(text: &str) -> bool {
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner.filter(|_| text.len() >= 2) else {
        return false;
    };
    let mut bytes = inner.bytes();
    while let Some(byte) = bytes.next() {
        let good = match byte {
            b'\\' => bytes
                .next()
                .is_some_and(|byte| (b' '..=b'~').contains(&byte)),
            b'"' => false,
            byte => (b' '..=b'~').contains(&byte) || !byte.is_ascii(),
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
    fn hosts() {
        let long = "a".repeat(63);
        assert!(is_host(&format!("{long}.de")));
        for good in ["a", "1.example", "xn--4gbwdl.xn--wgbh1c", "a-b.c"] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "a.",
            ".a",
            "-a",
            "a-",
            "a..b",
            "a_b",
            "é",
            &format!("{long}a"),
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }

    #[test]
    fn addresses() {
        for good in ["0.0.0.0", "255.255.255.255", "127.0.0.1"] {
            assert!(is_ipv4(good), "{good}");
        }
        for bad in [
            "256.0.0.1",
            "01.0.0.1",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.",
            "1.2.3.٤",
            "+1.2.3.4",
        ] {
            assert!(!is_ipv4(bad), "{bad}");
        }
        for good in [
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "1:2:3:4:5:6:7::",
            "::ffff:1.2.3.4",
        ] {
            assert!(is_ipv6(good), "{good}");
        }
        for good in [
            "1:2:3:4:5:6:1.2.3.4",
            "fe80::A:b",
            "1::2:3:4:5:6:7",
            "::2:3:4:5:6:7:8",
        ] {
            assert!(is_ipv6(good), "{good}");
        }
        for bad in [
            "",
            ":",
            ":::",
            "1:2:3:4:5:6:7",
            "1:2:3:4:5:6:7:8:9",
            "1::2::3",
            "12345::",
        ] {
            assert!(!is_ipv6(bad), "{bad}");
        }
        for bad in [
            "fe80::1%eth0",
            "1:2:3:4:5:6:7:8::",
            "1.2.3.4::",
            "::1.2.3",
            "g::",
            "1:",
            ":1",
        ] {
            assert!(!is_ipv6(bad), "{bad}");
        }
    }

    #[test]
    fn mailboxes() {
        for good in [
            "ada@example.org",
            "a+b@x",
            "\"a b\\\"@\"@x.y",
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "a",
            "@x",
            "a@",
            ".a@x",
            "a.@x",
            "a..b@x",
            "a b@x",
            "\"@x",
            "a@[1.2.3]",
            "é@x",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(!is_email(&format!("{}@x", "a".repeat(65))));
        for good in [
            "실례@실례.테스트",
            "é.ü@x",
            "\"é ü\"@bücher.example",
            "joe@example.com",
        ] {
            assert!(is_idn_email(good), "{good}");
        }
        for bad in [
            "2962",
            "é..ü@x",
            "é@-x",
            "@é",
            &format!("{}@x", "é".repeat(33)),
        ] {
            assert!(!is_idn_email(bad), "{bad}");
        }
    }
}
