//! The interpreter: every violation of an instance, in one order.
//!
//! What a schema finds is told in this order, which generated validators follow as well:
//!
//! 1. `type`. A value of another type is one violation, and the schema says nothing more of it.
//! 2. What lies inside: the declared properties in the schema's order, then the others by code point; or the items by
//!    index. At each property `propertyNames` speaks first, then `properties`, `patternProperties`, and
//!    `additionalProperties`.
//! 3. The keywords of the value itself, in this order: `false`, `const`, `enum`, `multipleOf`, `minimum`,
//!    `exclusiveMinimum`, `maximum`, `exclusiveMaximum`, `minLength`, `maxLength`, `pattern`, `format`,
//!    `contentEncoding`, `minItems`, `maxItems`, `uniqueItems`, `contains` (`minContains`), `maxContains`,
//!    `minProperties`, `maxProperties`, `required` (declared properties in their order, then the others as written),
//!    `dependentRequired`.
//! 4. What other schemas find in the same value: `$ref`, `$dynamicRef`, `dependentSchemas`, `allOf`, `anyOf`, `oneOf`,
//!    `not`, `then` or `else`.
//! 5. `unevaluatedItems` by index and `unevaluatedProperties` by code point. They count what `properties`, `items` and
//!    the like have looked at, whatever was found there, and say nothing beside a union of which no branch fits.
//!
//! What several schemas find alike at one place, in the same words, is told once, where it is found first.
//!
//! A union whose branches are told apart by one thing ([`crate::union`]) speaks of the branch that was meant only.

mod assertions;
mod children;
mod in_place;

use crate::openness::{Purpose, UnknownFields, unknown_fields};
use crate::union::{Union, union};
use crate::{
    MAX_VIOLATIONS, Pointer, Schema, SchemaId, Schemas, Side, Violation, ViolationDetail,
    Violations, details, listed, pattern, remove_duplicates,
};
use regex::Regex;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// How many schemas deep a value is checked, references and the like counted: what lies deeper is a violation of keyword
/// `depth`. A value as deep as `serde_json` reads one (128) may pass four schemas at every level.
pub const MAX_DEPTH: usize = 512;

/// Checks an instance against a schema and returns every violation in order, as [`listed`] cuts them. With a side, Handfast's two defaults
/// apply: a server refuses unknown fields ([`crate::openness`]), and an integer without bounds is within ±(2⁵³−1). Without, the
/// schemas mean what JSON Schema says, with `format` and `contentEncoding` as assertions. Schemas of another dialect have no
/// defaults, and a side changes nothing.
///
/// Whoever checks more than one instance keeps a [`Validator`], which compiles each pattern once.
///
/// # Panics
/// When `root` is not of `schemas`.
pub fn validate(
    schemas: &Schemas,
    root: SchemaId,
    instance: &Value,
    side: Option<Side>,
) -> Violations {
    Validator::new(schemas).validate(root, instance, side)
}

/// Schemas and what is worked out of them once: compiled patterns, and how unions are told apart.
#[derive(Debug)]
pub struct Validator<'s> {
    schemas: Cow<'s, Schemas>,
    prepared: Vec<OnceLock<Prepared>>,
    /// The schema that bears a dynamic anchor in a resource.
    anchors: BTreeMap<(Option<SchemaId>, String), SchemaId>,
}

/// What is worked out of one schema when it is first met.
#[derive(Debug)]
struct Prepared {
    /// None where there is no pattern, or it is none that can run: then nothing matches it.
    pattern: Option<Regex>,
    pattern_properties: Vec<(Option<Regex>, SchemaId)>,
    any_of: Option<Union>,
    one_of: Option<Union>,
    unknown_fields: UnknownFields,
    /// The places of the declared properties, by name.
    properties: BTreeMap<String, usize>,
    /// What is required, as it is listed.
    required: Vec<String>,
}

impl<'s> Validator<'s> {
    /// A validator of these schemas. Nothing is worked out before it is needed.
    pub fn new(schemas: &'s Schemas) -> Self {
        Self::of(Cow::Borrowed(schemas))
    }

    fn of(schemas: Cow<'s, Schemas>) -> Self {
        let prepared = schemas.iter().map(|_| OnceLock::new()).collect();
        let anchors = schemas
            .iter()
            .filter_map(|(id, schema)| {
                Some(((schema.resource, schema.dynamic_anchor.clone()?), id))
            })
            .collect();
        Self {
            schemas,
            prepared,
            anchors,
        }
    }

    /// The schemas.
    pub fn schemas(&self) -> &Schemas {
        &self.schemas
    }

    /// Checks an instance, as [`validate`] does.
    ///
    /// # Panics
    /// When `root` is not of these schemas.
    pub fn validate(&self, root: SchemaId, instance: &Value, side: Option<Side>) -> Violations {
        let mut violations = self.collect(root, instance, side);
        remove_duplicates(&mut violations);
        listed(violations)
    }

