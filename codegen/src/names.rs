//! From the names of a protocol to those of either language. Nothing is ever merged: what would become one name is
//! told apart or refused by [`crate::shape`].

/// The words of a name: split where it is neither letter nor digit, and where a capital begins a word.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        let before = i.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(i + 1);
        // `roomId` and `HTTPServer`: before a capital behind a small letter, and before the last of several capitals.
        let begins = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase()
                    || b.is_numeric()
                    || (b.is_uppercase() && after.is_some_and(|a| a.is_lowercase()))
            });
        if begins && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    if !word.is_empty() {
        words.push(word);
    }
    if words.is_empty() {
        // A name of signs only: each by its code point, so that different names stay different.
        words = chars
            .iter()
            .map(|c| format!("U{:04X}", u32::from(*c)))
            .collect();
    }
    if words.is_empty() {
        words.push("Empty".to_owned());
    }
    words
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().collect::<String>())
        .unwrap_or_default();
    first + &chars.as_str().to_lowercase()
}

/// An identifier may not begin with a digit.
fn not_a_digit(name: String, prefix: char) -> String {
    if name.starts_with(char::is_numeric) {
        format!("{prefix}{name}")
    } else {
        name
    }
}

/// `chat.send` → `ChatSend`
pub fn pascal(name: &str) -> String {
    not_a_digit(
        words(name).iter().map(|word| capitalised(word)).collect(),
        'N',
    )
}

/// `chat.send` → `chat_send`
pub fn snake(name: &str) -> String {
    not_a_digit(words(name).join("_").to_lowercase(), 'n')
}

/// `chat.send` → `chatSend`
pub fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let mut chars = pascal.chars();
    chars
        .next()
        .map(|c| c.to_lowercase().collect::<String>())
        .unwrap_or_default()
        + chars.as_str()
}

/// Keywords of Rust, of every edition and those kept for later ones.
const RUST_KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "Self", "static", "struct", "super", "trait", "true", "try", "type",
    "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// A name as an identifier of Rust: a keyword is written raw, or with a `_` behind where that is not allowed.
pub fn rust_ident(name: &str) -> String {
    match name {
        "self" | "Self" | "super" | "crate" | "_" => format!("{name}_"),
        _ if RUST_KEYWORDS.contains(&name) => format!("r#{name}"),
        _ => name.to_owned(),
    }
}

/// Names that a top-level constant or function of TypeScript cannot have, or should not hide.
const TS_RESERVED: [&str; 69] = [
    "abstract",
    "any",
    "arguments",
    "as",
    "async",
    "await",
    "boolean",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "declare",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "from",
    "function",
    "get",
    "if",
    "implements",
    "import",
    "in",
    "infer",
    "instanceof",
    "interface",
    "is",
    "keyof",
    "let",
    "module",
    "namespace",
    "never",
    "new",
    "null",
    "number",
    "object",
    "of",
    "package",
    "private",
    "protected",
    "public",
    "readonly",
    "require",
    "return",
    "set",
    "static",
    "string",
    "super",
    "switch",
    "symbol",
    "this",
    "throw",
    "true",
    "try",
    "type",
    "typeof",
    "undefined",
    "unknown",
    "var",
];

/// More of the same.
const TS_RESERVED_MORE: [&str; 6] = ["void", "while", "with", "yield", "hf", "globalThis"];

/// A name as a top-level identifier of TypeScript: a reserved one gets a `$` behind.
pub fn ts_ident(name: &str) -> String {
    if TS_RESERVED.contains(&name) || TS_RESERVED_MORE.contains(&name) {
        format!("{name}$")
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casing() {
        for (name, p, s, c) in [
            ("chat.send", "ChatSend", "chat_send", "chatSend"),
            ("roomId", "RoomId", "room_id", "roomId"),
            ("HTTPServer", "HttpServer", "http_server", "httpServer"),
            ("ROOM_FULL", "RoomFull", "room_full", "roomFull"),
            ("l2update", "L2update", "l2update", "l2update"),
            ("1d", "N1d", "n1d", "n1d"),
            ("+", "U002b", "u002b", "u002b"),
            ("", "Empty", "empty", "empty"),
            ("éclair-Ölig", "ÉclairÖlig", "éclair_ölig", "éclairÖlig"),
        ] {
            assert_eq!(
                (
                    pascal(name).as_str(),
                    snake(name).as_str(),
                    camel(name).as_str()
                ),
                (p, s, c)
            );
        }
    }

    #[test]
    fn keywords() {
        assert_eq!(rust_ident("type"), "r#type");
        assert_eq!(rust_ident("self"), "self_");
        assert_eq!(ts_ident("delete"), "delete$");
    }
}
