//! URI templates (RFC 6570).

use super::uri::{is_private, is_wide, skip_escaped};

/// Section 2, all four levels, including the reserved operators.
pub(super) fn is_uri_template(text: &str) -> bool {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = match c {
            '{' => rest[1..]
                .split_once('}')
                .filter(|(expression, _)| is_expression(expression))
                .map(|(_, after)| after),
            '%' => skip_escaped(rest),
            c => is_literal(c).then(|| &rest[c.len_utf8()..]),
        };
        let Some(after) = after else {
            return false;
        };
        rest = after;
    }
    true
}

/// `literals`, section 2.1, without `pct-encoded`; an apostrophe is one (erratum 6937)
fn is_literal(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_graphic() && !"\"%<>\\^`{|}".contains(c);
    }
    is_wide(c) || is_private(c)
}

/// The content of braces.
fn is_expression(text: &str) -> bool {
    text.strip_prefix(|c| "+#./;?&=,!@|".contains(c))
        .unwrap_or(text)
        .split(',')
        .all(|spec| {
            if let Some((name, length)) = spec.split_once(':') {
                let fits = (1..=4).contains(&length.len()) && !length.starts_with('0');
                return fits && length.bytes().all(|b| b.is_ascii_digit()) && is_name(name);
            }
            is_name(spec.strip_suffix('*').unwrap_or(spec))
        })
}

fn is_name(text: &str) -> bool {
    text.split('.').all(|part| {
        let mut rest = part;
        while let Some(c) = rest.chars().next() {
            let after = match c {
                '%' => skip_escaped(rest),
                c => (c.is_ascii_alphanumeric() || c == '_').then(|| &rest[1..]),
            };
            let Some(after) = after else {
                return false;
            };
            rest = after;
        }
        !part.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        for good in [
            "",
            "http://example.com/dictionary/{term:1}/{term}",
            "{+path:6}/here",
            "{#x,hello,y}",
            "X{.var:3}",
            "{;x,y,empty}{?list*}{&keys*}",
            "{a.b_c%20}",
            "{|x}",
            "é%20/\u{e000}",
            "{x:9999}",
            "{,x}",
            "it's/{x}",
        ] {
            assert!(is_uri_template(good), "{good}");
        }
        for bad in [
            "{",
            "}",
            "{}",
            "{term",
            "{a{b}}",
            "{x:0}",
            "{x:10000}",
            "{x:1*}",
            "{x*:1}",
            "{x,}",
            "{.}",
            "{a..b}",
            "{a b}",
            "{é}",
            "a b",
            "%2",
            "{%2}",
            "<",
            "\"",
            "\\",
            "^",
            "`",
            "|",
            "\u{fffe}",
            "{$x}",
        ] {
            assert!(!is_uri_template(bad), "{bad}");
        }
    }
}
