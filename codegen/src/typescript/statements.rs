//! Statements of a validator, and the check of `type` that comes before them.

use super::text;
use handfast_schema::{Type, TypeSet};
use serde_json::Value;

/// The parameter of a validator that records what is evaluated.
pub(super) const EVALUATED: &str = "evaluated";

/// The parameters of a validator that statements use.
#[derive(Clone, Copy, Default)]
pub(super) struct Uses {
    pub(super) value: bool,
    pub(super) report: bool,
    pub(super) evaluated: bool,
}

impl Uses {
    /// The value and the report, as most statements do.
    pub(super) const BOTH: Self = Self {
        value: true,
        report: true,
        evaluated: false,
    };

    /// The record of what is evaluated alone, if the variable that holds it is the parameter.
    pub(super) fn record(variable: &str) -> Self {
        Self {
            evaluated: variable == EVALUATED,
            ..Self::default()
        }
    }

    /// The value, the report, and the record if there is one.
    pub(super) fn tracking(variable: Option<&str>) -> Self {
        Self::BOTH.and(variable.map(Self::record).unwrap_or_default())
    }

    /// What either uses.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            value: self.value || other.value,
            report: self.report || other.report,
            evaluated: self.evaluated || other.evaluated,
        }
    }
}

/// Statements, and the types of values that they are for.
pub(super) struct Statements {
    pub(super) of: Option<Type>,
    pub(super) uses: Uses,
    pub(super) lines: Vec<String>,
}

/// The types that a value is of.
pub(super) fn types_of(value: &Value) -> &'static [Type] {
    match value {
        Value::Null => &[Type::Null],
        Value::Bool(_) => &[Type::Boolean],
        Value::Number(n) if handfast_schema::number::is_integer(n) => {
            &[Type::Integer, Type::Number]
        }
        Value::Number(_) => &[Type::Number],
        Value::String(_) => &[Type::String],
        Value::Array(_) => &[Type::Array],
        Value::Object(_) => &[Type::Object],
    }
}

/// The statements after the check of `type`, as the body of a function, and what they use.
pub(super) fn guarded(
    types: Option<TypeSet>,
    statements: Vec<Statements>,
    tracked: bool,
) -> (Vec<String>, Uses) {
    let Some(types) = types else {
        // Those for one type come after a check of the value's type.
        let uses = statements.iter().map(|one| Uses {
            value: one.uses.value || one.of.is_some(),
            ..one.uses
        });
        let uses = uses.fold(Uses::default(), Uses::and);
        return (grouped(statements), uses);
    };
    let uses = Uses {
        value: types != TypeSet::NONE,
        report: true,
        evaluated: tracked,
    };
    (behind_type(types, statements, tracked), uses)
}

