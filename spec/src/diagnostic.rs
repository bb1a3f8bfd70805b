//! Diagnostics in the manner of rustc.

use handfast_schema::Span;
use std::collections::BTreeSet;

/// The severity of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is generated.
    Error,
    /// Code is generated, but it may not be what was meant.
    Warning,
    /// A guarantee that the protocol gives up, or a setting without effect; only `check` reports it.
    Note,
}

/// A text at a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The location.
    pub span: Span,
    /// The text; may be empty at the primary location.
    pub text: String,
}

/// One problem with a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code, such as `P014`, with a page of its own.
    pub code: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// One line: lowercase, no full stop, names in backticks.
    pub message: String,
    /// Its location, marked by carets.
    pub primary: Label,
    /// Related locations: the first declaration, the type referred to.
    pub labels: Vec<Label>,
    /// How to fix it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error with this code at a location.
    pub(crate) fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary: Label {
                span,
                text: String::new(),
            },
            labels: Vec::new(),
            help: None,
        }
    }

    /// A warning with this code at a location.
    pub(crate) fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// A note with this code at a location.
    pub(crate) fn note(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::error(code, span, message)
        }
    }

    /// Sets the text at the primary location.
    pub(crate) fn at(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds a related location.
    pub(crate) fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Sets how to fix it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets how to fix it, if known.
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

/// How many errors are shown before the rest is only counted.
pub const MAX_SHOWN: usize = 100;

/// How many diagnostics are kept; a file with a million errors must not exhaust the memory.
const KEPT: usize = 10_000;

/// How many diagnostics of any severity may come with a suggested name.
const MAX_SUGGESTIONS: usize = 1_000;

/// The diagnostics of one run, collected by every stage.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    all: Vec<Diagnostic>,
    /// What was reported, and where: a block that applies to both directions is reported once.
    said: BTreeSet<(Span, &'static str, String)>,
    errors: usize,
}

impl Diagnostics {
    /// Adds one.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        let said = |one: &Diagnostic| (one.primary.span, one.code, one.message.clone());
        if self.all.len() < KEPT && self.said.insert(said(&diagnostic)) {
            self.all.push(diagnostic);
        }
    }

    /// Whether to look for the nearest name: each search compares with every known name, and later errors are not
    /// shown anyway.
    pub(crate) const fn wants_suggestions(&self) -> bool {
        self.errors < MAX_SHOWN && self.all.len() < MAX_SUGGESTIONS
    }

    /// The number of errors.
    pub(crate) const fn errors(&self) -> usize {
        self.errors
    }

    /// All of them, in source order; those at the same location in the order in which they were found.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.all
            .sort_by_key(|one| (one.primary.span.source, one.primary.span.start));
        self.all
    }
}

/// The candidate that was probably meant, if one is close enough.
pub(crate) fn nearest<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (wrong.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        // If the lengths differ too much, the names cannot be similar; comparing costs the product of the lengths.
        .filter(|one| one.len().abs_diff(wrong.len()) <= allowed * 4)
        .map(|one| (strsim::damerau_levenshtein(wrong, one), one))
        .filter(|(distance, one)| *distance <= allowed && !one.is_empty())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one)
}

/// The help that suggests the nearest candidate.
pub(crate) fn did_you_mean<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(wrong, candidates).map(|one| format!("did you mean `{one}`?"))
}
