//! The small grammars: durations, sizes, rates, names.

use crate::model::Rate;
use std::time::Duration;

/// `25s`, `500ms`, `10m`, `1h30m`: whole numbers with units, larger units first, more than zero in total.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    const UNITS: [(&str, u64); 5] = [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("ms", 1),
        ("m", 60_000),
        ("s", 1_000),
    ];
    let mut rest = text;
    let mut total: u64 = 0;
    let mut largest = u64::MAX;
    while !rest.is_empty() {
        let (count, after) = digits(rest)?;
        // `ms` is tried before `m`.
        let (unit, millis) = UNITS
            .into_iter()
            .find(|(unit, _)| after.starts_with(unit))?;
        if millis >= largest {
            return None;
        }
        largest = millis;
        total = total.checked_add(count.checked_mul(millis)?)?;
        rest = &after[unit.len()..];
    }
    // A hundred years is more than any timer here has to count.
    (1..=3_155_760_000_000)
        .contains(&total)
        .then(|| Duration::from_millis(total))
}

/// `64KiB`, `1MB`, `512B`, `4096`: a number of bytes, more than zero.
pub(crate) fn size(text: &str) -> Option<u64> {
    let (count, unit) = digits(text)?;
    let factor: u64 = match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let bytes = count.checked_mul(factor)?;
    (1..=1 << 53).contains(&bytes).then_some(bytes)
}

/// `100/1m`, `100/s`: a number in a period.
pub(crate) fn rate(text: &str) -> Option<Rate> {
    let (count, per) = text.split_once('/')?;
    let (count, rest) = digits(count)?;
    let per = if per.starts_with(|c: char| c.is_ascii_digit()) {
        duration(per)?
    } else {
        duration(&format!("1{per}"))?
    };
    (rest.is_empty() && count > 0).then_some(Rate { count, per })
}

fn digits(text: &str) -> Option<(u64, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    Some((digits.parse().ok()?, rest))
}

/// The regular expression of a name, for the format's schema.
pub(crate) const NAME: &str = "^[A-Za-z_][A-Za-z0-9_]*([.:-][A-Za-z0-9_]+)*$";

/// Whether a text can name a message, a type, a channel or an error: letters, digits and `_`, in segments separated
/// by `.`, `-` or `:`, at most 128 characters.
pub(crate) fn is_name(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text
            .split(['.', '-', ':'])
            .all(|part| !part.is_empty() && part.chars().all(word))
}

/// The regular expression of the name of a type, for the format's schema.
pub(crate) const TYPE_NAME: &str =
    "^[\\p{Alphabetic}_][\\p{Alphabetic}0-9_]*([.:-][\\p{Alphabetic}0-9_]+)*$";

/// Whether a text is the name of a type: a name that may have letters of any script.
pub(crate) fn is_type_name(text: &str) -> bool {
    let plain = |c: char| {
        if c.is_ascii() || !c.is_alphabetic() {
            c
        } else {
            'x'
        }
    };
    text.len() <= 128 && is_name(&text.chars().map(plain).collect::<String>())
}

/// The regular expression of an identifier, for the format's schema.
pub(crate) const IDENTIFIER: &str = "^[A-Za-z_$][A-Za-z0-9_$]*$";

/// Whether a text is an identifier; `$` is allowed in TypeScript only.
pub(crate) fn is_identifier(text: &str, dollar: bool) -> bool {
    let start = |c: char| c.is_ascii_alphabetic() || c == '_' || (dollar && c == '$');
    text.len() <= 128
        && text != "_"
        && text.starts_with(start)
        && text.chars().all(|c| start(c) || c.is_ascii_digit())
}

/// How deep the arguments of a Rust path may nest.
const MAX_ARGUMENTS: u8 = 8;

/// Whether a text is the path of a Rust type, possibly with types as arguments: `chrono::DateTime<chrono::Utc>`.
pub(crate) fn is_rust_path(text: &str) -> bool {
    rust_path(text, MAX_ARGUMENTS) == Some("")
}

/// What follows a path at the beginning of a text; `None` if there is no path.
fn rust_path(text: &str, depth: u8) -> Option<&str> {
    let mut rest = text.strip_prefix("::").unwrap_or(text);
    let mut first = rest.len() == text.len();
    loop {
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let (segment, behind) = rest.split_at(end);
        let is_root = first && ["crate", "self", "super"].contains(&segment);
        let is_plain =
            is_identifier(segment, false) && handfast_naming::rust_ident(segment) == segment;
        if !is_root && !is_plain {
            return None;
        }
        rest = behind;
        if let Some(mut arguments) = rest.strip_prefix('<') {
            loop {
                let behind = rust_path(arguments.trim_start(), depth.checked_sub(1)?)?.trim_start();
                if let Some(behind) = behind.strip_prefix('>') {
                    rest = behind;
                    break;
                }
                arguments = behind.strip_prefix(',')?;
            }
        }
        let Some(behind) = rest.strip_prefix("::") else {
            // `crate` by itself is no type.
            return is_plain.then_some(rest);
        };
        rest = behind;
        first = is_root && segment != "crate";
    }
}

/// Whether a text can be an output path: relative, with `/`, no drive and no control characters.
pub(crate) fn is_out_path(text: &str) -> bool {
    text.len() <= 1024
        && normal_path(text).is_some()
        && !text.ends_with('/')
        && !text
            .chars()
            .any(|c| c.is_control() || matches!(c, '\\' | ':'))
}

/// A relative file path, without `.` and with `..` only at its beginning; `None` if it names no file.
pub(crate) fn normal_path(text: &str) -> Option<String> {
    if text.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let names_a_file = !text.ends_with("/.") && parts.last().is_some_and(|last| *last != "..");
    names_a_file.then(|| parts.join("/"))
}

/// Whether a text is the name of a field on the wire: not empty, and without control characters.
pub(crate) fn is_field(text: &str) -> bool {
    !text.is_empty() && text.len() <= 128 && !text.chars().any(char::is_control)
}
