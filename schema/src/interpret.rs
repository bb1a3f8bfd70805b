//! The interpreter: reports every violation of an instance, in a fixed order.
//!
//! Violations of a schema come in this order, which generated validators follow as well:
//!
//! 1. `type`. A value of the wrong type is one violation, and the schema reports nothing else about it.
//! 2. Children: the declared properties in the schema's order, then the others by code point; or the items by index.
//!    At each property `propertyNames` comes first, then `properties`, `patternProperties`, and
//!    `additionalProperties`.
//! 3. The keywords of the value itself, in this order: `false`, `const`, `enum`, `multipleOf`, `minimum`,
//!    `exclusiveMinimum`, `maximum`, `exclusiveMaximum`, `minLength`, `maxLength`, `pattern`, `format`,
//!    `contentEncoding`, `minItems`, `maxItems`, `uniqueItems`, `contains` (`minContains`), `maxContains`,
//!    `minProperties`, `maxProperties`, `required` (declared properties in their order, then the others as written),
//!    `dependentRequired`.
//! 4. What other schemas report about the same value: `$ref`, `$dynamicRef`, `dependentSchemas`, `allOf`, `anyOf`,
//!    `oneOf`, `not`, `then` or `else`.
//! 5. `unevaluatedItems` by index and `unevaluatedProperties` by code point. A child counts as evaluated if
//!    `properties`, `items` and the like apply to it, whether or not it is valid. They report nothing if the value
//!    matches no branch of a union.
//!
//! A violation that several schemas report at the same path with the same message is listed once, at its first place.
//!
//! For a union whose branches have a discriminant ([`crate::union`]), only violations of the branch it names are
//! reported.

mod assertions;
mod children;
mod in_place;
mod judgement;
mod seen;

pub use judgement::Judgement;
use seen::{Evaluated, Seen};

use crate::openness::{Purpose, UnknownFields, unknown_fields};
use crate::union::{Union, union};
use crate::{
    MAX_VIOLATIONS, Pointer, Schema, SchemaId, Schemas, Side, Violation, ViolationDetail,
    Violations, details, listed, pattern, remove_duplicates,
};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// How many nested schemas are applied to a value, references included; anything deeper is a violation with the
/// keyword `depth`. A value as deep as a protocol may allow and `serde_json` reads (128) may pass through six schemas at every level; a
/// thread with a stack of 2 MiB, as those of tokio have, holds as many, optimized or not.
pub const MAX_DEPTH: usize = 768;

/// Checks an instance against a schema and returns every violation in order, shortened as by [`listed`]. With a side,
/// Handfast's two defaults apply: a server refuses unknown fields ([`crate::openness`]), and an integer without
/// bounds is within ±(2⁵³−1). Without a side, schemas mean what JSON Schema says, with `format` and `contentEncoding`
/// as assertions. Schemas of another dialect have no defaults, or the one of integers ([`Schemas::safe_integers`]).
///
/// To check more than one instance, keep a [`Validator`], which compiles each pattern once.
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

/// Schemas and what is computed from them once: compiled patterns and the discriminants of unions.
#[derive(Debug)]
pub struct Validator<'s> {
    schemas: Cow<'s, Schemas>,
    prepared: Vec<OnceLock<Prepared>>,
    /// The schema that declares a dynamic anchor in a resource.
    anchors: BTreeMap<(Option<SchemaId>, String), SchemaId>,
    /// Whether several schemas refer to a schema, by its id.
    shared: Vec<bool>,
}

/// What is computed from a schema when it is first applied.
#[derive(Debug)]
struct Prepared {
    /// `None` if there is no pattern, or if it cannot be compiled: then nothing matches it.
    pattern: Option<pattern::Matcher>,
    pattern_properties: Vec<(Option<pattern::Matcher>, SchemaId)>,
    any_of: Option<Union>,
    one_of: Option<Union>,
    unknown_fields: UnknownFields,
    /// The indices of the declared properties, by name.
    properties: BTreeMap<String, usize>,
    /// The required names, in the order of the report.
    required: Vec<String>,
}