    /// Every violation of an instance, up to [`MAX_VIOLATIONS`], neither cut nor counted, and as often as it was found: for those
    /// who add to them.
    ///
    /// # Panics
    /// When `root` is not of these schemas.
    pub fn collect(&self, root: SchemaId, instance: &Value, side: Option<Side>) -> Violations {
        let mut out = Out {
            list: Vec::new(),
            quiet: false,
            failed: false,
        };
        self.run(root, instance, side, &mut out);
        out.list
    }

    /// Whether an instance has no violation; it stops at the first.
    ///
    /// # Panics
    /// When `root` is not of these schemas.
    pub fn is_valid(&self, root: SchemaId, instance: &Value, side: Option<Side>) -> bool {
        let mut out = Out {
            list: Vec::new(),
            quiet: true,
            failed: false,
        };
        self.run(root, instance, side, &mut out);
        !out.failed
    }

    fn run(&self, root: SchemaId, instance: &Value, side: Option<Side>, out: &mut Out) {
        let mut run = Run {
            validator: self,
            side: side.filter(|_| self.schemas.has_defaults()),
            chain: Vec::new(),
            base: 0,
            resources: Vec::new(),
            verdicts: BTreeMap::new(),
            unchecked: None,
        };
        run.apply(root, instance, Purpose::Whole, None, out);
        // Under `not` and the like it is not told where it happens, and must not count as a verdict.
        if let Some(why) = run.unchecked
            && !out
                .list
                .iter()
                .any(|violation| violation.keyword == why.keyword)
        {
            out.push(|| why);
        }
    }

    fn prepared(&self, id: SchemaId) -> &Prepared {
        self.prepared[id.0 as usize].get_or_init(|| {
            let schema = &self.schemas[id];
            Prepared {
                pattern: schema
                    .pattern
                    .as_deref()
                    .and_then(|p| pattern::compile(p).ok()),
                pattern_properties: schema
                    .pattern_properties
                    .iter()
                    .map(|(p, id)| (pattern::compile(p).ok(), *id))
                    .collect(),
                any_of: union(&self.schemas, &schema.any_of),
                one_of: union(&self.schemas, &schema.one_of),
                unknown_fields: unknown_fields(&self.schemas, id),
                properties: schema
                    .properties
                    .iter()
                    .enumerate()
                    .map(|(i, (name, _))| (name.clone(), i))
                    .collect(),
                required: schema.required_in_order().map(str::to_owned).collect(),
            }
        })
    }
}

impl Validator<'static> {
    /// A validator that keeps the schemas itself.
    pub fn owned(schemas: Schemas) -> Self {
        Self::of(Cow::Owned(schemas))
    }
}

/// Where violations go. A quiet one only remembers that there was any.
struct Out {
    list: Violations,
    quiet: bool,
    failed: bool,
}

impl Out {
    fn push(&mut self, told: impl FnOnce() -> ViolationDetail) {
        self.failed = true;
        if !self.quiet && self.list.len() < MAX_VIOLATIONS {
            self.list.push(Violation::new(Pointer::root(), told()));
        }
    }

    /// Pushes where `holds` is false.
    fn check(&mut self, holds: bool, told: impl FnOnce() -> ViolationDetail) {
        if !holds {
            self.push(told);
        }
    }

    /// Whether what is asked is known already.
    const fn decided(&self) -> bool {
        if self.quiet {
            self.failed
        } else {
            self.list.len() >= MAX_VIOLATIONS
        }
    }

    /// Puts a step in front of the paths of what was pushed since `start`.
    fn under(&mut self, start: usize, step: Step<'_>) {
        for violation in &mut self.list[start..] {
            match step {
                Step::Key(key) => violation.path.prepend_key(key),
                Step::Index(index) => violation.path.prepend_index(index),
            }
        }
    }
}

/// From a value to one inside it.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// What has been looked at inside a value, for `unevaluatedProperties` and `unevaluatedItems`.
#[derive(Default)]
struct Seen<'i> {
    all_properties: bool,
    properties: BTreeSet<&'i str>,
    all_items: bool,
    items: BTreeSet<usize>,
}

impl<'i> Seen<'i> {
    fn merge(&mut self, other: Seen<'i>) {
        self.all_properties |= other.all_properties;
        self.all_items |= other.all_items;
        self.properties.extend(other.properties);
        self.items.extend(other.items);
    }

    /// Where something is wrong already, what was not looked at is not told as well.
    const fn everything(&mut self) {
        self.all_properties = true;
        self.all_items = true;
    }
}

/// One instance being checked.
struct Run<'v> {
    validator: &'v Validator<'v>,
    side: Option<Side>,
    /// The schemas being applied, outermost first; from `base` on, those that apply to the same value.
    chain: Vec<SchemaId>,
    base: usize,
    /// The dynamic scope: the schema resources entered, outermost first.
    resources: Vec<SchemaId>,
    /// Verdicts on objects and arrays. Branches of a union that all look at the same value would otherwise ask again at
    /// every level, which takes time exponential in the depth of what a stranger sent.
    verdicts: BTreeMap<(SchemaId, usize, Purpose), bool>,
    /// Why something could not be checked at all.
    unchecked: Option<ViolationDetail>,
}

