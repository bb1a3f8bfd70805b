//! Text of a spec as TypeScript: nothing can break out of a string, a comment, a pattern or a name.

use handfast_schema::{Number, number::double};
use handfast_spec::model::Scalar;
use serde_json::Value;

/// The widest line.
pub(super) const WIDTH: usize = 120;

/// Characters that change how a line is evaluated, or cannot be evaluated at all; in code they are spelt out.
pub(super) fn is_treacherous(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
        || c.is_control()
}

/// A character by its number, as strings and patterns with the `u` flag write it.
pub(super) fn by_number(c: char) -> String {
    match u32::from(c) {
        n @ 0..=0xffff => format!("\\u{n:04x}"),
        n => format!("\\u{{{n:x}}}"),
    }
}

/// A string literal.
pub(super) fn string(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            // A page may hold the code: nothing in it ends or opens a script.
            '/' | '!' if out.ends_with('<') => out.extend(['\\', c]),
            c if is_treacherous(c) => out.push_str(&by_number(c)),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A number literal: the double that is meant.
pub(super) fn number(n: &Number) -> String {
    match n.as_i64() {
        Some(n) if n.unsigned_abs() < 1 << 53 => n.to_string(),
        _ => {
            let text = format!("{:?}", double(n));
            text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
        }
    }
}

/// A scalar of the protocol as an expression.
pub(super) fn scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text(value) => string(value),
        Scalar::Integer(n) => n.to_string(),
    }
}

/// A value as an expression.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => number(n),
        Value::String(s) => string(s),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, item)| format!("{}: {}", self::key(key), self::value(item)))
                .collect();
            if fields.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", fields.join(", "))
            }
        }
    }
}

/// The name of a property of an object.
pub(super) fn key(name: &str) -> String {
    match name {
        // Written as a plain key, it would be the prototype.
        "__proto__" => "['__proto__']".to_owned(),
        name => property(name),
    }
}

/// Whether a name can stand without quotes where a property is named.
fn is_plain(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
}

/// The name of a property, in a type or an object.
pub(super) fn property(name: &str) -> String {
    if is_plain(name) {
        name.to_owned()
    } else {
        string(name)
    }
}

/// Getting at a property: `.name` or `['name']`.
pub(super) fn member(name: &str) -> String {
    if is_plain(name) {
        format!(".{name}")
    } else {
        format!("[{}]", string(name))
    }
}

/// A name as an identifier: characters that JavaScript does not allow become their numbers.
pub(super) fn identifier(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        let fits = if c.is_ascii() {
            c.is_ascii_alphanumeric() || c == '_' || c == '$'
        } else {
            is_letter(c)
        };
        if fits {
            out.push(c);
        } else {
            out.push_str(&format!("U{:04X}", u32::from(c)));
        }
    }
    if out.starts_with(|c: char| c.is_ascii_digit()) || out.is_empty() {
        out.insert(0, 'N');
    }
    out
}

/// Whether a character may begin an identifier, by Rust's own lexer, which has the tables.
fn is_letter(c: char) -> bool {
    let mut tokens = match c.to_string().parse::<proc_macro2::TokenStream>() {
        Ok(tokens) => tokens.into_iter(),
        Err(_) => return false,
    };
    matches!(tokens.next(), Some(proc_macro2::TokenTree::Ident(_))) && tokens.next().is_none()
}

/// The text of a template literal between its backticks.
pub(super) fn template(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '$' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '/' | '!' if out.ends_with('<') => out.extend(['\\', c]),
            c if is_treacherous(c) => out.push_str(&by_number(c)),
            c => out.push(c),
        }
    }
    out
}

/// A comment of one paragraph or more, and its tags, with an empty line between; nothing where both are empty.
pub(super) fn doc(indent: &str, words: &str, tags: &[String]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let width = WIDTH.saturating_sub(indent.len() + 3);
    for line in harmless(words).trim().lines() {
        // Where a line begins with it, it would be a tag.
        let line = match line.trim_start().strip_prefix('@') {
            Some(rest) => format!("\\@{rest}"),
            None => line.trim_end().to_owned(),
        };
        // One empty line parts as well as many.
        if !(line.is_empty() && lines.last().is_some_and(String::is_empty)) {
            fold(&line, width, &mut lines);
        }
    }
    if !lines.is_empty() && !tags.is_empty() {
        lines.push(String::new());
    }
    for tag in tags {
        lines.push(harmless(tag).replace('\n', " ").trim_end().to_owned());
    }
    match lines.as_slice() {
        [] => String::new(),
        [one] if indent.len() + one.chars().count() + 7 <= WIDTH => {
            format!("{indent}/** {one} */\n")
        }
        all => {
            let mut out = format!("{indent}/**\n");
            for line in all {
                out.push_str(format!("{indent} * {line}").trim_end());
                out.push('\n');
            }
            out.push_str(indent);
            out.push_str(" */\n");
            out
        }
    }
}

