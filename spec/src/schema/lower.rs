//! Lowers one node of the tree into one [`Schema`]: each keyword's value is checked for its type and stored.

use super::keywords::{self, Value};
use super::values::whole;
use super::{Lowering, Site};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::parse::form::identifier;
use crate::parse::grammar;
use crate::tree::{Document, Entry, Kind, NodeId};
use handfast_schema::format;
use handfast_schema::pattern::{PatternError, compile, explain};
use handfast_schema::{DynamicRef, Number, Schema, SchemaId};
use std::ops::Range;
use std::rc::Rc;

impl Lowering<'_> {
    /// Fills in the schema of a node.
    pub(super) fn lower(&mut self, site: Site) -> SchemaId {
        let id = self.reserve(site);
        let mark = &mut self.docs[site.doc].marks[site.node];
        if mark.lowered {
            return id;
        }
        mark.lowered = true;
        let resource = mark.resource;
        let tree = Rc::clone(&self.docs[site.doc].tree);
        let mut schema = Schema {
            span: self.schemas[id].span,
            ..Schema::default()
        };
        if let Some(resource) = resource {
            let root = self.resources[resource].root;
            schema.resource = Some(self.reserve(root));
            self.dynamic_anchors(resource);
        }
        match &tree.node(site.node).kind {
            Kind::Bool(flag) => schema.boolean = Some(*flag),
            Kind::Map(map) => {
                for entry in map.iter() {
                    self.keyword(site, &tree, entry, &mut schema);
                }
                schema.simplify();
            }
            Kind::Broken => {}
            other => {
                let message = format!(
                    "a schema is a mapping, `true` or `false`, but this is {}",
                    other.what()
                );
                self.out
                    .push(Diagnostic::error("S002", schema.span, message));
            }
        }
        self.schemas[id] = schema;
        id
    }

    /// When a resource is entered, all its dynamic anchors are collected.
    fn dynamic_anchors(&mut self, resource: usize) {
        if std::mem::replace(&mut self.resources[resource].entered, true) {
            return;
        }
        let anchors: Vec<Site> = self.resources[resource]
            .anchors
            .values()
            .filter(|(_, _, dynamic)| *dynamic)
            .map(|(site, ..)| *site)
            .collect();
        for site in anchors {
            self.reserve(site);
            self.queue.push(site);
        }
    }

    pub(super) fn wrong(&mut self, tree: &Document, entry: &Entry, node: NodeId, expected: &str) {
        let node = tree.node(node);
        if matches!(node.kind, Kind::Broken) {
            return;
        }
        let long = matches!(node.kind, Kind::Map(_) | Kind::List(_) | Kind::Null);
        let at = if long { entry.at } else { node.span };
        let message = format!(
            "`{}` is {expected}, but this is {}",
            entry.key,
            node.kind.what()
        );
        // What does not affect validation is no reason to refuse a schema that may be someone else's.
        let problem = if self.settings.is_plain() && keywords::ANNOTATIONS.contains(&&*entry.key) {
            Diagnostic::warning("S002", at, message).help("it is ignored")
        } else {
            Diagnostic::error("S002", at, message)
        };
        self.out.push(problem);
    }

    fn unknown(&mut self, entry: &Entry) {
        let message = format!("JSON Schema has no keyword `{}`", entry.key);
        let older = keywords::OLDER.iter().find(|(name, _)| *name == entry.key);
        let help = older.map(|(_, help)| (*help).to_owned()).or_else(|| {
            did_you_mean(
                &entry.key,
                keywords::KEYWORDS.iter().map(|keyword| keyword.name),
            )
        });
        let help = help.unwrap_or_else(|| {
            "a comment belongs in `description` or `$comment`, a field in `properties`".into()
        });
        self.out
            .push(Diagnostic::error("S001", entry.at, message).help(help));
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one line for each keyword, and nothing between them"
    )]
    fn keyword(&mut self, site: Site, tree: &Document, entry: &Entry, to: &mut Schema) {
        let resource = self.docs[site.doc].marks[site.node].resource;
        let keyword = match resource {
            Some(resource) => self.keyword_of(resource, &entry.key),
            None => keywords::find(&entry.key),
        };
        let Some(keyword) = keyword else {
            if !self.settings.is_plain() {
                self.unknown(entry);
            }
            return;
        };
        let node = entry.value;
        match keyword.value {
            Value::Schema => {
                let id = Some(self.lower(Site {
                    doc: site.doc,
                    node,
                }));
                match keyword.name {
                    "items" => to.items = id,
                    "contains" => to.contains = id,
                    "unevaluatedItems" => to.unevaluated_items = id,
                    "additionalProperties" => to.additional_properties = id,
                    "propertyNames" => to.property_names = id,
                    "unevaluatedProperties" => to.unevaluated_properties = id,
                    "not" => to.not = id,
                    "if" => to.condition = id,
                    "then" => to.then = id,
                    "else" => to.otherwise = id,
                    _ => to.annotations.content_schema = id,
                }
            }
            Value::Schemas => {
                let Some(items) = tree.list(node).filter(|items| !items.is_empty()) else {
                    return self.wrong(tree, entry, node, "a list of at least one schema");
                };
                let ids = items
                    .iter()
                    .map(|node| {
                        self.lower(Site {
                            node: *node,
                            ..site
                        })
                    })
                    .collect();
                match keyword.name {
                    "prefixItems" => to.prefix_items = ids,
                    "allOf" => to.all_of = ids,
                    "anyOf" => to.any_of = ids,
                    _ => to.one_of = ids,
                }
            }
            Value::SchemaMap => {
                let Some(map) = tree.map(node) else {
                    return self.wrong(tree, entry, node, "a mapping from names to schemas");
                };
                let mut all = Vec::new();
                for inner in map.iter() {
                    if keyword.name == "patternProperties" {
                        self.pattern(&inner.key, inner.at);
                    }
                    let id = self.lower(Site {
                        node: inner.value,
                        ..site
                    });
                    all.push((inner.key.clone(), id));
                }
                match keyword.name {
                    "properties" => to.properties = all,
                    "patternProperties" => to.pattern_properties = all,
                    "dependentSchemas" => to.dependent_schemas = all,
                    // `$defs` are only there to be referenced.
                    _ => {}
                }
            }
            Value::Text | Value::Pattern | Value::Anchor | Value::Reference => {
                let Some(text) = tree.text(node) else {
                    return self.wrong(tree, entry, node, "a string");
                };
                self.textual(site, tree, entry, text, to);
            }
            Value::RustName | Value::TsName => {
                let Some(text) = tree.text(node) else {
                    return self.wrong(tree, entry, node, "an identifier");
                };
                let rust = keyword.value == Value::RustName;
                if grammar::is_identifier(text, !rust) {
                    let slot = if rust {
                        &mut to.annotations.rust
                    } else {
                        &mut to.annotations.ts
                    };
                    *slot = Some(text.to_owned());
                } else {
                    let language = if rust { "Rust" } else { "TypeScript" };
                    self.out
                        .push(identifier(text, language, tree.node(node).span));
                }
            }
            Value::Flag => {
                let Some(flag) = tree.flag(node) else {
                    return self.wrong(tree, entry, node, "`true` or `false`");
                };
                match keyword.name {
                    "deprecated" => to.annotations.deprecated = flag,
                    "readOnly" => to.annotations.read_only = flag,
                    "writeOnly" => to.annotations.write_only = flag,
                    "uniqueItems" => to.unique_items = flag,
                    _ => to.open = flag,
                }
            }
            Value::Count => {
                let Some(count) = tree.number(node).and_then(whole) else {
                    return self.wrong(tree, entry, node, "a whole number, not negative");
                };
                let count = Some(count);
                match keyword.name {
                    "maxLength" => to.max_length = count,
                    "minLength" => to.min_length = count,
                    "minContains" => to.min_contains = count,
                    "maxContains" => to.max_contains = count,
                    "maxItems" => to.max_items = count,
                    "minItems" => to.min_items = count,
                    "maxProperties" => to.max_properties = count,
                    _ => to.min_properties = count,
                }
            }
            Value::Number | Value::Positive => {
                let above = |number: &&Number| number.as_f64().is_some_and(|value| value > 0.0);
                let Some(number) = tree.number(node) else {
                    return self.wrong(tree, entry, node, "a number");
                };
                if keyword.value == Value::Positive && !above(&number) {
                    return self.wrong(tree, entry, node, "a number above zero");
                }
                let number = Some(number.clone());
                match keyword.name {
                    "maximum" => to.maximum = number,
                    "exclusiveMaximum" => to.exclusive_maximum = number,
                    "minimum" => to.minimum = number,
                    "exclusiveMinimum" => to.exclusive_minimum = number,
                    _ => to.multiple_of = number,
                }
            }
            Value::Names => to.required = self.names(tree, entry, node).unwrap_or_default(),
            Value::NamesMap => {
                let Some(map) = tree.map(node) else {
                    return self.wrong(tree, entry, node, "a mapping from names to lists of names");
                };
                for inner in map.iter() {
                    if let Some(names) = self.names(tree, entry, inner.value) {
                        to.dependent_required.push((inner.key.clone(), names));
                    }
                }
            }
            Value::Types => to.types = self.types(tree, entry),
            Value::Values => {
                let Some(items) = tree.list(node) else {
                    return self.wrong(tree, entry, node, "a list of values");
                };
                let values: Vec<_> = items.iter().map(|item| tree.json(*item)).collect();
                if keyword.name == "examples" {
                    to.annotations.examples = values;
                } else {
                    to.enumeration = Some(values);
                }
            }
            Value::Any if keyword.name == "const" => to.constant = Some(tree.json(node)),
            Value::Any => to.annotations.default = Some(tree.json(node)),
            Value::Vocabulary => {
                if tree.map(node).is_none() {
                    self.wrong(tree, entry, node, "a mapping");
                }
            }
            Value::Dependencies => {
                let Some(map) = tree.map(node) else {
                    return self.wrong(
                        tree,
                        entry,
                        node,
                        "a mapping from names to schemas or names",
                    );
                };
                for inner in map.iter() {
                    let node = inner.value;
                    if tree.list(node).is_none() {
                        let id = self.lower(Site { node, ..site });
                        to.dependent_schemas.push((inner.key.clone(), id));
                    } else if let Some(names) = self.names(tree, entry, node) {
                        to.dependent_required.push((inner.key.clone(), names));
                    }
                }
            }
        }
    }

    fn textual(&mut self, site: Site, tree: &Document, entry: &Entry, text: &str, to: &mut Schema) {
        let at = tree.node(entry.value).span;
        let owned = || Some(text.to_owned());
        match entry.key.as_str() {
            "$ref" => to.reference = self.refer(site, text, at).map(|(id, _)| id),
            "$dynamicRef" => {
                let anchor = text
                    .split_once('#')
                    .map(|(_, fragment)| fragment.to_owned());
                to.dynamic_reference = self.refer(site, text, at).map(|(initial, target)| {
                    let target_tree = &self.docs[target.doc].tree;
                    let borne = target_tree.get(target.node, "$dynamicAnchor");
                    let borne = borne
                        .and_then(|node| target_tree.text(node))
                        .map(str::to_owned);
                    DynamicRef {
                        initial,
                        anchor: anchor.filter(|one| borne.as_ref() == Some(one)),
                    }
                });
            }
            "$anchor" | "$dynamicAnchor" => {
                let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
                let start = |c: char| c.is_ascii_alphabetic() || c == '_';
                if !text.starts_with(start) || !text.chars().all(word) {
                    let message = format!("`{text}` cannot be an anchor");
                    let help = "an anchor has letters, digits, `-`, `_` and `.`, and begins with a letter or `_`";
                    self.out
                        .push(Diagnostic::error("S015", at, message).help(help));
                } else if entry.key == "$dynamicAnchor" {
                    to.dynamic_anchor = owned();
                }
            }
            // Under `json-schema` it was read by the survey.
            "$schema" if self.settings.is_plain() => {}
            "$schema" => {
                let known = super::dialect::STANDARD;
                if text.trim_end_matches('#') != known {
                    let message = format!("the dialect `{text}` is not supported");
                    let help = format!("schemas are read as `{known}`");
                    self.out
                        .push(Diagnostic::error("S002", at, message).help(help));
                }
            }
            "$comment" => to.annotations.comment = owned(),
            "title" => to.annotations.title = owned(),
            "description" => to.annotations.description = owned(),
            "contentMediaType" => to.annotations.content_media_type = owned(),
            "format" => {
                let plain = self.settings.is_plain();
                // The formats of 64-bit integers are Handfast's own.
                let known = format::KNOWN.contains(&text) && !matches!(text, "int64" | "uint64");
                let resource = self.docs[site.doc].marks[site.node].resource;
                let asserts = resource.is_none_or(|resource| self.asserts_formats(resource));
                if !plain || known && asserts {
                    to.format = owned();
                } else {
                    to.annotations.format = owned();
                }
            }
            "contentEncoding" if self.settings.is_plain() => {
                to.annotations.content_encoding = owned();
            }
            "contentEncoding" => to.content_encoding = owned(),
            "pattern" if self.pattern(text, at) => to.pattern = owned(),
            // `$id` was read by the survey; an invalid pattern was reported.
            _ => {}
        }
    }

    /// Whether a pattern is valid ECMA-262 and can be run in linear time; reports it otherwise. The interpreter
    /// compiles patterns with the same function, so the two agree.
    fn pattern(&mut self, pattern: &str, at: handfast_schema::Span) -> bool {
        if self.good_patterns.contains(pattern) {
            return true;
        }
        let error = match compile(pattern) {
            Ok(_) => {
                self.good_patterns.insert(pattern.to_owned());
                return true;
            }
            Err(error) => error,
        };
        let (code, message) = match error {
            PatternError::Invalid => ("S007", "this is not an ECMA-262 regular expression"),
            PatternError::TooLarge => ("S008", "this pattern is too large to be run"),
            _ => ("S008", "this pattern cannot be run in linear time"),
        };
        let told = explain(pattern, &error);
        let source = self.sources.get(at.source).map(|file| file.text.as_str());
        let written = source.and_then(|text| text.get(at.start as usize..at.end as usize));
        let place = written.and_then(|written| inside(written, pattern, &told.at));
        let problem = match place {
            Some(place) => {
                let start = at.start + u32::try_from(place.start).unwrap_or(0);
                let end = at.start + u32::try_from(place.end).unwrap_or(0);
                let at = handfast_schema::Span { start, end, ..at };
                Diagnostic::error(code, at, message).at(told.why)
            }
            None => {
                let part = pattern.get(told.at).unwrap_or(pattern);
                Diagnostic::error(code, at, message).at(format!("`{part}`: {}", told.why))
            }
        };
        self.out.push(problem.help(told.help));
        false
    }
}

/// The source location of a part of a text, quotes and escapes included; `None` for a folded scalar.
fn inside(written: &str, text: &str, part: &Range<usize>) -> Option<Range<usize>> {
    let has_escapes = written.starts_with('"');
    if let Some(from) = written.find(text).filter(|_| !has_escapes) {
        return Some(from + part.start..from + part.end);
    }
    let mut at = usize::from(has_escapes);
    let (mut start, mut end) = (at, None);
    for (place, c) in text.char_indices() {
        if place == part.start {
            start = at;
        }
        if place == part.end {
            end = Some(at);
        }
        let rest = written.get(at..)?;
        let escaped = rest.strip_prefix('\\').filter(|_| has_escapes);
        at += match escaped.and_then(|rest| rest.chars().next()) {
            Some('u') if u32::from(c) > 0xffff => 12,
            Some('u') => 6,
            Some('x') => 4,
            Some('U') => 10,
            Some(escaped) => 1 + escaped.len_utf8(),
            None if rest.starts_with(c) => c.len_utf8(),
            None => return None,
        };
    }
    Some(start..end.unwrap_or(at))
}
