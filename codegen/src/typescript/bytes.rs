//! Where in payloads bytes are: there they are a `Uint8Array` if the protocol asks for it, and otherwise text, which a client writes as
//! bytes in encodings that have them.
//!
//! Texts become bytes before they are validated, so the schema alone must say where bytes are. It does where a payload leads to
//! them by properties, items, maps and unions with a discriminant. Under every other keyword, inside of types that contain themselves, and in
//! what is not a payload, bytes remain text; so do those that are reached both ways.

use super::{context::Context, locals::INHERITED, text};
use handfast_schema::{
    Schema, SchemaId, Schemas, Type,
    union::{Distinction, union},
};
use handfast_spec::model::{EncodingKind, Protocol, RoleKind, RolePlayer, Side};
use handfast_templates::typescript::{Constant, lay_out};
use std::collections::{BTreeMap, BTreeSet};

/// What is inside of a value, as far as it leads to bytes.
enum Inside {
    Items(SchemaId),
    Values(SchemaId),
    Properties(Vec<(String, SchemaId)>),
    Branches(String, Vec<(String, SchemaId)>),
    Same(SchemaId),
}

/// Whether bytes are a `Uint8Array`.
fn has_byte_arrays(protocol: &Protocol) -> bool {
    let options = protocol.generate.typescript.as_ref();
    options.is_some_and(|options| options.byte_arrays)
}

/// The schemas of bytes that are found; none if they are text in every encoding.
pub(super) fn byte_schemas(protocol: &Protocol) -> BTreeSet<SchemaId> {
    let mut encodings = protocol.encodings.iter();
    let has_bytes = encodings.any(|encoding| encoding.kind != EncodingKind::Json);
    if !has_bytes && !has_byte_arrays(protocol) {
        return BTreeSet::new();
    }
    let schemas = &protocol.schemas;
    let hello = matches!(
        protocol.session.role(RoleKind::Hello),
        RolePlayer::Own { .. }
    );
    let auth = protocol.session.auth.filter(|_| hello);
    let (mut found, mut text) = (BTreeSet::new(), Vec::new());
    for (i, message) in protocol.messages.iter().enumerate() {
        let sent = message.client.iter().chain(&message.server);
        let payloads: Vec<SchemaId> = sent.filter_map(|sent| sent.payload).collect();
        if auth.is_some_and(|auth| auth.0 == i) {
            text.extend(payloads);
        } else {
            for payload in payloads {
                follow(schemas, payload, &mut found, &mut text);
            }
        }
    }
    text.extend(protocol.errors.iter().filter_map(|error| error.data));
    for channel in &protocol.channels {
        text.extend(channel.presence.and_then(|presence| presence.info));
        text.extend(channel.params.iter().map(|param| param.schema));
    }
    let mut seen = BTreeSet::new();
    while let Some(id) = text.pop() {
        if seen.insert(id) {
            found.remove(&id);
            text.extend(schemas[id].subschemas());
        }
    }
    found
}

/// Collects the bytes to which a schema leads, and those under which they remain text.
fn follow(
    schemas: &Schemas,
    root: SchemaId,
    found: &mut BTreeSet<SchemaId>,
    text: &mut Vec<SchemaId>,
) {
    let (mut done, mut open) = (BTreeSet::new(), BTreeSet::new());
    // Depth first, without recursion: schemas may be nested as deep as the protocol is long.
    let mut stack = vec![(root, false)];
    while let Some((id, left)) = stack.pop() {
        if left {
            open.remove(&id);
            continue;
        }
        if open.contains(&id) {
            text.push(id);
        }
        if !done.insert(id) {
            continue;
        }
        if is_bytes(&schemas[id]) {
            found.insert(id);
            continue;
        }
        open.insert(id);
        stack.push((id, true));
        match inside(schemas, id) {
            Some(inside) => stack.extend(inside.schemas().map(|id| (id, false))),
            None => text.extend(schemas[id].subschemas()),
        }
    }
}

impl Inside {
    fn schemas(&self) -> impl Iterator<Item = SchemaId> {
        let (one, many) = match self {
            Self::Items(id) | Self::Values(id) | Self::Same(id) => (Some(*id), None),
            Self::Properties(of) | Self::Branches(_, of) => (None, Some(of)),
        };
        one.into_iter()
            .chain(many.into_iter().flatten().map(|(_, id)| *id))
    }
}

fn is_bytes(schema: &Schema) -> bool {
    schema.content_encoding.as_deref() == Some("base64")
        && schema
            .types
            .and_then(|types| types.without(Type::Null).single())
            == Some(Type::String)
        && schema.constant.is_none()
        && schema.enumeration.is_none()
        && schema.subschemas().is_empty()
}

