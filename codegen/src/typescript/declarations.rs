//! Types with their validators, in the order of the declarations.

use super::context::Context;
use crate::shape::{DeclId, Section};

impl Context<'_> {
    /// All types of a section, each with its validators.
    pub(super) fn all_declarations(&mut self, section: Section) -> Vec<String> {
        let mut items = Vec::new();
        for i in 0..self.shapes.decls.len() {
            self.declarations(section, i, &mut items);
        }
        items
    }

    /// One type of a section with its validators.
    pub(super) fn declarations(&mut self, section: Section, i: usize, items: &mut Vec<String>) {
        if self.shapes.decls[i].section == section && !self.inlined[i] {
            items.push(self.declaration(DeclId(i)));
            self.validators(DeclId(i), items);
            self.brand_constructor(DeclId(i), items);
            self.defaults(DeclId(i), items);
        }
    }
}
