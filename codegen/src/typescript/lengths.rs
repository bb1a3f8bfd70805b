//! How short the text of a payload can be: where a text is no longer than that, it hides nothing, and `decode` need not search it.
//!
//! Objects of properties, arrays and scalars have such a function. What contains anything else, contains itself, or is
//! nested almost as deeply as the protocol allows has none.

use super::{
    context::{Context, Usage},
    descriptors::sent,
    locals::Locals,
    recursion::Recursion,
    text,
};
use handfast_schema::{Schema, SchemaId, Type, TypeSet};
use handfast_spec::model::{MessageId, Side};
use handfast_templates::typescript::{Function, lay_out};
use std::collections::BTreeMap;

/// The levels above a payload, and those of what is too short to be noticed: the message itself, and `[[]]`.
const OTHER_LEVELS: u32 = 1 + 2;

/// Nothing with more levels has such a function, however deep the protocol allows.
const MAX_LEVELS: u32 = 64;

/// How short a value can be.
struct Length {
    /// The characters that it always has.
    least: usize,
    /// The expression of the others.
    more: Option<String>,
    /// How deeply it is nested.
    levels: u32,
}

/// The functions that are written, in an order in which each comes after those it calls.
#[derive(Default)]
struct Functions {
    /// Their names, and how deeply what they are for is nested; nothing for what has none.
    known: BTreeMap<SchemaId, Option<(String, u32)>>,
    items: Vec<(SchemaId, String)>,
    /// The names that were given, to some that were dropped again.
    names: BTreeMap<SchemaId, String>,
}

