//! Keywords that apply other schemas to the same value.

use super::{Out, Prepared, Run, Seen, Step};
use crate::openness::Purpose;
use crate::union::{Discriminant, Distinction, Union};
use crate::{DynamicRef, Schema, SchemaId, Type, TypeSet, details};
use serde_json::Value;

/// A union keyword.
struct Branches<'v> {
    ids: &'v [SchemaId],
    union: Option<&'v Union>,
    /// `oneOf`, of which only one may fit.
    exclusive: bool,
}

impl<'v> Run<'v> {
    pub(super) fn in_place<'i>(
        &mut self,
        schema: &'v Schema,
        prepared: &'v Prepared,
        value: &'i Value,
        purpose: Purpose,
        mut seen: Option<&mut Seen<'i>>,
        out: &mut Out,
    ) {
        let inner = prepared.unknown_fields.in_place(purpose);
        if let Some(id) = schema.reference {
            self.apply(id, value, inner, seen.as_deref_mut(), out);
        }
        if let Some(dynamic) = &schema.dynamic_reference {
            let id = self.dynamic_target(dynamic);
            self.apply(id, value, inner, seen.as_deref_mut(), out);
        }
        if let Value::Object(fields) = value {
            for (key, id) in &schema.dependent_schemas {
                if fields.contains_key(key) {
                    self.apply(*id, value, inner, seen.as_deref_mut(), out);
                }
            }
        }
        for id in &schema.all_of {
            self.apply(*id, value, inner, seen.as_deref_mut(), out);
        }
        if !schema.any_of.is_empty() {
            let union = prepared.any_of.as_ref();
            let branches = Branches {
                ids: &schema.any_of,
                union,
                exclusive: false,
            };
            self.union(&branches, value, inner, seen.as_deref_mut(), out);
        }
        if !schema.one_of.is_empty() {
            let union = prepared.one_of.as_ref();
            let branches = Branches {
                ids: &schema.one_of,
                union,
                exclusive: true,
            };
            self.union(&branches, value, inner, seen.as_deref_mut(), out);
        }
        if let Some(id) = schema.not {
            let fits = self.accepts(id, value, Purpose::Test, None);
            out.check(!fits, details::not);
        }
        if let Some(id) = schema.condition {
            let holds = self.accepts(id, value, Purpose::Test, seen.as_deref_mut());
            let consequence = if holds { schema.then } else { schema.otherwise };
            if let Some(id) = consequence {
                self.apply(id, value, inner, seen, out);
            }
        }
    }

    /// The target of a `$dynamicRef`: the outermost resource in scope with the anchor, if the initial target declares
    /// it.
    fn dynamic_target(&self, dynamic: &DynamicRef) -> SchemaId {
        let Some(anchor) = &dynamic.anchor else {
            return dynamic.initial;
        };
        self.resources
            .iter()
            .find_map(|resource| {
                self.validator
                    .anchors
                    .get(&(Some(*resource), anchor.clone()))
                    .copied()
            })
            .unwrap_or(dynamic.initial)
    }

    fn union<'i>(
        &mut self,
        branches: &Branches<'v>,
        value: &'i Value,
        purpose: Purpose,
        mut seen: Option<&mut Seen<'i>>,
        out: &mut Out,
    ) {
        match branches.union {
            Some(union) if union.nullable && value.is_null() => return,
            Some(Union {
                distinction: Distinction::Null(id),
                ..
            }) => {
                return self.apply(*id, value, purpose, seen, out);
            }
            Some(Union {
                distinction: Distinction::Property(discriminant),
                ..
            }) => {
                return self.discriminated(discriminant, value, purpose, seen, out);
            }
            None => {}
        }
        let mut fitting = 0;
        for id in branches.ids {
            if self.accepts(*id, value, purpose, seen.as_deref_mut()) {
                fitting += 1;
                // What the other branches evaluate counts as well, so they are applied if that is recorded.
                if !branches.exclusive && seen.is_none() {
                    break;
                }
            }
        }
        if fitting == 0
            && let Some(seen) = &mut seen
        {
            seen.everything();
        }
        if branches.exclusive {
            out.check(fitting > 0, details::one_of_none);
            out.check(fitting < 2, details::one_of_many);
        } else {
            out.check(fitting > 0, details::any_of);
        }
    }

    /// Reports violations of the branch that the discriminant names, or of the discriminant alone.
    fn discriminated<'i>(
        &mut self,
        discriminant: &'v Discriminant,
        value: &'i Value,
        purpose: Purpose,
        seen: Option<&mut Seen<'i>>,
        out: &mut Out,
    ) {
        let name = &discriminant.property;
        let named = value.as_object().map(|fields| fields.get(name));
        if let Some(Some(id)) =
            named.map(|named| named.and_then(|value| discriminant.branch(value)))
        {
            return self.apply(id, value, purpose, seen, out);
        }
        if let Some(seen) = seen {
            seen.everything();
        }
        match named {
            None => out.push(|| details::types(TypeSet::NONE.with(Type::Object))),
            Some(None) => out.push(|| details::required(name)),
            Some(Some(_)) => {
                let start = out.list.len();
                let values = discriminant.branches.iter().map(|(value, _)| value);
                out.push(|| details::enumeration(values));
                out.under(start, Step::Key(name));
            }
        }
    }
}
