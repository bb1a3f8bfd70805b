//! Mailboxes.

use super::hostname::is_host;
use super::idna::is_idn_hostname;
use super::ip::{is_ipv4, is_ipv6};
use unicode_normalization::UnicodeNormalization;

/// RFC 5321, section 4.1.2, `Mailbox`.
pub(super) fn is_email(text: &str) -> bool {
    text.is_ascii() && is_mailbox(text, is_host)
}

/// Like [`is_email`] with the characters of RFC 6531, section 3.3. The domain may be in any Unicode form: a mail
/// sender normalizes it to NFC.
pub(super) fn is_idn_email(text: &str) -> bool {
    let is_host = |domain: &str| is_idn_hostname(&domain.nfc().collect::<String>());
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
