//! Checks: functions that say what the interpreter of `handfast-schema` says, in its order.
//!
//! A function belongs to a schema and to the usage it is met there ([`Usage`]). Those of named types are exported; what is
//! met inside of them gets a function of its own, unless the runtime has it already.

use super::{Context, conditions::Locals, recursion::Recursion, statements};
use crate::shape::DeclId;
use handfast_schema::{
    Schema, SchemaId, Type, TypeSet,
    openness::{Purpose, UnknownFields, unknown_fields},
};
use handfast_templates::typescript::{Function, lay_out};
use std::collections::BTreeSet;

/// A schema, and how it is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Usage {
    pub(super) id: SchemaId,
    pub(super) position: Purpose,
    /// Whether the function notes which properties and items it has looked at.
    pub(super) tracked: bool,
}

/// A constant beside a validator.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ConstantKind {
    Fields,
    /// In each position what lies inside is checked by functions of its own.
    Members(Purpose),
    Pattern,
    Values,
    /// The arrays and objects among them.
    Nested,
    /// In each position what lies inside is discriminated of by rules of its own.
    Rule(Purpose),
}

/// A function that has a name already.
struct PendingValidator {
    usage: Usage,
    name: String,
    /// What functions for what lies inside are called after.
    stem: String,
    exported: bool,
}

/// Statements, and the types of values that they are for.
pub(super) struct Statements {
    pub(super) of: Option<Type>,
    pub(super) lines: Vec<String>,
}

/// One function being written.
pub(super) struct Body<'w> {
    pub(super) usage: Usage,
    pub(super) stem: &'w str,
    pub(super) schema: &'w Schema,
    /// What is required.
    pub(super) required: BTreeSet<&'w str>,
    /// The properties that are constants in the function.
    pub(super) locals: Locals,
    statements: Vec<Statements>,
    pending: Vec<PendingValidator>,
    pub(super) constants: Vec<String>,
}

impl<'w> Body<'w> {
    pub(super) fn new(usage: Usage, stem: &'w str, schema: &'w Schema) -> Self {
        Self {
            usage,
            stem,
            schema,
            required: schema.required.iter().map(String::as_str).collect(),
            locals: Locals::new(std::iter::empty()),
            statements: Vec::new(),
            pending: Vec::new(),
            constants: Vec::new(),
        }
    }

    /// Takes over what another needs beside it.
    pub(super) fn takes(&mut self, other: &mut Body<'_>) {
        self.constants.append(&mut other.constants);
        self.pending.append(&mut other.pending);
    }

    /// Whether a value of a type passes `type`.
    pub(super) fn may_be(&self, ty: Type) -> bool {
        self.schema.types.is_none_or(|types| types.contains(ty))
    }

    /// Puts the constants that the statements name before all of them.
    fn make_locals(&mut self) {
        let named = statements::mentioned(self.statements.iter().flat_map(|step| &step.lines));
        let made = self.locals.made(|local| named.contains(local), "value");
        if let Some(lines) = made {
            let of = Some(Type::Object);
            self.statements.insert(0, Statements { of, lines });
        }
    }

    pub(super) fn step(&mut self, of: Option<Type>, line: String) {
        self.lines(of, vec![line]);
    }

    pub(super) fn lines(&mut self, of: Option<Type>, lines: Vec<String>) {
        if !lines.is_empty() {
            self.statements.push(Statements { of, lines });
        }
    }
}

