//! A `$ref` that is wrapped: `allOf: [{ $ref: … }]`, which generators write to put a description beside it, is that `$ref`.

use super::Lowering;
use handfast_schema::{Annotations, Schema, SchemaId};

impl Lowering<'_> {
    /// Makes a `$ref` of every schema that says no more than its only branch, which is a `$ref`.
    pub(super) fn unwrap_references(&mut self) {
        for at in 0..self.sites.len() {
            let id = SchemaId(u32::try_from(at).unwrap_or(u32::MAX));
            let Some(branch) = self.only_branch(id) else {
                continue;
            };
            let reference = self.schemas[branch].reference;
            let outer = &mut self.schemas[id];
            let others = std::mem::take(&mut outer.all_of);
            outer.any_of.clear();
            outer.one_of.clear();
            outer.reference = reference;
            for part in others
                .into_iter()
                .filter(|part| *part != branch)
                .chain([branch])
            {
                let said = self.schemas[part].annotations.clone();
                describe(&mut self.schemas[id].annotations, said);
            }
        }
    }

    /// The only branch of a schema, if it is a `$ref`, and nothing beside it is asserted.
    fn only_branch(&self, id: SchemaId) -> Option<SchemaId> {
        let schema = &self.schemas[id];
        let says = |part: &&SchemaId| self.schemas[**part].boolean != Some(true);
        // `true` adds nothing to `allOf`.
        let all = schema.all_of.iter().filter(says);
        let mut branches = all.chain(&schema.any_of).chain(&schema.one_of);
        let branch = *branches.next().filter(|_| branches.next().is_none())?;
        let alone = Schema {
            span: schema.span,
            annotations: schema.annotations.clone(),
            resource: schema.resource,
            all_of: schema.all_of.clone(),
            any_of: schema.any_of.clone(),
            one_of: schema.one_of.clone(),
            ..Schema::default()
        };
        (*schema == alone && self.schemas[branch].only_refers()).then_some(branch)
    }
}

/// Adds what the branch says of itself, where the schema around it says nothing.
fn describe(of: &mut Annotations, branch: Annotations) {
    of.title = of.title.take().or(branch.title);
    of.description = of.description.take().or(branch.description);
    of.deprecated |= branch.deprecated;
}
