//! A validator that is being written: its statements, its constants, and the validators that it refers to.

use super::{
    context::{ConstantKind, Context, Usage},
    locals::Locals,
    names::lower_first,
    statements::{Statements, Uses},
};
use handfast_schema::{Schema, SchemaId, Type, TypeSet, openness::Purpose};
use handfast_templates::typescript::{Constant, lay_out};
use std::collections::BTreeSet;

/// A validator that has a name and is not written yet.
pub(super) struct PendingValidator {
    pub(super) usage: Usage,
    pub(super) name: String,
    /// The beginning of the names of validators for what is inside.
    pub(super) stem: String,
    pub(super) exported: bool,
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
    /// Whether the guard uses its parameter `strict`.
    pub(super) uses_strict: bool,
    pub(super) statements: Vec<Statements>,
    pub(super) pending: Vec<PendingValidator>,
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
            uses_strict: false,
            statements: Vec::new(),
            pending: Vec::new(),
            constants: Vec::new(),
        }
    }

    /// Takes over the constants and pending validators of another.
    pub(super) fn takes(&mut self, other: &mut Body<'_>) {
        self.constants.append(&mut other.constants);
        self.pending.append(&mut other.pending);
    }

    /// Whether a value of a type passes `type`.
    pub(super) fn may_be(&self, ty: Type) -> bool {
        self.schema.types.is_none_or(|types| types.contains(ty))
    }

    /// Puts the declaration of the constants in use before all statements.
    pub(super) fn declare_locals(&mut self) {
        if let Some(lines) = self.locals.declaration("value") {
            let declaration = Statements {
                of: Some(Type::Object),
                uses: Uses::BOTH,
                lines,
            };
            self.statements.insert(0, declaration);
        }
    }

    /// Adds a statement that uses the value and the report.
    pub(super) fn step(&mut self, of: Option<Type>, line: String) {
        self.lines(of, vec![line]);
    }

    /// Adds a statement.
    pub(super) fn step_using(&mut self, of: Option<Type>, uses: Uses, line: String) {
        self.lines_using(of, uses, vec![line]);
    }

    /// Adds statements that use the value and the report.
    pub(super) fn lines(&mut self, of: Option<Type>, lines: Vec<String>) {
        self.lines_using(of, Uses::BOTH, lines);
    }

    /// Adds statements.
    pub(super) fn lines_using(&mut self, of: Option<Type>, uses: Uses, lines: Vec<String>) {
        if !lines.is_empty() {
            self.statements.push(Statements { of, uses, lines });
        }
    }
}

impl Context<'_> {
    /// The name of the validator of a schema. A new one becomes pending.
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
                match usage.purpose {
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

    /// The runtime's own validator of a schema, if there is one.
    pub(super) fn plain(&self, usage: &Usage) -> Option<&'static str> {
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
                if usage.purpose == Purpose::Test || !self.protocol.schemas.safe_integers() =>
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

    /// A constant of a schema, written where it is first needed.
    pub(super) fn constant(
        &mut self,
        body: &mut Body<'_>,
        kind: ConstantKind,
        ending: &str,
        ty: &str,
        value: impl FnOnce() -> String,
    ) -> String {
        self.constant_of(body, body.usage.id, body.stem, kind, ending, ty, value)
    }

    /// A constant that belongs to another schema.
    #[expect(clippy::too_many_arguments, reason = "what a constant is made of")]
    pub(super) fn constant_of(
        &mut self,
        body: &mut Body<'_>,
        id: SchemaId,
        stem: &str,
        kind: ConstantKind,
        ending: &str,
        ty: &str,
        value: impl FnOnce() -> String,
    ) -> String {
        if let Some(name) = self.constants.get(&(id, kind)) {
            return name.clone();
        }
        let stem = format!("{}{ending}", lower_first(stem));
        let name = self.names.take_value(&stem);
        body.constants.push(lay_out(&Constant {
            doc: String::new(),
            exported: false,
            name: &name,
            ty,
            value: value(),
        }));
        self.constants.insert((id, kind), name.clone());
        name
    }
}

/// Whether the properties can be local constants: the value is nothing but an object.
pub(super) fn has_locals(body: &Body<'_>) -> bool {
    body.schema.types.and_then(TypeSet::single) == Some(Type::Object)
}