impl<'v> Run<'v> {
    fn apply<'i>(
        &mut self,
        id: SchemaId,
        value: &'i Value,
        purpose: Purpose,
        seen: Option<&mut Seen<'i>>,
        out: &mut Out,
    ) {
        if out.decided() {
            return;
        }
        if self.chain.len() >= MAX_DEPTH {
            return self.give_up(details::too_deep(), out);
        }
        if self.chain[self.base..].contains(&id) {
            return self.give_up(details::self_reference(), out);
        }
        let validator = self.validator;
        // What a dynamic reference means depends on the way to it, so that a verdict holds nowhere else.
        let key = (seen.is_none()
            && validator.anchors.is_empty()
            && (value.is_object() || value.is_array()))
        .then(|| (id, std::ptr::from_ref(value).addr(), purpose));
        match key.and_then(|key| self.verdicts.get(&key)) {
            Some(true) => return,
            Some(false) if out.quiet => {
                out.failed = true;
                return;
            }
            _ => {}
        }
        let failed = std::mem::replace(&mut out.failed, false);
        let schema = &validator.schemas[id];
        let enters = schema
            .resource
            .filter(|resource| self.resources.last() != Some(resource));
        self.resources.extend(enters);
        self.chain.push(id);
        self.node(schema, validator.prepared(id), value, purpose, seen, out);
        self.chain.pop();
        // What was left half done says nothing.
        if let Some(key) = key.filter(|_| out.failed || !out.decided()) {
            self.verdicts.insert(key, !out.failed);
        }
        out.failed |= failed;
        if enters.is_some() {
            self.resources.pop();
        }
    }

    fn give_up(&mut self, why: ViolationDetail, out: &mut Out) {
        let why = self.unchecked.get_or_insert(why).clone();
        out.push(|| why);
    }

    fn node<'i>(
        &mut self,
        schema: &'v Schema,
        prepared: &'v Prepared,
        value: &'i Value,
        purpose: Purpose,
        seen: Option<&mut Seen<'i>>,
        out: &mut Out,
    ) {
        if schema.boolean == Some(false) {
            return out.push(details::nothing);
        }
        if let Some(types) = schema
            .types
            .filter(|types| !assertions::is_of(value, *types))
        {
            if let Some(seen) = seen {
                seen.everything();
            }
            return out.push(|| details::types(types));
        }
        let closes = purpose == Purpose::Whole
            && self.side == Some(Side::Server)
            && prepared.unknown_fields != UnknownFields::AsWritten;
        let closed = closes && prepared.unknown_fields == UnknownFields::RefuseUnevaluated;
        let watches =
            closed || schema.unevaluated_properties.is_some() || schema.unevaluated_items.is_some();
        let mut own = (watches || seen.is_some()).then(Seen::default);

        let additional = closes && prepared.unknown_fields == UnknownFields::RefuseAdditional;
        match value {
            Value::Object(fields) => {
                let object = children::Object {
                    schema,
                    prepared,
                    fields,
                    additional,
                };
                self.properties(&object, purpose, own.as_mut(), out);
            }
            Value::Array(items) => self.items(schema, items, purpose, own.as_mut(), out),
            _ => {}
        }
        let defaults = self.side.filter(|_| purpose != Purpose::Test);
        assertions::value(schema, prepared, value, defaults, out);
        if let Value::Array(items) = value {
            self.contains(schema, items, own.as_mut(), out);
        }
        if let Value::Object(fields) = value {
            assertions::object(schema, prepared, fields, out);
        }
        self.in_place(schema, prepared, value, purpose, own.as_mut(), out);
        if let Some(own) = &mut own {
            self.unevaluated(schema, value, closed, purpose, own, out);
        }
        if let (Some(seen), Some(own)) = (seen, own) {
            seen.merge(own);
        }
    }

    /// Applies a schema to a value inside the present one.
    fn child(
        &mut self,
        id: SchemaId,
        step: Step<'_>,
        value: &Value,
        purpose: Purpose,
        out: &mut Out,
    ) {
        let start = out.list.len();
        let base = std::mem::replace(&mut self.base, self.chain.len());
        self.apply(id, value, purpose, None, out);
        self.base = base;
        out.under(start, step);
    }

    /// Whether a schema accepts a value, and what it has looked at there if it does.
    fn accepts<'i>(
        &mut self,
        id: SchemaId,
        value: &'i Value,
        purpose: Purpose,
        seen: Option<&mut Seen<'i>>,
    ) -> bool {
        let mut out = Out {
            list: Vec::new(),
            quiet: true,
            failed: false,
        };
        let mut own = seen.is_some().then(Seen::default);
        self.apply(id, value, purpose, own.as_mut(), &mut out);
        if let (Some(seen), Some(own), false) = (seen, own, out.failed) {
            seen.merge(own);
        }
        !out.failed
    }

    /// Whether a schema accepts a value inside the present one.
    fn accepts_child(&mut self, id: SchemaId, value: &Value, purpose: Purpose) -> bool {
        let base = std::mem::replace(&mut self.base, self.chain.len());
        let accepted = self.accepts(id, value, purpose, None);
        self.base = base;
        accepted
    }
}
