//! Rust names that are derived from others.

/// The snake case of a Rust type or variant: `ChatSend` becomes `chat_send`. A word begins at a capital, but for those
/// inside a run of capitals: `HTTPServer` becomes `http_server`.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| chars[i]);
        let begins = c.is_uppercase()
            && before.is_some_and(|b| {
                b != '_'
                    && (!b.is_uppercase() || chars.get(i + 1).is_some_and(|a| a.is_lowercase()))
            });
        if begins {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The Pascal case of words separated by anything but letters and digits: `min_length` becomes `MinLength`. Capitals
/// inside a word are kept.
pub fn pascal(name: &str) -> String {
    let mut out = String::new();
    let mut starts_word = true;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            starts_word = true;
        } else if std::mem::take(&mut starts_word) {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    }
    out
}

/// The first segment of a message's name, which handler traits are grouped by: `chat` of `chat.send`. Names without a dot
/// share the empty segment.
pub fn segment(message: &str) -> &str {
    message.split_once('.').map_or("", |(first, _)| first)
}

/// The trait that handles the messages whose names begin with a segment: `chat` becomes `ChatHandler`, and the empty
/// segment of names without a dot `Handler`.
pub fn handler_trait(segment: &str) -> String {
    pascal(segment) + "Handler"
}

/// Keywords of every edition of Rust, including reserved ones.
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "Self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// A name as a Rust identifier: a keyword is written raw, or with `_` appended if that is not allowed.
pub fn rust_ident(name: &str) -> String {
    match name {
        "self" | "Self" | "super" | "crate" | "_" => format!("{name}_"),
        _ if KEYWORDS.contains(&name) => format!("r#{name}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casing() {
        for (rust, expected) in [
            ("ChatSend", "chat_send"),
            ("HTTPServer", "http_server"),
            ("ABC", "abc"),
            ("AbcD", "abc_d"),
            ("N1d", "n1d"),
            ("Already_Split", "already_split"),
            ("ÉclairÖlig", "éclair_ölig"),
        ] {
            assert_eq!(snake(rust), expected);
        }
        assert_eq!(segment("chat.send.all"), "chat");
        assert_eq!(segment("ping"), "");
        assert_eq!(pascal("min_length"), "MinLength");
        assert_eq!(handler_trait("chat"), "ChatHandler");
        assert_eq!(handler_trait("l2-book"), "L2BookHandler");
        assert_eq!(handler_trait(""), "Handler");
    }

    #[test]
    fn keywords() {
        assert_eq!(rust_ident("type"), "r#type");
        assert_eq!(rust_ident("gen"), "r#gen");
        assert_eq!(rust_ident("self"), "self_");
        assert_eq!(rust_ident("kind"), "kind");
    }
}
