//! Diagnostics as rustc gives them.

use handfast_schema::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is generated.
    Error,
    /// Something is generated, and it may not be what was meant.
    Warning,
    /// A guarantee that the protocol gives up; `check` tells it.
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
