//! Documentation, carried from the spec: its text can break out of nothing.

/// Lines longer than this are folded.
const WIDTH: usize = 96;

/// Documentation of the item that follows.
pub(super) fn outer(out: &mut String, indent: &str, text: &str) {
    comment(out, indent, "///", text);
}

/// Documentation of the file.
pub(super) fn inner(out: &mut String, text: &str) {
    comment(out, "", "//!", text);
}

fn comment(out: &mut String, indent: &str, slashes: &str, text: &str) {
    let text = harmless(text);
    let mut in_list = false;
    let width = WIDTH.saturating_sub(indent.len() + slashes.len() + 1);
    for line in text.trim().lines() {
        let line = line.trim_end();
        let begins_item = is_list_item(line);
        // What belongs to an item is indented like it, or markdown reads it as a paragraph of its own.
        let margin = if in_list && !begins_item && !line.is_empty() && !line.starts_with(' ') {
            "  "
        } else {
            ""
        };
        in_list = (in_list || begins_item) && !line.is_empty();
        let hanging = if begins_item || !margin.is_empty() {
            "  "
        } else {
            ""
        };
        for (i, part) in fold(line, width.saturating_sub(2)).into_iter().enumerate() {
            let margin = if i == 0 { margin } else { hanging };
            let line = format!("{indent}{slashes} {margin}{part}");
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

/// Text without what a comment must not hold: lone carriage returns, tabs, and characters that change how the line is
/// seen or cannot be seen at all; those are spelt out.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' => out.push(c),
            '\r' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push_str("    "),
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {
                out.extend(c.escape_unicode());
            }
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

fn is_list_item(line: &str) -> bool {
    let line = line.trim_start();
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with("- ")
        || line.starts_with("* ")
        || line.starts_with("+ ")
        || (number.len() < line.len() && (number.starts_with(". ") || number.starts_with(") ")))
}

/// Folds a line at spaces; code, tables and headings stay as they are.
fn fold(line: &str, width: usize) -> Vec<&str> {
    let keeps = line.starts_with("    ") || line.starts_with(['#', '|', '`', '>']);
    if keeps || line.chars().count() <= width {
        return vec![line];
    }
    let mut parts = Vec::new();
    let mut rest = line;
    while rest.chars().count() > width {
        let limit = rest
            .char_indices()
            .nth(width)
            .map_or(rest.len(), |(i, _)| i);
        // A part must not begin with what markdown takes for a list, a heading or a quote.
        let place = rest[..limit]
            .rmatch_indices(' ')
            .map(|(i, _)| i)
            .find(|i| *i > 0 && !begins_block(&rest[i + 1..]));
        let Some(place) = place else { break };
        parts.push(rest[..place].trim_end());
        rest = rest[place..].trim_start();
    }
    parts.push(rest);
    parts
}

fn begins_block(text: &str) -> bool {
    is_list_item(text) || text.starts_with(['#', '>', '|', '=', '-', '`', '+', '*'])
}
