//! Schemas: contradictions, keywords without effect, and keywords that are not enforced.

use super::{Checker, branches::Around};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::schema::values::numeric_format;
use crate::tree::{Document, Entry, Kind, NodeId};
use handfast_schema::{Number, Schema, SchemaId, Span, Type, TypeSet, format};
use serde_json::Value;
use std::collections::BTreeMap;

/// The largest integer that a double represents along with both its neighbours: 2^53 - 1.
const SAFE: f64 = 9_007_199_254_740_991.0;

/// Content encodings of RFC 2045: they say how a text is sent by mail, and assert nothing.
const MAIL_ENCODINGS: [&str; 4] = ["7bit", "8bit", "binary", "quoted-printable"];

/// Pairs of bounds, of which the first must not be above the second.
const BOUNDS: [(&str, &str); 5] = [
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
    ("minimum", "maximum"),
];

/// Keywords that apply to one type only.
const TYPED: [(&str, Type); 29] = [
    ("maxLength", Type::String),
    ("minLength", Type::String),
    ("pattern", Type::String),
    ("format", Type::String),
    ("contentEncoding", Type::String),
    ("prefixItems", Type::Array),
    ("items", Type::Array),
    ("maxItems", Type::Array),
    ("minItems", Type::Array),
    ("uniqueItems", Type::Array),
    ("contains", Type::Array),
    ("minContains", Type::Array),
    ("maxContains", Type::Array),
    ("unevaluatedItems", Type::Array),
    ("properties", Type::Object),
    ("patternProperties", Type::Object),
    ("additionalProperties", Type::Object),
    ("propertyNames", Type::Object),
    ("dependentRequired", Type::Object),
    ("dependentSchemas", Type::Object),
    ("unevaluatedProperties", Type::Object),
    ("maxProperties", Type::Object),
    ("minProperties", Type::Object),
    ("required", Type::Object),
    ("maximum", Type::Number),
    ("minimum", Type::Number),
    ("exclusiveMaximum", Type::Number),
    ("exclusiveMinimum", Type::Number),
    ("multipleOf", Type::Number),
];

