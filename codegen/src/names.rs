//! From the names of a protocol to those in Rust and TypeScript. Names are never merged: [`crate::shape`] numbers or
//! refuses those that would collide.

/// Whether a character can be used in identifiers of both languages as it is. Other letters and digits are written as
/// their code points: compatibility characters, which Rust normalizes, and those that Unicode does not allow in
/// identifiers.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || (c.is_alphabetic() && unicode_ident::is_xid_start(c) && !is_composed_otherwise(c))
}

/// Whether normalization (NFC) in Rust would change this character, alone or next to others.
const fn is_composed_otherwise(c: char) -> bool {
    matches!(c,
        '\u{0340}'..='\u{0374}' | '\u{037e}' | '\u{0387}' | '\u{1100}'..='\u{11ff}' | '\u{1f00}'..='\u{1fff}'
        | '\u{2126}' | '\u{212a}' | '\u{212b}' | '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}')
}

/// The words of a name: split at everything other than letters and digits, and before capitals that begin a word.
fn words(name: &str) -> Vec<String> {
    let mut chars: Vec<char> = Vec::with_capacity(name.len());
    for c in name.chars() {
        if c.is_alphanumeric() && !is_plain(c) {
            chars.extend(format!("u{:04x}", u32::from(c)).chars());
        } else {
            chars.push(c);
        }
    }
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
        // `roomId` and `HTTPServer`: before a capital after a small letter, and before the last of several capitals.
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
        // A name without letters or digits: its code points, so that different names stay different.
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

/// The name, or the first of `name2`, `name3` … that is free.
pub(crate) fn numbered(name: &str, is_taken: &dyn Fn(&str) -> bool) -> String {
    (1_u32..)
        .map(|n| match n {
            1 => name.to_owned(),
            n => format!("{name}{n}"),
        })
        .find(|name| !is_taken(name))
        .unwrap_or_default()
}

/// `chat.send` → `ChatSend`
pub fn pascal(name: &str) -> String {
    not_a_digit(
        words(name).iter().map(|word| capitalised(word)).collect(),
        'N',
    )
}

/// The variant of a value: `in-transit` → `InTransit`. A sign at the beginning or the end becomes a word, and digits
/// stay separated: `+1` is `Plus1`, `-1` is `Minus1`, `A-` is `AMinus` and `1.2.6` is `N1_2_6`, so that values which
/// differ in signs alone get different names.
pub fn variant(value: &str) -> String {
    let sign = |c: char| match c {
        '+' => Some("Plus"),
        '-' => Some("Minus"),
        _ => None,
    };
    let mut rest = value;
    let (mut before, mut behind) = ("", "");
    if let Some((word, inner)) = rest
        .chars()
        .next()
        .and_then(|c| Some((sign(c)?, &rest[1..])))
        && inner.starts_with(char::is_alphanumeric)
    {
        (before, rest) = (word, inner);
    }
    if let Some(word) = rest.chars().next_back().and_then(sign)
        && rest[..rest.len() - 1].ends_with(char::is_alphanumeric)
    {
        (behind, rest) = (word, &rest[..rest.len() - 1]);
    }
    let mut name = String::new();
    for word in words(rest) {
        let word = capitalised(&word);
        let apart = name.ends_with(char::is_numeric) && word.starts_with(char::is_numeric);
        name.extend(apart.then_some('_'));
        name.push_str(&word);
    }
    not_a_digit(format!("{before}{name}{behind}"), 'N')
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

/// Names that a top-level constant or function in TypeScript cannot have, or should not shadow.
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

/// A name as a top-level TypeScript identifier: reserved names get a `$` appended.
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
            ("x²", "Xu00b2", "xu00b2", "xu00b2"),
            ("\u{212b}", "U212b", "u212b", "u212b"),
            ("٣", "U0663", "u0663", "u0663"),
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
    fn values() {
        for (value, name) in [
            ("+1", "Plus1"),
            ("-1", "Minus1"),
            ("1", "N1"),
            ("1.2.6", "N1_2_6"),
            ("12.6", "N12_6"),
            ("1260", "N1260"),
            ("A+", "APlus"),
            ("A-", "AMinus"),
            ("a", "A"),
            ("in-transit", "InTransit"),
            ("x-2-3y", "X2_3y"),
            ("-", "U002d"),
            ("--", "U002dU002d"),
            ("+-1", "N1"),
            ("ö-1", "Ö1"),
        ] {
            assert_eq!(variant(value), name, "{value}");
        }
    }

    #[test]
    fn reserved_names() {
        assert_eq!(ts_ident("delete"), "delete$");
    }
}