/// What a schema leads to, if no other keyword looks at the same value.
fn inside(schemas: &Schemas, id: SchemaId) -> Option<Inside> {
    let schema = &schemas[id];
    let bare = Schema {
        span: schema.span,
        annotations: schema.annotations.clone(),
        resource: schema.resource,
        types: schema.types,
        ..Schema::default()
    };
    if schema.only_refers() {
        return schema.reference.map(Inside::Same);
    }
    let branches = [&schema.any_of, &schema.one_of]
        .into_iter()
        .find(|branches| !branches.is_empty());
    if let Some(branches) = branches {
        let known = Schema {
            any_of: schema.any_of.clone(),
            one_of: schema.one_of.clone(),
            ..bare
        };
        let alone = *schema == known && (schema.any_of.is_empty() || schema.one_of.is_empty());
        return match union(schemas, branches).filter(|_| alone)?.distinction {
            Distinction::Null(id) => Some(Inside::Same(id)),
            Distinction::Property(discriminant) => {
                let of = discriminant.branches.into_iter();
                let of = of.filter_map(|(value, id)| Some((value.as_str()?.to_owned(), id)));
                Some(Inside::Branches(discriminant.property, of.collect()))
            }
        };
    }
    let known = Schema {
        items: schema.items,
        min_items: schema.min_items,
        max_items: schema.max_items,
        properties: schema.properties.clone(),
        required: schema.required.clone(),
        additional_properties: schema.additional_properties,
        min_properties: schema.min_properties,
        max_properties: schema.max_properties,
        dependent_required: schema.dependent_required.clone(),
        ..bare
    };
    let more = schema
        .additional_properties
        .filter(|more| schemas[*more].boolean.is_none());
    let is_plain = schema
        .properties
        .iter()
        .all(|(name, _)| name != "__proto__");
    if *schema != known || !is_plain {
        return None;
    }
    match (schema.items, schema.properties.is_empty(), more) {
        (Some(items), true, None) => Some(Inside::Items(items)),
        (None, true, Some(more)) => Some(Inside::Values(more)),
        (None, false, None) => Some(Inside::Properties(schema.properties.clone())),
        _ => None,
    }
}

/// The constants that say where bytes are, by schema.
#[derive(Default)]
pub(super) struct Places(BTreeMap<SchemaId, Option<String>>);

impl Context<'_> {
    /// Whether a schema is that of bytes that are a `Uint8Array`.
    pub(super) fn is_byte_array(&self, id: SchemaId) -> bool {
        self.byte_schemas.contains(&id) && has_byte_arrays(self.protocol)
    }

    /// The members of a descriptor that convert bytes in what an end sends.
    pub(super) fn byte_members(
        &mut self,
        payload: Option<SchemaId>,
        end: Side,
        places: &mut Places,
        items: &mut Vec<String>,
    ) -> Vec<String> {
        if end == Side::Server && !has_byte_arrays(self.protocol) {
            return Vec::new();
        }
        let Some(payload) = payload.filter(|id| self.has_bytes(*id, &mut BTreeSet::new())) else {
            return Vec::new();
        };
        let mut members = Vec::new();
        let read = match end {
            Side::Client if !has_byte_arrays(self.protocol) => "packBytes",
            Side::Server => "readBytes",
            Side::Client => {
                members.push("writeBytes: hf.writeBytes".to_owned());
                // Only a server reads what a client sends.
                if !super::names::has_both_sides(self.protocol) {
                    return members;
                }
                "readSentBytes"
            }
        };
        let place = self.place(payload, places, items);
        members.extend(place.map(|place| format!("{read}: /*@__PURE__*/ hf.readBytes({place})")));
        members
    }

    /// Whether values of a schema contain bytes. `seen` are the schemas that contain this one.
    fn has_bytes(&self, id: SchemaId, seen: &mut BTreeSet<SchemaId>) -> bool {
        if self.byte_schemas.contains(&id) {
            return true;
        }
        if self.byte_schemas.is_empty() || !seen.insert(id) {
            return false;
        }
        match inside(&self.protocol.schemas, id) {
            None => false,
            Some(Inside::Same(id) | Inside::Items(id) | Inside::Values(id)) => {
                self.has_bytes(id, seen)
            }
            Some(Inside::Properties(of) | Inside::Branches(_, of)) => {
                of.iter().any(|(_, id)| self.has_bytes(*id, seen))
            }
        }
    }

    /// Where in values of a schema bytes are, as code; nothing if there are none. Whatever contains any has a constant.
    fn place(
        &mut self,
        id: SchemaId,
        places: &mut Places,
        items: &mut Vec<String>,
    ) -> Option<String> {
        if self.byte_schemas.is_empty() {
            return None;
        }
        if self.byte_schemas.contains(&id) {
            return Some("true".to_owned());
        }
        if let Some(known) = places.0.get(&id) {
            return known.clone();
        }
        // One that contains itself has none.
        places.0.insert(id, None);
        let inside = inside(&self.protocol.schemas, id);
        let value = match inside? {
            Inside::Same(id) => return self.place(id, places, items),
            Inside::Items(id) => format!("{{ items: {} }}", self.place(id, places, items)?),
            Inside::Values(id) => format!("{{ values: {} }}", self.place(id, places, items)?),
            Inside::Properties(of) => {
                format!("{{ properties: {} }}", self.each(of, places, items)?)
            }
            Inside::Branches(tag, of) => {
                let branches = self.each(of, places, items)?;
                format!("{{ tag: {}, branches: {branches} }}", text::string(&tag))
            }
        };
        let stem = self
            .decl_of
            .get(&id)
            .map_or("inner", |decl| {
                self.names.types[decl.0].trim_end_matches('$')
            })
            .to_owned();
        let stem = format!("{}Bytes", super::names::lower_first(&stem));
        let name = self.names.take_value(&stem);
        items.push(lay_out(&Constant {
            doc: String::new(),
            exported: false,
            name: &name,
            ty: "hf.BytesAt",
            value,
        }));
        places.0.insert(id, Some(name.clone()));
        Some(name)
    }

    /// The places in properties or branches.
    fn each(
        &mut self,
        of: Vec<(String, SchemaId)>,
        places: &mut Places,
        items: &mut Vec<String>,
    ) -> Option<String> {
        let all = of.into_iter().filter_map(|(name, id)| {
            let place = self.place(id, places, items)?;
            // TypeScript takes the type of such a name from what objects inherit, and widens its value.
            let widened = place == "true" && INHERITED.contains(&&*name);
            let literal = if widened { " as const" } else { "" };
            Some(format!("{}: {place}{literal}", text::key(&name)))
        });
        let all: Vec<String> = all.collect();
        (!all.is_empty()).then(|| format!("{{ {} }}", all.join(", ")))
    }
}
