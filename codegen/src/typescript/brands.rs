//! Brands: types of strings and numbers to which no other string or number is assignable, if the protocol asks for them.
//!
//! A brand is a property that no value has. It is an object with a property of the type's name, so that a value may have
//! several.

use super::{
    context::Context,
    keywords::format_check,
    names::lower_first,
    type_tree::{Kinds, Ty},
};
use crate::{names, shape::DeclId};
use handfast_schema::{Schema, SchemaId, Type};
use handfast_spec::model::Protocol;
use handfast_templates::typescript::{Alias, Function, lay_out};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a protocol asks for brands.
pub(super) fn has_brands(protocol: &Protocol) -> bool {
    let options = protocol.generate.typescript.as_ref();
    options.is_some_and(|options| options.brands)
}

/// The format of a string that gets a brand for it.
fn branded_format(schema: &Schema) -> Option<&str> {
    let has_strings = schema
        .types
        .is_some_and(|types| types.contains(Type::String));
    let has_literals = schema.constant.is_some() || schema.enumeration.is_some();
    let format = schema.format.as_deref()?;
    let is_branded = has_strings && !has_literals && format_check(format).is_some();
    is_branded.then_some(format)
}

/// The types with a name of their own that are strings or numbers, if these have brands.
pub(super) fn branded(cx: &Context<'_>) -> BTreeSet<SchemaId> {
    if !has_brands(cx.protocol) {
        return BTreeSet::new();
    }
    let types = cx.protocol.types.iter().map(|ty| ty.schema);
    let scalars = types.filter(|id| is_scalar(&cx.protocol.schemas[*id]) && !cx.is_byte_array(*id));
    scalars.collect()
}

/// Whether a schema describes a string or a number by what TypeScript has no types for.
fn is_scalar(schema: &Schema) -> bool {
    let scalar = Schema {
        span: schema.span,
        annotations: schema.annotations.clone(),
        resource: schema.resource,
        types: schema.types,
        multiple_of: schema.multiple_of.clone(),
        maximum: schema.maximum.clone(),
        exclusive_maximum: schema.exclusive_maximum.clone(),
        minimum: schema.minimum.clone(),
        exclusive_minimum: schema.exclusive_minimum.clone(),
        max_length: schema.max_length,
        min_length: schema.min_length,
        pattern: schema.pattern.clone(),
        format: schema.format.clone(),
        content_encoding: schema.content_encoding.clone(),
        ..Schema::default()
    };
    matches!(Kinds::of_schema(schema), Kinds::STRING | Kinds::NUMBER) && *schema == scalar
}

/// The formats that need a brand, and the name for the type of each.
pub(super) fn formats(cx: &Context<'_>) -> Vec<(String, String)> {
    if !has_brands(cx.protocol) {
        return Vec::new();
    }
    let schemas = cx.protocol.schemas.iter();
    let formats = schemas.filter(|(id, _)| !cx.is_branded(*id));
    let formats: BTreeSet<&str> = formats
        .filter_map(|(_, schema)| branded_format(schema))
        .collect();
    let named = formats.into_iter().map(|format| {
        let name = format!("{}String", names::pascal(format));
        (format.to_owned(), name)
    });
    named.collect()
}

impl Context<'_> {
    /// The type of a string with a format, if it has a brand.
    pub(super) fn format_brand(&self, schema: &Schema) -> Option<Ty> {
        let name = self.format_brands.get(branded_format(schema)?)?;
        Some(Ty::Atom(name.clone(), Kinds::STRING))
    }

    /// Whether a type with a name of its own has a brand.
    pub(super) fn is_branded(&self, id: SchemaId) -> bool {
        self.branded.contains(&id)
    }

    /// A scalar with a brand.
    pub(super) fn with_brand(&self, ty: Ty, name: &str) -> Ty {
        let brand = format!("{{ readonly __brand: {{ readonly {name}: true }} }}");
        Ty::Both(vec![ty, Ty::Atom(brand, Kinds::ALL)])
    }

    /// The function that makes a value of a type with a brand.
    pub(super) fn brand_constructor(&mut self, id: DeclId, items: &mut Vec<String>) {
        let schema = self.shapes.decls[id.0].schema;
        if self.is_branded(schema) && self.decl_of.get(&schema) == Some(&id) {
            let name = self.names.types[id.0].clone();
            let validator = self.names.validators[id.0].clone();
            let kind = match Kinds::of_schema(&self.protocol.schemas[schema]) {
                Kinds::NUMBER => "number",
                _ => "string",
            };
            let constructor = self.constructor(&name, &validator, kind);
            items.push(constructor);
        }
    }

    fn constructor(&mut self, ty: &str, validator: &str, kind: &str) -> String {
        let exported = self.names.exported(ty).to_owned();
        let name = self.names.take_value(&lower_first(&exported));
        let function = lay_out(&Function {
            exported: true,
            name: &name,
            parameters: format!("value: {kind}"),
            returns: ty,
            body: vec![format!(
                "return hf.branded(value, {validator}, '{exported}');"
            )],
        });
        format!(
            "/** The {kind} as a {{@link {exported}}}. Throws a `TypeError` if it is not valid. */\n{function}"
        )
    }

    /// The types of formats, each with its functions.
    pub(super) fn format_declarations(&mut self) -> Vec<String> {
        let brands: BTreeMap<String, String> = self.format_brands.clone();
        brands
            .iter()
            .flat_map(|(format, name)| self.format_declaration(format, name))
            .collect()
    }

    fn format_declaration(&mut self, format: &str, name: &str) -> Vec<String> {
        let ty = self.with_brand(Ty::Scalar(Kinds::STRING), name).one_line();
        let check = format_check(format).unwrap_or_default();
        let guard = self.names.take_value(&format!("is{name}"));
        let validator = self.names.take_value(&format!("validate{name}"));
        let function = |name: &str, parameters: &str, returns: &str, line: String| {
            lay_out(&Function {
                exported: true,
                name,
                parameters: parameters.to_owned(),
                returns,
                body: vec![line],
            })
        };
        let declared = lay_out(&Alias {
            doc: format!("/** A string of the format `{format}`. */\n"),
            exported: self.names.is_exported(name),
            name,
            ty: format!(" {ty}"),
        });
        let passes = format!("return hf.passes(value, {validator}, true);");
        let validates = format!("if (hf.string(value, report)) hf.{check}(value, report);");
        vec![
            declared,
            function(
                &guard,
                "value: unknown",
                &format!("value is {name}"),
                passes,
            ),
            function(
                &validator,
                "value: unknown, report: hf.Report",
                "void",
                validates,
            ),
            self.constructor(name, &validator, "string"),
        ]
    }
}
