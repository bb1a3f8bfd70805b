//! Checks: functions that say what the interpreter of `handfast-schema` says, in its order.
//!
//! A function belongs to a schema and to the way it is met there ([`Way`]). Those of named types are exported; what is
//! met inside of them gets a function of its own, unless the runtime has it already.

use super::{Cx, guard, inline::Locals, recursion::Recursion};
use crate::shape::DeclId;
use handfast_schema::{
    Schema, SchemaId, Type, TypeSet,
    openness::{Purpose, UnknownFields, unknown_fields},
};
use handfast_templates::typescript::{Function, lay_out};
use std::collections::BTreeSet;

/// A schema, and how it is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub(super) id: SchemaId,
    pub(super) position: Purpose,
    /// Whether the function notes which properties and items it has looked at.
    pub(super) looking: bool,
}

/// A constant beside a check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Beside {
    Fields,
    /// In each position what lies inside is checked by functions of its own.
    Members(Purpose),
    Pattern,
    Values,
    /// The arrays and objects among them.
    Nested,
    /// In each position what lies inside is told of by rules of its own.
    Rule(Purpose),
}

/// A function that has a name already.
struct Wanted {
    way: Way,
    name: String,
    /// What functions for what lies inside are called after.
    stem: String,
    exported: bool,
}

/// Statements, and the types of values that they are for.
pub(super) struct Step {
    pub(super) of: Option<Type>,
    pub(super) lines: Vec<String>,
}

/// One function being written.
pub(super) struct Body<'w> {
    pub(super) way: Way,
    pub(super) stem: &'w str,
    pub(super) schema: &'w Schema,
    /// What is required.
    pub(super) required: BTreeSet<&'w str>,
    /// The properties that are constants in the function.
    pub(super) locals: Locals,
    steps: Vec<Step>,
    wanted: Vec<Wanted>,
    pub(super) constants: Vec<String>,
}

impl<'w> Body<'w> {
    pub(super) fn new(way: Way, stem: &'w str, schema: &'w Schema) -> Self {
        Self {
            way,
            stem,
            schema,
            required: schema.required.iter().map(String::as_str).collect(),
            locals: Locals::new(std::iter::empty()),
            steps: Vec::new(),
            wanted: Vec::new(),
            constants: Vec::new(),
        }
    }

    /// Takes over what another needs beside it.
    pub(super) fn takes(&mut self, other: &mut Body<'_>) {
        self.constants.append(&mut other.constants);
        self.wanted.append(&mut other.wanted);
    }

    /// Whether a value of a type passes `type`.
    pub(super) fn may_be(&self, ty: Type) -> bool {
        self.schema.types.is_none_or(|types| types.contains(ty))
    }

    /// Puts the constants that the statements name before all of them.
    fn make_locals(&mut self) {
        let named = guard::mentioned(self.steps.iter().flat_map(|step| &step.lines));
        let made = self.locals.made(|local| named.contains(local), "value");
        if let Some(lines) = made {
            let of = Some(Type::Object);
            self.steps.insert(0, Step { of, lines });
        }
    }

    pub(super) fn step(&mut self, of: Option<Type>, line: String) {
        self.lines(of, vec![line]);
    }

    pub(super) fn lines(&mut self, of: Option<Type>, lines: Vec<String>) {
        if !lines.is_empty() {
            self.steps.push(Step { of, lines });
        }
    }
}

