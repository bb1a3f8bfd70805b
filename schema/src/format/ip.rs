//! IP addresses.

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
