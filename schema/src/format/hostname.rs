//! Host names of letters, digits and hyphens.

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
}
