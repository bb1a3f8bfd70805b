//! Guards: functions that return whether a value is valid. They are what a valid message costs.
//!
//! Scalars, arrays, and objects whose schema has nothing but `properties` have a guard of their own, which
//! is a condition; their validator calls it first, and reports violations if it fails. What only a client sends is
//! not worth that: its validator goes by the rule, and a page has no code for its guard. For every other schema the guard calls
//! the validator, and returns whether it found no violation.

use super::{
    body::Body,
    context::{Context, Usage},
    kinds::Closed,
    locals::Locals,
    rules::{Rule, is_plain},
    statements, text,
};
use crate::shape::DeclId;
use handfast_schema::{SchemaId, Type, TypeSet};
use handfast_templates::typescript::{Function, lay_out};

impl Context<'_> {
    /// The guard of a schema; nothing for one without a name.
    pub(super) fn guard(&mut self, body: &mut Body<'_>, exported: bool) -> Option<String> {
        let usage = body.usage;
        let name = self.guards.get(&usage)?.clone();
        let strict = self.is_strict(usage.id);
        let lines = if self.has_guard(&usage) {
            self.condition_of(body)
        } else {
            let validator = self.functions.get(&usage)?;
            body.uses_strict = strict;
            let strict = if strict { "strict" } else { "false" };
            vec![format!("return hf.passes(value, {validator}, {strict});")]
        };
        let decl = self.decl_of.get(&usage.id).filter(|_| exported);
        let returns = decl.map_or_else(
            || "boolean".to_owned(),
            |decl| format!("value is {}", self.names.types[decl.0]),
        );
        let is_used = body.uses_strict;
        let parameters = match (strict, exported) {
            (false, _) => "value: unknown".to_owned(),
            (true, true) if is_used => "value: unknown, strict: boolean = true".to_owned(),
            (true, true) => "value: unknown, _strict: boolean = true".to_owned(),
            (true, false) if is_used => "value: unknown, strict: boolean".to_owned(),
            (true, false) => "value: unknown, _strict: boolean".to_owned(),
        };
        Some(lay_out(&Function {
            exported,
            name: &name,
            parameters,
            returns: &returns,
            body: lines,
        }))
    }

    /// The guard of a type whose schema has another name already.
    pub(super) fn same_guard(&mut self, id: DeclId, first: DeclId) -> String {
        let ty = self.names.types[id.0].clone();
        let name = self
            .names
            .take_value(&format!("is{}", ty.trim_end_matches('$')));
        let usage = self.canonical(Usage::whole(self.shapes.decls[first.0].schema));
        let guard = self.guards.get(&usage).cloned().unwrap_or_default();
        lay_out(&Function {
            exported: true,
            name: &name,
            parameters: "value: unknown".to_owned(),
            returns: &format!("value is {ty}"),
            body: vec![format!("return {guard}(value);")],
        })
    }

    /// The call of the guard of a value inside of the one that the body is for.
    fn asked_of(&self, body: &mut Body<'_>, usage: &Usage, value: &str) -> Option<String> {
        let name = self.guards.get(usage).filter(|_| self.has_guard(usage))?;
        let strict = (self.is_strict(usage.id), self.is_strict(body.usage.id));
        body.uses_strict |= strict == (true, true);
        Some(match strict {
            (false, _) => format!("{name}({value})"),
            (true, true) => format!("{name}({value}, strict)"),
            (true, false) => format!("{name}({value}, false)"),
        })
    }

    /// The statements of a guard.
    fn condition_of(&mut self, body: &mut Body<'_>) -> Vec<String> {
        match body.schema.types.and_then(TypeSet::single) {
            Some(Type::Object) => self.object_guard(body),
            Some(Type::Array) => joined(self.array_guard(body, &body.usage.clone(), "value")),
            _ => {
                let usage = body.usage;
                let condition = self.condition(body, &usage, "value");
                joined(
                    condition
                        .into_iter()
                        .map(|condition| condition.holds())
                        .collect(),
                )
            }
        }
    }

    fn object_guard(&mut self, body: &mut Body<'_>) -> Vec<String> {
        let schema = body.schema;
        body.locals = Locals::new(schema.properties.iter().map(|(name, _)| name.as_str()));
        let mut parts = Vec::new();
        for (name, id) in &schema.properties {
            if let Some(part) = self.property_guard(body, name, *id) {
                body.locals.mark_used(name);
                parts.push(part);
            }
        }
        if let Some(closed) = self.closed(&body.usage) {
            let call = if schema.properties.iter().all(|(name, _)| is_plain(name)) {
                let rule = self.object_rule(body).expression();
                format!("hf.isDeclared(value, {rule})")
            } else {
                let fields = self.fields(body);
                format!("hf.isClosed(value, {fields})")
            };
            body.uses_strict |= matches!(closed, Closed::Strict);
            parts.push(match closed {
                Closed::Always => call,
                Closed::Strict => format!("(!strict || {call})"),
            });
        }
        // In place, and not by `hf.isObject`: an engine need not find out that it can inline it.
        let no_object = "if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;";
        let mut lines = vec![no_object.to_owned()];
        let declaration = body.locals.declaration("value as hf.JsonObject");
        lines.extend(declaration.unwrap_or_default());
        if lines.len() == 1 && parts.is_empty() {
            return vec!["return hf.isObject(value);".to_owned()];
        }
        lines.extend(joined(parts));
        lines
    }

    /// The condition of one property; nothing if anything is allowed.
    fn property_guard(&mut self, body: &mut Body<'_>, name: &str, id: SchemaId) -> Option<String> {
        let local = body.locals.of(name)?.to_owned();
        let is_required = body.required.contains(name);
        let usage = body.usage.child(id);
        let condition = match self.condition(body, &usage, &local) {
            Some(condition) if is_required => return Some(condition.holds()),
            Some(condition) => condition.grouped(),
            None if self.is_inline(&self.resolved(usage)) => {
                let parts = self.array_guard(body, &self.resolved(usage), &local);
                if is_required {
                    return Some(parts.join(" && "));
                }
                format!("({})", parts.join(" && "))
            }
            None => {
                let validator = self.property_check(body, name, id);
                if validator == "hf.anything" {
                    return is_required.then(|| format!("{local} !== undefined"));
                }
                match self.asked_of(body, &self.resolved(usage), &local) {
                    Some(call) if is_required => return Some(call),
                    Some(call) => call,
                    None => {
                        let call = self.passes(body, &local, &validator);
                        if is_required {
                            return Some(format!("{local} !== undefined && {call}"));
                        }
                        call
                    }
                }
            }
        };
        Some(format!("({local} === undefined || {condition})"))
    }

    /// The question whether a validator finds nothing.
    fn passes(&self, body: &mut Body<'_>, local: &str, validator: &str) -> String {
        body.uses_strict |= self.is_strict(body.usage.id);
        let strict = match self.is_strict(body.usage.id) {
            true => "strict",
            false => "false",
        };
        format!("hf.passes({local}, {validator}, {strict})")
    }

    fn property_check(&mut self, body: &mut Body<'_>, name: &str, id: SchemaId) -> String {
        let stem = text::identifier(&crate::names::pascal(name));
        let stem = format!("{}{stem}", body.stem);
        self.reference(body, body.usage.child(id), &stem)
    }

    /// The condition of an array, as parts.
    fn array_guard(&mut self, body: &mut Body<'_>, usage: &Usage, value: &str) -> Vec<String> {
        let schema = &self.protocol.schemas[usage.id];
        let mut parts = vec![format!("Array.isArray({value})")];
        parts.extend(schema.min_items.map(|n| format!("{value}.length >= {n}")));
        parts.extend(schema.max_items.map(|n| format!("{value}.length <= {n}")));
        if let Some(items) = schema.items {
            let usage = usage.child(items);
            let holds = match self.condition(body, &usage, "item") {
                Some(condition) => Some(condition.holds()),
                None => {
                    let validator = self.reference(body, usage, &format!("{}Item", body.stem));
                    match self.asked_of(body, &self.resolved(usage), "item") {
                        Some(call) => Some(call),
                        None if validator == "hf.anything" => None,
                        None => Some(self.passes(body, "item", &validator)),
                    }
                }
            };
            // By a function of its own, which an engine takes in; a guard by its name may be taken for any function.
            parts.extend(holds.map(|holds| format!("{value}.every(item => {holds})")));
        }
        parts
    }

    /// The statements of a validator that calls a guard: a function of the runtime reports the violations by a rule.
    /// Nothing where that has no words for it. One that is not exported has a guard for its validator alone, which then calls it.
    pub(super) fn behind_guard(
        &mut self,
        body: &mut Body<'_>,
        exported: bool,
    ) -> Option<Vec<String>> {
        let usage = body.usage;
        let asks = self.asks_guard(&usage)?;
        let rule = self.rule(body, &usage)?;
        if exported && matches!(rule, Rule::Object(_)) && self.is_only_sent(usage.id) {
            return Some(vec![rule.statement()]);
        }
        let asks = format!("if (!{asks}) {{");
        Some(statements::block(&asks, vec![rule.statement()]))
    }

    /// The call of the guard in its validator.
    pub(super) fn asks_guard(&self, usage: &Usage) -> Option<String> {
        let strict = match self.is_strict(usage.id) {
            true => ", report.strict",
            false => "",
        };
        let guard = self.guards.get(usage)?;
        Some(format!("{guard}(value{strict})"))
    }
}

/// The statement that answers whether all of it holds. How it is laid out depends on no name.
fn joined(parts: Vec<String>) -> Vec<String> {
    match parts.as_slice() {
        [] => return vec!["return true;".to_owned()],
        [one] => return vec![format!("return {one};")],
        _ => {}
    }
    let last = parts.len() - 1;
    let parts = parts
        .into_iter()
        .enumerate()
        .map(|(i, part)| match i == last {
            true => format!("  {part}"),
            false => format!("  {part} &&"),
        });
    std::iter::once("return (".to_owned())
        .chain(parts)
        .chain([");".to_owned()])
        .collect()
}
