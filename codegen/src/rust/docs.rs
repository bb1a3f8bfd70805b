//! Documentation from the spec, as comments that its text cannot break out of.

use crate::shape::Reason;
use handfast_spec::model::Message;

/// Longer lines are wrapped.
const WIDTH: usize = 96;

/// Documentation of the item that follows.
pub(super) fn outer(out: &mut String, indent: &str, text: &str) {
    comment(out, indent, "///", text);
}

/// Documentation of the file.
pub(super) fn inner(out: &mut String, text: &str) {
    comment(out, "", "//!", text);
}

/// The documentation of a message: its description, since which version it exists, and whether it is deprecated.
pub(super) fn of_message(message: &Message) -> String {
    let mut words = message.description.clone().unwrap_or_default();
    if let Some(since) = &message.since {
        words.push_str(&format!("\n\nSince {since}."));
    }
    if let Some(deprecated) = &message.deprecated {
        match &deprecated.note {
            Some(note) => words.push_str(&format!("\n\nDeprecated: {note}.")),
            None => words.push_str("\n\nDeprecated."),
        }
    }
    words
}

fn comment(out: &mut String, indent: &str, slashes: &str, text: &str) {
    let text = harmless(text);
    let mut in_list = false;
    let mut fence: Option<&str> = None;
    let width = WIDTH.saturating_sub(indent.len() + slashes.len() + 1);
    let mut put = |line: &str| {
        out.push_str(format!("{indent}{slashes} {line}").trim_end());
        out.push('\n');
    };
    for line in text.trim().lines() {
        let line = line.trim_end();
        let ticks = fence_of(line);
        if let Some(open) = fence {
            put(line);
            if ticks.is_some_and(|ticks| ticks.starts_with(open) && ticks == line.trim_start()) {
                fence = None;
            }
            continue;
        }
        if let Some(ticks) = ticks {
            // Whatever its language: rustdoc would run what it takes for Rust.
            put(&format!("{ticks}text"));
            fence = Some(ticks);
            continue;
        }
        let line = &*quiet(line);
        let begins_item = is_list_item(line);
        // The continuation of an item is indented like it; otherwise Markdown reads it as a new paragraph.
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
            put(&format!("{margin}{part}"));
        }
    }
    if let Some(open) = fence {
        put(open);
    }
}

/// The marks of a code fence, if the line begins with one.
fn fence_of(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let marks = &line[..line.len() - line.trim_start_matches(mark).len()];
    // A fence that closes on the same line is inline code.
    let is_fence = marks.len() >= 3 && (mark == '~' || !line[marks.len()..].contains('`'));
    is_fence.then_some(marks)
}

/// A line with everything escaped that rustdoc would not read as text: indented code, links to items, HTML tags, and
/// bare addresses. Explicit links stay, and so does inline code.
fn quiet(line: &str) -> String {
    let (mut out, mut rest) = contained(line);
    // A code block in a quotation or a list item ends with it, which single lines do not show.
    if out.ends_with(' ') && !out.trim().is_empty() && fence_of(rest).is_some() {
        out.push('\\');
    }
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            '`' => {
                let marks = rest.len() - rest.trim_start_matches('`').len();
                let close = rest[marks..].find(&rest[..marks]);
                taken = close.map_or(marks, |at| at + 2 * marks);
            }
            '\\' => taken += rest[1..].chars().next().map_or(0, char::len_utf8),
            '[' if !is_link(rest) => out.push('\\'),
            '<' if !rest.starts_with("<http") => out.push('\\'),
            '<' => taken = rest.find('>').map_or(taken, |at| at + 1),
            'h' if rest.starts_with("http://") || rest.starts_with("https://") => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || "<>()\"`".contains(c))
                    .unwrap_or(rest.len());
                let address = rest[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']);
                taken = address.len();
                // The address of a link stays as it is.
                if !out.ends_with("](") {
                    out.extend(["<", address, ">"]);
                    rest = &rest[taken..];
                    continue;
                }
            }
            _ => {}
        }
        out.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    out
}