/// The check of `type`, and the statements after it.
fn behind_type(types: TypeSet, statements: Vec<Statements>, tracked: bool) -> Vec<String> {
    let may_be = |ty: Type| {
        types.contains(ty)
            || (ty == Type::Number && types.contains(Type::Integer))
            || (ty == Type::Integer && types.contains(Type::Number))
    };
    let statements: Vec<Statements> = statements
        .into_iter()
        .filter(|step| step.of.is_none_or(may_be))
        .collect();
    let names: Vec<String> = types
        .iter()
        .map(|ty| text::string(with_article(ty)))
        .collect();
    let fail = format!("hf.noneOfTypes([{}], report)", names.join(", "));
    if types == TypeSet::NONE {
        let mut lines = vec![format!("{fail};")];
        if tracked {
            lines.insert(0, "evaluated.addAll();".to_owned());
        }
        return lines;
    }
    let leave = if tracked {
        "return evaluated.addAll();"
    } else {
        "return;"
    };
    if let Some(single) = types.single() {
        let asks = match single {
            Type::Null => "hf.nil(value, report)",
            Type::Boolean => "hf.boolean(value, report)",
            Type::Integer => "hf.integer(value, report)",
            Type::Number => "hf.number(value, report)",
            Type::String => "hf.string(value, report)",
            Type::Array => "hf.array(value, report)",
            Type::Object => "hf.object(value, report)",
        };
        let mut lines = vec![match (single, statements.is_empty(), tracked) {
            (_, true, false) => format!("{asks};"),
            // Objects are frequent, so their check is in place.
            (Type::Object, _, false) => {
                "if (!hf.isObject(value)) return hf.wrongType('object', report, 'an');".to_owned()
            }
            _ => format!("if (!{asks}) {leave}"),
        }];
        lines.extend(statements.into_iter().flat_map(|step| step.lines));
        return lines;
    }
    let is_not = |types: TypeSet| {
        let parts: Vec<&str> = types
            .iter()
            .filter(|ty| *ty != Type::Integer || !types.contains(Type::Number))
            .map(is_not)
            .collect();
        parts.join(" && ")
    };
    let others = types.without(Type::Null);
    if types.contains(Type::Null)
        && others.single().is_some()
        && !statements.is_empty()
        && statements.iter().all(|step| step.of.is_some())
    {
        // For null there is no other check.
        let mut lines = vec!["if (value === null) return;".to_owned()];
        lines.extend(refusal(&is_not(others), &fail, tracked, true));
        lines.extend(statements.into_iter().flat_map(|step| step.lines));
        return lines;
    }
    let mut lines = refusal(&is_not(types), &fail, tracked, !statements.is_empty());
    lines.extend(grouped(statements));
    lines
}

fn with_article(ty: Type) -> &'static str {
    match ty {
        Type::Null => "null",
        Type::Boolean => "a boolean",
        Type::Integer => "an integer",
        Type::Number => "a number",
        Type::String => "a string",
        Type::Array => "an array",
        Type::Object => "an object",
    }
}

fn refusal(condition: &str, fail: &str, tracked: bool, leaves: bool) -> Vec<String> {
    if tracked {
        let lines = vec!["evaluated.addAll();".to_owned(), format!("return {fail};")];
        return block(&format!("if ({condition}) {{"), lines);
    }
    let leave = if leaves { "return " } else { "" };
    let line = format!("if ({condition}) {leave}{fail};");
    if line.chars().count() + 2 <= text::WIDTH {
        return vec![line];
    }
    block(
        &format!("if ({condition}) {{"),
        vec![format!("{leave}{fail};")],
    )
}

fn is_not(ty: Type) -> &'static str {
    match ty {
        Type::Null => "value !== null",
        Type::Boolean => "typeof value !== 'boolean'",
        Type::Integer => "!hf.isInteger(value)",
        Type::Number => "!hf.isNumber(value)",
        Type::String => "typeof value !== 'string'",
        Type::Array => "!Array.isArray(value)",
        Type::Object => "!hf.isObject(value)",
    }
}

/// Each run of statements for one type behind the question for it.
fn grouped(statements: Vec<Statements>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut statements = statements.into_iter().peekable();
    while let Some(step) = statements.next() {
        let Some(of) = step.of else {
            lines.extend(step.lines);
            continue;
        };
        let mut inside = step.lines;
        while let Some(more) = statements.next_if(|next| next.of == Some(of)) {
            inside.extend(more.lines);
        }
        let asks = match of {
            Type::Null => "value === null",
            Type::Boolean => "typeof value === 'boolean'",
            Type::Integer | Type::Number => "typeof value === 'number'",
            Type::String => "typeof value === 'string'",
            Type::Array => "Array.isArray(value)",
            Type::Object => "hf.isObject(value)",
        };
        lines.extend(block(&format!("if ({asks}) {{"), inside));
    }
    lines
}

/// Statements in braces, indented; a single short one without them.
pub(super) fn block(head: &str, lines: Vec<String>) -> Vec<String> {
    if let ([one], Some(head)) = (lines.as_slice(), head.strip_suffix(" {"))
        && head.chars().count() + one.chars().count() + 6 <= text::WIDTH
    {
        return vec![format!("{head} {one}")];
    }
    let mut out = vec![head.to_owned()];
    out.extend(lines.into_iter().map(|line| format!("  {line}")));
    out.push("}".to_owned());
    out
}
