//! Validators: functions that report the violations that the interpreter of `handfast-schema` reports, in its order.
//!
//! Each belongs to a schema and how it is used ([`Usage`]). Those of named types are exported; what is
//! inside of them gets a function of its own, unless the runtime has one.

use super::{
    body::{Body, PendingValidator},
    context::{Context, Usage},
    recursion::Recursion,
    statements::{self, EVALUATED, Uses},
};
use crate::shape::DeclId;
use handfast_schema::openness::Purpose;
use handfast_templates::typescript::{Function, lay_out};

impl Context<'_> {
    /// Names the validators of every declared type, so that they can refer to each other.
    pub(super) fn name_validators(&mut self) {
        for (i, decl) in self.shapes.decls.iter().enumerate() {
            if self.decl_of.get(&decl.schema) == Some(&DeclId(i)) && !self.is_inlined(DeclId(i)) {
                let usage = self.canonical(Usage::whole(decl.schema));
                self.functions
                    .insert(usage, self.names.validators[i].clone());
                let ty = self.names.types[i].trim_end_matches('$');
                let guard = self.names.take_value(&format!("is{ty}"));
                self.guards.insert(usage, guard);
            }
        }
    }

    /// The validator of a declared type, and those it needs that are not written yet.
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
            items.push(function(&name, true, false, body, Uses::BOTH));
            return;
        }
        let usage = self.canonical(Usage::whole(decl.schema));
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
        let is_list = plain == pending.usage
            && plain.purpose != Purpose::Test
            && self.only_items(body.schema).is_some();
        let behind = match has_guard {
            true => self.behind_guard(&mut body, pending.exported),
            false if is_list => {
                let rule = self.items_rule(&mut body, plain, "Item");
                rule.map(|rule| vec![rule.statement()])
            }
            false => None,
        };
        let (mut lines, uses) = match (behind, self.plain(&plain)) {
            (_, Some("hf.anything")) => (Vec::new(), Uses::default()),
            (Some(behind), _) => (behind, Uses::BOTH),
            (None, Some(known)) if !pending.usage.tracked => {
                (vec![format!("{known}(value, report);")], Uses::BOTH)
            }
            (None, _) => {
                self.body(&mut body);
                body.declare_locals();
                let statements = std::mem::take(&mut body.statements);
                let (mut lines, mut uses) =
                    statements::guarded(body.schema.types, statements, pending.usage.tracked);
                if let Some(asks) = self.asks_guard(&pending.usage).filter(|_| has_guard) {
                    lines.insert(0, format!("if ({asks}) return;"));
                    uses.value = true;
                    uses.report |= self.is_strict(pending.usage.id);
                }
                (lines, uses)
            }
        };
        if self.is_byte_array(pending.usage.id) {
            lines.insert(0, "value = hf.textOfBytes(value, report);".to_owned());
        }
        let mut text = self.memoized(pending, has_guard, lines, uses);
        if let Some(guard) = self.guard(&mut body, pending.exported) {
            text = format!("{guard}\n{text}");
        }
        (body.constants, text, body.pending)
    }

    /// The validator of these statements; for recursive types its verdicts are memoized.
    fn memoized(
        &mut self,
        pending: &PendingValidator,
        has_guard: bool,
        lines: Vec<String>,
        uses: Uses,
    ) -> String {
        let PendingValidator {
            usage,
            name,
            exported,
            ..
        } = pending;
        let recursion = self.recursion[usage.id.0 as usize];
        if recursion == Recursion::None || has_guard || usage.tracked {
            return function(name, *exported, usage.tracked, lines, uses);
        }
        let uncached = self.names.take_value(&format!("{name}Uncached"));
        let alternatives = recursion == Recursion::Alternatives;
        let call = format!("hf.memoize(value, report, {uncached}, {alternatives});");
        let remembers = function(name, *exported, false, vec![call], Uses::BOTH);
        format!(
            "{remembers}\n{}",
            function(&uncached, false, false, lines, uses)
        )
    }
}

/// The function of a validator.
fn function(name: &str, exported: bool, tracked: bool, body: Vec<String>, uses: Uses) -> String {
    let mut parameters = vec![
        ("value", "unknown", uses.value),
        ("report", "hf.Report", uses.report),
    ];
    if tracked {
        parameters.push((EVALUATED, "hf.Evaluated", uses.evaluated));
    }
    // Compilers refuse unused parameters, unless their names begin with an underscore.
    let parameters: Vec<String> = parameters
        .into_iter()
        .map(|(name, ty, is_used)| {
            let underscore = if is_used { "" } else { "_" };
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
