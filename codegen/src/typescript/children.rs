//! The keywords that look inside an object or an array, as statements.

use super::{
    body::Body,
    context::{ConstantKind, Context, Usage},
    pattern,
    statements::{self, Uses},
    text,
};
use handfast_schema::{SchemaId, Type, openness::Purpose};

impl Context<'_> {
    fn child(&mut self, body: &mut Body<'_>, id: SchemaId, stem: &str) -> String {
        let usage = body.usage.child(id);
        self.reference(body, usage, stem)
    }

    pub(super) fn properties(
        &mut self,
        body: &mut Body<'_>,
        closes: bool,
        evaluated: Option<&str>,
    ) {
        let schema = body.schema;
        let of = Some(Type::Object);
        if schema.property_names.is_some() || !schema.pattern_properties.is_empty() {
            return self.members(body, closes, evaluated);
        }
        for (name, id) in &schema.properties {
            self.property(body, name, *id);
        }
        let more = schema.additional_properties;
        match more.map(|more| (more, self.protocol.schemas[more].boolean)) {
            Some((_, Some(true))) => {}
            Some((_, Some(false))) => {
                let fields = self.fields(body);
                body.step(
                    of,
                    format!("hf.noAdditionalProperties(value, {fields}, report);"),
                );
            }
            Some((more, None)) => {
                let validator = self.child(body, more, &format!("{}Value", body.stem));
                if validator != "hf.anything" {
                    let fields = self.fields(body);
                    body.step(
                        of,
                        format!("hf.additionalProperties(value, {fields}, {validator}, report);"),
                    );
                }
            }
            None if closes => {
                let fields = self.fields(body);
                body.step(
                    of,
                    format!(
                        "if (report.strict) hf.noAdditionalProperties(value, {fields}, report);"
                    ),
                );
            }
            None => {}
        }
        match evaluated {
            Some(evaluated) if more.is_some() => body.step_using(
                of,
                Uses::record(evaluated),
                format!("{evaluated}.addAll();"),
            ),
            Some(evaluated) if !schema.properties.is_empty() => {
                let fields = self.fields(body);
                body.step_using(
                    of,
                    Uses::record(evaluated),
                    format!("{evaluated}.add({fields});"),
                );
            }
            _ => {}
        }
    }

    /// One of `properties`.
    fn property(&mut self, body: &mut Body<'_>, name: &str, id: SchemaId) {
        let of = Some(Type::Object);
        let stem = text::identifier(&crate::names::pascal(name));
        let stem = format!("{}{stem}", body.stem);
        let Some(local) = body.locals.of(name).map(str::to_owned) else {
            let validator = self.child(body, id, &stem);
            let name = text::string(name);
            return body.step(
                of,
                format!("hf.property(value, {name}, {validator}, report);"),
            );
        };
        let usage = body.usage.child(id);
        let condition = self.condition(body, &usage, &local);
        let condition = match &condition {
            Some(condition) => format!("{local} !== undefined && {}", condition.fails()),
            None => format!("{local} !== undefined"),
        };
        let lines = match self.child(body, id, &stem) {
            // Anything at all passes.
            validator if validator == "hf.anything" => return,
            validator => {
                let name = text::string(name);
                vec![format!(
                    "hf.reportMember({local}, report, {validator}, {name});"
                )]
            }
        };
        body.locals.mark_used(name);
        let head = format!("if ({condition}) {{");
        body.lines(of, statements::block(&head, lines));
    }

    /// The properties of a schema with `propertyNames` or `patternProperties`: everything about one property in one pass.
    fn members(&mut self, body: &mut Body<'_>, closes: bool, evaluated: Option<&str>) {
        let schema = body.schema;
        let mut parts = Vec::new();
        if !schema.properties.is_empty() {
            let declared: Vec<String> = schema
                .properties
                .iter()
                .map(|(name, id)| {
                    let stem = text::identifier(&crate::names::pascal(name));
                    let validator = self.child(body, *id, &format!("{}{stem}", body.stem));
                    format!("[{}, {validator}]", text::string(name))
                })
                .collect();
            let declared = declared.join(", ");
            parts.push(format!(
                "properties: /*@__PURE__*/ new Map<string, hf.Validator<unknown>>([{declared}])"
            ));
        }
        if let Some(names) = schema.property_names {
            let validator = self.test(body, names, "Name");
            parts.push(format!("propertyNames: {validator}"));
        }
        if !schema.pattern_properties.is_empty() {
            let patterns: Vec<String> = schema
                .pattern_properties
                .iter()
                .enumerate()
                .map(|(i, (pattern, id))| {
                    let validator = self.child(body, *id, &format!("{}Like{}", body.stem, i + 1));
                    format!("[{}, {validator}]", pattern::pattern(pattern))
                })
                .collect();
            parts.push(format!("patternProperties: [{}]", patterns.join(", ")));
        }
        let more = schema.additional_properties;
        let others = match more.map(|more| (more, self.protocol.schemas[more].boolean)) {
            Some((_, Some(true))) => None,
            Some((_, Some(false))) => Some("hf.undeclaredProperty".to_owned()),
            Some((more, None)) => Some(self.child(body, more, &format!("{}Value", body.stem))),
            None => closes.then(|| "hf.undeclaredIfSent".to_owned()),
        };
        parts.extend(others.map(|validator| format!("additionalProperties: {validator}")));
        let kind = ConstantKind::Members(body.usage.purpose);
        let members = self.constant(body, kind, "Members", "hf.PropertyKeywords", || {
            format!("{{ {} }}", parts.join(", "))
        });
        let of = Some(Type::Object);
        let noted = evaluated.map_or_else(String::new, |evaluated| format!(", {evaluated}"));
        body.step_using(
            of,
            Uses::tracking(evaluated),
            format!("hf.propertyKeywords(value, {members}, report{noted});"),
        );
        if let (Some(evaluated), Some(_)) = (evaluated, more) {
            body.step_using(
                of,
                Uses::record(evaluated),
                format!("{evaluated}.addAll();"),
            );
        }
    }

    /// The validator of a schema that only tests a value, and does not describe it.
    pub(super) fn test(&mut self, body: &mut Body<'_>, id: SchemaId, ending: &str) -> String {
        let usage = Usage {
            id,
            purpose: Purpose::Test,
            tracked: false,
        };
        let stem = format!("{}{ending}", body.stem);
        self.reference(body, usage, &stem)
    }

    /// The set of the declared properties.
    pub(super) fn fields(&mut self, body: &mut Body<'_>) -> String {
        let names: Vec<String> = body
            .schema
            .properties
            .iter()
            .map(|(name, _)| text::string(name))
            .collect();
        self.constant(body, ConstantKind::Fields, "Fields", "", || {
            text::set("string", &names)
        })
    }

    pub(super) fn items(&mut self, body: &mut Body<'_>, evaluated: Option<&str>) {
        let schema = body.schema;
        let of = Some(Type::Array);
        for (i, id) in schema.prefix_items.iter().enumerate() {
            let validator = self.child(body, *id, &format!("{}{i}", body.stem));
            if validator != "hf.anything" {
                body.step(of, format!("hf.item(value, {i}, {validator}, report);"));
            }
        }
        let from = schema.prefix_items.len();
        match schema
            .items
            .map(|items| (items, self.protocol.schemas[items].boolean))
        {
            None | Some((_, Some(true))) => {}
            Some((_, Some(false))) => {
                body.step(of, format!("hf.noItems(value, {from}, report);"));
            }
            Some((items, None)) => {
                self.each_item(body, items, from);
            }
        }
        match evaluated {
            Some(evaluated) if schema.items.is_some() => body.step_using(
                of,
                Uses::record(evaluated),
                format!("{evaluated}.addAll();"),
            ),
            Some(evaluated) if from > 0 => body.step_using(
                of,
                Uses::record(evaluated),
                format!("{evaluated}.addFirst({from});"),
            ),
            _ => {}
        }
    }

    /// `items`
    fn each_item(&mut self, body: &mut Body<'_>, id: SchemaId, from: usize) {
        let of = Some(Type::Array);
        let usage = body.usage.child(id);
        let condition = self.condition(body, &usage, "item").filter(|_| from == 0);
        let validator = self.child(body, id, &format!("{}Item", body.stem));
        if validator == "hf.anything" {
            return;
        }
        let all = format!("hf.items(value, {from}, {validator}, report);");
        if let Some(condition) = condition {
            let head = format!("if (!value.every(item => {})) {{", condition.holds());
            return body.lines(of, statements::block(&head, vec![all]));
        }
        if from > 0 || validator.starts_with("hf.") || body.schema.types.is_none() {
            return body.step(of, all);
        }
        let lines = [
            "for (let i = 0; i < value.length; i++) {",
            &format!("  hf.reportMember(value[i], report, {validator}, i);"),
            "}",
        ];
        body.lines(of, lines.map(str::to_owned).to_vec());
    }

    pub(super) fn contains(&mut self, body: &mut Body<'_>, evaluated: Option<&str>) {
        let schema = body.schema;
        let of = Some(Type::Array);
        let Some(id) = schema.contains else { return };
        let min = schema.min_contains.unwrap_or(1);
        if min == 0 && schema.max_contains.is_none() && evaluated.is_none() {
            return;
        }
        let validator = self.test(body, id, "Contained");
        let noted = evaluated.map_or_else(String::new, |evaluated| format!(", {evaluated}"));
        let count = format!("hf.countMatching(value, {validator}, report{noted})");
        if min == 0 && schema.max_contains.is_none() {
            return body.step_using(of, Uses::tracking(evaluated), format!("{count};"));
        }
        let line = format!("const matching = {count};");
        body.step_using(of, Uses::tracking(evaluated), line);
        match schema.min_contains {
            Some(0) => {}
            Some(min) => body.step(of, format!("hf.minContains(matching, {min}, report);")),
            None => body.step(of, "hf.contains(matching, report);".to_owned()),
        }
        if let Some(max) = schema.max_contains {
            body.step(of, format!("hf.maxContains(matching, {max}, report);"));
        }
    }

    /// The keywords about what was not evaluated. `closed` means `unevaluatedProperties: false` where a server
    /// receives.
    pub(super) fn unevaluated(&mut self, body: &mut Body<'_>, closed: bool, evaluated: &str) {
        let schema = body.schema;
        if let Some(id) = schema
            .unevaluated_items
            .filter(|_| body.may_be(Type::Array))
        {
            let validator = match self.protocol.schemas[id].boolean {
                Some(false) => "hf.unevaluatedItem".to_owned(),
                _ => self.child(body, id, &format!("{}Rest", body.stem)),
            };
            let line = format!("hf.unevaluatedItems(value, {evaluated}, {validator}, report);");
            body.step(Some(Type::Array), line);
        }
        let of = Some(Type::Object);
        if !body.may_be(Type::Object) {
            return;
        }
        if closed {
            body.step(of, format!("hf.noUnevaluated(value, {evaluated}, report);"));
        } else if let Some(id) = schema.unevaluated_properties {
            let validator = match self.protocol.schemas[id].boolean {
                Some(false) => "hf.unevaluatedProperty".to_owned(),
                _ => self.child(body, id, &format!("{}Others", body.stem)),
            };
            let line =
                format!("hf.unevaluatedProperties(value, {evaluated}, {validator}, report);");
            body.step(of, line);
        }
    }
}
