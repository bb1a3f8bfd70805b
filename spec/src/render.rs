//! Renders diagnostics, as text in the manner of rustc and as JSON for editors.

use crate::diagnostic::{Diagnostic, Label, MAX_SHOWN, Severity};
use crate::source::{Source, Sources};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use handfast_schema::Span;
use serde_json::{Value, json};
use std::ops::Range;

/// The diagnostics to show, and how many errors are omitted.
fn shown(diagnostics: &[Diagnostic]) -> (&[Diagnostic], usize) {
    let is_error = |one: &&Diagnostic| one.severity == Severity::Error;
    let mut errors = diagnostics
        .iter()
        .enumerate()
        .filter(|(_, one)| is_error(one));
    match errors.nth(MAX_SHOWN) {
        None => (diagnostics, 0),
        Some((at, _)) => (&diagnostics[..at], 1 + errors.count()),
    }
}

/// Diagnostics as text, each followed by an empty line, with ANSI colours if `color` is set. Beyond [`MAX_SHOWN`]
/// errors only their number is shown.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let (shown, hidden) = shown(diagnostics);
    let mut text = String::new();
    for diagnostic in shown {
        text.push_str(&one(diagnostic, sources, &renderer));
        text.push_str("\n\n");
    }
    if hidden > 0 {
        let title = format!("{hidden} more errors are not shown");
        text.push_str(&renderer.render(&[Group::with_title(Level::ERROR.primary_title(title))]));
        text.push_str("\n\n");
    }
    text
}

fn one(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(visible(&diagnostic.message))
        .id(diagnostic.code);
    let mut group = Group::with_title(title);
    // One snippet for each file, that of the primary place first.
    let mut files: Vec<u32> = vec![diagnostic.primary.span.source];
    for label in &diagnostic.labels {
        if !files.contains(&label.span.source) {
            files.push(label.span.source);
        }
    }
    for file in files {
        let Some(source) = sources.get(file) else {
            continue;
        };
        let places: Vec<(AnnotationKind, &Label)> =
            std::iter::once((AnnotationKind::Primary, &diagnostic.primary))
                .chain(
                    diagnostic
                        .labels
                        .iter()
                        .map(|label| (AnnotationKind::Context, label)),
                )
                .filter(|(_, label)| label.span.source == file)
                .collect();
        let mut snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
        for (kind, label) in places {
            let annotation = kind.span(first_line(source, label.span));
            let text = Some(visible(&label.text)).filter(|text| !text.is_empty());
            snippet = snippet.annotation(annotation.label(text));
        }
        group = group.element(snippet);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    renderer.render(&[group])
}

/// Escapes control characters, so that a spec cannot control the terminal.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect()
}

/// The first line of a span: marking forty lines says less than marking the first.
fn first_line(source: &Source, span: Span) -> Range<usize> {
    let text = &source.text;
    let floor = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    let end = floor(span.end).max(start);
    let line = text[start..end].lines().next().unwrap_or_default();
    start..start + line.trim_end().len()
}

/// Diagnostics as a JSON array, for editors. Lines and columns start at 1, columns count Unicode scalar values;
/// `start` and `end` are bytes. Beyond [`MAX_SHOWN`] errors the last element has the number of the rest, as
/// `omitted`.
pub fn render_json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    let (shown, hidden) = shown(diagnostics);
    let place = |label: &Label| {
        let source = sources.get(label.span.source);
        let (line, column) = source.map_or((1, 1), |file| file.position(label.span.start));
        let (end_line, end_column) = source.map_or((1, 1), |file| file.position(label.span.end));
        json!({
            "file": source.map(|file| file.name.as_str()),
            "line": line,
            "column": column,
            "endLine": end_line,
            "endColumn": end_column,
            "start": label.span.start,
            "end": label.span.end,
            "label": Some(label.text.as_str()).filter(|text| !text.is_empty()),
        })
    };
    let mut all: Vec<Value> = Vec::new();
    for diagnostic in shown {
        let mut entry = place(&diagnostic.primary);
        entry["code"] = json!(diagnostic.code);
        entry["severity"] = json!(match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        });
        entry["message"] = json!(diagnostic.message);
        entry["labels"] = diagnostic.labels.iter().map(place).collect();
        entry["help"] = json!(diagnostic.help);
        all.push(entry);
    }
    if hidden > 0 {
        all.push(json!({ "omitted": hidden }));
    }
    Value::Array(all)
}
