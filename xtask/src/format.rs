//! Formatting, also where `rustfmt` gives up: it silently leaves a whole statement, or the body of a function, as it is where a string
//! literal in it does not fit in a line. Such a file is formatted here with its literals shortened until they fit, and then gets
//! them back.

use crate::run::{Failure, output, root, run};
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

/// `max_width` of `rustfmt.toml`.
const MAX_WIDTH: usize = 100;

/// Literals shorter than this always fit, and leave no room for a marker.
const SHORT: usize = 14;

/// The width of a long literal in the first pass.
const FIRST_WIDTH: usize = 50;

/// The layout is settled after two passes, but for literals that keep moving each other.
const PASSES: usize = 3;

/// Formats all Rust.
pub(crate) fn format() -> Result<(), Failure> {
    run("", "cargo fmt --all")?;
    for (path, text) in unformatted()? {
        fs::write(root().join(&path), text).map_err(|error| failure(&path, &error))?;
        println!("formatted {path}");
    }
    Ok(())
}

/// Checks that all Rust is formatted.
pub(crate) fn check() -> Result<(), Failure> {
    run("", "cargo fmt --all -- --check")?;
    let paths: Vec<String> = unformatted()?.into_iter().map(|(path, _)| path).collect();
    if paths.is_empty() {
        return Ok(());
    }
    Err(Failure::Missing(format!(
        "not formatted, because rustfmt gives up on long literals: {}; `cargo xtask fmt` formats them",
        paths.join(", ")
    )))
}

fn failure(path: &str, error: &std::io::Error) -> Failure {
    Failure::Missing(format!("{path}: {error}"))
}

/// The files that `rustfmt` accepts although they are not formatted, and their text as it should be.
fn unformatted() -> Result<Vec<(String, String)>, Failure> {
    let listed = output("git ls-files *.rs")
        .ok_or_else(|| Failure::Missing("`git ls-files` failed; is git installed?".to_owned()))?;
    let mut found = Vec::new();
    for path in listed.lines() {
        let Ok(text) = fs::read_to_string(root().join(path)) else {
            continue; // removed, but not committed yet
        };
        // Without such a line, rustfmt has no reason to give up.
        let is_long = |line: &str| {
            line.contains('"')
                && line.chars().count() > MAX_WIDTH
                && !line.trim_start().starts_with("//")
        };
        if !text.lines().any(is_long) {
            continue;
        }
        let Some(formatted) = formatted(&text) else {
            continue;
        };
        // Where rustfmt has another opinion, it counts.
        let is_accepted = |text: &str| rustfmt(text).as_deref() == Some(text);
        if formatted != text && is_accepted(&text) && is_accepted(&formatted) {
            found.push((path.to_owned(), formatted));
        }
    }
    Ok(found)
}

/// Formats a text with its literals shortened. Returns `None` where `rustfmt` cannot parse it.
fn formatted(text: &str) -> Option<String> {
    let mut widths = HashMap::new();
    let mut literals = Vec::new();
    let mut formatted = String::new();
    // A pass shows where each literal lies, and so how much room it has in the next.
    for _ in 0..PASSES {
        let (shortened, found) = shorten(text, &widths);
        literals = found;
        formatted = rustfmt(&shortened)?;
        let previous = widths.clone();
        for line in formatted.lines() {
            let indent = line.len() - line.trim_start().len();
            for (index, start, end) in markers(line) {
                let is_first = start == indent;
                let behind = if is_first {
                    line[end..].chars().count()
                } else {
                    1
                };
                widths.insert(index, (MAX_WIDTH - 1).saturating_sub(indent + behind));
            }
        }
        if widths == previous {
            break;
        }
    }
    let mut restored = String::new();
    for line in formatted.split_inclusive('\n') {
        let mut rest = 0;
        for (index, start, end) in markers(line) {
            restored.push_str(&line[rest..start]);
            restored.push_str(literals.get(index)?);
            rest = end;
        }
        restored.push_str(&line[rest..]);
    }
    Some(restored)
}

