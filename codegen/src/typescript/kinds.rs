//! What kind of validator a schema has: whether its guard is a condition, and whether its violations are reported by a rule.

use super::{
    context::{Context, Usage},
    locals::is_not_inherited,
    recursion::Recursion,
};
use handfast_schema::{
    Schema, SchemaId, Type, TypeSet,
    openness::{Purpose, UnknownFields, unknown_fields},
    union::{Discriminant, Distinction, Union, union},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// More values than this are not compared one by one.
pub(super) const MAX_COMPARED: usize = 8;

impl Context<'_> {
    /// Two ways that come to the same are one.
    pub(super) fn canonical(&self, usage: Usage) -> Usage {
        let same = usage.purpose == Purpose::Part
            && (!self.sent_by_client[usage.id.0 as usize]
                || unknown_fields(&self.protocol.schemas, usage.id) == UnknownFields::AsWritten);
        let purpose = if same { Purpose::Whole } else { usage.purpose };
        Usage { purpose, ..usage }
    }

    /// The usage that a schema refers to if it is only a reference.
    pub(super) fn resolved(&self, mut usage: Usage) -> Usage {
        let schemas = &self.protocol.schemas;
        // References without end do not pass the validator of the spec.
        for _ in 0..64 {
            let Some(target) = schemas[usage.id].reference else {
                break;
            };
            if !schemas[usage.id].only_refers() || self.decl_of.contains_key(&usage.id) {
                break;
            }
            usage.purpose = unknown_fields(schemas, usage.id).in_place(usage.purpose);
            usage.id = target;
        }
        self.canonical(usage)
    }

    /// Whether a schema has a guard that is a condition.
    pub(super) fn has_guard(&self, usage: &Usage) -> bool {
        if usage.tracked || usage.purpose == Purpose::Test {
            return false;
        }
        let schema = &self.protocol.schemas[usage.id];
        match schema.types.and_then(TypeSet::single) {
            Some(Type::Object) => self.is_plain_object(schema),
            Some(Type::Array) => self.is_plain_array(usage, schema),
            Some(_) => self.has_rule(usage),
            None => false,
        }
    }

    /// Whether a schema is an object that is asked for nothing but properties.
    pub(super) fn is_plain_object(&self, schema: &Schema) -> bool {
        let known = Schema {
            properties: schema.properties.clone(),
            required: schema.required.clone(),
            additional_properties: schema
                .additional_properties
                .filter(|more| self.boolean(*more).is_some()),
            ..bare(schema)
        };
        let declared: BTreeSet<&String> = schema.properties.iter().map(|(name, _)| name).collect();
        *schema == known
            && schema.required.iter().all(|name| declared.contains(name))
            && schema
                .properties
                .iter()
                .all(|(name, _)| is_not_inherited(name))
    }

    /// The items of an array that is asked for nothing but those and how many they are.
    pub(super) fn only_items(&self, schema: &Schema) -> Option<SchemaId> {
        let known = Schema {
            items: schema.items,
            min_items: schema.min_items,
            max_items: schema.max_items,
            ..bare(schema)
        };
        let is_array = schema.types.and_then(TypeSet::single) == Some(Type::Array);
        // `false` has words of its own.
        let items = schema.items.filter(|id| self.boolean(*id) != Some(false));
        items.filter(|_| is_array && *schema == known)
    }

    /// The branches of a union of objects that is asked for nothing else, by the text of a property.
    pub(super) fn only_branches(&self, schema: &Schema) -> Option<Discriminant> {
        let known = Schema {
            any_of: schema.any_of.clone(),
            one_of: schema.one_of.clone(),
            ..bare(schema)
        };
        let branches = match (schema.any_of.as_slice(), schema.one_of.as_slice()) {
            (branches, []) | ([], branches) => branches,
            _ => return None,
        };
        if *schema != known || schema.types.is_some() {
            return None;
        }
        match union(&self.protocol.schemas, branches)? {
            Union {
                nullable: false,
                distinction: Distinction::Property(discriminant),
            } => Some(discriminant),
            _ => None,
        }
    }

    /// Whether a client sends it and never receives it.
    pub(super) fn is_only_sent(&self, id: SchemaId) -> bool {
        let id = id.0 as usize;
        self.sent_by_client[id]
            && !self.received_by_client[id]
            && self.recursion[id] == Recursion::None
    }

    fn is_plain_array(&self, usage: &Usage, schema: &Schema) -> bool {
        let Some(items) = self.only_items(schema) else {
            return false;
        };
        let item = self.resolved(usage.child(items));
        let is_object = |usage: &Usage| {
            self.protocol.schemas[usage.id]
                .types
                .and_then(TypeSet::single)
                == Some(Type::Object)
        };
        self.has_rule(&item) || (is_object(&item) && self.has_guard(&item))
    }

    pub(super) fn boolean(&self, id: SchemaId) -> Option<bool> {
        self.protocol.schemas[id].boolean
    }

    /// Whether a guard has a parameter that says whether the value is outgoing.
    pub(super) fn is_strict(&self, id: SchemaId) -> bool {
        self.sent_by_client[id.0 as usize]
    }

    /// Whether a scalar has both a condition and a rule.
    pub(super) fn has_rule(&self, usage: &Usage) -> bool {
        let Some(id) = self.scalar(usage.id) else {
            return false;
        };
        let schema = &self.protocol.schemas[id];
        let Some(ty) = schema.types.and_then(TypeSet::single) else {
            return false;
        };
        let safe_integers = self.protocol.schemas.safe_integers();
        match (ty, &schema.enumeration) {
            (Type::String, Some(values)) => {
                (2..=MAX_COMPARED).contains(&values.len()) && values.iter().all(Value::is_string)
            }
            (_, Some(_)) => false,
            (Type::String | Type::Boolean, None) => true,
            (Type::Number, None) => {
                schema.exclusive_maximum.is_none()
                    && (schema.exclusive_minimum.is_none()
                        || schema.minimum.is_none() && schema.maximum.is_none())
            }
            (Type::Integer, None) => {
                schema.exclusive_minimum.is_none()
                    && schema.exclusive_maximum.is_none()
                    && (safe_integers || schema.minimum.is_some() && schema.maximum.is_some())
            }
            _ => false,
        }
    }

    /// The schema of a scalar that has no other keywords than the ones handled by conditions.
    pub(super) fn scalar(&self, mut id: SchemaId) -> Option<SchemaId> {
        let schemas = &self.protocol.schemas;
        // References without end do not pass the validator of the spec.
        for _ in 0..64 {
            match schemas[id].reference.filter(|_| schemas[id].only_refers()) {
                Some(target) => id = target,
                None => break,
            }
        }
        let schema = &schemas[id];
        let bare = Schema {
            span: schema.span,
            annotations: schema.annotations.clone(),
            resource: schema.resource,
            types: schema.types,
            ..Schema::default()
        };
        let known = match &schema.enumeration {
            Some(values) => Schema {
                enumeration: Some(values.clone()),
                ..bare
            },
            None => Schema {
                min_length: schema.min_length,
                max_length: schema.max_length,
                pattern: schema.pattern.clone(),
                minimum: schema.minimum.clone(),
                maximum: schema.maximum.clone(),
                exclusive_minimum: schema.exclusive_minimum.clone(),
                exclusive_maximum: schema.exclusive_maximum.clone(),
                ..bare
            },
        };
        (*schema == known).then_some(id)
    }

    /// The string that a schema with nothing but `const` asks for.
    pub(super) fn constant_text(&self, id: SchemaId) -> Option<&Value> {
        let schema = &self.protocol.schemas[id];
        let known = Schema {
            constant: schema.constant.clone(),
            ..bare(schema)
        };
        let constant = schema.constant.as_ref().filter(|_| *schema == known)?;
        (schema.types.is_none() && constant.is_string()).then_some(constant)
    }

    /// Whether a schema is a string of which only a client learns, and that may have other values than it lists.
    pub(super) fn is_open_text(&self, id: SchemaId) -> bool {
        let schema = &self.protocol.schemas[id];
        let known = Schema {
            enumeration: schema.enumeration.clone(),
            open: true,
            ..bare(schema)
        };
        *schema == known
            && schema.enumeration.is_some()
            && schema.types.and_then(TypeSet::single) == Some(Type::String)
            && !self.is_strict(id)
    }

    /// Whether the condition of an array is written in place.
    pub(super) fn is_inline(&self, usage: &Usage) -> bool {
        let is_array = self.protocol.schemas[usage.id]
            .types
            .and_then(TypeSet::single)
            == Some(Type::Array);
        is_array && self.has_guard(usage) && !self.guards.contains_key(usage)
    }

    /// Whether an object takes properties that are not declared.
    pub(super) fn closed(&self, usage: &Usage) -> Option<Closed> {
        let schema = &self.protocol.schemas[usage.id];
        match schema
            .additional_properties
            .and_then(|more| self.boolean(more))
        {
            Some(true) => None,
            Some(false) => Some(Closed::Always),
            None => (usage.purpose == Purpose::Whole
                && self.is_strict(usage.id)
                && unknown_fields(&self.protocol.schemas, usage.id)
                    == UnknownFields::RefuseAdditional)
                .then_some(Closed::Strict),
        }
    }
}

/// When properties that are not declared are refused.
#[derive(Clone, Copy)]
pub(super) enum Closed {
    Always,
    /// If the value is outgoing.
    Strict,
}

/// A schema with nothing but its type.
fn bare(schema: &Schema) -> Schema {
    Schema {
        span: schema.span,
        annotations: schema.annotations.clone(),
        types: schema.types,
        resource: schema.resource,
        ..Schema::default()
    }
}