impl Checker<'_> {
    pub(super) fn schemas(&mut self) {
        let (around, tests) = (self.around(), self.tests());
        for (id, schema) in self.protocol.schemas.iter() {
            let Some(site) = self.lowered.sites.get(id.0 as usize) else {
                continue;
            };
            let tree = &self.lowered.docs[site.doc];
            if self.protocol.schemas.has_defaults() {
                self.not_enforced(schema, tree, tree.entries(site.node));
                self.remarks(schema, tree, tree.entries(site.node));
                self.integers(id, schema, tree);
            }
            self.contradictions(id, schema, tree);
            // Where a schema tests a value, no unknown field is refused.
            if !tests.contains(&id) {
                self.undeclared(&around, id, schema, tree);
            }
            self.idle(id, schema, tree);
        }
        self.circles();
        self.defaults();
    }

    /// What is not enforced: keywords of meta-schemas, unknown formats, and annotations.
    fn not_enforced(&mut self, schema: &Schema, tree: &Document, entries: &[Entry]) {
        for entry in entries {
            let (what, known): (_, &[&str]) = match entry.key.as_str() {
                "$vocabulary" => {
                    let text =
                        "`$vocabulary` belongs in a meta-schema, and this schema describes values";
                    let help =
                        "remove it: schemas are read as draft 2020-12 with all its vocabularies";
                    self.out
                        .push(Diagnostic::error("S013", entry.at, text).help(help));
                    continue;
                }
                "contentSchema" | "contentMediaType" => {
                    let text = format!("`{}` is an annotation, and is not enforced", entry.key);
                    self.out.push(Diagnostic::note("G006", entry.at, text));
                    continue;
                }
                "format" => ("format", &format::KNOWN),
                "contentEncoding" => ("content encoding", &format::ENCODINGS),
                _ => continue,
            };
            let Some(name) = tree.text(entry.value) else {
                continue;
            };
            let at = tree.node(entry.value).span;
            if known.contains(&name) {
                continue;
            }
            // Lowering made an annotation of what it knows, and bounds or an encoding if it asserts something.
            let is_note = what == "format" && schema.annotations.format.as_deref() == Some(name);
            let is_bounds = is_note && matches!(numeric_format(name), Some(Some(_)));
            if is_bounds || name == "byte" && schema.content_encoding.is_some() {
                continue;
            }
            if is_note || what != "format" && MAIL_ENCODINGS.contains(&name) {
                let text = format!("the {what} `{name}` is an annotation, and is not enforced");
                self.out.push(Diagnostic::note("G006", at, text));
                continue;
            }
            let text = format!("there is no {what} `{name}`");
            let help = did_you_mean(name, known.iter().copied())
                .unwrap_or_else(|| format!("known are `{}`", known.join("`, `")));
            self.out
                .push(Diagnostic::error("S014", at, text).help(help));
        }
    }

    /// A schema that matches nothing is an error in Handfast's dialect, and a warning in a schema that may be someone
    /// else's.
    fn doubtful(&self, code: &'static str, at: Span, text: impl Into<String>) -> Diagnostic {
        if self.protocol.schemas.has_defaults() {
            Diagnostic::error(code, at, text)
        } else {
            Diagnostic::warning(code, at, text)
        }
    }

    pub(super) fn keyword_place(
        &self,
        id: SchemaId,
        tree: &Document,
        keyword: &str,
    ) -> Option<Span> {
        let entry = self.keyword(id, keyword)?;
        let node = tree.node(entry.value);
        let short = matches!(node.kind, Kind::Text(_) | Kind::Number(_) | Kind::Bool(_));
        Some(if short { node.span } else { entry.at })
    }

    fn contradictions(&mut self, id: SchemaId, schema: &Schema, tree: &Document) {
        self.bounds(id, schema, tree);
        if let Some(values) = &schema.enumeration {
            self.enumeration(id, schema, tree, values);
        }
        if let (Some(types), Some(constant)) = (schema.types, &schema.constant)
            && !fits(types, constant)
            && let Some(at) = self.keyword_place(id, tree, "const")
        {
            let text = "no value is valid: the constant is not of the type";
            let other = self.keyword_place(id, tree, "type").unwrap_or(at);
            let help = "delete `type`, which the constant has anyway, or correct one of them";
            let problem = self.doubtful("S010", at, text).help(help);
            self.out.push(problem.label(other, "the type"));
        }
    }

    /// Bounds that exclude each other. Those without effect exclude nothing.
    fn bounds(&mut self, id: SchemaId, schema: &Schema, tree: &Document) {
        let value = |keyword: &str| {
            let entry = self.keyword(id, keyword)?;
            if is_idle(schema, keyword) {
                return None;
            }
            tree.number(entry.value)?.as_f64()
        };
        let mut empty = Vec::new();
        for (low, high) in BOUNDS {
            if let (Some(least), Some(most)) = (value(low), value(high))
                && least > most
            {
                empty.push((low, high));
            }
        }
        for (low, high) in [
            ("exclusiveMinimum", "maximum"),
            ("minimum", "exclusiveMaximum"),
            ("exclusiveMinimum", "exclusiveMaximum"),
        ] {
            if let (Some(least), Some(most)) = (value(low), value(high))
                && least >= most
            {
                empty.push((low, high));
            }
        }
        for (low, high) in empty {
            let (Some(at), Some(other)) = (
                self.keyword_place(id, tree, low),
                self.keyword_place(id, tree, high),
            ) else {
                continue;
            };
            let text = format!("no value is valid: `{low}` is above `{high}`");
            let help =
                format!("exchange them, or correct one: `{low}` is the least that is allowed");
            let problem = self.doubtful("S010", at, text).help(help);
            self.out.push(problem.label(other, "the upper bound"));
        }
    }

    /// Required fields that a server would refuse as unknown.
    fn undeclared(&mut self, around: &Around, id: SchemaId, schema: &Schema, tree: &Document) {
        let closed = schema
            .additional_properties
            .is_none_or(|id| self.protocol.schemas[id].boolean == Some(false));
        let alone = schema.reference.is_none()
            && schema.pattern_properties.is_empty()
            && schema.all_of.is_empty()
            && schema.any_of.is_empty()
            && schema.one_of.is_empty()
            && schema.condition.is_none()
            && schema.dependent_schemas.is_empty()
            && schema.unevaluated_properties.is_none();
        let defaults = self.protocol.schemas.has_defaults();
        if defaults && closed && alone && !schema.properties.is_empty() {
            let known: std::collections::BTreeSet<&str> = schema
                .properties
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            let items = self
                .keyword(id, "required")
                .and_then(|entry| tree.list(entry.value))
                .unwrap_or_default();
            let items: BTreeMap<&str, &NodeId> = (items.iter().rev())
                .filter_map(|item| Some((tree.text(*item)?, item)))
                .collect();
            for name in &schema.required {
                if known.contains(name.as_str()) || self.is_declared_around(around, id, name) {
                    continue;
                }
                let item = items.get(name.as_str());
                let at = item.map_or(schema.span, |item| tree.node(**item).span);
                let text = format!(
                    "`{name}` is required but not among the properties, and a server refuses unknown fields"
                );
                let known = known
                    .iter()
                    .copied()
                    .filter(|_| self.out.wants_suggestions());
                let help = did_you_mean(name, known);
                self.out
                    .push(Diagnostic::warning("S012", at, text).maybe_help(help));
            }
        }
    }

    fn enumeration(&mut self, id: SchemaId, schema: &Schema, tree: &Document, values: &[Value]) {
        let Some(entry) = self.keyword(id, "enum") else {
            return;
        };
        if values.is_empty() {
            let text = "no value is valid: the `enum` is empty";
            let help = "list the values that are valid, or delete `enum`";
            let problem = self.doubtful("S009", entry.at, text).help(help);
            self.out.push(problem);
        }
        let items = tree.list(entry.value).unwrap_or_default();
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        for (item, value) in items.iter().zip(values) {
            let at = tree.node(*item).span;
            if let Some(first) = seen.insert(crate::hash::canonical::canonical(value), at) {
                let text = "this value occurs twice in `enum`";
                let problem = self.doubtful("S009", at, text).help("delete one of them");
                self.out.push(problem.label(first, "first here"));
            } else if schema.types.is_some_and(|types| !fits(types, value)) {
                let text = "this value is not of the type and never valid";
                let other = self.keyword_place(id, tree, "type").unwrap_or(at);
                let help = "delete the value, or change `type`";
                let problem = self.doubtful("S010", at, text).help(help);
                self.out.push(problem.label(other, "the type"));
            }
        }
        if schema.open && !values.iter().all(Value::is_string) {
            let at = self.keyword_place(id, tree, "open").unwrap_or(entry.at);
            let text = "`open` is for an `enum` of strings";
            self.out.push(
                Diagnostic::error("S020", at, text).label(entry.at, "this one has other values"),
            );
        }
    }

    /// Integers that JavaScript cannot represent.
    fn integers(&mut self, id: SchemaId, schema: &Schema, tree: &Document) {
        let whole = schema
            .types
            .is_some_and(|types| types.contains(Type::Integer) && !types.contains(Type::Number));
        if !whole {
            return;
        }
        let wide = |number: &Option<Number>, bound: f64| {
            number
                .as_ref()
                .and_then(Number::as_f64)
                .is_some_and(|value| value.abs() > bound)
        };
        for (keyword, number, bound) in [
            ("minimum", &schema.minimum, SAFE),
            ("maximum", &schema.maximum, SAFE),
            ("exclusiveMinimum", &schema.exclusive_minimum, SAFE + 1.0),
            ("exclusiveMaximum", &schema.exclusive_maximum, SAFE + 1.0),
        ] {
            if wide(number, bound)
                && let Some(at) = self.keyword_place(id, tree, keyword)
            {
                let text = format!("`{keyword}` allows integers that a double cannot represent");
                self.wide(at, text);
            }
        }
        let values = schema
            .constant
            .iter()
            .chain(schema.enumeration.iter().flatten());
        let wide = values
            .filter_map(Value::as_f64)
            .any(|value| value.abs() > SAFE);
        let keyword = if schema.constant.is_some() {
            "const"
        } else {
            "enum"
        };
        if wide && let Some(at) = self.keyword_place(id, tree, keyword) {
            self.wide(
                at,
                format!("`{keyword}` has an integer that a double cannot represent"),
            );
        }
        if matches!(schema.format.as_deref(), Some("int64" | "uint64"))
            && let Some(at) = self.keyword_place(id, tree, "format")
        {
            self.wide(at, "a 64-bit integer is sent as a string".to_owned());
        }
    }

    fn wide(&mut self, at: Span, text: String) {
        let help = "stay within ±9007199254740991, which needs no bounds, or send it as a string: `{ type: string, format: int64 }`";
        self.out
            .push(Diagnostic::error("S011", at, text).help(help));
    }

    fn idle(&mut self, id: SchemaId, schema: &Schema, tree: &Document) {
        let mut idle = Vec::new();
        if let Some(types) = schema.types {
            for (keyword, ty) in TYPED {
                // `format: int64` on an integer has a message of its own, and others are formats of numbers.
                let format = schema
                    .annotations
                    .format
                    .as_deref()
                    .and_then(numeric_format);
                let is_of_number = types.contains(Type::Number) && format.is_some();
                let said = keyword == "format" && (types.contains(Type::Integer) || is_of_number);
                if !applies(types, ty) && !said && self.keyword(id, keyword).is_some() {
                    let types: Vec<_> = types.iter().map(Type::name).collect();
                    let types = types.join(" or ");
                    idle.push((keyword, format!("`{keyword}` has no effect on {types}")));
                }
            }
        }
        for (keyword, needed) in [
            ("minContains", "contains"),
            ("maxContains", "contains"),
            ("then", "if"),
            ("else", "if"),
            ("open", "enum"),
        ] {
            if self.keyword(id, keyword).is_some() && self.keyword(id, needed).is_none() {
                idle.push((
                    keyword,
                    format!("`{keyword}` has no effect without `{needed}`"),
                ));
            }
        }
        let items = self.keyword(id, "items").map(|entry| entry.value);
        if self.keyword(id, "additionalItems").is_some()
            && items.is_none_or(|items| tree.list(items).is_none())
        {
            let text = "`additionalItems` has no effect without a list under `items`";
            idle.push(("additionalItems", text.to_owned()));
        }
        for (entry, draft) in self.lowered.beside_ref(id) {
            let text = format!("`{}` has no effect beside `$ref` in {draft}", entry.key);
            let problem = match self.protocol.schemas.has_defaults() {
                true => Diagnostic::warning("S020", entry.at, text),
                // Someone else's schema may well say so.
                false => Diagnostic::note("S020", entry.at, text),
            };
            self.out
                .push(problem.help("put the `$ref` into an `allOf`"));
        }
        for (keyword, text) in idle {
            let place = self.keyword(id, keyword).map(|entry| entry.at);
            let at = place
                .or_else(|| self.keyword_place(id, tree, keyword))
                .unwrap_or(schema.span);
            self.out.push(Diagnostic::warning("S020", at, text));
        }
    }

    /// References that lead back to themselves without descending into the value.
    pub(super) fn circles(&mut self) {
        const NEW: u8 = 0;
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let schemas = &self.protocol.schemas;
        let mut state = vec![NEW; schemas.len()];
        for (start, _) in schemas.iter() {
            // An explicit stack: a chain of references may be longer than the thread's stack allows.
            let mut stack = vec![(start, false)];
            while let Some((id, leaving)) = stack.pop() {
                let at = id.0 as usize;
                if leaving {
                    state[at] = DONE;
                    continue;
                }
                if state[at] != NEW {
                    continue;
                }
                state[at] = OPEN;
                stack.push((id, true));
                let schema = &schemas[id];
                let dynamic = schema
                    .dynamic_reference
                    .as_ref()
                    .map(|dynamic| dynamic.initial);
                let single = [
                    schema.reference,
                    dynamic,
                    schema.not,
                    schema.condition,
                    schema.then,
                    schema.otherwise,
                ];
                let many = schema
                    .all_of
                    .iter()
                    .chain(&schema.any_of)
                    .chain(&schema.one_of)
                    .copied();
                let dependent = schema.dependent_schemas.iter().map(|(_, id)| *id);
                for next in single.into_iter().flatten().chain(many).chain(dependent) {
                    match state[next.0 as usize] {
                        NEW => stack.push((next, false)),
                        OPEN => {
                            let site = self.lowered.sites.get(id.0 as usize);
                            let tree = site.map(|site| &self.lowered.docs[site.doc]);
                            let place = tree.and_then(|tree| self.keyword_place(id, tree, "$ref"));
                            let place = place.unwrap_or(schema.span);
                            let text = "this reference is circular";
                            let help = "a type may contain itself in a field or an item, but it cannot be itself";
                            let back = schemas[next].span;
                            self.out.push(
                                Diagnostic::error("S018", place, text)
                                    .label(back, "back to here")
                                    .help(help),
                            );
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}

/// Whether a bound applies to no value that a schema accepts, or depends on a keyword that is absent.
fn is_idle(schema: &Schema, bound: &str) -> bool {
    let of = TYPED.iter().find(|(keyword, _)| *keyword == bound);
    let is_of_others = schema
        .types
        .zip(of)
        .is_some_and(|(types, (_, ty))| !applies(types, *ty));
    is_of_others || bound.ends_with("Contains") && schema.contains.is_none()
}

/// Whether keywords for a type apply to a value of some types.
fn applies(types: TypeSet, ty: Type) -> bool {
    types.contains(ty) || ty == Type::Number && types.contains(Type::Integer)
}

/// Whether a value has one of the types.
fn fits(types: TypeSet, value: &Value) -> bool {
    match value {
        Value::Null => types.contains(Type::Null),
        Value::Bool(_) => types.contains(Type::Boolean),
        Value::String(_) => types.contains(Type::String),
        Value::Array(_) => types.contains(Type::Array),
        Value::Object(_) => types.contains(Type::Object),
        Value::Number(number) => {
            types.contains(Type::Number)
                || (types.contains(Type::Integer)
                    && number.as_f64().is_some_and(|value| value.fract() == 0.0))
        }
    }
}