impl Cx<'_> {
    /// Names the checks of every declared type, so that they can refer to each other.
    pub(super) fn name_checks(&mut self) {
        for (i, decl) in self.shapes.decls.iter().enumerate() {
            if self.decl_of.get(&decl.schema) == Some(&DeclId(i)) && !self.is_inlined(DeclId(i)) {
                let way = self.canonical(Way {
                    id: decl.schema,
                    position: Purpose::Whole,
                    looking: false,
                });
                self.functions.insert(way, self.names.checks[i].clone());
                let ty = self.names.types[i].trim_end_matches('$');
                let guard = self.names.take_value(&format!("is{ty}"));
                self.guards.insert(way, guard);
            }
        }
    }

    /// The check of a declared type, and those it needs that nobody else has.
    pub(super) fn checks(&mut self, id: DeclId, items: &mut Vec<String>) {
        let decl = &self.shapes.decls[id.0];
        let name = self.names.checks[id.0].clone();
        let first = self.decl_of.get(&decl.schema).copied();
        if let Some(first) = first.filter(|first| *first != id) {
            let body = vec![format!("{}(value, report);", self.names.checks[first.0])];
            items.push(self.same_guard(id, first));
            items.push(function(&name, true, false, body));
            return;
        }
        let way = self.canonical(Way {
            id: decl.schema,
            position: Purpose::Whole,
            looking: false,
        });
        let mut waiting = vec![Wanted {
            way,
            name,
            stem: self.names.types[id.0].trim_end_matches('$').to_owned(),
            exported: true,
        }];
        while let Some(wanted) = waiting.pop() {
            let (constants, text, more) = self.function(&wanted);
            items.extend(constants);
            items.push(text);
            waiting.extend(more.into_iter().rev());
        }
    }

    fn function(&mut self, wanted: &Wanted) -> (Vec<String>, String, Vec<Wanted>) {
        let protocol = self.protocol;
        let mut body = Body::new(wanted.way, &wanted.stem, &protocol.schemas[wanted.way.id]);
        let has_guard = self.has_guard(&wanted.way);
        let plain = Way {
            looking: false,
            ..wanted.way
        };
        let behind = match has_guard {
            true => self.behind_guard(&mut body),
            false => None,
        };
        let lines = match (behind, self.plain(&plain)) {
            (_, Some("hf.anything")) => Vec::new(),
            (Some(behind), _) => behind,
            (None, Some(known)) if !wanted.way.looking => vec![format!("{known}(value, report);")],
            (None, _) => {
                self.body(&mut body);
                body.make_locals();
                let steps = std::mem::take(&mut body.steps);
                let mut lines = guard::guarded(body.schema.types, steps, wanted.way.looking);
                if let Some(asks) = self.asks_guard(&wanted.way).filter(|_| has_guard) {
                    lines.insert(0, format!("if ({asks}) return;"));
                }
                lines
            }
        };
        let mut text = self.check(wanted, has_guard, lines);
        if let Some(guard) = self.guard(&mut body, wanted.exported) {
            text = format!("{guard}\n{text}");
        }
        (body.constants, text, body.wanted)
    }

    /// A check of these statements; where values contain their like, it remembers what they say.
    fn check(&mut self, wanted: &Wanted, has_guard: bool, lines: Vec<String>) -> String {
        let Wanted {
            way,
            name,
            exported,
            ..
        } = wanted;
        let recursion = self.recursion[way.id.0 as usize];
        if recursion == Recursion::None || has_guard || way.looking {
            return function(name, *exported, way.looking, lines);
        }
        let anew = self.names.take_value(&format!("{name}Uncached"));
        let alternatives = recursion == Recursion::Alternatives;
        let call = format!("hf.memoize(value, report, {anew}, {alternatives});");
        let remembers = function(name, *exported, false, vec![call]);
        format!("{remembers}\n{}", function(&anew, false, false, lines))
    }

    /// Two ways that come to the same are one.
    pub(super) fn canonical(&self, way: Way) -> Way {
        let same = way.position == Purpose::Part
            && (!self.by_server[way.id.0 as usize]
                || unknown_fields(&self.protocol.schemas, way.id) == UnknownFields::AsWritten);
        let position = if same { Purpose::Whole } else { way.position };
        Way { position, ..way }
    }

    /// What a schema refers to that says nothing itself, and how that is met.
    pub(super) fn resolved(&self, mut way: Way) -> Way {
        let schemas = &self.protocol.schemas;
        // References without end do not pass the check of the spec.
        for _ in 0..64 {
            let Some(target) = schemas[way.id].reference else {
                break;
            };
            if !schemas[way.id].only_refers() || self.decl_of.contains_key(&way.id) {
                break;
            }
            way.position = unknown_fields(schemas, way.id).in_place(way.position);
            way.id = target;
        }
        self.canonical(way)
    }

    /// The name of the function for a schema; one that is not there yet is wanted under the stem.
    pub(super) fn reference(&mut self, body: &mut Body<'_>, way: Way, stem: &str) -> String {
        let way = self.resolved(way);
        if let Some(known) = self.plain(&way) {
            return known.to_owned();
        }
        if let Some(name) = self.functions.get(&way) {
            return name.clone();
        }
        let stem = match self.decl_of.get(&way.id) {
            Some(decl) if !self.is_inlined(*decl) => format!(
                "{}{}",
                self.names.types[decl.0].trim_end_matches('$'),
                match way.position {
                    Purpose::Test => "Test",
                    Purpose::Part => "Part",
                    Purpose::Whole => "Whole",
                }
            ),
            _ => stem.to_owned(),
        };
        let name = self.names.take_value(&format!("validate{stem}"));
        self.functions.insert(way, name.clone());
        let is_object = self.protocol.schemas[way.id]
            .types
            .and_then(TypeSet::single)
            == Some(Type::Object);
        if is_object && self.has_guard(&way) {
            let guard = self.names.take_value(&format!("is{stem}"));
            self.guards.insert(way, guard);
        }
        body.wanted.push(Wanted {
            way,
            name: name.clone(),
            stem,
            exported: false,
        });
        name
    }

    /// The runtime's own function for a schema, where there is one that says the same.
    fn plain(&self, way: &Way) -> Option<&'static str> {
        let schema = &self.protocol.schemas[way.id];
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
        if way.looking {
            return None;
        }
        Some(match types.single()? {
            Type::Null => "hf.nil",
            Type::Boolean => "hf.boolean",
            Type::Integer
                if way.position == Purpose::Test || !self.protocol.schemas.has_defaults() =>
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

/// A function that checks.
fn function(name: &str, exported: bool, looking: bool, body: Vec<String>) -> String {
    let mut parameters = vec![("value", "unknown"), ("report", "hf.Report")];
    if looking {
        parameters.push(("evaluated", "hf.Evaluated"));
    }
    // Compilers refuse a parameter that nobody uses, unless its name says so.
    let used = guard::mentioned(&body);
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
