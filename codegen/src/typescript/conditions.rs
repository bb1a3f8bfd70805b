//! What a scalar has to fit, as a condition in place, so that a valid message costs no call.

use super::{
    body::Body,
    context::{ConstantKind, Context, Usage},
    kinds::MAX_COMPARED,
    pattern, text,
};
use handfast_schema::{
    Number, Schema, SchemaId, Type, number::MAX_SAFE_INTEGER, openness::Purpose,
};
use serde_json::Value;

/// A condition, as parts that all hold.
pub(super) struct Condition(Vec<String>);

impl Condition {
    /// As code that is true where it holds.
    pub(super) fn holds(&self) -> String {
        self.0.join(" && ")
    }

    /// As code that is true where it holds, to follow ` || `.
    pub(super) fn grouped(&self) -> String {
        match self.0.as_slice() {
            [one] if one.starts_with('(') => one[1..one.len() - 1].to_owned(),
            [one] => one.clone(),
            _ => format!("({})", self.holds()),
        }
    }

    /// As code that is true where it does not.
    pub(super) fn fails(&self) -> String {
        match self.0.as_slice() {
            [one] if one.ends_with(')') => format!("!{one}"),
            [one] => one.replacen("===", "!==", 1),
            _ => format!("!({})", self.holds()),
        }
    }
}

impl Context<'_> {
    /// The condition of a scalar; nothing if only a function can decide.
    pub(super) fn condition(
        &mut self,
        body: &mut Body<'_>,
        usage: &Usage,
        value: &str,
    ) -> Option<Condition> {
        if usage.tracked || usage.purpose == Purpose::Test {
            return None;
        }
        let target = self.resolved(*usage).id;
        if let Some(constant) = self.constant_text(target) {
            return compared(std::slice::from_ref(constant), value);
        }
        if self.is_open_text(target) {
            return Some(Condition(vec![format!("typeof {value} === 'string'")]));
        }
        let id = self.scalar(usage.id)?;
        let protocol = self.protocol;
        let schema = &protocol.schemas[id];
        let types = match (schema.types, &schema.enumeration) {
            (None, Some(values)) => return compared(values, value),
            (types, _) => types?,
        };
        let ty = types.without(Type::Null).single()?;
        let condition = match &schema.enumeration {
            Some(values) if types.single() == Some(Type::String) => compared(values, value)?,
            Some(_) => return None,
            None => asked(schema, ty, value, protocol.schemas.safe_integers())?,
        };
        let pattern = schema.pattern.as_ref().filter(|_| ty == Type::String);
        let condition = match pattern {
            Some(pattern) => {
                let name = self.pattern(body, id, pattern);
                Condition(
                    condition
                        .0
                        .into_iter()
                        .chain([format!("{name}.test({value})")])
                        .collect(),
                )
            }
            None => condition,
        };
        if !types.contains(Type::Null) {
            return Some(condition);
        }
        let rest = match condition.0.len() {
            1 => condition.holds(),
            _ => format!("({})", condition.holds()),
        };
        Some(Condition(vec![format!("({value} === null || {rest})")]))
    }

    /// The constant of a pattern.
    pub(super) fn pattern(&mut self, body: &mut Body<'_>, id: SchemaId, pattern: &str) -> String {
        let stem = match self.decl_of.get(&id) {
            Some(decl) if !self.is_inlined(*decl) => {
                self.names.types[decl.0].trim_end_matches('$').to_owned()
            }
            _ => body.stem.to_owned(),
        };
        self.constant_of(
            body,
            id,
            &stem,
            ConstantKind::Pattern,
            "Pattern",
            "",
            || pattern::pattern(pattern),
        )
    }
}

/// One of several strings.
fn compared(values: &[Value], value: &str) -> Option<Condition> {
    if !(1..=MAX_COMPARED).contains(&values.len()) || !values.iter().all(Value::is_string) {
        return None;
    }
    let parts: Vec<String> = values
        .iter()
        .map(|one| format!("{value} === {}", text::value(one)))
        .collect();
    Some(Condition(vec![match parts.as_slice() {
        [one] => one.clone(),
        _ => format!("({})", parts.join(" || ")),
    }]))
}

/// The condition that a value is a string of as many code points as are allowed.
fn is_text(schema: &Schema, value: &str) -> String {
    match (schema.min_length.unwrap_or(0), schema.max_length) {
        (0, None) => format!("typeof {value} === 'string'"),
        (least, None) => format!("hf.isStringOfLength({value}, {least}, Infinity)"),
        (least, Some(most)) => format!("hf.isStringOfLength({value}, {least}, {most})"),
    }
}

fn asked(schema: &Schema, ty: Type, value: &str, safe_integers: bool) -> Option<Condition> {
    let mut parts = Vec::new();
    match ty {
        Type::String => {
            parts.push(is_text(schema, value));
        }
        Type::Boolean => parts.push(format!("typeof {value} === 'boolean'")),
        Type::Number | Type::Integer => {
            let bound = |n: &Option<Number>, sign: &str| {
                n.as_ref()
                    .map(|n| format!("{value} {sign} {}", text::number(n)))
            };
            let lower: Vec<String> = bound(&schema.minimum, ">=")
                .into_iter()
                .chain(bound(&schema.exclusive_minimum, ">"))
                .collect();
            let upper: Vec<String> = bound(&schema.maximum, "<=")
                .into_iter()
                .chain(bound(&schema.exclusive_maximum, "<"))
                .collect();
            // A bound that is missing is that of safe integers.
            let is_safe = (safe_integers || !(lower.is_empty() || upper.is_empty()))
                && [
                    &schema.minimum,
                    &schema.exclusive_minimum,
                    &schema.maximum,
                    &schema.exclusive_maximum,
                ]
                .into_iter()
                .flatten()
                .all(|n| {
                    n.as_i64()
                        .is_some_and(|n| n.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs())
                });
            match ty {
                Type::Integer if is_safe => parts.push(format!("hf.isSafeInteger({value})")),
                Type::Integer => parts.push(format!("hf.isInteger({value})")),
                _ if lower.is_empty() && upper.is_empty() => {
                    parts.push(format!("Number.isFinite({value})"));
                }
                // The bounds keep out what is not finite.
                _ => parts.push(format!("typeof {value} === 'number'")),
            }
            let implied = ty == Type::Integer
                && safe_integers
                && !is_safe
                && lower.is_empty() != upper.is_empty();
            if implied && lower.is_empty() {
                parts.push(format!("{value} >= -{MAX_SAFE_INTEGER}"));
            }
            let bounded = ty == Type::Number && (!lower.is_empty() || !upper.is_empty());
            if lower.is_empty() && bounded {
                parts.push(format!("{value} > -Infinity"));
            }
            parts.extend(lower);
            if upper.is_empty() && bounded {
                parts.push(format!("{value} < Infinity"));
            }
            if implied && upper.is_empty() {
                parts.push(format!("{value} <= {MAX_SAFE_INTEGER}"));
            }
            parts.extend(upper);
        }
        _ => return None,
    }
    Some(Condition(parts))
}