impl Context<'_> {
    /// Names the validators of every declared type, so that they can refer to each other.
    pub(super) fn name_validators(&mut self) {
        for (i, decl) in self.shapes.decls.iter().enumerate() {
            if self.decl_of.get(&decl.schema) == Some(&DeclId(i)) && !self.is_inlined(DeclId(i)) {
                let usage = self.canonical(Usage {
                    id: decl.schema,
                    position: Purpose::Whole,
                    tracked: false,
                });
                self.functions
                    .insert(usage, self.names.validators[i].clone());
                let ty = self.names.types[i].trim_end_matches('$');
                let guard = self.names.take_value(&format!("is{ty}"));
                self.guards.insert(usage, guard);
            }
        }
    }

    /// The validator of a declared type, and those it needs that nobody else has.
    pub(super) fn validators(&mut self, id: DeclId, items: &mut Vec<String>) {
        let decl = &self.shapes.decls[id.0];
        let name = self.names.validators[id.0].clone();
        let first = self.decl_of.get(&decl.schema).copied();
        if let Some(first) = first.filter(|first| *first != id) {
            let body = vec![format!(
                "{}(value, report);",
                self.names.validators[first.0]
            )];
            items.push(self.same_guard(id, first));
            items.push(function(&name, true, false, body));
            return;
        }
        let usage = self.canonical(Usage {
            id: decl.schema,
            position: Purpose::Whole,
            tracked: false,
        });
        let mut waiting = vec![PendingValidator {
            usage,
            name,
            stem: self.names.types[id.0].trim_end_matches('$').to_owned(),
            exported: true,
        }];
        while let Some(pending) = waiting.pop() {
            let (constants, text, more) = self.function(&pending);
            items.extend(constants);
            items.push(text);
            waiting.extend(more.into_iter().rev());
        }
    }

    fn function(
        &mut self,
        pending: &PendingValidator,
    ) -> (Vec<String>, String, Vec<PendingValidator>) {
        let protocol = self.protocol;
        let mut body = Body::new(
            pending.usage,
            &pending.stem,
            &protocol.schemas[pending.usage.id],
        );
        let has_guard = self.has_guard(&pending.usage);
        let plain = Usage {
            tracked: false,
            ..pending.usage
        };
        let behind = match has_guard {
            true => self.behind_guard(&mut body),
            false => None,
        };
        let lines = match (behind, self.plain(&plain)) {
            (_, Some("hf.anything")) => Vec::new(),
            (Some(behind), _) => behind,
            (None, Some(known)) if !pending.usage.tracked => {
                vec![format!("{known}(value, report);")]
            }
            (None, _) => {
                self.body(&mut body);
                body.make_locals();
                let statements = std::mem::take(&mut body.statements);
                let mut lines =
                    statements::guarded(body.schema.types, statements, pending.usage.tracked);
                if let Some(asks) = self.asks_guard(&pending.usage).filter(|_| has_guard) {
                    lines.insert(0, format!("if ({asks}) return;"));
                }
                lines
            }
        };
        let mut text = self.check(pending, has_guard, lines);
        if let Some(guard) = self.guard(&mut body, pending.exported) {
            text = format!("{guard}\n{text}");
        }
        (body.constants, text, body.pending)
    }

    /// A validator of these statements; where values contain their like, it remembers what they say.
    fn check(&mut self, pending: &PendingValidator, has_guard: bool, lines: Vec<String>) -> String {
        let PendingValidator {
            usage,
            name,
            exported,
            ..
        } = pending;
        let recursion = self.recursion[usage.id.0 as usize];
        if recursion == Recursion::None || has_guard || usage.tracked {
            return function(name, *exported, usage.tracked, lines);
        }
        let uncached = self.names.take_value(&format!("{name}Uncached"));
        let alternatives = recursion == Recursion::Alternatives;
        let call = format!("hf.memoize(value, report, {uncached}, {alternatives});");
        let remembers = function(name, *exported, false, vec![call]);
        format!("{remembers}\n{}", function(&uncached, false, false, lines))
    }

    /// Two ways that come to the same are one.
    pub(super) fn canonical(&self, usage: Usage) -> Usage {
        let same = usage.position == Purpose::Part
            && (!self.sent_by_client[usage.id.0 as usize]
                || unknown_fields(&self.protocol.schemas, usage.id) == UnknownFields::AsWritten);
        let position = if same { Purpose::Whole } else { usage.position };
        Usage { position, ..usage }
    }

    /// What a schema refers to that says nothing itself, and how that is met.
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
            usage.position = unknown_fields(schemas, usage.id).in_place(usage.position);
            usage.id = target;
        }
        self.canonical(usage)
    }

    /// The name of the function for a schema; one that is not there yet is pending under the stem.
    pub(super) fn reference(&mut self, body: &mut Body<'_>, usage: Usage, stem: &str) -> String {
        let usage = self.resolved(usage);
        if let Some(known) = self.plain(&usage) {
            return known.to_owned();
        }
        if let Some(name) = self.functions.get(&usage) {
            return name.clone();
        }
        let stem = match self.decl_of.get(&usage.id) {
            Some(decl) if !self.is_inlined(*decl) => format!(
                "{}{}",
                self.names.types[decl.0].trim_end_matches('$'),
                match usage.position {
                    Purpose::Test => "Test",
                    Purpose::Part => "Part",
                    Purpose::Whole => "Whole",
                }
            ),
            _ => stem.to_owned(),
        };
        let name = self.names.take_value(&format!("validate{stem}"));
        self.functions.insert(usage, name.clone());
        let is_object = self.protocol.schemas[usage.id]
            .types
            .and_then(TypeSet::single)
            == Some(Type::Object);
        if is_object && self.has_guard(&usage) {
            let guard = self.names.take_value(&format!("is{stem}"));
            self.guards.insert(usage, guard);
        }
        body.pending.push(PendingValidator {
            usage,
            name: name.clone(),
            stem,
            exported: false,
        });
        name
    }

    /// The runtime's own function for a schema, where there is one that says the same.
    fn plain(&self, usage: &Usage) -> Option<&'static str> {
        let schema = &self.protocol.schemas[usage.id];
        match schema.boolean {
            Some(true) => return Some("hf.anything"),
            Some(false) => return Some("hf.nothing"),
            None => {}
        }
        let bare = Schema {
            span: schema.span,
            annotations: schema.annotations.clone(),
            types: schema.types,
            resource: schema.resource,
            ..Schema::default()
        };
        if *schema != bare {
            return None;
        }
        let Some(types) = schema.types else {
            return Some("hf.anything");
        };
        if usage.tracked {
            return None;
        }
        Some(match types.single()? {
            Type::Null => "hf.nil",
            Type::Boolean => "hf.boolean",
            Type::Integer
                if usage.position == Purpose::Test || !self.protocol.schemas.has_defaults() =>
            {
                "hf.integer"
            }
            Type::Integer => "hf.safeInteger",
            Type::Number => "hf.number",
            Type::String => "hf.string",
            Type::Array => "hf.array",
            Type::Object => "hf.object",
        })
    }
}

/// A function that validators.
fn function(name: &str, exported: bool, tracked: bool, body: Vec<String>) -> String {
    let mut parameters = vec![("value", "unknown"), ("report", "hf.Report")];
    if tracked {
        parameters.push(("evaluated", "hf.Evaluated"));
    }
    // Compilers refuse a parameter that nobody uses, unless its name says so.
    let used = statements::mentioned(&body);
    let parameters: Vec<String> = parameters
        .into_iter()
        .map(|(name, ty)| {
            let underscore = if used.contains(name) { "" } else { "_" };
            format!("{underscore}{name}: {ty}")
        })
        .collect();
    lay_out(&Function {
        exported,
        name,
        parameters: parameters.join(", "),
        returns: "void",
        body,
    })
}