impl<'s> Validator<'s> {
    /// A validator for these schemas. Everything is computed on first use.
    pub fn new(schemas: &'s Schemas) -> Self {
        Self::of(Cow::Borrowed(schemas))
    }

    fn of(schemas: Cow<'s, Schemas>) -> Self {
        let prepared: Vec<_> = schemas.iter().map(|_| OnceLock::new()).collect();
        let anchors = schemas
            .iter()
            .filter_map(|(id, schema)| {
                Some(((schema.resource, schema.dynamic_anchor.clone()?), id))
            })
            .collect();
        let mut references = vec![0u32; prepared.len()];
        for target in schemas.iter().filter_map(|(_, schema)| schema.reference) {
            references[target.0 as usize] += 1;
        }
        Self {
            schemas,
            prepared,
            anchors,
            shared: references.into_iter().map(|n| n > 1).collect(),
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

    /// Every violation of an instance, up to [`MAX_VIOLATIONS`], without shortening or removing duplicates: for
    /// callers that add violations of their own.
    ///
    /// # Panics
    /// When `root` is not of these schemas.
    pub fn collect(&self, root: SchemaId, instance: &Value, side: Option<Side>) -> Violations {
        self.judge(side).collect(root, instance)
    }

    /// Whether an instance is valid; stops at the first violation.
    ///
    /// # Panics
    /// When `root` is not of these schemas.
    pub fn is_valid(&self, root: SchemaId, instance: &Value, side: Option<Side>) -> bool {
        let mut out = Out {
            list: Vec::new(),
            quiet: true,
            failed: false,
        };
        Run::new(self, side).whole(root, instance, &mut out);
        !out.failed
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
    /// A validator that owns its schemas.
    pub fn owned(schemas: Schemas) -> Self {
        Self::of(Cow::Owned(schemas))
    }
}

/// Collects violations. A quiet one only records whether there was any.
struct Out {
    list: Violations,
    quiet: bool,
    failed: bool,
}

impl Out {
    fn push(&mut self, detail: impl FnOnce() -> ViolationDetail) {
        self.failed = true;
        if !self.quiet && self.list.len() < MAX_VIOLATIONS {
            self.list.push(Violation::new(Pointer::root(), detail()));
        }
    }

    /// Adds a violation if `holds` is false.
    fn check(&mut self, holds: bool, detail: impl FnOnce() -> ViolationDetail) {
        if !holds {
            self.push(detail);
        }
    }

    /// Whether further violations would change nothing.
    const fn decided(&self) -> bool {
        if self.quiet {
            self.failed
        } else {
            self.list.len() >= MAX_VIOLATIONS
        }
    }

    /// Prepends a step to the paths of everything added since `start`.
    fn under(&mut self, start: usize, step: Step<'_>) {
        for violation in &mut self.list[start..] {
            match step {
                Step::Key(key) => violation.path.prepend_key(key),
                Step::Index(index) => violation.path.prepend_index(index),
            }
        }
    }
}

/// A step from a value to one of its children.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// A schema, the address of the value it is applied to, and what for.
type Application = (SchemaId, usize, Purpose);

/// The validation of one instance.
struct Run<'v> {
    validator: &'v Validator<'v>,
    /// The side whose defaults apply.
    side: Option<Side>,
    /// Whether integers without bounds have those of a double.
    safe_integers: bool,
    /// The schemas being applied, outermost first; from `base` on, those that apply to the same value.
    chain: Vec<SchemaId>,
    base: usize,
    /// The dynamic scope: the schema resources entered, outermost first.
    resources: Vec<SchemaId>,
    /// Verdicts on objects and arrays. Without them, union branches that all inspect the same value would repeat the
    /// work at every level, which takes time exponential in the depth of untrusted input.
    verdicts: HashMap<Application, bool>,
    /// What schemas evaluated that several others refer to. Without it, types that each extend the next one twice would
    /// take time exponential in their number.
    evaluated: HashMap<Application, Evaluated>,
    /// Why part of the value could not be checked.
    unchecked: Option<ViolationDetail>,
    /// How many schemas have been applied to values.
    #[cfg(test)]
    applied: usize,
}

impl<'v> Run<'v> {
    fn new(validator: &'v Validator<'v>, side: Option<Side>) -> Self {
        Self {
            validator,
            side: side.filter(|_| validator.schemas.has_defaults()),
            safe_integers: side.is_some() && validator.schemas.safe_integers(),
            chain: Vec::new(),
            base: 0,
            resources: Vec::new(),
            verdicts: HashMap::new(),
            evaluated: HashMap::new(),
            unchecked: None,
            #[cfg(test)]
            applied: 0,
        }
    }

    /// Applies the schema of the whole value.
    fn whole(&mut self, root: SchemaId, instance: &Value, out: &mut Out) {
        self.apply(root, instance, Purpose::Whole, None, out);
        // Under `not` and the like the violation is dropped, and it must not count as a verdict.
        if let Some(why) = self.unchecked.take()
            && !out
                .list
                .iter()
                .any(|violation| violation.keyword == why.keyword)
        {
            out.push(|| why);
        }
    }

    fn apply<'i>(
        &mut self,
        id: SchemaId,
        value: &'i Value,
        purpose: Purpose,
        mut seen: Option<&mut Seen<'i>>,
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
        // The target of a dynamic reference depends on the scope, so a verdict is not valid elsewhere.
        let key = (validator.anchors.is_empty() && (value.is_object() || value.is_array()))
            .then(|| (id, std::ptr::from_ref(value).addr(), purpose));
        match (key.and_then(|key| self.verdicts.get(&key)), &mut seen) {
            (Some(true), None) => return,
            (Some(true), Some(seen)) => {
                if let Some(evaluated) = key.and_then(|key| self.evaluated.get(&key)) {
                    return seen.recall(evaluated, value);
                }
            }
            (Some(false), _) if out.quiet => {
                out.failed = true;
                return;
            }
            _ => {}
        }
        let is_shared = validator.shared[id.0 as usize] && seen.is_some();
        let mut fresh = key.filter(|_| is_shared).map(|_| Seen::default());
        #[cfg(test)]
        {
            self.applied += 1;
        }
        let failed = std::mem::replace(&mut out.failed, false);
        let schema = &validator.schemas[id];
        let enters = schema
            .resource
            .filter(|resource| self.resources.last() != Some(resource));
        self.resources.extend(enters);
        self.chain.push(id);
        let recorded = fresh.as_mut().or(seen.as_deref_mut());
        self.node(
            schema,
            validator.prepared(id),
            value,
            purpose,
            recorded,
            out,
        );
        self.chain.pop();
        if let (Some(fresh), Some(seen), Some(key)) = (fresh, seen, key) {
            if !out.failed {
                self.evaluated.insert(key, fresh.remember());
            }
            seen.merge(fresh);
        }
        // A check that stopped early is no verdict.
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
        // Most branches of a union that do not accept an object fail here, before the rest of it is looked at.
        if out.quiet
            && let Value::Object(fields) = value
            && !prepared
                .required
                .iter()
                .all(|name| fields.contains_key(name))
        {
            out.failed = true;
            return;
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
        let describes = purpose != Purpose::Test;
        let defaults = assertions::Defaults {
            opens: describes && self.side == Some(Side::Client),
            safe_integers: describes && self.safe_integers,
        };
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

    /// Applies a schema to a child of the current value.
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

    /// Whether a schema accepts a value; if it does, adds what it evaluated to `seen`.
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

    /// Whether a schema accepts a child of the current value.
    fn accepts_child(&mut self, id: SchemaId, value: &Value, purpose: Purpose) -> bool {
        let base = std::mem::replace(&mut self.base, self.chain.len());
        let accepted = self.accepts(id, value, purpose, None);
        self.base = base;
        accepted
    }
}
