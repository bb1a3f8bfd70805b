//! The keywords that hand the same value to other schemas, as statements.

use super::{
    body::Body,
    context::{Context, Usage},
    statements::{self, Uses},
    text,
};
use handfast_schema::{
    SchemaId, Type,
    openness::Purpose,
    union::{Distinction, union},
};
use serde_json::Value;

/// A further argument, if it is recorded what is evaluated.
fn also(evaluated: Option<&str>) -> String {
    evaluated.map_or_else(String::new, |evaluated| format!(", {evaluated}"))
}

impl Context<'_> {
    /// The statements for other schemas of the same value. `more` says that further statements follow.
    pub(super) fn in_place(
        &mut self,
        body: &mut Body<'_>,
        purpose: Purpose,
        evaluated: Option<&str>,
        more: bool,
    ) {
        let schema = body.schema;
        let more = more || schema.not.is_some() || schema.condition.is_some();
        let is_described = schema.reference.is_some()
            || schema.dynamic_reference.is_some()
            || schema.condition.is_some()
            || !(schema.dependent_schemas.is_empty()
                && schema.all_of.is_empty()
                && schema.any_of.is_empty()
                && schema.one_of.is_empty());
        if is_described {
            let uses = Uses {
                value: false,
                ..Uses::BOTH
            };
            body.step_using(None, uses, "hf.deduplicate(report);".to_owned());
        }
        let dynamic = schema.dynamic_reference.as_ref();
        let references = schema.reference.into_iter();
        let references: Vec<SchemaId> = references
            .chain(dynamic.map(|dynamic| dynamic.initial))
            .collect();
        for (i, id) in references.iter().enumerate() {
            let stem = format!("{}All{}", body.stem, i + 1);
            self.handed(body, *id, purpose, evaluated, &stem, None);
        }
        let may_be_object = body.may_be(Type::Object);
        for (key, id) in schema.dependent_schemas.iter().filter(|_| may_be_object) {
            let stem = text::identifier(&crate::names::pascal(key));
            let stem = format!("{}With{stem}", body.stem);
            self.handed(body, *id, purpose, evaluated, &stem, Some(key));
        }
        for (i, id) in schema.all_of.iter().enumerate() {
            let stem = format!("{}All{}", body.stem, references.len() + i + 1);
            self.handed(body, *id, purpose, evaluated, &stem, None);
        }
        if !schema.any_of.is_empty() {
            let last = schema.one_of.is_empty() && !more;
            self.union(body, &schema.any_of, "anyOf", purpose, evaluated, last);
        }
        if !schema.one_of.is_empty() {
            self.union(body, &schema.one_of, "oneOf", purpose, evaluated, !more);
        }
        if let Some(id) = schema.not {
            let validator = self.test(body, id, "Not");
            body.step(None, format!("hf.not(value, {validator}, report);"));
        }
        if let Some(id) = schema.condition {
            self.conditional(body, id, purpose, evaluated);
        }
    }

    /// Another schema of the same value; if a property is named, only if that is present.
    fn handed(
        &mut self,
        body: &mut Body<'_>,
        id: SchemaId,
        purpose: Purpose,
        evaluated: Option<&str>,
        stem: &str,
        beside: Option<&str>,
    ) {
        let Some((uses, call)) = self.call(body, id, purpose, evaluated, stem) else {
            return;
        };
        match beside {
            None => body.step_using(None, uses, call),
            Some(key) => {
                let condition = format!("if (hf.has(value, {})) {{", text::string(key));
                body.lines_using(
                    Some(Type::Object),
                    uses,
                    statements::block(&condition, vec![call]),
                );
            }
        }
    }

    /// The call of the validator of another schema of the same value; none if it allows anything.
    fn call(
        &mut self,
        body: &mut Body<'_>,
        id: SchemaId,
        purpose: Purpose,
        evaluated: Option<&str>,
        stem: &str,
    ) -> Option<(Uses, String)> {
        let usage = Usage {
            id,
            purpose,
            tracked: evaluated.is_some(),
        };
        let validator = self.reference(body, usage, stem);
        // The runtime's own look at no property and no item.
        let evaluated = evaluated.filter(|_| !validator.starts_with("hf."));
        (validator != "hf.anything").then(|| {
            let call = format!("{validator}(value, report{});", also(evaluated));
            (Uses::tracking(evaluated), call)
        })
    }

    /// `if`, `then` and `else`
    fn conditional(
        &mut self,
        body: &mut Body<'_>,
        id: SchemaId,
        purpose: Purpose,
        evaluated: Option<&str>,
    ) {
        let schema = body.schema;
        let mut consequence = |cx: &mut Self, id: Option<SchemaId>, ending: &str| {
            let stem = format!("{}{ending}", body.stem);
            id.and_then(|id| cx.call(body, id, purpose, evaluated, &stem))
                .map(|(_, call)| call)
        };
        let then = consequence(self, schema.then, "Then");
        let otherwise = consequence(self, schema.otherwise, "Else");
        if then.is_none() && otherwise.is_none() && evaluated.is_none() {
            return;
        }
        let usage = Usage {
            id,
            purpose: Purpose::Test,
            tracked: evaluated.is_some(),
        };
        let validator = self.reference(body, usage, &format!("{}If", body.stem));
        let asks = match evaluated {
            Some(evaluated) => format!("hf.passesTracked(value, {validator}, report, {evaluated})"),
            None => format!("hf.passes(value, {validator}, report.strict)"),
        };
        let lines = match (then, otherwise) {
            (None, None) => vec![format!("{asks};")],
            (Some(then), None) => statements::block(&format!("if ({asks}) {{"), vec![then]),
            (None, Some(otherwise)) => {
                statements::block(&format!("if (!{asks}) {{"), vec![otherwise])
            }
            (Some(then), Some(otherwise)) => {
                let mut lines = statements::block(&format!("if ({asks}) {{"), vec![then]);
                lines.extend(statements::block("else {", vec![otherwise]));
                lines
            }
        };
        body.lines_using(None, Uses::tracking(evaluated), lines);
    }

    /// `anyOf` or `oneOf`. `last` says that no statement follows.
    fn union(
        &mut self,
        body: &mut Body<'_>,
        ids: &[SchemaId],
        keyword: &str,
        purpose: Purpose,
        tracker: Option<&str>,
        last: bool,
    ) {
        let usage = |id| Usage {
            id,
            purpose,
            tracked: tracker.is_some(),
        };
        let schemas = &self.protocol.schemas;
        let lines = match union(schemas, ids) {
            None => {
                let branches: Vec<Usage> = ids.iter().copied().map(usage).collect();
                self.alternatives(body, &branches, keyword, tracker)
            }
            Some(discriminated) => match &discriminated.distinction {
                Distinction::Null(id) => {
                    let stem = body.stem.to_owned() + "Value";
                    let validator = self.reference(body, usage(*id), &stem);
                    if validator == "hf.anything" {
                        return;
                    }
                    let call = format!("{validator}(value, report{});", also(tracker));
                    vec![format!("if (value !== null) {call}")]
                }
                Distinction::Property(discriminant) => {
                    let branches = discriminant.branches.iter();
                    let branches: Vec<_> =
                        branches.map(|(value, id)| (value, usage(*id))).collect();
                    let property = text::string(&discriminant.property);
                    let mut lines = self.switch(body, &property, &branches, tracker, last);
                    if discriminated.nullable && last {
                        lines.insert(0, "if (value === null) return;".to_owned());
                    } else if discriminated.nullable {
                        lines = statements::block("if (value !== null) {", lines);
                    }
                    lines
                }
            },
        };
        body.lines_using(None, Uses::tracking(tracker), lines);
    }

    /// The branches of a union without a discriminant, which are tried one by one.
    fn alternatives(
        &mut self,
        body: &mut Body<'_>,
        branches: &[Usage],
        keyword: &str,
        tracker: Option<&str>,
    ) -> Vec<String> {
        let ending = if keyword == "anyOf" { "Any" } else { "One" };
        let validators = branches.iter().enumerate().map(|(i, branch)| {
            let stem = format!("{}{ending}{}", body.stem, i + 1);
            self.reference(body, *branch, &stem)
        });
        let validators: Vec<String> = validators.collect();
        let tracked = if tracker.is_some() { "Tracked" } else { "" };
        let (validators, also) = (validators.join(", "), also(tracker));
        vec![format!(
            "hf.{keyword}{tracked}(value, [{validators}], report{also});"
        )]
    }

    /// The branches of a union with a discriminant.
    fn switch(
        &mut self,
        body: &mut Body<'_>,
        property: &str,
        branches: &[(&Value, Usage)],
        tracker: Option<&str>,
        last: bool,
    ) -> Vec<String> {
        let mut lines = vec![format!("switch (hf.discriminant(value, {property})) {{")];
        let end = |lines: &mut Vec<String>, call: String| {
            if last {
                lines.push(format!("    return {call};"));
            } else {
                lines.push(format!("    {call};"));
                lines.push("    break;".to_owned());
            }
        };
        for (value, branch) in branches {
            let variant = value.as_str().unwrap_or_default();
            let variant = text::identifier(&crate::names::pascal(variant));
            let validator = self.reference(body, *branch, &format!("{}{variant}", body.stem));
            lines.push(format!("  case {}:", text::value(value)));
            end(
                &mut lines,
                format!("{validator}(value, report{})", also(tracker)),
            );
        }
        lines.push("  default:".to_owned());
        lines.extend(tracker.map(|tracker| format!("    {tracker}.addAll();")));
        let values: Vec<String> = branches
            .iter()
            .map(|(value, _)| text::value(value))
            .collect();
        let values = values.join(", ");
        end(
            &mut lines,
            format!("hf.noVariant(value, {property}, [{values}], report)"),
        );
        lines.push("}".to_owned());
        lines
    }
}