/// Text that cannot end a comment or a script.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '/' if out.ends_with(['*', '<']) => out.push_str("\\/"),
            '!' if out.ends_with('<') => out.push_str("\\!"),
            '\n' => out.push('\n'),
            '\r' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push_str("    "),
            c if is_treacherous(c) => out.push_str(&by_number(c)),
            c => out.push(c),
        }
    }
    out
}

/// Folds a line at spaces; code, tables and headings stay as they are.
fn fold(line: &str, width: usize, lines: &mut Vec<String>) {
    let keeps = line.starts_with("    ") || line.starts_with(['#', '|', '`', '>']);
    let mut rest = line;
    while !keeps && rest.chars().count() > width {
        let limit = rest
            .char_indices()
            .nth(width)
            .map_or(rest.len(), |(i, _)| i);
        let place = rest[..limit].rmatch_indices(' ').map(|(i, _)| i).find(|i| {
            *i > 0 && !rest[i + 1..].starts_with(['@', '#', '>', '|', '-', '*', '+', '`'])
        });
        let Some(place) = place else { break };
        lines.push(rest[..place].trim_end().to_owned());
        rest = rest[place..].trim_start();
    }
    lines.push(rest.to_owned());
}

pub(super) fn set(ty: &str, values: &[String]) -> String {
    if values.is_empty() {
        format!("/*@__PURE__*/ new Set<{ty}>()")
    } else if ty == "string" {
        format!("/*@__PURE__*/ new Set([{}])", values.join(", "))
    } else {
        format!("/*@__PURE__*/ new Set<{ty}>([{}])", values.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strings() {
        for (text, literal) in [
            ("a", "'a'"),
            ("it's", "\"it's\""),
            ("it's \"so\"", "'it\\'s \"so\"'"),
            ("</script><!--", "'<\\/script><\\!--'"),
            ("\u{2028}\n\\", "'\\u2028\\n\\\\'"),
            ("\u{202e}`${x}`", "'\\u202e`${x}`'"),
        ] {
            assert_eq!(string(text), literal);
        }
    }

    #[test]
    fn comments() {
        assert_eq!(doc("", "", &[]), "");
        assert_eq!(doc("  ", "One.", &[]), "  /** One. */\n");
        assert_eq!(
            doc("", "a */ b\n@c", &[]),
            "/**\n * a *\\/ b\n * \\@c\n */\n"
        );
        let tags = ["@pattern */\n".to_owned()];
        assert_eq!(
            doc("", "A", &tags),
            "/**\n * A\n *\n * @pattern *\\/\n */\n"
        );
    }

    #[test]
    fn patterns() {
        for (text, literal) in [
            ("^a/b$", "/^a\\/b$/u"),
            ("\\/", "/\\//u"),
            ("[/]", "/[\\/]/u"),
            ("", "/*@__PURE__*/ new RegExp('', 'u')"),
            ("\n\u{2028}", "/\\n\\u2028/u"),
            ("\\p{L}", "/*@__PURE__*/ new RegExp('\\\\p{L}', 'u')"),
            (
                "^[a-z0-9-]{1,64}$",
                "/*@__PURE__*/ hf.charRun(/[a-z0-9-]/, 1, 64)",
            ),
            ("^[A-Z]+$", "/*@__PURE__*/ hf.charRun(/[A-Z]/, 1, Infinity)"),
            ("^[a-f]{8}$", "/*@__PURE__*/ hf.charRun(/[a-f]/, 8, 8)"),
            ("^[^a]+$", "/^[^a]+$/u"),
            ("^[a\\d]*$", "/^[a\\d]*$/u"),
            ("^[a-z]+|b$", "/^[a-z]+|b$/u"),
            ("^(?!a$).*$", "/*@__PURE__*/ new RegExp('^(?!a$).*$', 'u')"),
            (
                "^(?!a*a*b$)(?:(?=c).|[a-z]+)$",
                "/*@__PURE__*/ hf.everyPattern([/*@__PURE__*/ hf.notPattern(/*@__PURE__*/ hf.automaton([0, { of: 'aa', least: 0 }, { of: 'aa', least: 0 }, 'bb', 1])), /*@__PURE__*/ hf.somePattern([/*@__PURE__*/ hf.everyPattern([/^c/u, /^(?:.)$/u]), /^(?:[a-z]+)$/u])])",
            ),
        ] {
            assert_eq!(crate::typescript::pattern::pattern(text), literal);
        }
    }

    #[test]
    fn names_and_values() {
        assert_eq!(identifier("a-b"), "aU002Db");
        assert_eq!(identifier("x²Ⓐé"), "xU00B2U24B6é");
        assert_eq!(property("a b"), "'a b'");
        assert_eq!(member("1"), "['1']");
        assert_eq!(
            value(&json!({ "__proto__": [1.0, -0.0, 1e300, 0.1] })),
            "{ ['__proto__']: [1, -0, 1e300, 0.1] }"
        );
        assert_eq!(template("`${a}\\"), "\\`\\${a}\\\\");
    }
}
