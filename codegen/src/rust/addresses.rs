//! Where a schema stands in the table of schemas: the entry that it is part of, and the way from there.

use handfast_schema::{SchemaId, Schemas};
use std::collections::BTreeMap;

/// The schema around each schema, and the way from there to it, as a JSON Pointer (RFC 6901) without its first slash.
pub(super) struct Addresses {
    around: BTreeMap<SchemaId, (SchemaId, String)>,
}

impl Addresses {
    pub(super) fn of(schemas: &Schemas) -> Self {
        let mut around = BTreeMap::new();
        for (id, schema) in schemas.iter() {
            let mut put = |child: SchemaId, way: String| {
                around.entry(child).or_insert((id, way));
            };
            for (keyword, table) in [
                ("properties", &schema.properties),
                ("patternProperties", &schema.pattern_properties),
                ("dependentSchemas", &schema.dependent_schemas),
            ] {
                for (name, child) in table {
                    put(*child, format!("{keyword}/{}", escaped(name)));
                }
            }
            for (keyword, list) in [
                ("prefixItems", &schema.prefix_items),
                ("allOf", &schema.all_of),
                ("anyOf", &schema.any_of),
                ("oneOf", &schema.one_of),
            ] {
                for (i, child) in list.iter().enumerate() {
                    put(*child, format!("{keyword}/{i}"));
                }
            }
            for (keyword, child) in [
                ("items", schema.items),
                ("contains", schema.contains),
                ("unevaluatedItems", schema.unevaluated_items),
                ("additionalProperties", schema.additional_properties),
                ("propertyNames", schema.property_names),
                ("unevaluatedProperties", schema.unevaluated_properties),
                ("not", schema.not),
                ("if", schema.condition),
                ("then", schema.then),
                ("else", schema.otherwise),
            ] {
                if let Some(child) = child {
                    put(child, keyword.to_owned());
                }
            }
        }
        Self { around }
    }

    /// The entry that a schema is part of, and the way from there: the outermost schema around it that is an entry in its own right, as
    /// one that types are made of refers to others in it; or the schema itself. No entry is beyond a schema that has a name.
    pub(super) fn of_schema(
        &self,
        id: SchemaId,
        has_name: &dyn Fn(SchemaId) -> bool,
        is_entry: &dyn Fn(SchemaId) -> bool,
    ) -> (SchemaId, String) {
        let mut at = id;
        let mut ways: Vec<&str> = Vec::new();
        let mut found = (id, 0);
        loop {
            if is_entry(at) {
                found = (at, ways.len());
            }
            match self.around.get(&at).filter(|_| !has_name(at)) {
                Some((outer, way)) => {
                    ways.push(way);
                    at = *outer;
                }
                None => break,
            }
        }
        let ways = ways[..found.1].iter().rev();
        (found.0, ways.map(|way| format!("/{way}")).collect())
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
