//! Reads one keyword: checks the type of its value, and stores it in the schema.

mod text;

use super::dialect::ResourceDialect;
use super::draft::Draft;
use super::keywords::{self, Keyword, Value};
use super::values::{meant, whole};
use super::{Lowering, Site, pattern};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::parse::form::identifier;
use crate::parse::grammar;
use crate::tree::{Document, Entry, Kind, NodeId};
use handfast_schema::{Number, Schema, SchemaId, Type, TypeSet};
use std::collections::BTreeSet;

/// Reads a keyword of the schema at `site`.
pub(super) struct KeywordReader<'r, 'l> {
    lowering: &'r mut Lowering<'l>,
    site: Site,
    dialect: ResourceDialect,
    tree: &'r Document,
    entry: &'r Entry,
}

impl<'r, 'l> KeywordReader<'r, 'l> {
    pub(super) fn new(
        lowering: &'r mut Lowering<'l>,
        site: Site,
        tree: &'r Document,
        entry: &'r Entry,
    ) -> Self {
        Self {
            dialect: lowering.dialect_at(site),
            lowering,
            site,
            tree,
            entry,
        }
    }

    /// Stores the value of the keyword in `to`, or reports what is wrong with it.
    pub(super) fn read(&mut self, to: &mut Schema) {
        let is_plain = self.lowering.settings.is_plain();
        let Some(keyword) = self.dialect.keyword(&self.entry.key, is_plain) else {
            if is_plain {
                self.foreign(to);
            } else {
                self.unknown();
            }
            return;
        };
        let node = self.entry.value;
        match keyword.value {
            Value::Schema => self.schema(keyword, to),
            Value::Items => match self.tree.list(node) {
                Some(items) => to.prefix_items = items.iter().map(|one| self.lower(*one)).collect(),
                None => self.schema(keyword, to),
            },
            Value::Schemas => self.schemas(keyword, to),
            Value::SchemaMap => self.schema_map(keyword, to),
            Value::Text | Value::Pattern | Value::Anchor | Value::Reference => {
                let Some(text) = self.tree.text(node) else {
                    return self.wrong(node, "a string");
                };
                self.textual(text, to);
            }
            Value::RustName | Value::TsName => self.identifier(keyword, to),
            Value::Flag => self.flag(keyword, to),
            Value::Count => self.count(keyword, to),
            Value::Number | Value::Positive => self.number(keyword, to),
            Value::Names => to.required = self.names(node).unwrap_or_default(),
            Value::NamesMap => {
                let Some(map) = self.tree.map(node) else {
                    return self.wrong(node, "a mapping from names to lists of names");
                };
                for inner in map.iter() {
                    if let Some(names) = self.names(inner.value) {
                        to.dependent_required.push((inner.key.clone(), names));
                    }
                }
            }
            Value::Types => to.types = self.types(),
            Value::Values => {
                let Some(items) = self.tree.list(node) else {
                    return self.wrong(node, "a list of values");
                };
                let values: Vec<_> = items.iter().map(|item| self.tree.json(*item)).collect();
                if keyword.name == "examples" {
                    to.annotations.examples = values;
                } else {
                    to.enumeration = Some(values);
                }
            }
            Value::Any => {
                let value = || self.tree.json(node);
                match keyword.name {
                    "const" => to.constant = Some(value()),
                    "default" => to.annotations.default = Some(value()),
                    "example" => to.annotations.examples = vec![value()],
                    // How OpenAPI writes XML, and where it documents.
                    _ => {}
                }
            }
            Value::Vocabulary => {
                if self.tree.map(node).is_none() {
                    self.wrong(node, "a mapping");
                }
            }
            Value::Dependencies => self.dependencies(to),
            Value::Discriminator => {
                let name = self.tree.get(node, "propertyName");
                if name.and_then(|name| self.tree.text(name)).is_none() {
                    self.wrong(node, "a mapping with a `propertyName`");
                }
            }
        }
    }

