//! The scalars of JSON (RFC 8259), as far as it matters whether a text is one.

/// Whether a text is a scalar in JSON.
pub(crate) fn is_scalar(text: &str) -> bool {
    matches!(text, "true" | "false" | "null") || is_number(text) || is_string(text)
}

fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(|text| is_digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

fn is_string(text: &str) -> bool {
    let Some(text) = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    else {
        return false;
    };
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let is_valid = match c {
            '"' | '\0'..' ' => false,
            '\\' => match chars.next() {
                Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => true,
                Some('u') => (0..4).all(|_| chars.next().is_some_and(|c| c.is_ascii_hexdigit())),
                _ => false,
            },
            _ => true,
        };
        if !is_valid {
            return false;
        }
    }
    true
}