/// Replaces the literals by markers, strings of at most the given widths, and returns the literals.
fn shorten<'t>(text: &'t str, widths: &HashMap<usize, usize>) -> (String, Vec<&'t str>) {
    let mut shortened = String::new();
    let mut literals = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (is_string, length) = token(rest);
        let (token, behind) = rest.split_at(length);
        rest = behind;
        let width = token.chars().count();
        if !is_string || token.contains('\n') || width < SHORT {
            shortened.push_str(token);
            continue;
        }
        let index = literals.len();
        let room = widths.get(&index).copied().unwrap_or(FIRST_WIDTH);
        let marker = format!("@{index}@");
        shortened.push_str(&format!(
            "\"{marker:x<0$}\"",
            width.min(room).saturating_sub(2)
        ));
        literals.push(token);
    }
    (shortened, literals)
}

/// The markers of a line: the index of each literal, and where its marker begins and ends.
fn markers(line: &str) -> Vec<(usize, usize, usize)> {
    let mut found = Vec::new();
    for (start, _) in line.match_indices("\"@") {
        let parsed = line[start + 2..]
            .split_once('@')
            .and_then(|(index, behind)| {
                let filled = behind.trim_start_matches('x');
                let end = line.len() - filled.strip_prefix('"')?.len();
                Some((index.parse().ok()?, start, end))
            });
        found.extend(parsed);
    }
    found
}

/// Whether the text begins with a string literal, and how long its first token is. All that matters is what may contain quotes:
/// comments, strings and characters. Any other character is a token, and so is a word.
fn token(text: &str) -> (bool, usize) {
    let end = |found: Option<usize>, more: usize| found.map_or(text.len(), |at| at + more);
    if text.starts_with("//") {
        return (false, end(text.find('\n'), 0));
    }
    if text.starts_with("/*") {
        return (false, end(text.find("*/"), 2));
    }
    let word = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let behind = &text[word..];
    let is_prefix = matches!(&text[..word], "" | "b" | "c" | "r" | "br" | "cr");
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    if is_prefix && text[..word].ends_with('r') && behind[hashes..].starts_with('"') {
        let close = format!("\"{}", "#".repeat(hashes));
        let body = word + hashes + 1;
        return (true, end(text[body..].find(&close), body + close.len()));
    }
    if is_prefix && behind.starts_with('"') {
        let mut is_escaped = false;
        let close = behind[1..].find(|c: char| {
            let closes = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            closes
        });
        return (true, end(close, word + 2));
    }
    if word > 0 {
        return (false, word);
    }
    let mut characters = text.chars();
    let first = characters.next().map_or(0, char::len_utf8);
    match (characters.next(), characters.next()) {
        // A character, and no lifetime.
        (Some('\\'), Some(escaped)) if text.starts_with('\'') => {
            let body = 2 + escaped.len_utf8();
            (false, end(text[body..].find('\''), body + 1))
        }
        (Some(character), Some('\'')) if text.starts_with('\'') => {
            (false, first + character.len_utf8() + 1)
        }
        _ => (false, first),
    }
}

/// Formats a text with `rustfmt`. Returns `None` where that fails.
fn rustfmt(text: &str) -> Option<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config-path"])
        .arg(root().join("rustfmt.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut input = child.stdin.take()?;
    let text = text.to_owned();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().ok()?;
    writer.join().ok()?.ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strings_are_literals() {
        let text = r##"'"' b'\'' 'a "a long string\"" // "not a string"
            r#"a "raw" string"# raw /* "nor is this" */ b"a byte string""##;
        let (shortened, literals) = shorten(text, &HashMap::new());
        assert_eq!(
            literals,
            [
                "\"a long string\\\"\"",
                "r#\"a \"raw\" string\"#",
                "b\"a byte string\""
            ]
        );
        let marker = |line: &str| markers(line).into_iter().map(|(index, ..)| index).collect();
        let indices: Vec<Vec<usize>> = shortened.lines().map(marker).collect();
        assert_eq!(indices, [vec![0], vec![1, 2]]);
    }

    #[test]
    fn a_body_with_a_long_literal_is_formatted() {
        let literal = format!("\"{}\"", "a".repeat(120));
        let accepted =
            format!("fn f() {{\n    a.b(\n        {literal},\n    )\n            .c();\n}}\n");
        assert_eq!(rustfmt(&accepted).as_deref(), Some(&*accepted));
        let expected = format!("fn f() {{\n    a.b({literal})\n        .c();\n}}\n");
        assert_eq!(formatted(&accepted).as_deref(), Some(&*expected));
    }
}