    fn schema(&mut self, keyword: &Keyword, to: &mut Schema) {
        let id = Some(self.lower(self.entry.value));
        match keyword.name {
            "items" => to.items = id,
            "additionalItems" => {
                // Without a list before it, it has no effect.
                let items = self.tree.get(self.site.node, "items");
                if items.is_some_and(|items| self.tree.list(items).is_some()) {
                    to.items = id;
                }
            }
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

    fn schemas(&mut self, keyword: &Keyword, to: &mut Schema) {
        let node = self.entry.value;
        let Some(items) = self.tree.list(node).filter(|items| !items.is_empty()) else {
            return self.wrong(node, "a list of at least one schema");
        };
        let ids = items.iter().map(|node| self.lower(*node)).collect();
        match keyword.name {
            "prefixItems" => to.prefix_items = ids,
            "allOf" => to.all_of = ids,
            "anyOf" => to.any_of = ids,
            _ => to.one_of = ids,
        }
    }

    fn schema_map(&mut self, keyword: &Keyword, to: &mut Schema) {
        let node = self.entry.value;
        let Some(map) = self.tree.map(node) else {
            return self.wrong(node, "a mapping from names to schemas");
        };
        let mut all = Vec::new();
        for inner in map.iter() {
            if keyword.name == "patternProperties" {
                pattern::check(self.lowering, &inner.key, inner.at);
            }
            all.push((inner.key.clone(), self.lower(inner.value)));
        }
        match keyword.name {
            "properties" => to.properties = all,
            "patternProperties" => to.pattern_properties = all,
            "dependentSchemas" => to.dependent_schemas = all,
            // `$defs` are only there to be referenced.
            _ => {}
        }
    }

    fn dependencies(&mut self, to: &mut Schema) {
        let node = self.entry.value;
        let Some(map) = self.tree.map(node) else {
            return self.wrong(node, "a mapping from names to schemas or names");
        };
        for inner in map.iter() {
            if self.tree.list(inner.value).is_none() {
                let id = self.lower(inner.value);
                to.dependent_schemas.push((inner.key.clone(), id));
            } else if let Some(names) = self.names(inner.value) {
                to.dependent_required.push((inner.key.clone(), names));
            }
        }
    }

    fn identifier(&mut self, keyword: &Keyword, to: &mut Schema) {
        let node = self.entry.value;
        let Some(text) = self.tree.text(node) else {
            return self.wrong(node, "an identifier");
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
            let problem = identifier(text, language, self.tree.node(node).span);
            self.lowering.out.push(problem);
        }
    }

    fn flag(&mut self, keyword: &Keyword, to: &mut Schema) {
        let node = self.entry.value;
        let Some(flag) = self.tree.flag(node) else {
            return self.wrong(node, "`true` or `false`");
        };
        match keyword.name {
            "deprecated" => to.annotations.deprecated = flag,
            "readOnly" => to.annotations.read_only = flag,
            "writeOnly" => to.annotations.write_only = flag,
            "uniqueItems" => to.unique_items = flag,
            "open" => to.open = flag,
            "$recursiveAnchor" if flag && self.is_recursive(self.site) => {
                to.dynamic_anchor = Some(String::new());
            }
            // Those that change the meaning of another keyword are read after all keywords.
            _ => {}
        }
    }

    fn count(&mut self, keyword: &Keyword, to: &mut Schema) {
        let node = self.entry.value;
        let Some(count) = self.tree.number(node).and_then(whole) else {
            return self.wrong(node, "a whole number, not negative");
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

    fn number(&mut self, keyword: &Keyword, to: &mut Schema) {
        let node = self.entry.value;
        let above = |number: &&Number| number.as_f64().is_some_and(|value| value > 0.0);
        let Some(number) = self.tree.number(node) else {
            return self.wrong(node, "a number");
        };
        if keyword.value == Value::Positive && !above(&number) {
            return self.wrong(node, "a number above zero");
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

    fn names(&mut self, node: NodeId) -> Option<Vec<String>> {
        let Some(items) = self.tree.list(node) else {
            self.wrong(node, "a list of names");
            return None;
        };
        let mut seen = BTreeSet::new();
        let mut names = Vec::new();
        for item in items {
            match self.tree.text(*item) {
                None => self.wrong(*item, "a list of names"),
                Some(name) if !seen.insert(name) => {
                    if self.lowering.settings.is_plain() {
                        continue;
                    }
                    let message = format!("`{name}` occurs twice in `{}`", self.entry.key);
                    let at = self.tree.node(*item).span;
                    self.lowering
                        .out
                        .push(Diagnostic::error("S009", at, message).help("delete one of them"));
                }
                Some(name) => names.push(name.to_owned()),
            }
        }
        Some(names)
    }

    fn types(&mut self) -> Option<TypeSet> {
        let expected = "one of the seven types, or a list of them";
        let single = [self.entry.value];
        let items = match &self.tree.node(self.entry.value).kind {
            Kind::List(items) if !items.is_empty() => items.as_slice(),
            Kind::Text(_) => &single,
            Kind::Null => {
                let message = "`type` is one of the seven types, but this is null";
                let help = "put the type of null in quotes: `'null'`";
                self.lowering
                    .out
                    .push(Diagnostic::error("S002", self.entry.at, message).help(help));
                return None;
            }
            _ => {
                self.wrong(self.entry.value, expected);
                return None;
            }
        };
        let mut set = TypeSet::NONE;
        for item in items {
            let at = self.tree.node(*item).span;
            match &self.tree.node(*item).kind {
                Kind::Broken => return None,
                Kind::Text(name) => match Type::from_name(name) {
                    Some(ty) if set.contains(ty) => {
                        let message = format!("`{name}` occurs twice in `type`");
                        self.lowering.out.push(
                            Diagnostic::error("S009", at, message).help("delete one of them"),
                        );
                    }
                    Some(ty) => set = set.with(ty),
                    None => {
                        let names = Type::ALL.iter().map(|ty| ty.name());
                        let help = meant(name).or_else(|| did_you_mean(name, names.clone()));
                        let help = help.unwrap_or_else(|| {
                            let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
                            format!("it is one of {}", names.join(", "))
                        });
                        let message = format!("`{name}` is not a type");
                        self.lowering
                            .out
                            .push(Diagnostic::error("S002", at, message).help(help));
                        return None;
                    }
                },
                Kind::Null => {
                    let message = "`type` lists types, but this is null";
                    let help = "put the type of null in quotes: `'null'`";
                    let at = if at.start == at.end {
                        self.entry.at
                    } else {
                        at
                    };
                    self.lowering
                        .out
                        .push(Diagnostic::error("S002", at, message).help(help));
                    return None;
                }
                _ => {
                    self.wrong(*item, expected);
                    return None;
                }
            }
        }
        Some(set)
    }

    /// An annotation of a later draft, which people write in older ones as well. Of another kind, it is ignored like any
    /// unknown keyword.
    fn foreign(&self, to: &mut Schema) {
        let node = self.entry.value;
        let notes = &mut to.annotations;
        match self.entry.key.as_str() {
            "deprecated" => notes.deprecated = self.tree.flag(node) == Some(true),
            "readOnly" => notes.read_only = self.tree.flag(node) == Some(true),
            "writeOnly" => notes.write_only = self.tree.flag(node) == Some(true),
            "$comment" => notes.comment = self.tree.text(node).map(str::to_owned),
            "examples" => {
                let items = self.tree.list(node).unwrap_or_default();
                notes.examples = items.iter().map(|item| self.tree.json(*item)).collect();
            }
            _ => {}
        }
    }

    /// The schema at a node of the same document.
    fn lower(&mut self, node: NodeId) -> SchemaId {
        self.lowering.lower(Site { node, ..self.site })
    }

    fn wrong(&mut self, node: NodeId, expected: &str) {
        let node = self.tree.node(node);
        if matches!(node.kind, Kind::Broken) {
            return;
        }
        let long = matches!(node.kind, Kind::Map(_) | Kind::List(_) | Kind::Null);
        let at = if long { self.entry.at } else { node.span };
        let key = self.entry.key.as_str();
        let message = format!("`{key}` is {expected}, but this is {}", node.kind.what());
        // What does not affect validation is no reason to refuse a schema that may be someone else's.
        let problem = if self.lowering.settings.is_plain() && keywords::ANNOTATIONS.contains(&key) {
            Diagnostic::warning("S002", at, message).help("it is ignored")
        } else {
            Diagnostic::error("S002", at, message)
        };
        self.lowering.out.push(problem);
    }

    fn unknown(&mut self) {
        let key = self.entry.key.as_str();
        let draft = self.dialect.draft;
        let newest = draft == Draft::Draft2020;
        let message = if newest {
            format!("JSON Schema has no keyword `{key}`")
        } else {
            format!("{} has no keyword `{key}`", draft.name())
        };
        let older = keywords::OLDER.iter().filter(|_| newest);
        let older = older.into_iter().find(|(name, _)| *name == key);
        let help = older
            .map(|(_, help)| (*help).to_owned())
            .or_else(|| did_you_mean(key, keywords::of(draft).map(|keyword| keyword.name)))
            .or_else(|| {
                let other = keywords::with_name(key).next()?;
                let known = Draft::JSON_SCHEMA
                    .into_iter()
                    .find(|one| other.drafts.has(*one))?;
                Some(format!(
                    "{} has it: name the draft that is meant in `$schema`",
                    known.name()
                ))
            });
        let help = help.unwrap_or_else(|| {
            "a comment belongs in `description` or `$comment`, a field in `properties`".into()
        });
        self.lowering
            .out
            .push(Diagnostic::error("S001", self.entry.at, message).help(help));
    }
}
