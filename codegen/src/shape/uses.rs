//! The type of a schema where it is used.

use super::{Decl, DeclId, DeclKind, IntegerType, Received, Use, combine, declare::Declarations};
use handfast_schema::{
    Number, Schema, SchemaId, Type,
    number::MAX_SAFE_INTEGER,
    union::{self, Distinction},
};

impl Declarations<'_> {
    /// The type of a schema where it is used; `name` is its name if it needs one.
    pub(super) fn at(&mut self, id: SchemaId, name: &str) -> Use {
        if let Some(decl) = self.named.get(&id) {
            return Use::Named(*decl);
        }
        // It contains itself, without a name from the spec.
        if let Some(place) = self.open.get(&id) {
            return Use::Named(*place);
        }
        let name = &self.scope.free(name.to_owned());
        let before = self.shapes.decls.len();
        let place = self.reserve_quietly(name, id);
        self.open.insert(id, place);
        let kind = self.kind(id, name);
        self.open.remove(&id);
        match kind {
            Some(kind) => {
                let span = self.schema(id).span;
                self.scope.take(name, name, span);
                self.shapes.decls[place.0].kind = kind;
                Use::Named(place)
            }
            None => {
                debug_assert_eq!(
                    self.shapes.decls.len(),
                    before + 1,
                    "a schema without a name declares no nested types"
                );
                self.shapes.decls.truncate(before);
                self.simple(id, name)
            }
        }
    }

    pub(super) fn reserve_quietly(&mut self, name: &str, schema: SchemaId) -> DeclId {
        let annotations = &self.schema(schema).annotations;
        let description = annotations
            .description
            .clone()
            .or_else(|| annotations.title.clone());
        let id = DeclId(self.shapes.decls.len());
        self.shapes.decls.push(Decl {
            rust: name.to_owned(),
            ts: name.to_owned(),
            schema,
            description,
            section: self.section,
            message: self.message,
            received: Received::default(),
            kind: DeclKind::Alias(Use::Null),
        });
        id
    }

    /// The type of a schema that needs no name of its own.
    pub(super) fn simple(&mut self, id: SchemaId, name: &str) -> Use {
        let schema = self.schema(id);
        if let Some(target) = schema.reference {
            if !schema.only_refers() {
                return Use::Checked {
                    reason: "it has a `$ref` beside other keywords",
                };
            }
            return self.at(target, name);
        }
        if let Some(boolean) = schema.boolean {
            let reason = if boolean {
                "any value is valid"
            } else {
                "no value is valid"
            };
            return Use::Checked { reason };
        }
        if let Some(reason) = combine::beyond(&self.protocol.schemas, schema) {
            return Use::Checked { reason };
        }
        if schema.constant.is_some() || schema.enumeration.is_some() {
            let reason = match schema.enumeration.as_deref() {
                Some([]) => "no value is valid",
                _ => "not all of its values are strings",
            };
            return Use::Checked { reason };
        }
        if !schema.one_of.is_empty() || !schema.any_of.is_empty() {
            let branches = if schema.one_of.is_empty() {
                &schema.any_of
            } else {
                &schema.one_of
            };
            if combine::is_union_alone(schema)
                && let Some(union) = union::union(&self.protocol.schemas, branches)
                && let Distinction::Null(other) = union.distinction
            {
                return Use::Nullable(Box::new(self.at(other, name)));
            }
            return Use::Checked {
                reason: "no single property distinguishes its alternatives",
            };
        }
        if !schema.all_of.is_empty() {
            return Use::Checked {
                reason: "the schemas of its `allOf` cannot be merged into one struct",
            };
        }
        let Some(types) = schema.types else {
            return Use::Checked {
                reason: "it has no `type`",
            };
        };
        if types.contains(Type::Null) && types.single().is_none() {
            let Some(other) = types.without(Type::Null).single() else {
                return Use::Checked {
                    reason: "it may be of several types",
                };
            };
            return match self.scalar(id, other, name) {
                Some(inner) => Use::Nullable(Box::new(inner)),
                None => Use::Checked {
                    reason: "it is null or of a type that needs a name",
                },
            };
        }
        match types.single() {
            Some(one) => self.scalar(id, one, name).unwrap_or(Use::Checked {
                reason: "its properties are neither all declared nor all of one type",
            }),
            None => Use::Checked {
                reason: "it may be of several types",
            },
        }
    }

    /// Whether an integer is within ±(2⁵³−1), by the default or by its own bounds.
    pub(super) fn fits_i64(&self, schema: &Schema) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "that bound is a double")]
        let bound = MAX_SAFE_INTEGER as f64;
        let schemas = &self.protocol.schemas;
        let within = |bounds: [&Option<Number>; 2]| {
            let mut bounds = bounds.into_iter().flatten().peekable();
            bounds.peek().is_none() && schemas.safe_integers()
                || bounds.any(|n| n.as_f64().is_some_and(|n| n.abs() <= bound))
        };
        schemas.has_defaults()
            || within([&schema.minimum, &schema.exclusive_minimum])
                && within([&schema.maximum, &schema.exclusive_maximum])
    }

    pub(super) fn scalar(&mut self, id: SchemaId, ty: Type, name: &str) -> Option<Use> {
        let schema = self.schema(id);
        Some(match ty {
            Type::Null => Use::Null,
            Type::Boolean => Use::Boolean,
            Type::Integer if self.fits_i64(schema) => Use::Integer(IntegerType::of(schema)),
            Type::Integer => Use::Checked {
                reason: "an integer without bounds may be too large for Rust",
            },
            Type::Number => Use::Number,
            Type::String if schema.content_encoding.as_deref() == Some("base64") => Use::Bytes,
            Type::String => match schema.format.as_deref() {
                Some("int64") if !combine::has_string_rules(schema) => {
                    Use::TextInteger { signed: true }
                }
                Some("uint64") if !combine::has_string_rules(schema) => {
                    Use::TextInteger { signed: false }
                }
                _ => Use::Text,
            },
            Type::Array if schema.prefix_items.is_empty() => match schema.items {
                Some(items) if self.schema(items).boolean == Some(false) => Use::Checked {
                    reason: "it is an array without items",
                },
                Some(items) => Use::List(Box::new(self.at(items, &singular(name)))),
                None => Use::List(Box::new(Use::Checked {
                    reason: "any value is valid",
                })),
            },
            Type::Array => Use::Checked {
                reason: "its first items differ from the rest, or may be absent",
            },
            Type::Object => {
                if !schema.properties.is_empty() || !schema.required.is_empty() {
                    return None;
                }
                let more = schema
                    .additional_properties
                    .filter(|more| self.schema(*more).boolean != Some(true));
                let Some(more) = more else {
                    return Some(Use::Map(Box::new(Use::Checked {
                        reason: "any value is valid",
                    })));
                };
                Use::Map(Box::new(self.at(more, &format!("{name}Value"))))
            }
        })
    }
}

/// The singular for items: `Levels` → `Level`; a name that is not a plural gets `Item` appended.
fn singular(name: &str) -> String {
    match name.strip_suffix('s') {
        Some(stem) if !stem.ends_with('s') && !stem.is_empty() => stem.to_owned(),
        _ => format!("{name}Item"),
    }
}
