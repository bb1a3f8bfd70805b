//! The keywords of a schema as statements, in the order of the interpreter.

use super::{
    body::{Body, has_locals},
    context::{ConstantKind, Context, Usage},
    kinds::MAX_COMPARED,
    locals::Locals,
    pattern,
    rules::Rule,
    statements::{self, EVALUATED, Uses},
    text,
};
use handfast_schema::{
    Number, Type, TypeSet, format,
    number::MAX_SAFE_INTEGER,
    openness::{Purpose, UnknownFields, unknown_fields},
};
use serde_json::Value;
use std::collections::BTreeSet;

impl Context<'_> {
    /// The statements behind `type`, in the order of the interpreter.
    pub(super) fn body(&mut self, body: &mut Body<'_>) {
        let Usage {
            id,
            purpose,
            tracked,
        } = body.usage;
        let schema = body.schema;
        let sent_by_client = self.sent_by_client[id.0 as usize];
        let how = if sent_by_client || purpose == Purpose::Test {
            unknown_fields(&self.protocol.schemas, id)
        } else {
            // Nobody sends it, so nothing is closed, and every position is the same.
            UnknownFields::AsWritten
        };
        let closes = purpose == Purpose::Whole && sent_by_client;
        let closed = closes && how == UnknownFields::RefuseUnevaluated && body.may_be(Type::Object);
        let last_word = closed
            || (schema.unevaluated_properties.is_some() && body.may_be(Type::Object))
            || (schema.unevaluated_items.is_some() && body.may_be(Type::Array));
        // What the caller records gets what is recorded here at the end.
        let evaluated = match (tracked, last_word) {
            (false, false) => None,
            (_, true) if tracked => Some("own"),
            _ => Some(EVALUATED),
        };
        if last_word {
            let name = evaluated.unwrap_or_default();
            let line = format!("const {name} = new hf.Evaluated();");
            body.step_using(None, Uses::default(), line);
        }
        let joint = schema.property_names.is_some() || !schema.pattern_properties.is_empty();
        if has_locals(body) && !joint {
            let names = schema.properties.iter().map(|(name, _)| name.as_str());
            body.locals = Locals::new(names);
        }
        // Keywords for types that the value cannot have need no functions and no constants.
        if body.may_be(Type::Object) {
            self.properties(
                body,
                closes && how == UnknownFields::RefuseAdditional,
                evaluated,
            );
        }
        if body.may_be(Type::Array) {
            self.items(body, evaluated);
        }
        self.values(body, sent_by_client);
        self.numbers(body);
        if body.may_be(Type::String) {
            self.strings(body);
        }
        counts_of_items(body);
        if body.may_be(Type::Array) {
            self.contains(body, evaluated);
        }
        counts_of_properties(body);
        required(body);
        for (because, names) in &schema.dependent_required {
            for name in names {
                let (name, because) = (text::string(name), text::string(because));
                let line = format!("hf.dependentRequired(value, {name}, {because}, report);");
                body.step(Some(Type::Object), line);
            }
        }
        self.in_place(body, how.in_place(purpose), evaluated, last_word);
        if let (true, Some(evaluated)) = (last_word, evaluated) {
            self.unevaluated(body, closed, evaluated);
            if tracked {
                let line = format!("{EVALUATED}.merge({evaluated});");
                body.step_using(None, Uses::record(EVALUATED), line);
            }
        }
    }

    /// `const` and `enum`.
    fn values(&mut self, body: &mut Body<'_>, sent_by_client: bool) {
        let schema = body.schema;
        if let Some(constant) = &schema.constant {
            let fail = format!("hf.notConst({}, report);", text::value(constant));
            let unlike = self.unlike(body, std::slice::from_ref(constant));
            let uses = Uses {
                value: unlike.is_some(),
                ..Uses::BOTH
            };
            body.lines_using(None, uses, fails(unlike.as_deref(), fail));
        }
        let Some(values) = &schema.enumeration else {
            return;
        };
        let allowed: Vec<String> = values.iter().map(text::value).collect();
        let fail = format!("hf.notEnum([{}], report);", allowed.join(", "));
        let open = schema.open && body.usage.purpose != Purpose::Test;
        let only_strings = schema.types.and_then(TypeSet::single) == Some(Type::String);
        // Where only a client receives it, no string is refused.
        if open && !sent_by_client && only_strings {
            return;
        }
        let unlike = self.unlike(body, values);
        let excused = match (open, only_strings, sent_by_client) {
            (false, ..) => None,
            (true, true, _) => Some("report.strict"),
            (true, false, true) => Some("(report.strict || typeof value !== 'string')"),
            (true, false, false) => Some("typeof value !== 'string'"),
        };
        let uses = Uses {
            value: unlike.is_some() || (open && !only_strings),
            ..Uses::BOTH
        };
        let condition = match (excused, unlike) {
            (None, unlike) => unlike,
            (Some(excused), None) => Some(excused.to_owned()),
            (Some(excused), Some(unlike)) => Some(format!("{excused} && {unlike}")),
        };
        body.lines_using(None, uses, fails(condition.as_deref(), fail));
    }

    /// The condition that a value is none of these; nothing where it cannot be one.
    fn unlike(&mut self, body: &mut Body<'_>, values: &[Value]) -> Option<String> {
        let fits = |value: &&Value| match body.schema.types {
            None => true,
            Some(types) => statements::types_of(value)
                .iter()
                .any(|ty| types.contains(*ty)),
        };
        let mut scalars: Vec<String> = Vec::new();
        let mut others: Vec<String> = Vec::new();
        let mut known = BTreeSet::new();
        for value in values.iter().filter(fits) {
            let literal = text::value(value);
            let list = if value.is_array() || value.is_object() {
                &mut others
            } else {
                &mut scalars
            };
            // Minus zero is zero.
            let literal = if literal == "-0" {
                "0".to_owned()
            } else {
                literal
            };
            if known.insert(literal.clone()) {
                list.push(literal);
            }
        }
        let mut parts: Vec<String> = if scalars.len() > MAX_COMPARED {
            let name = self.constant(body, ConstantKind::Values, "Values", "", || {
                text::set("unknown", &scalars)
            });
            vec![format!("!{name}.has(value)")]
        } else {
            scalars
                .iter()
                .map(|literal| format!("value !== {literal}"))
                .collect()
        };
        if others.len() > MAX_COMPARED {
            let name = self.constant(body, ConstantKind::Nested, "Nested", "", || {
                format!("/*@__PURE__*/ hf.canonicals([{}])", others.join(", "))
            });
            parts.push(format!("!{name}.has(hf.canonical(value))"));
        } else {
            let compared = others.iter();
            parts.extend(compared.map(|literal| format!("!hf.equal(value, {literal})")));
        }
        (!parts.is_empty()).then(|| parts.join(" && "))
    }

    fn numbers(&mut self, body: &mut Body<'_>) {
        let schema = body.schema;
        let of = schema
            .types
            .filter(|types| !types.contains(Type::Number) && types.contains(Type::Integer))
            .map_or(Type::Number, |_| Type::Integer);
        let safe_integers = self.protocol.schemas.safe_integers();
        let purpose = body.usage.purpose;
        let rule = |body: &mut Body<'_>, name: &str, n: &Number| {
            let line = format!("hf.{name}(value, {}, report);", text::number(n));
            body.step(Some(of), line);
        };
        let default = |written: bool, bound: i64| {
            let applies = safe_integers && of == Type::Integer && purpose != Purpose::Test;
            (applies && !written).then(|| Number::from(bound))
        };
        let lowest = default(
            schema.minimum.is_some() || schema.exclusive_minimum.is_some(),
            -MAX_SAFE_INTEGER,
        );
        let highest = default(
            schema.maximum.is_some() || schema.exclusive_maximum.is_some(),
            MAX_SAFE_INTEGER,
        );
        if let Some(n) = &schema.multiple_of {
            rule(body, "multipleOf", n);
        }
        let least = schema.minimum.as_ref().or(lowest.as_ref());
        let most = schema.maximum.as_ref().or(highest.as_ref());
        let above = schema.exclusive_minimum.as_ref();
        let mut ask = |least: Option<&Number>, most: Option<&Number>, above: Option<&Number>| {
            let bounds = [(least, ">="), (most, "<="), (above, ">")];
            let asked = bounds
                .iter()
                .filter_map(|(n, sign)| n.map(|n| format!("value {sign} {}", text::number(n))));
            let asked: Vec<String> = asked.collect();
            if !asked.is_empty() {
                let asks = format!("if (!({})) {{", asked.join(" && "));
                let number = |n: Option<&Number>| n.map(text::number);
                let rule = Rule::number("reportNumber", number(least), number(most), number(above));
                body.lines(Some(of), statements::block(&asks, vec![rule.statement()]));
            }
        };
        // `exclusiveMinimum` is reported between the two.
        match above {
            Some(_) => {
                ask(least, None, above);
                ask(None, most, None);
            }
            None => ask(least, most, None),
        }
        if let Some(n) = &schema.exclusive_maximum {
            rule(body, "exclusiveMaximum", n);
        }
    }

    fn strings(&mut self, body: &mut Body<'_>) {
        let schema = body.schema;
        let of = Some(Type::String);
        let lengths = [schema.min_length, schema.max_length];
        if lengths.iter().flatten().any(|n| *n > 0) || schema.max_length.is_some() {
            body.lines(of, vec![Rule::string(lengths, None).statement()]);
        }
        if let Some(pattern) = &schema.pattern {
            let name = self.constant(body, ConstantKind::Pattern, "Pattern", "", || {
                pattern::pattern(pattern)
            });
            let asks = format!("if (!{name}.test(value)) {{");
            let rule = Rule::string([None, None], Some((name, pattern)));
            body.lines(of, statements::block(&asks, vec![rule.statement()]));
        }
        let format = schema.format.as_deref().and_then(format_check);
        if let Some(validator) = format {
            body.step(of, format!("hf.{validator}(value, report);"));
        }
        let encoding = schema.content_encoding.as_deref();
        if let Some(validator) = encoding.filter(|name| format::ENCODINGS.contains(name)) {
            body.step(of, format!("hf.{validator}(value, report);"));
        }
    }
}