/// The marks of quotations and list items at the beginning of a line, each followed by one space, and the rest. More
/// spaces would make it code.
fn contained(line: &str) -> (String, &str) {
    let mut rest = line.trim_start();
    let indent = line.len() - rest.len();
    // Four spaces would make it code; two keep it in a list.
    let mut marks = " ".repeat(if indent > 3 { 2 } else { indent });
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let mark = match rest[digits..].chars().next() {
            Some('>') if digits == 0 => 1,
            Some('-' | '*' | '+') if digits == 0 && rest[1..].starts_with(' ') => 1,
            Some('.' | ')') if digits > 0 && rest[digits + 1..].starts_with(' ') => digits + 1,
            _ => return (marks, rest),
        };
        marks.push_str(&rest[..mark]);
        rest = &rest[mark..];
        if rest.starts_with(' ') {
            marks.push(' ');
            rest = rest.trim_start();
        }
    }
}

/// Whether a bracket begins an explicit link to something other than a Rust item.
fn is_link(text: &str) -> bool {
    let target = text
        .find(']')
        .and_then(|at| text[at + 1..].strip_prefix('('));
    target.is_some_and(|target| {
        let target = target.split(')').next().unwrap_or_default();
        target.starts_with('#') || target.contains('/') || target.starts_with("mailto:")
    })
}

/// Text without characters that a comment must not contain: lone carriage returns, tabs, and invisible characters or
/// ones that change how the line is displayed; those are escaped.
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

/// Wraps a line at spaces; code, tables and headings stay as they are.
fn fold(line: &str, width: usize) -> Vec<&str> {
    let keeps = line.starts_with(['#', '|', '`', '>']);
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
        // A part must not begin with what Markdown reads as a list, a heading or a quotation.
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

/// The paragraph on a value without a type.
pub(super) fn kept_as_json(reason: Reason) -> String {
    format!("\n\nKept as checked JSON: {}.", reason.text())
}

/// The paragraph on a value whose type does not say all that its schema says.
pub(super) fn checked_beside(reason: Reason) -> String {
    format!(
        "\n\nChecked by its schema, beside the type: {}.",
        reason.text()
    )
}

/// Says how the variant of a value is found, where it may fit several.
pub(super) const fn tried(exclusive: bool) -> &'static str {
    if exclusive {
        "\n\nEvery variant is tried: a value that fits several is not valid."
    } else {
        "\n\nA value may fit several variants: it is the first that takes it."
    }
}

#[cfg(test)]
mod tests {
    use super::outer;

    fn of(text: &str) -> String {
        let mut out = String::new();
        outer(&mut out, "", text);
        out.replace("/// ", "").replace("///", "")
    }

    #[test]
    fn nothing_is_run_by_rustdoc() {
        assert_eq!(
            of("Say:\n```\npanic!()\n```"),
            "Say:\n```text\npanic!()\n```\n"
        );
        assert_eq!(of("```rust\na\n````\nb"), "```text\na\n````\nb\n");
        assert_eq!(of("~~~\n```\n~~~\nb"), "~~~text\n```\n~~~\nb\n");
        assert_eq!(of("```\nnever closed"), "```text\nnever closed\n```\n");
        assert_eq!(of("So:\n\n    let x = 1;"), "So:\n\n  let x = 1;\n");
        assert_eq!(of("So:\n\n\tlet x = 1;"), "So:\n\n  let x = 1;\n");
        assert_eq!(of(">     code\n> ```\n> bad"), "> code\n> \\```\n> bad\n");
        assert_eq!(of("- ~~~\n1.     code"), "- \\~~~\n1. code\n");
        assert_eq!(of(">> ```\n> - ```"), ">> \\```\n> - \\```\n");
        assert_eq!(of("```code``` in a line"), "```code``` in a line\n");
    }

    #[test]
    fn nothing_is_taken_for_a_link_or_a_tag() {
        assert_eq!(of("See [Foo], [a](b)."), "See \\[Foo], \\[a](b).\n");
        assert_eq!(of("[a](./b) [c](#d)"), "[a](./b) [c](#d)\n");
        assert_eq!(of("See [`Foo`], `[x]`."), "See \\[`Foo`], `[x]`.\n");
        assert_eq!(of("A Vec<T>, `Vec<T>`."), "A Vec\\<T>, `Vec<T>`.\n");
        assert_eq!(
            of("At https://a.example/b?c=[d]."),
            "At <https://a.example/b?c=[d]>.\n"
        );
        assert_eq!(
            of("[a](https://b.example) <https://c.example>"),
            "[a](https://b.example) <https://c.example>\n"
        );
        assert_eq!(of("\\[no] `open"), "\\[no] `open\n");
        assert_eq!(of("[ [ ]"), "\\[ \\[ ]\n");
    }
}
