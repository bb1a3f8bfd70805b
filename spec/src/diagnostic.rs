//! Diagnostics as rustc gives them.

use crate::render::MAX_SHOWN;
use handfast_schema::Span;
use std::collections::BTreeSet;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is generated.
    Error,
    /// Something is generated, and it may not be what was meant.
    Warning,
    /// A guarantee that the protocol gives up, or what nobody acts on yet; `check` tells it.
    Note,
}

/// A word at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is said there; may be empty at the primary place.
    pub text: String,
}

/// One problem with a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable code, such as `P014`, with a page of its own.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One line: lowercase, no full stop, names in backticks.
    pub message: String,
    /// Where it is, the caret.
    pub primary: Label,
    /// Other places that matter: the first declaration, the type referred to.
    pub labels: Vec<Label>,
    /// What to type.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error of a code at a place.
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

    /// A warning of a code at a place.
    pub(crate) fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// A note of a code at a place.
    pub(crate) fn note(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::error(code, span, message)
        }
    }

    /// What is said at the caret.
    pub(crate) fn at(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Another place that matters.
    pub(crate) fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// What to type.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What to type, where that is known.
    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

/// How many diagnostics are kept; a file of a million mistakes must not fill the memory.
const KEPT: usize = 10_000;

/// How many diagnostics of any kind get the name that was meant.
const MAX_SUGGESTIONS: usize = 1_000;

/// The diagnostics of one run, collected by every stage.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    all: Vec<Diagnostic>,
    /// What was said, and where: what a block says for both directions is wrong once.
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

    /// Whether a nearest name is still worth looking for: each costs a comparison with every name there is, and no more
    /// errors than that are shown.
    pub(crate) const fn wants_suggestions(&self) -> bool {
        self.errors < MAX_SHOWN && self.all.len() < MAX_SUGGESTIONS
    }

    /// How many errors there are.
    pub(crate) const fn errors(&self) -> usize {
        self.errors
    }

    /// All of them, in source order; what was found first comes first where the place is the same.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.all
            .sort_by_key(|one| (one.primary.span.source, one.primary.span.start));
        self.all
    }
}

/// `did you mean …`, where a candidate is near enough to be meant.
pub(crate) fn nearest<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let allowed = (wrong.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        // A length that differs too much cannot be near, and comparing costs a product of lengths.
        .filter(|one| one.len().abs_diff(wrong.len()) <= allowed * 4)
        .map(|one| (strsim::damerau_levenshtein(wrong, one), one))
        .filter(|(distance, one)| *distance <= allowed && !one.is_empty())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one)
}

/// The help that names the nearest candidate.
pub(crate) fn did_you_mean<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(wrong, candidates).map(|one| format!("did you mean `{one}`?"))
}