/// `minItems`, `maxItems` and `uniqueItems`.
fn counts_of_items(body: &mut Body<'_>) {
    let schema = body.schema;
    let counts = [schema.min_items, schema.max_items];
    let asked = counts.iter().zip([">=", "<="]);
    let asked: Vec<String> = asked
        .filter_map(|(n, sign)| n.map(|n| format!("value.length {sign} {n}")))
        .collect();
    if !asked.is_empty() {
        let asks = format!("if (!({})) {{", asked.join(" && "));
        let rule = Rule::array(None, counts);
        body.lines(
            Some(Type::Array),
            statements::block(&asks, vec![rule.statement()]),
        );
    }
    if schema.unique_items {
        body.step(
            Some(Type::Array),
            "hf.uniqueItems(value, report);".to_owned(),
        );
    }
}

/// What counts properties.
fn counts_of_properties(body: &mut Body<'_>) {
    let schema = body.schema;
    let counts = [schema.min_properties, schema.max_properties];
    if counts.iter().any(Option::is_some) {
        let discriminated =
            |n: Option<u64>| n.map_or_else(|| "undefined".to_owned(), |n| n.to_string());
        let [least, most] = counts.map(discriminated);
        let line = format!("hf.propertyCounts(value, {least}, {most}, report);");
        body.step(Some(Type::Object), line);
    }
}