impl Context<'_> {
    /// Writes the functions for what the server sends. Returns the members of the object that has them by message.
    pub(super) fn lengths(
        &mut self,
        messages: &[MessageId],
        items: &mut Vec<String>,
    ) -> Vec<String> {
        let mut functions = Functions::default();
        let mut members = Vec::new();
        let levels = self.protocol.limits.depth.min(MAX_LEVELS);
        for id in messages {
            let message = &self.protocol.messages[id.0];
            let payload = sent(message, Side::Server).and_then(|sent| sent.payload);
            let left = levels.saturating_sub(OTHER_LEVELS);
            let function = payload.and_then(|id| self.length_function(id, left, &mut functions));
            members.extend(function.map(|(name, _)| {
                let message = text::key(&self.protocol.messages[id.0].name.text);
                format!("{message}: {name}")
            }));
        }
        items.extend(functions.items.into_iter().map(|(_, item)| item));
        members
    }

    /// The function of an object that may have so many levels, and how many it has.
    fn length_function(
        &mut self,
        id: SchemaId,
        left: u32,
        functions: &mut Functions,
    ) -> Option<(String, u32)> {
        let usage = self.resolved(Usage::whole(id));
        let id = usage.id;
        if !functions.known.contains_key(&id) {
            let before = functions.items.len();
            let function = self.write_length(&usage, left, functions);
            if function.is_none() {
                // Those that only it calls would not be used.
                for (id, _) in functions.items.drain(before..) {
                    functions.known.remove(&id);
                }
            }
            functions.known.insert(id, function);
        }
        let known = functions.known.get(&id)?.clone();
        known.filter(|(_, levels)| *levels <= left)
    }

    fn write_length(
        &mut self,
        usage: &Usage,
        left: u32,
        functions: &mut Functions,
    ) -> Option<(String, u32)> {
        let inside = left.checked_sub(1)?;
        let protocol = self.protocol;
        let schema = &protocol.schemas[usage.id];
        let is_object = schema.types.and_then(TypeSet::single) == Some(Type::Object);
        let is_recursive = self.recursion[usage.id.0 as usize] != Recursion::None;
        if !is_object || is_recursive || !self.is_plain_object(schema) {
            return None;
        }
        let ty = match self.decl_of.get(&usage.id) {
            Some(decl) if self.is_inlined(*decl) => return None,
            Some(decl) => self.names.types[decl.0].clone(),
            None => self.anonymous.get(&usage.id)?.clone(),
        };
        let mut locals = Locals::new(schema.properties.iter().map(|(name, _)| name.as_str()));
        // The braces, and one comma less than there are properties.
        let mut sum = Length {
            least: 1,
            more: None,
            levels: 1,
        };
        let mut parts = Vec::new();
        for (name, property) in &schema.properties {
            let local = locals.of(name)?.to_owned();
            let length = self.length_of(*property, &local, inside, functions)?;
            sum.levels = sum.levels.max(1 + length.levels);
            // Quotes, a colon and a comma.
            let least = name.encode_utf16().count() + 4 + length.least;
            if schema.required.contains(name) {
                sum.least += least;
                if let Some(more) = length.more {
                    locals.mark_used(name);
                    parts.push(more);
                }
            } else {
                locals.mark_used(name);
                let more = length
                    .more
                    .map_or_else(String::new, |more| format!(" + {more}"));
                parts.push(format!("({local} === undefined ? 0 : {least}{more})"));
            }
        }
        let name = functions.names.entry(usage.id).or_insert_with(|| {
            let stem = crate::names::camel(ty.trim_end_matches('$'));
            self.names
                .take_value(&format!("{}Length", text::identifier(&stem)))
        });
        let name = name.clone();
        let mut body = locals.declaration("value").unwrap_or_default();
        let parameter = if body.is_empty() { "_value" } else { "value" };
        body.extend(returned(sum.least, &parts));
        let item = lay_out(&Function {
            exported: false,
            name: &name,
            parameters: format!("{parameter}: {ty}"),
            returns: "number",
            body,
        });
        functions.items.push((usage.id, item));
        Some((name, sum.levels))
    }

    fn length_of(
        &mut self,
        id: SchemaId,
        value: &str,
        left: u32,
        functions: &mut Functions,
    ) -> Option<Length> {
        let usage = self.resolved(Usage::whole(id));
        let schema = &self.protocol.schemas[usage.id];
        if let Some(item) = self.only_items(schema) {
            let (length, levels) = self.item_length(item, left.checked_sub(1)?, functions)?;
            return Some(Length {
                least: 0,
                more: Some(format!("hf.itemsLength({value}, {length})")),
                levels: 1 + levels,
            });
        }
        if let Some(scalar) = scalar(schema) {
            let more = match scalar {
                Type::String if self.is_bare(usage.id) => {
                    return Some(Length {
                        least: 2,
                        more: Some(format!("{value}.length")),
                        levels: 0,
                    });
                }
                Type::Integer | Type::Number if self.is_bare(usage.id) => {
                    Some(format!("hf.numberLength({value})"))
                }
                Type::Boolean => {
                    return Some(Length {
                        least: 4,
                        more: None,
                        levels: 0,
                    });
                }
                _ => Some(format!("hf.scalarLength({value})")),
            };
            return Some(Length {
                least: 0,
                more,
                levels: 0,
            });
        }
        let (name, levels) = self.length_function(usage.id, left, functions)?;
        Some(Length {
            least: 0,
            more: Some(format!("{name}({value})")),
            levels,
        })
    }

    /// The function for each item of an array.
    fn item_length(
        &mut self,
        id: SchemaId,
        left: u32,
        functions: &mut Functions,
    ) -> Option<(String, u32)> {
        let usage = self.resolved(Usage::whole(id));
        let schema = &self.protocol.schemas[usage.id];
        match scalar(schema) {
            Some(Type::Integer | Type::Number) if self.is_bare(usage.id) => {
                Some(("hf.numberLength".to_owned(), 0))
            }
            Some(_) => Some(("hf.scalarLength".to_owned(), 0)),
            None => self.length_function(usage.id, left, functions),
        }
    }

    /// Whether a scalar lists no values: the type of those it lists may be narrower, and may be `never`.
    fn is_bare(&self, id: SchemaId) -> bool {
        let schema = &self.protocol.schemas[id];
        schema.enumeration.is_none() && self.scalar(id).is_some()
    }
}

/// The type of a schema that allows nothing but scalars, none of which are bytes; null if it allows several.
fn scalar(schema: &Schema) -> Option<Type> {
    let types = schema.types?;
    let is_scalar = |ty: Type| !matches!(ty, Type::Array | Type::Object);
    let fits = schema.reference.is_none()
        && schema.content_encoding.is_none()
        && types.iter().all(is_scalar)
        && types.iter().next().is_some();
    fits.then(|| types.single().unwrap_or(Type::Null))
}

/// The statement that returns a sum.
fn returned(least: usize, parts: &[String]) -> Vec<String> {
    let mut terms = vec![least.to_string()];
    terms.extend_from_slice(parts);
    let line = format!("return {};", terms.join(" + "));
    if line.chars().count() + 2 <= text::WIDTH {
        return vec![line];
    }
    let last = terms.len() - 1;
    let terms = terms
        .into_iter()
        .enumerate()
        .map(|(i, term)| match i == last {
            true => format!("  {term}"),
            false => format!("  {term} +"),
        });
    std::iter::once("return (".to_owned())
        .chain(terms)
        .chain([");".to_owned()])
        .collect()
}
