//! Settings that are read into the model but have no effect yet, or not on both sides.

use super::Checker;
use crate::diagnostic::Diagnostic;
use handfast_schema::Span;

impl Checker<'_> {
    /// Reports every setting that has no effect yet. A line is removed when its feature is implemented.
    pub(super) fn pending(&mut self) {
        self.pending_settings();
    }

    fn not_yet(&mut self, at: Span, what: &str, instead: &str) {
        let text = format!("{what} has no effect yet: {instead}");
        self.out.push(Diagnostic::note("G005", at, text));
    }

    /// The location of the value at a path, unless it is broken and was reported already.
    fn said(&self, path: &[&str]) -> Option<Span> {
        let entry = self.entry(path)?;
        (!self.tree.is_broken(entry.value)).then(|| self.place(entry))
    }

    fn pending_settings(&mut self) {
        if let Some(at) = self.said(&["generate", "rust", "types"]) {
            self.not_yet(at, "`generate.rust.types`", "a `format` stays a string");
        }
    }
}