/// `required`. Local constants show at once that nothing is missing.
fn required(body: &mut Body<'_>) {
    let required: Vec<&str> = body.schema.required_in_order().collect();
    if required.is_empty() {
        return;
    }
    let names: Vec<String> = required.iter().map(|name| text::string(name)).collect();
    let call = format!("hf.required(value, [{}], report);", names.join(", "));
    let missing: Option<Vec<String>> = required
        .iter()
        .map(|name| Some(format!("{} === undefined", body.locals.of(name)?)))
        .collect();
    let lines = match missing {
        Some(missing) => {
            for name in &required {
                body.locals.mark_used(name);
            }
            statements::block(&format!("if ({}) {{", missing.join(" || ")), vec![call])
        }
        None => vec![call],
    };
    body.lines(Some(Type::Object), lines);
}

/// A refusal under a condition; without one, always.
fn fails(condition: Option<&str>, fail: String) -> Vec<String> {
    let Some(condition) = condition else {
        return vec![fail];
    };
    let line = format!("if ({condition}) {fail}");
    if line.chars().count() + 2 <= text::WIDTH {
        return vec![line];
    }
    statements::block(&format!("if ({condition}) {{"), vec![fail])
}

/// The runtime's function for a format, called after it; none for a format that asserts nothing.
pub(super) fn format_check(format: &str) -> Option<String> {
    let known = format::KNOWN.contains(&format);
    known.then(|| crate::names::camel(format))
}
